"""The reasoner `motion` on scenes whose truth is known, and what it must not do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from openvoid.core.clip import Clip, clip_of
from openvoid.core.effects import Effect, EffectKind, Effects, Relation
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import split
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.compose import compose
from openvoid.reason.motion.evidence import Evidence
from openvoid.reason.motion.reasoner import (
    FOR_MOVING,
    FOR_STAYING,
    Finder,
    MotionOptions,
    MotionReasoner,
)
from openvoid.reason.motion.scene import watch

HEIGHT, WIDTH, LENGTH = 120, 200, 20


def ground(seed: int = 1, *, wide: int = WIDTH) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.random((HEIGHT // 8, wide // 8, 3)).astype(np.float32)
    fine = rng.random((HEIGHT // 3, wide // 3, 3)).astype(np.float32)
    size = wide, HEIGHT
    return np.asarray(0.45 + 0.15 * cv2.resize(coarse, size) + 0.15 * cv2.resize(fine, size))


def block(left: int, top: int, width: int = 20, height: int = 24) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[max(0, top) : top + height, max(0, left) : left + width] = True
    return mask


def filmed(pictures: list[np.ndarray]) -> Clip:
    rng = np.random.default_rng(2)
    noisy = [picture + rng.normal(0, 0.003, picture.shape) for picture in pictures]
    return clip_of([np.clip(each * 255, 0, 255).astype(np.uint8) for each in noisy])


def explain(clip: Clip, masks: list[np.ndarray], tmp_path: Path, **options: bool) -> Effects:
    track = Track.of("box", masks)
    return MotionReasoner(MotionOptions(**options)).explain(clip, track, Run(tmp_path))


def affected(effects: Effects, masks: list[np.ndarray], index: int) -> np.ndarray:
    return split(compose(Track.of("box", masks), effects)[index])[1]


def kinds(effects: Effects, kind: EffectKind) -> list[Effect]:
    return [effect for effect in effects.affected if effect.kind is kind]


def sliding(shadow: bool) -> tuple[Clip, list[np.ndarray]]:
    pictures, masks = [], []
    for index in range(LENGTH):
        picture = ground()
        if shadow:
            picture[block(10 + 7 * index, 64, 44, 10)] *= 0.6
        mask = block(10 + 7 * index, 40)
        picture[mask] = 0.8, 0.2, 0.2
        pictures.append(picture)
        masks.append(mask)
    return filmed(pictures), masks


def test_a_shadow_that_moves_along_is_an_artefact(tmp_path: Path) -> None:
    clip, masks = sliding(shadow=True)
    effects = explain(clip, masks, tmp_path)
    (found,) = kinds(effects, EffectKind.ARTEFACT)
    assert found.noun == "shadow of the box"
    assert "frames 0 to" in found.why
    for index in (2, 10, 17):
        truth = block(10 + 7 * index, 64, 44, 10)
        mask = affected(effects, masks, index)
        assert (mask & truth).sum() > 0.9 * truth.sum()
        assert (mask & ~truth).sum() < 0.6 * truth.sum()


def test_shadows_can_be_left_out(tmp_path: Path) -> None:
    clip, masks = sliding(shadow=True)
    assert not kinds(explain(clip, masks, tmp_path, shadows=False), EffectKind.ARTEFACT)


@pytest.mark.parametrize("shot", ["pushed", "stopped"])
def test_who_wants_nothing_is_told_nothing(shot: str, tmp_path: Path) -> None:
    clip, masks = pushed()[:2] if shot == "pushed" else stopped()
    assert explain(clip, masks, tmp_path).affected
    none = {"shadows": False, "reflections": False, "things": False}
    assert not explain(clip, masks, tmp_path, **none).affected
    only = explain(clip, masks, tmp_path, shadows=False, reflections=False)
    assert {each.kind for each in only.affected} == {EffectKind.PHYSICAL}


def test_an_object_that_touches_nothing_affects_nothing(tmp_path: Path) -> None:
    clip, masks = sliding(shadow=False)
    effects = explain(clip, masks, tmp_path)
    share = np.mean([affected(effects, masks, index).mean() for index in range(LENGTH)])
    assert share < 0.01


def findings(finders: Sequence[Finder], clip: Clip, masks: list[np.ndarray], folder: Path) -> Any:
    run = Run(folder)
    evidence = Evidence(watch(clip, Track.of("box", masks), run), clip.rate, run)
    return [list(each.find(evidence)) for each in finders], evidence.statistics()


@pytest.mark.parametrize("finders", [FOR_MOVING, FOR_STAYING])
def test_finders_find_the_same_in_any_order_and_alone(
    finders: tuple[Finder, ...], tmp_path: Path
) -> None:
    clip, masks, _ = pushed()
    if finders is FOR_STAYING:
        clip, masks = stopped()
    together, numbers = findings(finders, clip, masks, tmp_path)
    reverse, again = findings(finders[::-1], clip, masks, tmp_path)
    assert reverse[::-1] == together
    assert again == numbers
    assert any(together)
    for finder, found in zip(finders, together, strict=True):
        if found:
            assert findings([finder], clip, masks, tmp_path)[0] == [found]


def test_what_was_measured_in_each_frame_is_noted(tmp_path: Path) -> None:
    clip, masks = sliding(shadow=True)
    run = Run(tmp_path)
    MotionReasoner().explain(clip, Track.of("box", masks), run)
    numbers = run.notes["reason.statistics"]
    assert {"change.light", "change.things", "change.shades", "contact.share"} <= set(numbers)
    assert all(len(row) == LENGTH for row in numbers.values())
    shadow = [(block(10 + 7 * t, 64, 44, 10) & ~masks[t]).mean() for t in range(LENGTH)]
    assert np.allclose(numbers["change.light"], shadow, rtol=0.25)  # a share of the picture
    bare, masks = sliding(shadow=False)
    MotionReasoner().explain(bare, Track.of("box", masks), run)
    assert max(run.notes["reason.statistics"]["change.light"]) < 0.1 * min(shadow)
    assert len(json.dumps(numbers)) < 200 * LENGTH


def pushed() -> tuple[Clip, list[np.ndarray], list[np.ndarray]]:
    """A box comes in, stops at frame 8, and what it meets slides on."""
    pictures, masks, truths = [], [], []
    for index in range(LENGTH):
        picture, mask = ground(), block(4 + 9 * min(index, 8), 40)
        other = block(98 + 5 * max(0, index - 8), 42)
        picture[other] = 0.2, 0.3, 0.85
        picture[mask] = 0.8, 0.2, 0.2
        pictures.append(picture)
        masks.append(mask)
        truths.append(other | block(98, 42) if index > 8 else np.zeros_like(mask))
    return filmed(pictures), masks, truths


def test_what_is_pushed_is_affected_where_it_is_and_where_it_stood(tmp_path: Path) -> None:
    clip, masks, truths = pushed()
    effects = explain(clip, masks, tmp_path)
    things = kinds(effects, EffectKind.PHYSICAL)
    assert things
    assert any("frame 9" in thing.why or "frame 10" in thing.why for thing in things)
    for index in (12, 19):
        truth = truths[index] & ~masks[index]
        mask = affected(effects, masks, index)
        assert (mask & truth).sum() > 0.85 * truth.sum()
        assert mask.mean() < 0.2
    assert affected(effects, masks, 3).mean() < 0.02  # nothing before they meet


def stopped() -> tuple[Clip, list[np.ndarray]]:
    """A blue thing runs into the box, which stays, and stops there."""
    pictures, masks = [], []
    for index in range(LENGTH):
        picture, mask = ground(), block(100, 30, 24, 40)
        picture[block(4 + 8 * min(index, 9), 42)] = 0.2, 0.3, 0.85
        picture[mask] = 0.8, 0.2, 0.2
        pictures.append(picture)
        masks.append(mask)
    return filmed(pictures), masks


def test_what_is_stopped_would_have_gone_on(tmp_path: Path) -> None:
    clip, masks = stopped()
    effects = explain(clip, masks, tmp_path)
    (found,) = [each for each in effects.affected if each.cause is Relation.STOPS]
    assert found.goes
    there = affected(effects, masks, 15)
    assert there[45:60, 128:140].any()  # beyond the box
    assert affected(effects, masks, 15)[45:60, 80:94].mean() > 0.8  # where it stopped
    straight = explain(clip, masks, tmp_path, paths=False)
    assert not any(each.goes for each in straight.affected)


def test_what_only_passes_by_is_left_alone(tmp_path: Path) -> None:
    pictures, masks = [], []
    for index in range(LENGTH):
        picture, mask = ground(), block(96, 30, 24, 60)
        picture[block(4 + 9 * index, 42)] = 0.2, 0.3, 0.85
        picture[mask] = 0.8, 0.2, 0.2
        pictures.append(picture)
        masks.append(mask)
    effects = explain(filmed(pictures), masks, tmp_path)
    share = np.mean([affected(effects, masks, index).mean() for index in range(LENGTH)])
    assert share < 0.03


def test_a_camera_that_pans_moves_nothing(tmp_path: Path) -> None:
    world = ground(wide=WIDTH + 80)
    pictures, masks = [], []
    for index in range(LENGTH):
        mask = block(30 + 4 * index, 40)
        picture = world[:, 3 * index : 3 * index + WIDTH].copy()
        picture[mask] = 0.8, 0.2, 0.2
        pictures.append(picture)
        masks.append(mask)
    effects = explain(filmed(pictures), masks, tmp_path)
    share = np.mean([affected(effects, masks, index).mean() for index in range(LENGTH)])
    assert share < 0.03


def test_clip_and_track_must_fit_and_the_object_be_seen(tmp_path: Path) -> None:
    clip, masks = sliding(shadow=False)
    with pytest.raises(OpenVoidError, match="differ"):
        explain(clip, masks[:-1], tmp_path)
    with pytest.raises(OpenVoidError, match="empty"):
        explain(clip, [np.zeros_like(mask) for mask in masks], tmp_path)
