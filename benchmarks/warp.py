"""Is warped noise white, does it follow the picture, how fast is it? Beside the published way.

    python benchmarks/warp.py [--clip NAME ...] [--frames N] [--only NAME ...] [--picture FILE]

Both ways carry 16 channels of noise at 48x84 along the same flow, frame by frame, in this one
process: ours (`openvoid.void.warp`), and `warp_published.py`, whose field is eight times as fine
as the flow. The flow is DIS on the clip at 192x336, half of the working size, as published; on the
made motions it is the true one. Measured on every latent frame (each fourth):

    std, mean, lag     worst standard deviation, mean, and correlation with the next cell, x or y
    KS                 least p of Kolmogorov's and Smirnov's test against N(0, 1)
    along 1, 2, 4      correlation with the noise one, two, four latent frames before, bilinear at
                       the place that the flow leads back to, where both of its directions agree
    new                correlation with the frame before, at the same place, of what it did not show
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from footage import footage
from numpy.typing import NDArray
from question import start
from warp_published import PublishedWarp

from openvoid.core.errors import OpenVoidError
from openvoid.vision.flow import Displacement, Motion, agree, make_flow, motions, pixel_grid, sample
from openvoid.void.sampling.warped_noise import warp_noise

Noise = NDArray[np.float32]
SIZE, LATENT, CHANNELS = (192, 336), (48, 84), 16
KEEP_EVERY = 4
LAGS = (1, 2, 4)  # in latent frames
CLIPS = ("lime", "moving_ball", "BigBen")
LEAST_FASTER = 100.0
MOST_OFF_STD, MOST_MEAN, MOST_LAG, LEAST_P = 0.02, 0.02, 0.03, 0.001
SLACK = 0.01  # of a correlation: twice the standard error of a difference at 17 frames


@dataclass(frozen=True)
class Measured:
    """One way on one case."""

    case: str
    way: str
    seconds: float  # a frame, without the flow
    std: float
    mean: float
    lag: float
    p: float
    along: tuple[float, ...]
    new: float

    def white(self) -> bool:
        off = abs(self.std - 1) <= MOST_OFF_STD and abs(self.mean) < MOST_MEAN
        return off and abs(self.lag) < MOST_LAG and self.p > LEAST_P


def main(arguments: list[str] | None = None) -> int:
    """Measure all cases; exit 0 where every target is met, 1 where one is missed."""
    given = _parse(arguments)
    cv2.setNumThreads(1)
    results: list[Measured] = []
    print(HEAD)
    for case, steps in cases(given.clip or CLIPS, given.frames):
        if given.only and case not in given.only:
            continue
        for way in ("published", "ours"):
            results.append(measure(case, way, steps))
            print(row(results[-1]), flush=True)
    met = [verdict(*pair) for pair in zip(results[::2], results[1::2], strict=True)]
    if given.picture:
        picture(given.picture)
    return 0 if all(met) else 1


def cases(clips: Sequence[str], frames: int) -> Iterator[tuple[str, list[Motion]]]:
    """Name and motions: made ones with their true flow, then real clips with DIS flow."""
    steps = frames - 1
    yield "still", [plane(1.0, 0.0, (0.0, 0.0))] * steps
    yield "slow pan", [plane(1.0, 0.0, (0.11, -0.04))] * steps
    yield "pan", [plane(1.0, 0.0, (1.3, 0.6))] * steps
    yield "zoom in", [plane(1.015, 0.0, (0.0, 0.0))] * steps
    yield "zoom out", [plane(1 / 1.015, 0.0, (0.0, 0.0))] * steps
    yield "turn", [plane(1.0, 0.01, (0.0, 0.0))] * steps
    yield "occlusion", [passing(index) for index in range(steps)]
    flow = make_flow("dis")
    for clip in clips:
        begun = time.perf_counter()
        pictures = footage(clip, 672, None, frames)
        small = (
            cv2.resize(one, SIZE[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
            for one in pictures
        )
        found = list(motions(flow, small))
        seconds = (time.perf_counter() - begun) / max(1, len(found))
        print(f"  ({clip}: decoding and DIS flow, both ways, {seconds:.3f} s a frame)")
        yield clip, found


def plane(scale: float, turn: float, shift: tuple[float, float]) -> Motion:
    """The whole picture is scaled, turned by radians about its middle, and shifted by pixels."""
    x, y = pixel_grid(*SIZE)
    middle = np.array([SIZE[1] / 2 - 0.5, SIZE[0] / 2 - 0.5])
    place = np.stack([x, y], axis=-1) - middle
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    forward = place @ matrix.T + shift - place
    backward = (place - shift) @ np.linalg.inv(matrix).T - place
    return Motion(forward.astype(np.float32), backward.astype(np.float32))


def passing(index: int) -> Motion:
    """A square of 80 pixels passes by 3 a frame, before a ground that passes by half a pixel."""
    motion = plane(1.0, 0.0, (-0.5, 0.0))
    left = 40 + 3 * index
    motion.forward[56:136, left : left + 80] = (3, 0)
    motion.backward[56:136, left + 3 : left + 83] = (-3, 0)
    return motion


def measure(case: str, way: str, steps: list[Motion]) -> Measured:
    """Carry noise along the motions in one way, and look at what comes out."""
    begun = time.perf_counter()
    noises = WAYS[way](steps, np.random.default_rng(7))
    seconds = (time.perf_counter() - begun) / len(steps)
    marginal = [(noise.std(), noise.mean(), neighbours(noise), normal_p(noise)) for noise in noises]
    std, mean, lag, p = (np.array(column) for column in zip(*marginal, strict=True))
    along = tuple(along_flow(noises, steps, lag) for lag in LAGS)
    return Measured(
        case,
        way,
        seconds,
        float(std[np.abs(std - 1).argmax()]),
        float(mean[np.abs(mean).argmax()]),
        float(lag[np.abs(lag).argmax()]),
        float(p.min()),
        along,
        where_new(noises, steps),
    )


def ours(steps: list[Motion], rng: np.random.Generator) -> list[Noise]:
    return list(warp_noise(steps, SIZE, LATENT, CHANNELS, rng, keep_every=KEEP_EVERY))


def published(steps: list[Motion], rng: np.random.Generator) -> list[Noise]:
    warp = PublishedWarp.begin(SIZE, CHANNELS, rng)
    noises = [warp.latent(LATENT)]
    for number, step in enumerate(steps, start=1):
        warp.follow(step.forward, step.backward, rng)
        if number % KEEP_EVERY == 0:
            noises.append(warp.latent(LATENT))
    return noises


WAYS: dict[str, Callable[[list[Motion], np.random.Generator], list[Noise]]] = {
    "ours": ours,
    "published": published,
}

# --- what is measured ---------------------------------------------------------------------------


def neighbours(noise: Noise) -> float:
    """The larger of the correlations with the next cell, in x and in y."""
    across = float((noise[:, :, 1:] * noise[:, :, :-1]).mean())
    down = float((noise[:, 1:] * noise[:, :-1]).mean())
    return max(across, down, key=abs) / float((noise**2).mean())


def normal_p(noise: Noise) -> float:
    """p of Kolmogorov's and Smirnov's test against N(0, 1), asymptotic."""
    ordered = np.sort(noise.ravel()).astype(np.float64)
    wanted = normal_share(ordered)
    steps = np.arange(len(ordered) + 1) / len(ordered)
    distance = max((steps[1:] - wanted).max(), (wanted - steps[:-1]).max())
    scaled = distance * (len(ordered) ** 0.5 + 0.12 + 0.11 / len(ordered) ** 0.5)
    terms = np.arange(1, 101)
    series = 2 * ((-1.0) ** (terms - 1) * np.exp(-2 * (terms * scaled) ** 2)).sum()
    return float(np.clip(series, 0, 1)) if scaled > 0.3 else 1.0


def normal_share(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of N(0, 1) below each value, by integrating its density finely."""
    nodes = np.linspace(-9, 9, 180_001)
    density = np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi)
    middle = (density[1:] + density[:-1]) / 2 * (nodes[1] - nodes[0])
    return np.interp(values, nodes, np.concatenate([[0.0], np.cumsum(middle)]))


