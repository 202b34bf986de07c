"""Contact: what the object pushes, bends, splashes, and what that sets going in turn.

Enters: evidence. Leaves: a finding for each disturbed thing that is large or lasts long enough;
those that hang together for most of the time are one. What is physical gets a margin. What moves by
itself, or is moved from beyond the picture, is not to be blamed on the object even where they meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from openvoid.core.effects import EffectKind, Relation
from openvoid.reason.motion import background, chance, parallax, shadow, unrest
from openvoid.reason.motion.blobs import Spots
from openvoid.reason.motion.chance import ChanceLimits
from openvoid.reason.motion.confidence import ConfidenceLimits, Cue, Sign
from openvoid.reason.motion.disturbance import DisturbanceLimits, Thing, disturbed
from openvoid.reason.motion.evidence import Evidence, once
from openvoid.reason.motion.limits import COST, HARM, PRESS, Limits, limit
from openvoid.reason.motion.meeting import meetings
from openvoid.reason.motion.report import ColourLimits, Finding, colour_name, where_name
from openvoid.reason.motion.scene import Mask, Scene
from openvoid.reason.motion.unrest import CALM
from openvoid.vision.masks import filled, grown


@dataclass(frozen=True)
class ContactLimits(Limits):
    """What is one thing, and how much room it is given."""

    looks: int = limit(8, "frames by which it is told whether two hang together", COST)
    gap: float = limit(0.03, "of the short side: narrower gaps in a region are part of it", PRESS)
    soon: int = limit(6, "frames of a thing that are compared with chance", PRESS)
    stirs: float = limit(1.85, "times as restless as without contact: else it waves", CALM)
    vanishes: float = limit(0.1, "of what was seen of it, soon after: nothing that is struck", HARM)
    stands_out: float = limit(
        3.0, "times chance: what came and is told less plainly is asked", HARM
    )
    vast: float = limit(0.16, "of the picture: so much is set going by few things in it", HARM)
    plainly: float = limit(3.0, "times as restless: what is vast or common otherwise counts", CALM)
    margin: float = limit(0.012, "of the short side: around what is physical", PRESS)


@once
def things(evidence: Evidence) -> tuple[Thing, ...]:
    """What the object disturbs. One that stays pushes nothing: there it is only what it stops."""
    limits = evidence.limits(ContactLimits)
    scene, met = evidence.scene, meetings(evidence)
    only = Spots(scene.size, met.bent) if parallax.stays(evidence) else None
    usual, light = background.usual(evidence), shadow.going_along(evidence)
    free = Spots(scene.size, met.free)
    changes = evidence.limits(DisturbanceLimits)
    all_ = disturbed(scene, usual, light, free, evidence.run, changes, only)
    found = worth(all_, scene, changes.thing_share, limits)
    for index in range(scene.length):
        here = [each for each in found if index in each.frames]
        evidence.record("contact.things", index, len(here))
        evidence.record(
            "contact.share", index, sum(each.mask(index, scene.size).mean() for each in here)
        )
    return tuple(found)


@once
def by_chance(evidence: Evidence) -> tuple[float, ...]:
    """How much is disturbed in the same way where the object is put instead (`chance`): the largest
    thing there soon after it begins, in pixels. What the object is said to disturb is none of it: a
    ball that it strikes may roll by there. An object that moves is put ahead of itself, to what it
    has not touched yet; another one to other places."""
    return disturbed_by_chance(evidence)


def disturbed_by_chance(
    evidence: Evidence, passes: Callable[[int], Mask] | None = None
) -> tuple[float, ...]:
    """The same where it is known what else passes by there, frame by frame."""
    limits, changes = evidence.limits(ContactLimits), evidence.limits(DisturbanceLimits)
    scene, met = evidence.scene, meetings(evidence)
    moves = Spots(scene.size, [*met.free, *(each.course for each in met.met)])

    def free(index: int) -> Mask:
        own = [each.mask(index, scene.size) for each in things(evidence) if index in each.frames]
        known = moves(index) if passes is None else moves(index) | passes(index)
        return known | grown(np.any([np.zeros(scene.size, bool), *own], axis=0), 3)

    usual, light, found = background.usual(evidence), shadow.going_along(evidence), []
    before = None if parallax.stays(evidence) else chance.ahead(evidence)
    tracks = chance.elsewhere(evidence) if before is None else (before,)
    for track in tracks:
        all_ = disturbed(scene, usual, light, free, evidence.run, changes, touching=track)
        kept = worth(all_, scene, changes.thing_share, limits)
        sizes = [each.soon_px(limits.soon) for each in kept]
        found.append(float(max(sizes, default=0)))
    return tuple(found)


def find(evidence: Evidence, without: Sequence[Thing] = ()) -> Iterator[Finding]:
    """What is pushed, bent, splashed, and what that sets off; `without` is told otherwise."""
    limits = evidence.limits(ContactLimits)
    scene, label = evidence.scene, evidence.scene.object.label
    for thing in things(evidence):
        if any(thing is other for other in without):
            continue
        noun, where = _told(evidence, thing, thing.frames[min(1, len(thing.frames) - 1)])
        by = f"the {label}" if thing.cause == 0 else "what moved before"
        told = sign(evidence, thing, by_chance(evidence))
        why = f"From frame {thing.began} on the {noun} at the {where} changes, beginning where"
        why += f" {by} touches it; without that it would stay as it was."
        now = scene.placed((index, _region(scene, thing, index, limits)) for index in thing.frames)
        yield Finding(EffectKind.PHYSICAL, Relation.PUSHES, noun, why, now, (), told)


def sign(
    evidence: Evidence, thing: Thing, by_chance: tuple[float, ...], *, came: bool = False
) -> Sign:
    """By what it is told that the object did it, and how plainly: the place of what it touched
    first stirs as it does not without contact (`unrest`), and what another thing is said to have
    set going does no less. What `came` by itself, as all does that meets an object which stays,
    stirred before as well: that must stand out from chance."""
    limits, known = evidence.limits(ContactLimits), {each.number: each for each in things(evidence)}
    chain = [thing]
    while (cause := known.get(chain[-1].cause)) is not None and cause not in chain:
        chain.append(cause)
    first, scene = chain[-1], evidence.scene
    stray = evidence.limits(ChanceLimits).stray
    plainly = chance.contrast(first.soon_px(limits.soon), by_chance, stray)
    least, stirs = 1.0, 0.0 if came else _rise(evidence, first, thing)
    if stirs < limits.stirs:
        if not (came or parallax.stays(evidence)):
            return Sign(Cue.PUSHED_RESTLESS, stirs)
        least, stirs = limits.stands_out, limits.stirs  # no more is claimed
    if stirs < limits.plainly and first.largest_px > limits.vast * scene.size[0] * scene.size[1]:
        return Sign(Cue.PUSHED_VAST, stirs)
    common = stirs < limits.plainly and plainly < least
    if common or (not scene.locked and vanishes(first, scene, limits)):
        return Sign(Cue.PUSHED_VAGUELY, plainly)
    cue = Cue.PUSHED if scene.locked else Cue.PUSHED_PANNED
    return Sign(cue if thing is first else Cue.PUSHED_ON, stirs)


def _rise(evidence: Evidence, first: Thing, thing: Thing) -> float:
    rises = [
        unrest.rise(evidence, each) for each in ([first] if thing is first else [first, thing])
    ]
    return min([evidence.limits(ConfidenceLimits).most, *rises])


def vanishes(thing: Thing, scene: Scene, limits: ContactLimits) -> bool:
    """Whether hardly anything of it is seen soon after it began: what is struck goes on somewhere,
    what the camera model leaves over comes and goes."""
    frames = range(thing.began, min(scene.length, thing.began + limits.soon))
    seen = [int((thing.mask(t, scene.size) & ~scene.object[t]).sum()) for t in frames]
    peak = int(np.argmax(seen))
    return min(seen[peak:]) < limits.vanishes * seen[peak]


def _region(scene: Scene, thing: Thing, index: int, limits: ContactLimits) -> Mask:
    """Where a thing is in a frame, with a margin, but for the side of the object."""
    gap, margin = (max(2, round(share * scene.scale_px)) for share in (limits.gap, limits.margin))
    region, own = filled(thing.mask(index, scene.size), gap), grown(scene.object[index], 2)
    return (grown(region & ~own, margin) | region) & scene.seen(index)


def _told(evidence: Evidence, thing: Thing, frame: int) -> tuple[str, str]:
    """What a thing is called, and where it is."""
    scene, names = evidence.scene, evidence.limits(ColourLimits)
    mask = thing.mask(frame, scene.size)
    clear = mask & ~grown(scene.object[frame], 3)
    mask = clear if clear.any() else mask
    y, x = np.nonzero(mask)
    place = where_name(float(x.mean()) / scene.size[1], float(y.mean()) / scene.size[0])
    colour = colour_name(scene.picture(frame)[mask].mean(axis=0), names)
    return f"{colour} thing", place


def worth(
    found: Mapping[int, Thing], scene: Scene, share: float, limits: ContactLimits
) -> list[Thing]:
    """Things that are large (`share` of the canvas) and last; what others caused goes to their own
    cause."""
    least = share * scene.size[0] * scene.size[1]
    kept: list[Thing] = []
    small: dict[int, int] = {}
    for number, thing in found.items():
        if thing.largest_px >= least and len(thing.frames) >= min(2, scene.length):
            kept.append(thing)
        else:
            small[number] = thing.cause
    for thing in kept:
        while thing.cause in small:
            thing.cause = small[thing.cause]
    return _joined(kept, scene, limits)


def _joined(things: list[Thing], scene: Scene, limits: ContactLimits) -> list[Thing]:
    """Things that hang together for most of the time are one: ripples, folds, a heap."""
    kept: list[Thing] = []
    becomes: dict[int, int] = {}
    for thing in things:
        other = next((each for each in kept if _hang(thing, each, scene, limits)), None)
        if other is None:
            kept.append(thing)
            continue
        becomes[thing.number] = other.number
        for frame in thing.frames:
            other.add(frame, other.mask(frame, scene.size) | thing.mask(frame, scene.size))
    for thing in kept:
        thing.cause = becomes.get(thing.cause, thing.cause)
        thing.cause = 0 if thing.cause == thing.number else thing.cause
    return kept


def _hang(thing: Thing, other: Thing, scene: Scene, limits: ContactLimits) -> bool:
    shared = [frame for frame in thing.frames if frame in other.frames][: limits.looks]
    if len(shared) < 0.5 * min(len(thing.frames), limits.looks):
        return False
    touch = [
        bool((grown(thing.mask(t, scene.size), 3) & other.mask(t, scene.size)).any())
        for t in shared
    ]
    return float(np.mean(touch)) > 0.5
