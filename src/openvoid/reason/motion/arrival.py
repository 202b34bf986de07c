"""Arrival: a round thing that came by itself, met the object and left its course there.

Enters: evidence. Leaves: a finding for each such thing, with its outline in every frame, before and
since. What differs from the undisturbed look says only where to look (`contact`): told by that, a
ball that the object stops seems to be pushed, and one that pushes the object away in turn does too.
Its outline, followed frame by frame (`vision.following`), says whether it was under way: then it
was stopped or turned aside, and without the object it would have gone on. How surely the object
affects it is as for what is pushed; that it rolls by is no sign of chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openvoid.core.effects import EffectKind, Relation
from openvoid.reason.motion import contact
from openvoid.reason.motion.disturbance import Thing
from openvoid.reason.motion.evidence import Evidence, once
from openvoid.reason.motion.limits import COST, Limits, limit
from openvoid.reason.motion.report import ColourLimits, Finding, colour_name
from openvoid.reason.motion.scene import Mask
from openvoid.vision.discs import Disc
from openvoid.vision.following import Scene, View, followed, scene
from openvoid.vision.masks import grown

MADE = "set on moving_ball, examples/collision and six worlds of collide of a seed of their own"


@dataclass(frozen=True)
class ArrivalLimits(Limits):
    """What was under way, and what has left its course."""

    before: int = limit(14, "frames before the contact that are looked at", COST)
    fewest: int = limit(3, "looks on a line: two lie on any", "a line through two leaves nothing")
    come: float = limit(0.5, "of its size: what has not come so far was at rest", MADE)
    off: float = limit(0.12, "of its size: so far from a line is on it", MADE)
    left: float = limit(0.5, "of its size: so far from it has left its course", MADE)
    focal: float = limit(0.8, "of the picture's width, of a usual lens", "no lens is told")
    room: float = limit(1.15, "times as large: with what blur and penumbra add", MADE)
    after: int = limit(10, "frames after the contact in which it has left its course", COST)
    most: int = limit(4, "things that are followed, the largest", COST)
    passing: float = limit(3.0, "times as large: so far its shadow may go along with it", MADE)
    beside: float = limit(2.0, "times as large: what is disturbed there is its shadow", MADE)


@dataclass(frozen=True)
class Arrival:
    """A thing that came."""

    thing: Thing
    chain: dict[int, Disc]
    frame: int  # in which it meets the object
    size: tuple[int, int]  # of the canvas


@once
def arrivals(evidence: Evidence) -> tuple[Arrival, ...]:
    """Every round thing that came by itself and left its course where it met the object."""
    limits = evidence.limits(ArrivalLimits)
    touched = [each for each in contact.things(evidence) if each.cause == 0]
    largest = sorted(touched, key=lambda each: -each.largest_px)[: limits.most]
    found = [_arrived(evidence, each) for each in touched if each in largest]
    return tuple(each for each in found if each is not None)


@once
def _empty(evidence: Evidence) -> Scene:
    return scene(_view(evidence, None))


def find(evidence: Evidence) -> Iterator[Finding]:
    """What the object stops or turns aside, told by its outline."""
    limits, shot = evidence.limits(ArrivalLimits), evidence.scene
    label, known = shot.object.label, arrivals(evidence)
    if not known:
        return

    def passes(index: int) -> Mask:
        here = [each.chain[index] for each in known if index in each.chain]
        rooms = [disc.mask(*shot.size, limits.passing) for disc in here]
        return np.asarray(np.any([np.zeros(shot.size, bool), *rooms], axis=0))

    chance = contact.disturbed_by_chance(evidence, passes)
    for each in known:
        index = max(frame for frame in each.chain if frame < each.frame)
        own = each.chain[index].mask(*shot.size)
        colour = shot.picture(index)[own].mean(axis=0)
        noun = f"{colour_name(colour, evidence.limits(ColourLimits))} ball"
        why = f"Until frame {each.frame} the {noun} comes by itself; where it meets the {label} it"
        why += f" leaves its course. Without the {label} it would have gone on."
        rooms = {t: disc.mask(*shot.size, limits.room) for t, disc in each.chain.items()}
        came = shot.placed((t, mask) for t, mask in rooms.items() if t < each.frame)
        now = shot.placed(_since(each, rooms, limits))
        sign = contact.sign(evidence, each.thing, chance, came=True)
        yield Finding(EffectKind.PHYSICAL, Relation.STOPS, noun, why, now, (), sign, came)


def find_pushed(evidence: Evidence) -> Iterator[Finding]:
    """What is pushed (`contact`), but for what came: that is told as stopped."""
    yield from contact.find(evidence, [each.thing for each in arrivals(evidence)])


def came(evidence: Evidence, frame: int, mask: Mask) -> bool:
    """Whether a region in a frame is one of those that came."""
    size = evidence.scene.size
    return any(
        frame in each.chain and (each.chain[frame].mask(*size) & mask).sum() > mask.sum() / 2
        for each in arrivals(evidence)
    )


def _since(
    each: Arrival, rooms: dict[int, Mask], limits: ArrivalLimits
) -> Iterator[tuple[int, Mask]]:
    """Where it is since the meeting: its outline, with what is disturbed right beside it, as by its
    shadow; or, where that is not seen, all that is disturbed."""
    frames = {t for t in (*rooms, *each.thing.frames) if t >= each.frame}
    for frame in sorted(frames):
        if frame in rooms:
            size = rooms[frame].shape[0], rooms[frame].shape[1]
            near = each.chain[frame].mask(*size, limits.beside)
            yield frame, rooms[frame] | (near & each.thing.mask(frame, size))
        else:
            yield frame, each.thing.mask(frame, each.size)


def _arrived(evidence: Evidence, thing: Thing) -> Arrival | None:
    limits, shot = evidence.limits(ArrivalLimits), evidence.scene
    start = thing.began
    if start < limits.fewest - 1:
        return None
    view, empty = _view(evidence, thing), _empty(evidence)
    early, last = max(0, start - limits.before), min(shot.length, start + limits.after + 1)
    chain = followed(view, empty, start, range(early, last))
    before = [t for t in chain if t < start]
    after = [t for t in chain if t >= start]
    while after and len(before) > 1 and _off(chain, before, after[0]) < limits.off:
        before.append(after.pop(0))
    if len(before) < limits.fewest or not after:
        return None
    way = _place(chain[before[-1]]) - _place(chain[before[0]])
    side = np.sqrt(chain[before[-1]].area_px)
    straight = max(_off(chain, before, t) for t in before) < limits.off
    left = max(_off(chain, before, t) for t in after) > limits.left
    if np.hypot(*way) < limits.come * side or not straight or not left:
        return None
    later = followed(view, empty, start, range(early, shot.length))  # it may see less of the way
    return Arrival(thing, {**later, **chain}, start, shot.size)


def _view(evidence: Evidence, thing: Thing | None) -> View:
    shot, focal = evidence.scene, evidence.limits(ArrivalLimits).focal
    frames = () if thing is None else thing.frames
    return View(
        shot.length,
        shot.size,
        lambda index: np.asarray(shot.pictures[index]),
        lambda index: shot.object[index],
        {t: grown(thing.mask(t, shot.size), 2) for t in frames if thing is not None},
        focal * shot.size[1],
    )


def _place(disc: Disc) -> NDArray[np.float64]:
    return np.array([disc.x, disc.y])


def _off(chain: dict[int, Disc], before: list[int], frame: int) -> float:
    """How far from the line through what was before it is in a frame, in its own sizes."""
    times = np.array(before, np.float64) - before[-1]
    places = np.array([_place(chain[t]) for t in before])
    degree = 2 if len(before) > 5 else 1
    fitted = np.polynomial.polynomial.polyfit(times, places, degree)
    expected = np.polynomial.polynomial.polyval(frame - before[-1], fitted)
    side = float(np.sqrt(chain[frame].area_px))
    return float(np.hypot(*(expected - _place(chain[frame])))) / side
