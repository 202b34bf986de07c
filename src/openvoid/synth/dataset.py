"""A pair -> a shot folder: clip, quadmask, prompt, and all that is known of the truth.

Enters: a family and a seed (or a described world), a recipe, a folder's name. Leaves: that folder,
whole or not at all. The same arguments give the same bytes on one machine. Files:

    input_video.mp4   with the object; also as rgb_full.mp4
    truth.mp4         without it, simulated again; also as rgb_removed.mp4
    acting.mp4        without it in sight, but with what it did
    quadmask_0.mp4    between them, to the pixel (`synth.regions`)
    quadmask_1.mp4    the same, affected cells of a grid filled whole; also as mask.mp4
    prompt.json       {"bg": the scene after the removal}
    world.json        the description; tracks.json, ids.mkv: see `synth.tracks`
    metadata.json     short facts, and both captions
    depth.npz, flow.npz, poses.npz   with `truth_all`: "full" and "removed", see below

The second names are those that the training of the published model reads (one hard link each). The
clips are H.264 without loss after one conversion to Y'CbCr, so what is kept in the pair is the same
in the files. depth: float16 metres [T, H, W]; flow: float16 pixels [T - 1, H, W, 2] (`synth.flow`);
poses: float32 [T, N, 7] with "names". Knows no renderer but by its plug-in name.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvoid.core import plugins
from openvoid.core.clip import Picture, clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.plugins import Closes, Renderer
from openvoid.core.removal import Run
from openvoid.media.atomic import explained, json_bytes, partial_folder
from openvoid.media.codecs import LOSSLESS_H264
from openvoid.media.encode import write_video
from openvoid.media.masks import write_mattes, write_quadmask
from openvoid.synth.families import FAMILIES, describe
from openvoid.synth.flow import flow
from openvoid.synth.pair import Pair, film, verdict
from openvoid.synth.physics.simulation import Motion
from openvoid.synth.take import Drawn, Take, takes
from openvoid.synth.tracks import instances, tracks
from openvoid.synth.world import World

ALSO = {  # second names
    "input_video.mp4": "rgb_full.mp4",
    "truth.mp4": "rgb_removed.mp4",
    "quadmask_1.mp4": "mask.mp4",
}
CELLS = 8  # of the grid, on the short side
# one thread: the same bytes whatever the number of cores
_CODEC = replace(LOSSLESS_H264, options={"qp": "0", "preset": "ultrafast", "threads": "1"})


@dataclass(frozen=True)
class Recipe:
    """How shots are made. `size` is (height, width)."""

    size: tuple[int, int] = (384, 672)
    frames: int = 60
    rate: Fraction = Fraction(12)
    renderer: str = "mujoco"
    options: Mapping[str, Any] = field(default_factory=dict)  # of the renderer
    truth_all: bool = False


class Studio:
    """Makes shots one after the other with one renderer."""

    def __init__(self, recipe: Recipe) -> None:
        """Raises `OpenVoidError` where the renderer, or what it needs, is missing."""
        self.recipe = recipe
        self._renderer: Renderer[Take, Drawn] = plugins.construct(
            "renderer", recipe.renderer, recipe.options
        )

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back what the renderer holds."""
        if isinstance(self._renderer, Closes):
            self._renderer.close()

    def make(
        self, family: str, seed: int, folder: Path, passed_over: Sequence[tuple[int, str]] = ()
    ) -> str:
        """The shot of a family's world; does nothing where the folder is there already.

        Args:
            passed_over: seeds that were tried before, and why they were not kept, to be told.

        Returns:
            Why there is none: the world is not worth keeping, or fails; empty where it was made.

        Raises:
            OpenVoidError: no such family; the folder cannot be written.
        """
        if is_whole(folder):
            return ""
        recipe = self.recipe
        if family not in FAMILIES:
            raise OpenVoidError(f"unknown family {family!r}", mend=f"known: {', '.join(FAMILIES)}")
        try:
            world = describe(family, seed, size=recipe.size, frames=recipe.frames, rate=recipe.rate)
            pair = self._filmed(world)
        except OpenVoidError as error:
            return error.what
        except Exception as error:  # a defect in one world must not end a thousand
            return f"defect: {type(error).__name__}: {error}"
        reason = verdict(pair)
        if not reason:
            write_pair(pair, folder, recipe, passed_over)
        return reason

    def make_world(self, world: World, folder: Path) -> str:
        """The same for a world described elsewhere, as by an import. What fails raises."""
        pair = self._filmed(world)
        reason = verdict(pair)
        if not reason:
            write_pair(pair, folder, self.recipe)
        return reason

    def _filmed(self, world: World) -> Pair:
        with TemporaryDirectory(prefix="openvoid-synth-") as scratch:
            return film(world, self._renderer, Run(Path(scratch)), depth=self.recipe.truth_all)


