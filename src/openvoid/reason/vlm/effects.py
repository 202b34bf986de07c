"""A model's answer -> `Effects`: regions in every frame, from all that the answer says.

Enters: an `Answer` and the object's track. Leaves: `Effects`. Belongings go with the object,
frame by frame. Sightings become where a thing is now. Where it would be comes from the original
place, for what should have stayed, and from the path, for what will move. The scene's description
becomes the background. Knows no network and no pictures.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from openvoid.core.effects import Belonging, Effect, EffectKind, Effects, Place
from openvoid.core.track import Track
from openvoid.reason.vlm.grid_regions import Drift, places_along, places_between
from openvoid.reason.vlm.schema import Affected, Answer, Sighting


def effects_of(answer: Answer, track: Track, source: str) -> Effects:
    """What the answer means over the whole clip."""
    told = {
        "object": answer.noun,
        "camera": answer.camera,
        "confidence": answer.confidence,
        "grid": [answer.grid.rows, answer.grid.columns],
        "key_frames": list(answer.keys),
    }
    follow = _following(track, sideways=False)
    belongings = tuple(
        Belonging(
            each.noun, places_between(each.sightings, answer.grid, track.seen, follow), source
        )
        for each in answer.belongings
    )
    affected = tuple(_effect(each, answer, track, source) for each in answer.affected)
    return Effects(affected, answer.background, {source: told}, belongings)


def _effect(thing: Affected, answer: Answer, track: Track, source: str) -> Effect:
    frames = present(thing, answer.keys, track)
    # light follows what casts it to the side, but not when that leaves the ground
    drift = _following(track, sideways=True) if thing.artefact else _at_rest
    return Effect(
        noun=thing.noun,
        kind=EffectKind.ARTEFACT if thing.artefact else EffectKind.PHYSICAL,
        cause=thing.relation,
        why=thing.why,
        now=places_between(thing.sightings, answer.grid, frames, drift),
        goes=() if thing.artefact else _goes(thing, answer, frames.start, len(track)),
        confidence=thing.confidence,
        source=source,
    )


def present(thing: Affected, keys: tuple[int, ...], track: Track) -> range:
    """Frames in which a thing is affected and seen.

    From the frame that the answer names, but not through a key frame in which it was not seen.
    To the last sighting, and half of the way to the next key frame if that does not show it; if
    there is none, light goes on as long as the object, matter to the end of the clip.
    """
    first, last = thing.sightings[0].frame, thing.sightings[-1].frame
    before = keys[: bisect_left(keys, first)]
    after = keys[bisect_right(keys, last) :]
    start = max(thing.affected_from, before[-1] + 1 if before else 0)
    if after:
        end = last + (after[0] - last) // 2
    elif thing.artefact:
        end = max(last, track.seen[-1])
    else:
        end = len(track) - 1
    return range(min(start, end + 1), end + 1)


def _goes(thing: Affected, answer: Answer, start: int, length: int) -> tuple[Place, ...]:
    """Where matter would be without the object, from the frame where that makes a difference."""
    frames, grid = range(start, length), answer.grid
    if thing.should_have_stayed:
        stayed = thing.original or thing.sightings[0].cells
        return places_between((Sighting(start, stayed),), grid, frames)
    if not thing.will_move:
        return ()
    if thing.path:
        return places_along(thing.path, thing.size, grid, frames)
    return places_between((Sighting(start, thing.reach),), grid, frames) if thing.reach else ()


def _at_rest(_: int) -> tuple[float, float]:
    return 0.0, 0.0


def _following(track: Track, *, sideways: bool) -> Drift:
    """The middle of the object's box as shares; in frames that do not show it, where it was last
    (or will be first)."""
    seen = track.seen

    def middle(frame: int) -> tuple[float, float]:
        at = seen[max(0, bisect_right(seen, frame) - 1)]
        box = track.box(at)
        x = (box.left + box.right) / 2 / track.width
        return x, 0.0 if sideways else (box.top + box.bottom) / 2 / track.height

    return middle
