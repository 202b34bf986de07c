"""The plate engine: a removal without weights, GPU or torch.

Register the camera, plan donors, harvest their pixels, rebuild every frame. What no frame saw is
synthesised once in the world. Each step's module says how; this file is the order of the steps.

Affected pixels (127) are rebuilt like the object's own: from frames that show the place kept, so
undisturbed. Things are not moved along a new course.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import EMPTY, Box, bounding_box
from openvoid.core.clip import Clip
from openvoid.core.plugins import option
from openvoid.core.quadmask import Quadmask
from openvoid.core.removal import Fill, RemovalRequest, Run
from openvoid.plate.canvas import Canvas, paint_canvas, unseen_cells
from openvoid.plate.choice import chosen, lay
from openvoid.plate.depth import BEYOND_PX, Depth, depth_of
from openvoid.plate.harvest import MARGIN_PX, Harvest, harvest
from openvoid.plate.plan import AGE_WITH_DEPTH, beside, plan
from openvoid.plate.propagate import RING_PX, Rebuilt, around, clear_of, lay_donors, propagate
from openvoid.plate.render import Sheet, render
from openvoid.plate.rest import NOTHING
from openvoid.plate.survey import Survey, survey
from openvoid.plate.trails import Trails, trails_of
from openvoid.vision.fitting import Camera, transform

MADE_UP = 0.25  # of the mask: from here on a person is told that it was made up


class PlateEngine:
    """Rebuilds what was hidden from the frames that saw it; synthesises what none saw."""

    name: ClassVar[str] = "plate"

    @dataclass(frozen=True)
    class Options:
        """What a person may set."""

        camera: str = option(
            "auto",
            "how the camera moves; auto decides from the kept region",
            choices=("auto", *(camera.value for camera in Camera)),
        )

    def __init__(self, options: Options) -> None:
        self.options = options

    def fill(self, request: RemovalRequest, run: Run) -> Iterator[Fill]:
        """One fill a frame; see `core.plugins.Engine`."""
        clip, mask, soft_px = request.clip, request.quadmask, request.soft_edge_px
        camera = None if self.options.camera == "auto" else Camera(self.options.camera)
        look = survey(clip, mask, soft_px, run, camera)
        soft_proxy = int(np.ceil(soft_px / look.proxy.scale)) if soft_px else 0
        places = _places(look)
        donors, depth = plan(*look.places(), places), None
        if camera in (None, Camera.PARALLAX) and look.registration.camera is not Camera.LOCKED:
            near = plan(look.needed, look.clear, places, AGE_WITH_DEPTH)
            depth = Depth(look) if camera is Camera.PARALLAX else depth_of(look, near)
        if depth is not None:  # what looks as if it passed may be what is near
            nothing = np.zeros_like(look.passing)
            look = replace(look, shown=look.clear, passing=nothing, looks=NOTHING)
            donors, depth = beside(near, look.needed, look.shown), Depth(look)
        _note_camera(look, depth is not None, run)
        unseen = unseen_cells(look, donors)
        _note_unseen(look, unseen, run)
        canvas = paint_canvas(look, unseen, soft_proxy, np.random.default_rng(request.seed), run)
        wanted = (_wanted_box(look, index, soft_proxy) for index in range(clip.length))
        margin_px = BEYOND_PX if depth is not None else MARGIN_PX
        follows = depth is None and look.registration.camera is not Camera.LOCKED
        trails = trails_of(look, soft_proxy, run) if follows else None
        besides = None if trails is None else trails.asked()
        lent = harvest(clip, look, wanted, donors, run, margin_px, besides)
        frames = _Frames(clip, request.start) if canvas is not None else None
        job = _Job(look, depth, trails, mask, canvas, lent, soft_px, soft_proxy, frames)
        indices = range(request.start, clip.length)
        fills = (job.fill(index, donors[index]) for index in indices)
        yield from run.track("rebuild", fills, clip.length, request.start)


@dataclass
class _Job:
    look: Survey
    depth: Depth | None
    trails: Trails | None
    mask: Quadmask
    canvas: Canvas | None
    lent: Harvest
    soft_px: int
    soft_proxy: int
    frames: _Frames | None

    def fill(self, index: int, donors: NDArray[np.int32]) -> Fill:
        rebuilt = self._rebuilt(index, donors)
        if rebuilt is None:
            return Fill.nothing(index, self.lent.crops[0].dtype)
        sheet = None
        if self.canvas is not None and not rebuilt.known.all():
            sheet = _lay_sheet(self.look, self.canvas, rebuilt, index, self.soft_proxy)
        rebuilt.close()
        frame = self.frames.at(index) if self.frames is not None and sheet is not None else None
        return render(
            rebuilt,
            sheet,
            index,
            self.mask[index],
            frame,
            self.lent,
            self.look.proxy,
            self.soft_px,
            self.look.unit,
        )

    def _rebuilt(self, index: int, donors: NDArray[np.int32]) -> Rebuilt | None:
        """A frame rebuilt from its donors, and from what was carried where that is better."""
        look, soft_px = self.look, self.soft_proxy
        rebuilt = around(look, index, soft_px)
        if rebuilt is None or self.trails is None:
            return propagate(look, index, donors, soft_px, self.depth)
        rebuilt.remember()
        lay_donors(look, rebuilt, index, donors, soft_px, self.depth)
        found = self.trails.candidates(index, rebuilt.box)
        carried = chosen(look, self.trails.frame, rebuilt, found)
        if carried is None:
            return rebuilt
        anew = rebuilt.afresh()
        lay(look, anew, index, carried)
        lay_donors(look, anew, index, donors, soft_px, self.depth)
        return anew


@dataclass
class _Frames:
    """The clip's frames, asked for in rising order, decoded at most once."""

    clip: Clip
    next: int

    def __post_init__(self) -> None:
        self._decoder = self.clip.frames(self.next)

    def at(self, index: int) -> NDArray[np.generic]:
        while True:
            frame = next(self._decoder)
            self.next += 1
            if self.next > index:  # what is not finite is nobody's colour
                return np.nan_to_num(frame) if frame.dtype.kind == "f" else frame


