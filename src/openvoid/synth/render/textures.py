"""Materials -> pictures of their surfaces, made by numbers: nothing is read from a file.

Enters: a `Material` and how large the picture shall be. Leaves: a tile that repeats without a seam,
[S, S, 3] uint8, as a screen shows it (IEC 61966-2-1), holding `repeats` times the pattern both
ways. The same material gives the same tile. Noise is white noise coloured in the Fourier domain
(spectral synthesis: Voss 1985), so it is periodic by nature. Knows no shape and no light.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from openvoid.synth.world import Material

Plane = NDArray[np.float32]
"""[S, S], one value a pixel; rows are v, columns are u."""

GRAIN = 0.02  # of the tone: no surface is quite even
JOINT_SHARE = 0.035  # of a tile's side: the mortar between tiles
BOARD_JOINT_SHARE = 0.03  # of a board's width: the dark line between boards


def paint(
    material: Material, side_px: int = 512, repeats: int = 4, *, boards: bool = False
) -> NDArray[np.uint8]:
    """A tile of the material.

    Args:
        material: its kind, colours and seed; its scale is the caller's business.
        side_px: pixels a side.
        repeats: how often the pattern fits into the tile, a whole number, for it to be seamless.
        boards: wood is laid in boards, as on a floor, instead of being one piece.
    """
    rng = np.random.default_rng([material.seed, 0x7E47])
    v, u = np.mgrid[0:side_px, 0:side_px].astype(np.float32) * np.float32(repeats / side_px)
    draw = _wood_boards if boards and material.kind == "wood" else _PATTERNS[material.kind]
    share, tone = draw(u, v, repeats, rng)
    grain = 1 + GRAIN * noise(side_px, rng, slope=0.6)
    linear = palette(material.colors, share) * (tone * grain)[..., None]
    return encode(linear)


def encode(linear: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Linear light 0 .. 1 -> sRGB, 8 bit."""
    return np.rint(255 * display(np.clip(linear, 0.0, 1.0))).astype(np.uint8)


def display(linear: NDArray[np.floating]) -> NDArray[np.floating]:
    """Linear light -> what a screen is sent, IEC 61966-2-1; continued beyond 1."""
    low = 12.92 * linear
    high = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, low, high)


def palette(colors: tuple[tuple[float, float, float], ...], share: Plane) -> NDArray[np.float32]:
    """[S, S, 3] of linear colours: share 0 is the first, 1 the last, between them in a row."""
    listed = np.array(colors, np.float32)
    if len(listed) == 1:
        listed = np.stack([listed[0], 0.72 * listed[0]])
    at = np.clip(share, 0, 1) * (len(listed) - 1)
    low = np.minimum(at.astype(int), len(listed) - 2)
    part = (at - low)[..., None].astype(np.float32)
    return listed[low] * (1 - part) + listed[low + 1] * part


def noise(
    side_px: int,
    rng: np.random.Generator,
    *,
    slope: float = 1.6,
    stretch: float = 1.0,
    cycles: float = 1.0,
) -> Plane:
    """Periodic noise of mean 0 and deviation 1.

    Args:
        slope: amplitude falls with frequency to this power; 0 is white.
        stretch: how much longer its features are along u than along v.
        cycles: features longer than the tile's side over this are left out.
    """
    spectrum = np.fft.rfft2(rng.standard_normal((side_px, side_px), np.float32))
    along = np.fft.rfftfreq(side_px, 1 / side_px)[None, :] * stretch
    across = np.fft.fftfreq(side_px, 1 / side_px)[:, None]
    frequency = np.hypot(along, across)
    spectrum *= np.where(frequency >= cycles, np.maximum(frequency, 1) ** -slope, 0)
    field = np.fft.irfft2(spectrum, (side_px, side_px))
    return np.asarray(field / max(float(field.std()), 1e-9), np.float32)


# --- the patterns: (u, v, repeats, rng) -> where in the palette, and a factor of brightness -------

Pattern = Callable[[Plane, Plane, int, np.random.Generator], tuple[Plane, Plane]]


def _plain(u: Plane, v: Plane, repeats: int, rng: np.random.Generator) -> tuple[Plane, Plane]:
    return np.zeros_like(u), 1 + 0.03 * noise(len(u), rng, cycles=repeats / 2)


def _checker(u: Plane, v: Plane, repeats: int, rng: np.random.Generator) -> tuple[Plane, Plane]:
    odd = (np.floor(2 * u) + np.floor(2 * v)) % 2
    return odd.astype(np.float32), 1 + 0.04 * noise(len(u), rng, cycles=repeats)


def _stripes(u: Plane, v: Plane, repeats: int, rng: np.random.Generator) -> tuple[Plane, Plane]:
    band = np.floor(2 * v) % 2
    return band.astype(np.float32), 1 + 0.03 * noise(len(u), rng, stretch=8, cycles=repeats)


