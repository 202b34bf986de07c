"""Made frames become lawful fills: colours, grain, lent plate and soft edges."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from openvoid.core.clip import clip_of
from openvoid.core.quadmask import Quadmask, Region
from openvoid.core.removal import Fill, Origin, RemovalRequest, Run
from openvoid.deliver.composite import Compositor
from openvoid.void.native.stitch import stitch
from openvoid.void.native.view import View, choose_view

HEIGHT, WIDTH, LENGTH, SOFT_PX = 144, 192, 8, 4
Frames = list[np.ndarray]


@dataclass(frozen=True)
class Shot:
    """A panning wall with a disc before it, and what is behind the disc."""

    request: RemovalRequest
    view: View
    truth: Frames

    def made(self, change: Callable[[np.ndarray], np.ndarray] = lambda p: p) -> Frames:
        """The truth as a model might make it."""
        seen = self.view.frames(clip_of(self.truth))
        return [
            np.clip(change(cv2.GaussianBlur(picture, (0, 0), 0.6)), 0, 1).astype(np.float32)
            for picture in seen
        ]

    def plate(self, start: int, unseen: int = 0) -> Iterator[Fill]:
        """A perfect plate; `unseen` columns of each hole's box were never seen."""
        for index in range(start, self.request.clip.length):
            box = self.request.quadmask.box(index).grown(SOFT_PX + 5, HEIGHT, WIDTH)
            hole = self.request.quadmask.labels_in(index, box) != Region.KEEP
            origin = np.where(hole, Origin.SEEN, Origin.KEPT).astype(np.uint8)
            origin[:, :unseen][hole[:, :unseen]] = Origin.SYNTHESISED
            rgb = self.truth[index][box.slices].copy()
            yield Fill(index, box, rgb, hole.astype(np.float32), origin)

    def run(self, made: Frames, plate: Any = None, **settings: Any) -> list[Fill]:
        request = dataclasses.replace(self.request, start=settings.pop("start", 0))
        fills = stitch(request, self.view, made.__getitem__, plate, Run(Path()), **settings)
        return list(fills)


def shot(
    dtype: Any = np.uint8,
    size: tuple[int, int] = (48, 64),
    mode: str = "whole",
    grain: float = 0.004,
    penumbra_px: float = 0.0,
    empty: tuple[int, ...] = (),
    speed_px: float = 4.0,
    length: int = LENGTH,
) -> Shot:
    rng = np.random.default_rng(8)
    world = np.full((HEIGHT, WIDTH + 90, 3), 0.45, np.float32)
    for sigma, weight in ((1.0, 0.02), (9.0, 0.06)):
        noise = cv2.GaussianBlur(rng.standard_normal(world.shape, np.float32), (0, 0), sigma)
        world += weight * noise / noise.std()
    truth, shown, masks = [], [], []
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    for index in range(length):
        clean = world[:, 3 * index : 3 * index + WIDTH]
        clean = clean + grain * rng.standard_normal(clean.shape, np.float32)
        distance = np.hypot(rows - 70, columns - 60 - speed_px * index)
        mask = (distance < 20) & (index not in empty)
        dirty = np.where(mask[..., None], np.float32([0.9, 0.2, 0.1]), clean)
        if penumbra_px:
            shade = 0.25 * np.clip(1 - (distance - 20) / penumbra_px, 0, 1) * (distance >= 20)
            dirty = dirty * (1 - shade[..., None])
        masks.append(mask)
        truth.append(stored(clean, dtype))
        shown.append(stored(dirty, dtype))
    request = RemovalRequest(
        clip_of(shown), Quadmask.from_removed(masks), seed=3, soft_edge_px=SOFT_PX
    )
    return Shot(request, choose_view(request.clip, request.quadmask, mode, size), truth)


