"""Contents: what is put into or onto an object that stays, while it stays.

Enters: a scene. Leaves: an effect for what the object has borne since: without it, that would have
fallen. Told from the object's own look: where it stays changed from a moment on at which something
moved at its upper part. Of an object that itself moves, or changes over and over, nothing is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import cv2
import numpy as np

from openvoid.core.effects import Effect, EffectKind, Place
from openvoid.reason.motion.change import outside
from openvoid.reason.motion.collision import base_px
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.reason.motion.statics import Loss
from openvoid.vision.masks import grown, tidy

RIGID = 0.92  # intersection over union of the object's silhouettes: it does not move itself
CHANGED = 0.1  # of white
LEAST_SHARE = 0.015  # of the object: less is glitter
MOST_SHARE = 0.6  # of the object: more is light
LASTS = 0.7  # of the frames since: so often it must be there
BEFORE = 2  # frames that show the object alone


def put(scene: Scene, rate: Fraction, *, paths: bool = True) -> Iterator[Effect]:
    """What has been put into or onto the object since the shot began."""
    frames = scene.object.seen
    if len(frames) < 4 * BEFORE or not _rigid(scene):
        return
    first = scene.picture(frames[0])
    masks = {index: _inside(scene, first, index) for index in frames[BEFORE:]}
    began = _began(scene, masks)
    if began is None:
        return
    label, nothing = scene.object.label, np.zeros(scene.size, bool)
    loss = Loss(masks[began], nothing, None, 0, base_px(scene, frames[0]))
    now: list[Place] = []
    goes: list[Place] = []
    for index in range(began, scene.length):
        seen = scene.seen(index)
        now += scene.places(grown(masks.get(index, nothing), 2) & seen, index)
        if paths:
            goes += scene.places(loss.at(float((index - began) / rate)) & seen, index)
    why = f"From frame {began} on the {label}, which stays, looks different inside its outline,"
    why += " after something moved there from above: it bears what was put into it."
    noun = f"what is put into the {label}"
    kind = EffectKind.PHYSICAL
    yield Effect(noun, kind, "supports", why, tuple(now), tuple(goes), 0.4, "motion")


def _rigid(scene: Scene) -> bool:
    frames = scene.object.seen
    first = scene.object[frames[0]]
    alike = [
        (first & scene.object[index]).sum() / max(1, (first | scene.object[index]).sum())
        for index in frames[:: max(1, len(frames) // 8)]
    ]
    return min(alike) > RIGID


def _inside(scene: Scene, first: Picture, index: int) -> Mask:
    """Where the object differs from how it looked first, its outline left out."""
    object_ = scene.object[index] & scene.object[scene.object.seen[0]]
    inside = object_ & ~grown(~object_, 3)
    found = tidy(outside(scene.picture(index), first, CHANGED, scene)) & inside
    count, labels, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8))
    if count < 2:
        return np.zeros_like(found)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    share = stats[largest][cv2.CC_STAT_AREA] / max(1, object_.sum())
    good = LEAST_SHARE < share < MOST_SHARE
    return (labels == largest) & good


def _began(scene: Scene, masks: dict[int, Mask]) -> int | None:
    """The frame since which something is there, first in the object's upper part."""
    frames = sorted(masks)
    there = np.array([masks[index].any() for index in frames])
    if not there.any() or there[0]:
        return None
    began = frames[int(there.argmax())]
    rows = np.nonzero(masks[began])[0]
    box = scene.object.box(began)
    if float(np.median(rows)) > (box.top + box.bottom) / 2:
        return None
    return began if there[int(there.argmax()) :].mean() > LASTS else None