def _noise(u: Plane, v: Plane, repeats: int, rng: np.random.Generator) -> tuple[Plane, Plane]:
    cloud = noise(len(u), rng, slope=1.2, cycles=repeats)
    return 0.5 + 0.28 * cloud, np.ones_like(u)


def _marble(u: Plane, v: Plane, repeats: int, rng: np.random.Generator) -> tuple[Plane, Plane]:
    warp = noise(len(u), rng, slope=2.2, cycles=repeats / 2)
    veins = 1 - np.abs(np.sin(np.pi * (u + v) + 1.9 * warp))
    fine = 1 - np.abs(noise(len(u), rng, slope=1.5, cycles=repeats))
    share = 0.85 * veins**5 + 0.25 * np.clip(fine, 0, 1) ** 6
    return share, 1 + 0.05 * noise(len(u), rng, cycles=repeats / 2)


def _wood(u: Plane, v: Plane, repeats: int, rng: np.random.Generator) -> tuple[Plane, Plane]:
    warp = noise(len(u), rng, slope=2.0, stretch=5, cycles=repeats / 2)
    rings = 0.5 + 0.5 * np.sin(2 * np.pi * 3 * v + 2.6 * warp)
    fibre = noise(len(u), rng, slope=0.7, stretch=24, cycles=4 * repeats)
    return 0.15 + 0.5 * rings**1.5 + 0.11 * fibre, 1 + 0.05 * fibre


def _wood_boards(u: Plane, v: Plane, repeats: int, rng: np.random.Generator) -> tuple[Plane, Plane]:
    """Boards half a repeat wide, each with its own tone and its own piece of the grain."""
    share, tone = _wood(u, v, repeats, rng)
    rows, side = 2 * repeats, len(u)
    row = np.floor(2 * v).astype(int) % rows
    shift_px = rng.integers(0, side, rows)
    lines = np.arange(side)[:, None]
    columns = (np.arange(side)[None, :] + shift_px[row]) % side
    share, tone = share[lines, columns], tone[lines, columns]
    ends = rng.random(rows) * repeats  # where the butt joint of each row lies
    across = np.minimum(2 * v % 1, 1 - 2 * v % 1)
    along = np.abs((u - ends[row]) % (repeats / 2))
    along = np.minimum(along, repeats / 2 - along) * 2
    board = (u - ends[row]) % repeats >= repeats / 2
    own = rng.normal(0, 0.11, (rows, 2)).astype(np.float32)[row, board.astype(int)]
    joint = np.minimum(across, along) < BOARD_JOINT_SHARE / 2
    return share + own, (tone * (1 + own) * np.where(joint, 0.35, 1)).astype(np.float32)


def _tiles(u: Plane, v: Plane, repeats: int, rng: np.random.Generator) -> tuple[Plane, Plane]:
    """Square tiles in the first colours, the last is the mortar."""
    inside = np.minimum(np.minimum(u % 1, 1 - u % 1), np.minimum(v % 1, 1 - v % 1))
    own = rng.normal(0, 0.07, (repeats, repeats)).astype(np.float32)
    own = own[np.floor(v).astype(int) % repeats, np.floor(u).astype(int) % repeats]
    cloud = noise(len(u), rng, slope=1.5, cycles=repeats)
    mortar = inside < JOINT_SHARE / 2
    edge = np.clip((inside - JOINT_SHARE / 2) / (2 * JOINT_SHARE), 0, 1)
    tone = (1 + own + 0.05 * cloud) * (0.86 + 0.14 * edge)
    return mortar.astype(np.float32), np.where(mortar, 0.9, tone).astype(np.float32)


def _fabric(u: Plane, v: Plane, repeats: int, rng: np.random.Generator) -> tuple[Plane, Plane]:
    """A plain weave of 12 threads a repeat, with the second colour in every fourth thread pair."""
    x, y = 12 * u, 12 * v
    over = (np.floor(x) + np.floor(y)) % 2 == 0
    thread = np.where(over, np.sin(np.pi * (y % 1)), np.sin(np.pi * (x % 1)))
    dyed = np.where(over, np.floor(y) % 4 == 0, np.floor(x) % 4 == 0)
    slub = noise(len(u), rng, slope=0.9, cycles=repeats)
    return 0.55 * dyed.astype(np.float32), (0.78 + 0.22 * thread + 0.04 * slub).astype(np.float32)


_PATTERNS: dict[str, Pattern] = {
    "plain": _plain,
    "checker": _checker,
    "stripes": _stripes,
    "wood": _wood,
    "noise": _noise,
    "marble": _marble,
    "tiles": _tiles,
    "fabric": _fabric,
}