def along_flow(noises: list[Noise], steps: list[Motion], lag: int) -> float:
    """Mean correlation of all pairs of latent frames so far apart, over what the flow follows."""
    found = []
    for late in range(lag, len(noises)):
        x, y, valid = led_back(steps[(late - lag) * KEEP_EVERY : late * KEEP_EVERY])
        found.append(likeness(noises[late], sampled(noises[late - lag], x, y), valid))
    return float(np.mean(found)) if found else float("nan")


def where_new(noises: list[Noise], steps: list[Motion]) -> float:
    """As `along_flow` for one latent frame, at the same place, of what the flow cannot follow."""
    found = []
    for late in range(1, len(noises)):
        _, _, valid = led_back(steps[(late - 1) * KEEP_EVERY : late * KEEP_EVERY])
        lost = cv2.erode((~valid).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0  # no cell's part
        if lost.sum() > 30:
            found.append(likeness(noises[late], noises[late - 1], lost))
    return float(np.mean(found)) if found else float("nan")


def led_back(
    steps: list[Motion],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Where the flow leads each cell of the last frame back to, in cells, and if that is trusted.

    x, y and the answer are [h, w].
    """
    scale_x, scale_y = SIZE[1] / LATENT[1], SIZE[0] / LATENT[0]
    x, y = pixel_grid(*LATENT)
    x, y = (x + 0.5) * scale_x - 0.5, (y + 0.5) * scale_y - 0.5
    valid = np.ones(LATENT, bool)
    for step in reversed(steps):
        back: Displacement = sample(step.backward, x, y)
        x, y = x + back[..., 0], y + back[..., 1]
        valid &= agree(back, sample(step.forward, x, y))
        valid &= (x >= 0) & (y >= 0) & (x <= SIZE[1] - 1) & (y <= SIZE[0] - 1)
    return (x + 0.5) / scale_x - 0.5, (y + 0.5) / scale_y - 0.5, valid


def sampled(noise: Noise, x: NDArray[np.float32], y: NDArray[np.float32]) -> Noise:
    """[C, h, w] bilinear at points [h, w], in cells."""
    return np.moveaxis(sample(np.ascontiguousarray(np.moveaxis(noise, 0, -1)), x, y), -1, 0)


def likeness(one: Noise, other: Noise, where: NDArray[np.bool_]) -> float:
    return float(np.corrcoef(one[:, where].ravel(), other[:, where].ravel())[0, 1])


# --- what is told -------------------------------------------------------------------------------

HEAD = (
    f"{'case':<13}{'way':<11}{'s a frame':>10}{'std':>8}{'mean':>9}{'lag':>8}{'KS p':>7}"
    + "".join(f"{f'along {lag}':>9}" for lag in LAGS)
    + f"{'new':>7}"
)


def row(found: Measured) -> str:
    along = "".join(f"{value:>9.3f}" for value in found.along)
    return (
        f"{found.case:<13}{found.way:<11}{found.seconds:>10.3f}{found.std:>8.3f}{found.mean:>9.4f}"
        f"{found.lag:>8.3f}{found.p:>7.3f}{along}{found.new:>7.2f}"
    )


def verdict(theirs: Measured, mine: Measured) -> bool:
    """Whether ours meets the targets on this case; what it misses is printed."""
    faster = theirs.seconds / mine.seconds
    follows = all(
        np.isnan(there) or here >= there - SLACK
        for here, there in zip(mine.along, theirs.along, strict=True)
    )
    asked = {"white": mine.white(), "follows": follows, "faster": faster >= LEAST_FASTER}
    missed = [name for name, met in asked.items() if not met]
    word = f"FAIL: {', '.join(missed)}" if missed else "pass"
    print(f"{mine.case:<13}{faster:>6.0f} times as fast  {word}")
    return not missed


def picture(path: Path) -> None:
    """Latent frames of one channel, and below each way's slice through time along a middle row."""
    steps = [plane(1.0, 0.0, (1.0, 0.0))] * 64  # a quarter of a cell a frame
    frames = ours(steps, np.random.default_rng(7))
    every = warp_noise(steps, SIZE, LATENT, 1, np.random.default_rng(7), keep_every=1)
    times = np.stack([noise[0, LATENT[0] // 2] for noise in every])  # [T, w]
    strip = np.concatenate([noise[0] for noise in frames[:4]], axis=1)
    slices = cv2.resize(times, (strip.shape[1], 3 * len(times)), interpolation=cv2.INTER_NEAREST)
    both = np.concatenate([strip, slices.astype(np.float32)])
    grey = np.clip(both * 50 + 128, 0, 255).astype(np.uint8)
    large = cv2.resize(grey, None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST)
    if not cv2.imwrite(str(path), large):
        raise OpenVoidError("the picture cannot be written", where=str(path))


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--clip", action="append", help="a shared clip; may be repeated")
    parser.add_argument("--only", action="append", help="a case by name; may be repeated")
    parser.add_argument("--frames", type=int, default=17, help="of every case")
    parser.add_argument("--picture", type=Path, help="PNG of the noise over time")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    start(main)
