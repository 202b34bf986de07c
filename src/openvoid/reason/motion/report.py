"""Telling: what was found in a shot, as effects with reasons a person can read.

Enters: a scene and findings: light, images, disturbed things, meetings. Leaves: effects with their
places. What is physical gets a margin, what is light stays tight. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from openvoid.core.effects import Effect, EffectKind, Place
from openvoid.core.track import Track
from openvoid.reason.motion import collision as courses
from openvoid.reason.motion import reflection
from openvoid.reason.motion.background import Undisturbed
from openvoid.reason.motion.blobs import Course
from openvoid.reason.motion.collision import Meeting
from openvoid.reason.motion.contact import Thing
from openvoid.reason.motion.naming import colour_name, frames_name, where_name
from openvoid.reason.motion.scene import Scene
from openvoid.vision.masks import filled, grown

GAP = 0.03  # of the short side: gaps in a disturbed region narrower than this are part of it
MARGIN = 0.012  # of the short side: around what is physical


def shadows(scene: Scene, light: Track, darker: Sequence[bool]) -> Iterator[Effect]:
    frames = light.seen
    if not frames:
        return
    now: list[Place] = []
    for index in frames:
        now += scene.places(grown(light[index], 2), index)
    dark = np.mean([darker[index] for index in frames]) >= 0.5
    noun = f"shadow of the {scene.object.label}" if dark else f"light of the {scene.object.label}"
    what = "darker, with the ground's own pattern still in it" if dark else "brighter or tinted"
    why = f"In {frames_name(frames)} the ground beside the {scene.object.label} is {what}, and that"
    why += " moves along with it."
    share = len(frames) / len(scene.object.seen)
    sure = 0.5 + 0.4 * min(1.0, share)
    yield Effect(noun, EffectKind.ARTEFACT, "casts", why, tuple(now), (), sure, "motion")


def reflections(scene: Scene, images: list[Course], usual: Undisturbed | None) -> Iterator[Effect]:
    label = scene.object.label
    noun = f"reflection of the {label}"
    for course in images:
        now = [
            place
            for blob in course.blobs
            for place in scene.places(grown(blob.mask(scene.size), 3), blob.frame)
        ]
        frames = [blob.frame for blob in course.blobs]
        why = f"In {frames_name(frames)} something of the {label}'s colours moves whenever the"
        why += f" {label} moves, without touching it: its mirror image."
        yield Effect(noun, EffectKind.ARTEFACT, "is mirrored", why, tuple(now), (), 0.6, "motion")
    found = reflection.below(scene, usual)
    if found is None:
        return
    frames = list(scene.object.seen)
    now = [
        place
        for index in frames
        for place in scene.places(
            reflection.image_of(scene, index, found) & scene.seen(index), index
        )
    ]
    why = f"In {frames_name(frames)} the {label} is seen again below, upside down"
    why += f" (likeness {found.likeness:.2f})."
    sure = min(0.95, found.likeness)
    yield Effect(noun, EffectKind.ARTEFACT, "is mirrored", why, tuple(now), (), sure, "motion")


def thing_moved(scene: Scene, thing: Thing) -> Effect:
    frames = thing.frames
    gap, margin = (max(2, round(share * scene.scale_px)) for share in (GAP, MARGIN))
    now: list[Place] = []
    for index in frames:
        region, own = filled(thing.mask(index, scene.size), gap), grown(scene.object[index], 2)
        now += scene.places((grown(region & ~own, margin) | region) & scene.seen(index), index)
    noun, where = _told(scene, thing, frames[min(1, len(frames) - 1)])
    by = f"the {scene.object.label}" if thing.cause == 0 else "what moved before"
    why = f"From frame {thing.began} on the {noun} at the {where} changes, beginning where"
    why += f" {by} touches it; without that it would stay as it was."
    cause = "moves" if thing.cause == 0 else "sets off"
    sure = 0.75 if thing.cause == 0 else 0.65
    return Effect(noun, EffectKind.PHYSICAL, cause, why, tuple(now), (), sure, "motion")


def _told(scene: Scene, thing: Thing, frame: int) -> tuple[str, str]:
    mask = thing.mask(frame, scene.size)
    clear = mask & ~grown(scene.object[frame], 3)
    mask = clear if clear.any() else mask
    y, x = np.nonzero(mask)
    place = where_name(float(x.mean()) / scene.size[1], float(y.mean()) / scene.size[0])
    return f"{colour_name(scene.picture(frame)[mask].mean(axis=0))} thing", place


def gone_on(scene: Scene, found: Meeting) -> Effect:
    label = scene.object.label
    now = [
        place
        for blob in found.course.blobs
        if blob.frame >= found.frame
        for place in scene.places(grown(blob.mask(scene.size), 3), blob.frame)
    ]
    goes = [
        place
        for frame, region in courses.going_on(found, scene)
        for place in scene.places(region & scene.seen(frame), frame)
    ]
    noun = f"{colour_name(found.before.colour)} thing"
    why = f"Until frame {found.before.frame} the {noun} moves on its own; where it meets the"
    why += f" {label} in frame {found.frame} it leaves its course. Without the {label} it would"
    why += " have gone on."
    return Effect(
        noun, EffectKind.PHYSICAL, "stops or turns", why, tuple(now), tuple(goes), 0.7, "motion"
    )
