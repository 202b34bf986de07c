"""Optical flow: where every pixel of a frame is in the next.

Enters: frames [H, W, 3] float32 in 0..1, or gray [H, W] uint8, of any source and size. Leaves:
displacements [H, W, 2] (x, y) in pixels, forward and backward, where the two agree, and pictures
fetched along them. Knows nothing of noise, masks or models.

Two flows, behind one Protocol: "dis" (dense inverse search, Kroeger et al. 2016, OpenCV; on the
CPU, no weights; the default) and "raft" (Teed & Deng 2020) where torchvision is installed. It is
none of our dependencies: beside a CPU torch it breaks the import of other libraries.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.errors import OpenVoidError

Picture = NDArray[np.float32]
"""[H, W, 3], 0..1."""
Displacement = NDArray[np.float32]
"""[H, W, 2] (x, y) in pixels: the first frame's p is the second's p + displacement."""

PRESETS = {  # DIS: seconds a pair of 384x672 frames on one core, about
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,  # 0.004
    "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,  # 0.015
}
LEAST_SIDE_PX = {"fast": 32, "medium": 16}
"""DIS takes nothing under 12 pixels, and reads beyond a wide picture that is lower than this.

Its coarsest level must hold a patch of 8 x 8; of a small picture OpenCV (5.0) takes that level by
the width alone: at 8 to 15 x 40 ("medium") or 16 to 31 x 91 ("fast") the process dies.
"""
SIDE_LIMIT_PX = 32767  # cv2.remap takes no map this long
ROW = 4096  # into such rows a longer one is folded
RAFT_GRID_PX = 8  # RAFT takes sizes that are multiples of it, and no side under 128
RAFT_LEAST_PX = 128


_Kind = TypeVar("_Kind", np.uint8, np.float32, np.float64)


class Flow(Protocol):
    """Two frames -> displacements."""

    def between(self, first: Picture, second: Picture) -> Displacement:
        """first(p) shows what second(p + displacement(p)) shows."""
        ...


@dataclass(frozen=True)
class Motion:
    """From one frame to the next, both ways; both [H, W, 2] on their own frame's pixels."""

    forward: Displacement  # on the first frame: where its pixels go
    backward: Displacement  # on the second frame: where its pixels come from


def make_flow(name: str = "dis", *, preset: str = "medium", device: str = "cpu") -> Flow:
    """A flow by its name.

    Args:
        preset: of DIS, "fast" or "medium".
        device: of RAFT, as torch names it.

    Raises:
        OpenVoidError: unknown name or preset; RAFT without torchvision or its weights.
    """
    if name == "dis":
        return Dis(preset)
    if name == "raft":
        return Raft(device)
    raise OpenVoidError(f"unknown flow {name!r}", mend="known: dis, raft")


class Dis:
    """Dense inverse search on luminance, 8 bits."""

    def __init__(self, preset: str = "medium") -> None:
        if preset not in PRESETS:
            raise OpenVoidError(f"unknown DIS preset {preset!r}", mend="known: fast, medium")
        self._search = cv2.DISOpticalFlow.create(PRESETS[preset])
        self._finest, self._least_px = self._search.getFinestScale(), LEAST_SIDE_PX[preset]
        # One search for both crashes in OpenCV 5.0: its buffers are made for how it began.
        self._fine = cv2.DISOpticalFlow.create(PRESETS[preset])
        self._fine.setCoarsestScale(self._finest + 1)

    def between(self, first: Picture, second: Picture) -> Displacement:
        _check_pair(first, second)
        return self.between_gray(_luminance(first), _luminance(second))

    def between_gray(
        self,
        first: NDArray[np.uint8],
        second: NDArray[np.uint8],
        *,
        or_rests: bool = False,
        guess: Displacement | None = None,
    ) -> Displacement:
        """The same for gray pictures [H, W] alike in size, from 1 x 1 on.

        `or_rests`: on every level each patch also tries whether it stands still; or whether it
        moves as `guess` [H, W, 2] says, and then only the two finest levels are searched, so that
        what is thin keeps a motion of its own.
        """
        height, width = first.shape
        pad = [(0, max(0, self._least_px - side)) for side in (height, width)]
        before, after = (np.pad(each, pad, "edge") for each in (first, second))
        begin: Any = np.zeros((*before.shape, 2), np.float32) if or_rests else None
        search = self._search
        if guess is not None:
            begin = np.pad(guess, [*pad, (0, 0)], "edge")
            search = self._fine
        search.setFinestScale(self._finest)  # a small picture would leave another behind
        flow = search.calc(before, after, begin)
        return np.ascontiguousarray(flow[:height, :width], np.float32)