def stored(picture: np.ndarray, dtype: Any) -> np.ndarray:
    if np.issubdtype(dtype, np.floating):
        return (6 * picture**2).astype(dtype)  # scene-linear, beyond 1
    white = np.iinfo(dtype).max
    return np.clip(np.rint(picture * white), 0, white).astype(dtype)


def hole_of(made: Shot, fill: Fill) -> np.ndarray:
    return made.request.quadmask.labels_in(fill.frame, fill.box) != Region.KEEP


def error(made: Shot, fill: Fill, where: np.ndarray | None = None) -> float:
    truth = made.truth[fill.frame][fill.box.slices].astype(np.float64)
    where = hole_of(made, fill) if where is None else where
    white = made.request.clip.white
    return float(np.abs(fill.rgb.astype(np.float64) - truth)[where].mean() / white)


CASES = [
    {"dtype": np.uint8},
    {"dtype": np.uint16, "mode": "crop", "speed_px": 14.0},
    {"dtype": np.float32, "empty": (0, 4)},
    {"dtype": np.uint8, "size": (160, 208)},
]


@pytest.mark.parametrize("settings", CASES, ids=["whole", "crop", "float", "upsampled"])
def test_fills_are_lawful_and_the_same_whatever_the_start(settings: dict[str, Any]) -> None:
    case = shot(**settings)
    made = case.made(lambda picture: 0.98 * picture + 0.02)
    request = case.request
    compositor = Compositor(request.clip, request.quadmask, SOFT_PX, "void")
    whole = case.run(made, case.plate)
    assert [fill.frame for fill in whole] == list(range(LENGTH))
    for fill in whole:
        compositor.check(fill)
    for start in (1, LENGTH // 2, LENGTH - 1):
        for one, other in zip(case.run(made, case.plate, start=start), whole[start:], strict=True):
            assert (one.frame, one.box) == (other.frame, other.box)
            assert one.rgb.tobytes() == other.rgb.tobytes(), start
            assert one.alpha.tobytes() == other.alpha.tobytes()
            assert one.origin.tobytes() == other.origin.tobytes()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_plate_that_shows_the_same_lends_its_very_pixels(dtype: Any) -> None:
    case = shot(dtype)
    fill = case.run(case.made(), case.plate)[4]
    hole = hole_of(case, fill)
    seen = hole & (fill.origin == Origin.SEEN)
    assert seen.sum() > 0.97 * hole.sum()
    truth = case.truth[4][fill.box.slices]
    assert (fill.rgb[hole] == truth[hole]).all(axis=-1).mean() > 0.9


def test_what_the_model_put_there_is_not_ghosted_by_the_plate() -> None:
    case = shot(size=(96, 128))
    rows, columns = np.mgrid[:96, :128]
    made = case.made()
    for index, picture in enumerate(made):
        thing = np.hypot(rows - 46.5, columns - (40 + 8 * index / 3)) < 4
        picture[thing] = (0.1, 0.2, 0.8)
    lent, alone = case.run(made, case.plate, grain=False), case.run(made, grain=False)
    for index in (3, 4):
        fill = lent[index]
        top, left = 70 - fill.box.top, 60 + 4 * index - fill.box.left
        middle = np.s_[top - 4 : top + 5, left - 4 : left + 5]
        assert (fill.origin[middle] == Origin.SYNTHESISED).all()
        away = fill.rgb[middle].astype(int) - alone[index].rgb[middle]
        assert np.abs(away).max() <= 1
        assert (fill.origin[hole_of(case, fill)] == Origin.SEEN).mean() > 0.2, "around it, lent"


def test_what_the_plate_made_up_is_not_lent() -> None:
    case = shot()
    fill = case.run(case.made(), lambda start: case.plate(start, unseen=25))[3]
    hole = hole_of(case, fill)
    shift = case.request.quadmask.box(3).grown(SOFT_PX + 5, HEIGHT, WIDTH).left - fill.box.left
    unseen = slice(0, 25 + shift)
    assert not (fill.origin[:, unseen] == Origin.SEEN)[hole[:, unseen]].any()
    assert (fill.origin[hole] == Origin.SEEN).any()


def test_colours_come_to_those_around() -> None:
    case = shot()
    made = case.made(lambda picture: 0.95 * picture + np.float32([0.05, 0.0, 0.03]))
    right, wrong = (case.run(made, colour=on, grain=False)[4] for on in (True, False))
    perfect = case.run(case.made(), grain=False)[4]
    assert error(case, wrong) > 0.02
    assert error(case, right) < error(case, perfect) + 0.003
    assert (right.origin[hole_of(case, right)] == Origin.SYNTHESISED).all()


def test_made_pixels_get_the_sources_grain() -> None:
    case = shot(grain=0.02, size=(144, 192))
    made = case.made()
    smooth = [cv2.GaussianBlur(picture, (0, 0), 2) for picture in made]
    with_grain, without = (case.run(smooth, grain=on)[4] for on in (True, False))
    hole = hole_of(case, with_grain)
    added = (with_grain.rgb.astype(float) - without.rgb)[hole] / 255
    assert 0.012 < added.std() < 0.03
    assert abs(added.mean()) < 0.003
    other = dataclasses.replace(case.request, seed=4)
    again = list(stitch(other, case.view, smooth.__getitem__, None, Run(Path())))[4]
    assert not np.array_equal(again.rgb, with_grain.rgb), "another seed, another grain"


def test_a_penumbra_outside_the_mask_is_covered_and_the_rest_left_alone() -> None:
    plain, dark = shot(size=(144, 192)), shot(size=(144, 192), penumbra_px=4.0)
    alphas = []
    for case in (plain, dark):
        fill = case.run(case.made(), grain=False)[3]
        outside = ~hole_of(case, fill)
        far = cv2.distanceTransform(outside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        ring = outside & (far > 1.5) & (far < 3)
        alphas.append(float(fill.alpha[ring].mean()))
    assert alphas[1] > alphas[0] + 0.2


def test_without_a_soft_edge_only_the_mask_changes() -> None:
    case = shot()
    request = dataclasses.replace(case.request, soft_edge_px=0)
    for fill in stitch(request, case.view, case.made().__getitem__, case.plate, Run(Path())):
        assert np.array_equal(fill.alpha, hole_of(case, fill).astype(np.float32))


def test_a_frame_without_a_hole_is_left_as_it_is() -> None:
    case = shot(empty=(0, 4))
    fills = case.run(case.made(), case.plate)
    assert [fill.box.empty for fill in fills] == [index in (0, 4) for index in range(LENGTH)]


def test_a_long_stretch_without_a_hole_is_passed_over() -> None:
    case = shot(empty=tuple(range(1, 23)), length=24, speed_px=1.0)
    made = case.made()
    whole, late = case.run(made, case.plate), case.run(made, case.plate, start=21)
    assert [fill.frame for fill in whole if not fill.box.empty] == [0, 23]
    assert whole[23].rgb.tobytes() == late[-1].rgb.tobytes()


def test_values_beyond_white_come_back() -> None:
    case = shot(np.float32, grain=0.0)
    made = case.made()
    fill = case.run(made, grain=False)[4]
    hole = hole_of(case, fill)
    truth = case.truth[4][fill.box.slices][hole]
    assert truth.max() > 1.5
    assert np.abs(fill.rgb[hole] / truth - 1).mean() < 0.1


def test_what_was_done_is_told() -> None:
    case, told = shot(), []
    run = Run(Path(), lambda *step: told.append(step))
    request = dataclasses.replace(case.request, start=LENGTH - 2)
    list(stitch(request, case.view, case.made().__getitem__, None, run))
    assert told[-1] == ("stitch", LENGTH, LENGTH)
    assert json.loads(json.dumps(run.notes))["native"]["working_size"] == [48, 64]