def _lay_sheet(look: Survey, canvas: Canvas, rebuilt: Rebuilt, index: int, soft_px: int) -> Sheet:
    """Lay the synthesised world where no donor reached."""
    share = ~rebuilt.known
    matrix = look.registration.matrices[index]
    image, place = canvas.seen_from(matrix, rebuilt.box)
    clear = clear_of(look, index, soft_px + 1)
    x, y = np.round(place[..., 0]).astype(int), np.round(place[..., 1]).astype(int)
    height, width = clear.shape
    inside = (x >= 1) & (y >= 1) & (x < width - 1) & (y < height - 1)
    living = inside & (clear[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)] > 0)
    correction = rebuilt.lay(image, share, np.ones_like(share), quiet=0.001)
    return Sheet(share, image + correction, living, place, canvas, matrix)


def _wanted_box(look: Survey, index: int, soft_px: int) -> Box:
    hole = look.hole(index)
    if not hole.any():
        return EMPTY
    return bounding_box(hole).grown(soft_px + RING_PX, look.proxy.height, look.proxy.width)


def _places(look: Survey) -> NDArray[np.float64]:
    """Where the middle of each frame lies in the world, in picture widths, [T, 2]."""
    middle = np.array([[look.proxy.width / 2, look.proxy.height / 2]])
    places = np.empty((len(look.registration.matrices), 2))
    for place, matrix in zip(places, look.registration.matrices, strict=True):
        place[:] = transform(np.linalg.inv(matrix), middle)[0]
    return places / look.proxy.width


def _note_unseen(look: Survey, unseen: NDArray[np.bool_], run: Run) -> None:
    """What share of the holes, over all frames, no frame shows as it should be."""
    share = float((look.needed & unseen.ravel()).sum() / max(1, look.needed.sum()))
    run.note("never_seen", round(share, 4))
    if share >= MADE_UP:
        run.warn(f"no frame shows what is behind {share:.0%} of the mask: made up, look at it")


def _note_camera(look: Survey, by_depth: bool, run: Run) -> None:
    found = look.registration
    run.note(
        "camera",
        {
            "model": found.camera.value,
            "aligned_by_depth": by_depth,
            "residual_px": round(found.residual_px * look.proxy.scale, 3),
            "all_features_px": round(found.spread_px * look.proxy.scale, 3),
            "frames_without_features": list(found.lost),
        },
    )
    if found.warning is not None:
        run.warn(found.warning)
    if found.camera is Camera.PARALLAX and not by_depth:
        run.warn("one plane does not explain the shot, and depth does not either: look for tears")