class Raft:
    """RAFT (large) of torchvision, with its published weights."""

    def __init__(self, device: str = "cpu") -> None:
        install = "pip install torchvision, of the build that matches torch; or take the flow dis"
        try:
            models: Any = importlib.import_module("torchvision.models.optical_flow")
            self._torch: Any = importlib.import_module("torch")
        except (ImportError, RuntimeError) as error:  # RuntimeError: it does not fit this torch
            raise OpenVoidError(f"the flow raft needs torchvision ({error})", mend=install) from (
                error
            )
        try:
            model = models.raft_large(weights=models.Raft_Large_Weights.DEFAULT)
        except OSError as error:
            raise OpenVoidError(
                f"the weights of RAFT cannot be fetched ({error})",
                mend="go online once, or take the flow dis",
            ) from error
        self._model, self._device = model.eval().to(device), device

    def between(self, first: Picture, second: Picture) -> Displacement:
        _check_pair(first, second)
        height, width = first.shape[:2]
        with self._torch.inference_mode():
            refined = self._model(self._tensor(first), self._tensor(second))
        flow = refined[-1][0, :, :height, :width]  # the last refinement, [1, 2, H, W] => [2, H, W]
        return np.ascontiguousarray(flow.permute(1, 2, 0).cpu().numpy(), np.float32)

    def _tensor(self, frame: Picture) -> Any:
        """[H, W, 3] in 0..1 => [1, 3, H', W'] in -1..1, edges repeated to a size RAFT takes."""
        pad = [
            (0, max(RAFT_LEAST_PX, -(-side // RAFT_GRID_PX) * RAFT_GRID_PX) - side)
            for side in frame.shape[:2]
        ]
        padded = np.pad(np.clip(frame, 0, 1) * 2 - 1, [*pad, (0, 0)], "edge")
        tensor = self._torch.from_numpy(padded.astype(np.float32)).permute(2, 0, 1)
        return tensor[None].to(self._device)


def motions(flow: Flow, frames: Iterable[Picture]) -> Iterator[Motion]:
    """The motion between consecutive frames: T frames give T - 1. Holds two frames."""
    for first, second in pairwise(frames):
        yield Motion(flow.between(first, second), flow.between(second, first))


def sample(field: NDArray[_Kind], x: Any, y: Any, how: int = cv2.INTER_LINEAR) -> NDArray[_Kind]:
    """A field [H, W, ...] at points (any shape, pixels), bilinear unless OpenCV's `how` says
    otherwise; its edge goes on beyond it.

    OpenCV resolves points to 1/32 pixel. Integers are rounded.
    """
    shape, x_map, y_map = np.shape(x), np.asarray(x, np.float32), np.asarray(y, np.float32)
    if len(shape) != 2 or not 0 < min(shape) <= max(shape) < SIDE_LIMIT_PX:
        x_map, y_map = _folded(x_map), _folded(y_map)
    found = cv2.remap(field, x_map, y_map, how, borderMode=cv2.BORDER_REPLICATE)
    values = found.reshape(x_map.size, *field.shape[2:])[: int(np.prod(shape))]
    return np.asarray(values.reshape(*shape, *field.shape[2:]), field.dtype)


def _folded(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Points of any shape as [rows, ROW], the last row filled up with zeros."""
    rows = -(-points.size // ROW) or 1
    return np.pad(points.ravel(), (0, rows * ROW - points.size)).reshape(rows, ROW)


def fetched(picture: NDArray[_Kind], displacement: Displacement) -> NDArray[_Kind]:
    """A picture [H, W, ...] brought back along a displacement [h, w, 2]: p shows p + displacement.

    So with the displacement from the first frame to the second, the second as the first has it.
    """
    x, y = pixel_grid(displacement.shape[0], displacement.shape[1])
    return sample(picture, x + displacement[..., 0], y + displacement[..., 1])


def pixel_grid(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """x and y of every pixel's centre, each [H, W]; the first pixel's is (0, 0)."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return x, y


def agree(there: Displacement, back: Displacement) -> NDArray[np.bool_]:
    """Whether going there and back again ends where it began; arrays [..., 2] on the same points.

    The rule of Sundaram et al. (2010): |there + back|^2 < 0.01 (|there|^2 + |back|^2) + 0.5.
    """
    return np.asarray(_square(there + back) < 0.01 * (_square(there) + _square(back)) + 0.5)


def followed(motion: Motion) -> NDArray[np.bool_]:
    """[H, W] on the first frame: pixels that the second frame shows, by both directions."""
    height, width = motion.forward.shape[:2]
    x, y = pixel_grid(height, width)
    x, y = x + motion.forward[..., 0], y + motion.forward[..., 1]
    inside = (x >= -0.5) & (y >= -0.5) & (x <= width - 0.5) & (y <= height - 0.5)
    return inside & agree(motion.forward, sample(motion.backward, x, y))


def _square(vectors: Displacement) -> NDArray[np.float32]:
    """[..., 2] => [...] squared lengths."""
    x, y = vectors[..., 0], vectors[..., 1]
    return np.asarray(x * x + y * y)


def _luminance(frame: Picture) -> NDArray[np.uint8]:
    """Rec. 709 weights on the coded values, 8 bits."""
    level = frame @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return np.rint(np.clip(level, 0, 1) * 255).astype(np.uint8)


def _check_pair(first: Picture, second: Picture) -> None:
    if first.shape != second.shape or first.ndim != 3 or first.shape[2] != 3:
        raise OpenVoidError(
            f"flow needs two RGB frames alike; they are {first.shape}, {second.shape}"
        )