def write_pair(
    pair: Pair, folder: Path, recipe: Recipe, passed_over: Sequence[tuple[int, str]] = ()
) -> None:
    """Make the shot folder of a pair.

    Raises:
        OpenVoidError: something cannot be written.
    """
    world = pair.world
    with partial_folder(folder) as partial:
        _write_clip(partial / "input_video.mp4", pair.full, world.rate)
        _write_clip(partial / "truth.mp4", pair.removed, world.rate)
        _write_clip(partial / "acting.mp4", pair.acting, world.rate)
        write_quadmask(pair.quadmask, partial / "quadmask_0.mp4", world.rate)
        snapped = pair.quadmask.grid_snapped(CELLS)
        write_quadmask(snapped, partial / "quadmask_1.mp4", world.rate)
        write_mattes(instances(world, pair.removed), partial / "ids.mkv", world.rate)
        _write_bytes(partial / "world.json", world.to_json().encode())
        _write_bytes(partial / "prompt.json", json_bytes({"bg": world.caption}))
        _write_bytes(partial / "tracks.json", tracks(pair).to_json().encode())
        facts = _facts(pair, recipe) | {"passed_over": [list(each) for each in passed_over]}
        _write_bytes(partial / "metadata.json", json_bytes(facts))
        if recipe.truth_all:
            _write_geometry(partial, pair)
        for name, other in ALSO.items():
            _link(partial / name, partial / other)


def is_whole(folder: Path) -> bool:
    """Whether a shot is there: folders appear whole, so its description is enough."""
    return (folder / "world.json").is_file()


def _facts(pair: Pair, recipe: Recipe) -> dict[str, Any]:
    world = pair.world
    shares = pair.quadmask.shares()
    return {
        "schema": "openvoid.shot/1",
        "family": world.family,
        "seed": world.seed,
        "renderer": recipe.renderer,
        "size": [world.size[1], world.size[0]],
        "frames": world.frames,
        "rate": str(world.rate),
        "removed": list(world.removed),
        "why": world.why,
        "caption": world.caption,
        "short": world.short,
        "shares": {region.name.lower(): round(share, 6) for region, share in shares.items()},
        "threshold": {"weak": pair.threshold.weak, "strong": pair.threshold.strong},
    }


def _write_clip(path: Path, frames: Iterable[Drawn], rate: Fraction) -> None:
    pictures = [drawn.rgb for drawn in frames]
    clip = clip_of(pictures, rate)
    with write_video(path, clip, _CODEC) as writer:
        for index, rgb in enumerate(pictures):
            red, green, blue = np.moveaxis(rgb, -1, 0)
            writer.write(Picture(index, (green, blue, red), clip.layout))


def _write_geometry(folder: Path, pair: Pair) -> None:
    filmed = takes(pair.world, pair.with_object, pair.without_object)
    sides = {"full": pair.full, "removed": pair.removed}
    _write_arrays(
        folder / "depth.npz",
        {
            name: np.stack([drawn.depth for drawn in frames]).astype(np.float16)
            for name, frames in sides.items()
        },
    )
    ways = {name: flow(filmed[name], frames) for name, frames in sides.items()}
    _write_arrays(folder / "flow.npz", {k: way.astype(np.float16) for k, way in ways.items()})
    motions: dict[str, Motion] = {"full": pair.with_object, "removed": pair.without_object}
    poses = {name: motion.poses for name, motion in motions.items()}
    names = {f"{name}_names": np.array(motion.names) for name, motion in motions.items()}
    _write_arrays(folder / "poses.npz", {**poses, **names})


def _write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    with explained(path):
        np.savez_compressed(path, allow_pickle=False, **arrays)


def _write_bytes(path: Path, data: bytes) -> None:
    with explained(path):
        path.write_bytes(data)


def _link(path: Path, other: Path) -> None:
    """A second name; a copy where the disk has none."""
    with explained(other):
        try:
            os.link(path, other)
        except OSError:
            shutil.copyfile(path, other)
