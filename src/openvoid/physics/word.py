"""Word: what a person says becomes of a thing, where the mover cannot know or is wrong.

Enters: lines such as "2=go on" and "2: 649,209@6 760,215@8". Leaves: kinds and keys by the number
of the effect, from 0. A person counts effects from 1, as they are told; x,y are pixels of the clip,
@ the frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from openvoid.core.effects import Effects
from openvoid.core.errors import OpenVoidError
from openvoid.core.fates import FateKind
from openvoid.core.plugins import option

T = TypeVar("T")

SAID = (FateKind.GO_ON, FateKind.FALL, FateKind.HOLD)  # what is knocked about, only a mover knows
KINDS = {kind.value.replace(" ", "_"): kind for kind in SAID}


@dataclass(frozen=True)
class Options:
    """What a person may say to any mover of ours."""

    slow_motion: float = option(
        1.0, "how many times slower than life the clip plays", low=0.01, high=10_000.0
    )
    fate: str = option("", f"what becomes of an effect, as 2=go_on,3=hold; of {', '.join(KINDS)}")
    path: str = option(
        "", "where the middle of an effect's thing is, as 2:649,209@6 760,215@8 (x,y@frame)"
    )


@dataclass(frozen=True)
class Key:
    """Where the middle of a thing is in a frame, px."""

    frame: int
    x: float
    y: float


def kinds(said: str, effects: Effects) -> dict[int, FateKind]:
    """What becomes of which effect: "2=go_on,3=hold".

    Raises:
        OpenVoidError: no such kind; no such effect, or one that is only asked about; said twice.
    """
    found: dict[int, FateKind] = {}
    for part in _parts(said, ","):
        number, _, word = part.partition("=")
        kind = KINDS.get(word.strip().replace(" ", "_"))
        if kind is None:
            mend = f"NUMBER=KIND, where KIND is one of: {', '.join(KINDS)}"
            raise OpenVoidError(f"{part!r} says no fate", where="--fate", mend=mend)
        if (index := _effect(number, effects, "--fate")) is not None:
            _put(found, index, kind, "--fate")
    return found


def paths(said: str, effects: Effects, length: int) -> dict[int, tuple[Key, ...]]:
    """The way of which effect: "2: 649,209@6 760,215@8; 3: ...".

    Raises:
        OpenVoidError: a key that cannot be read, or in no frame of the clip; two of one frame; no
            such effect, or one that is only asked about; said twice.
    """
    found: dict[int, tuple[Key, ...]] = {}
    for part in _parts(said, ";"):
        number, _, rest = part.partition(":")
        if (index := _effect(number, effects, "--path")) is None:
            continue
        keys = tuple(sorted((_key(each, length) for each in rest.split()), key=lambda k: k.frame))
        frames = [key.frame for key in keys]
        if not keys or len(set(frames)) < len(frames):
            what = "two places in one frame" if keys else "no place"
            raise OpenVoidError(f"{part!r}: {what}", where="--path", mend="one X,Y@FRAME a frame")
        _put(found, index, keys, "--path")
    return found


def along(keys: Sequence[Key], frames: range) -> Iterator[Key]:
    """The way through the keys, frame by frame: cubic pieces, their slopes those of the neighbours
    (Catmull and Rom 1974); beyond the ends it stays where it is."""
    at = np.array([key.frame for key in keys], np.float64)
    places = np.array([[key.x, key.y] for key in keys])
    slopes = np.gradient(places, at, axis=0) if len(keys) > 1 else np.zeros_like(places)
    for frame in frames:
        piece = int(np.clip(np.searchsorted(at, frame, side="right") - 1, 0, max(0, len(at) - 2)))
        if frame <= at[0] or frame >= at[-1]:
            x, y = places[0] if frame <= at[0] else places[-1]
        else:
            span = at[piece + 1] - at[piece]
            u = (frame - at[piece]) / span
            x, y = (
                (2 * u**3 - 3 * u**2 + 1) * places[piece]
                + (u**3 - 2 * u**2 + u) * span * slopes[piece]
                + (3 * u**2 - 2 * u**3) * places[piece + 1]
                + (u**3 - u**2) * span * slopes[piece + 1]
            )
        yield Key(frame, float(x), float(y))


def _parts(said: str, between: str) -> list[str]:
    return [part.strip() for part in said.split(between) if part.strip()]


def _key(said: str, length: int) -> Key:
    place, _, frame = said.partition("@")
    across, _, down = place.partition(",")
    try:
        key = Key(int(frame), float(across), float(down))
    except ValueError:
        mend = "write X,Y@FRAME, as in 649,209@6"
        raise OpenVoidError(f"{said!r} is no place", where="--path", mend=mend) from None
    if not 0 <= key.frame < length or not np.isfinite([key.x, key.y]).all():
        mend = f"the clip has frames 0 to {length - 1}"
        raise OpenVoidError(f"{said!r} is not in the clip", where="--path", mend=mend)
    return key


def _effect(number: str, effects: Effects, flag: str) -> int | None:
    """The index of an effect; None where it is in another scene."""
    count = len(effects.affected)
    if not number.strip().isdecimal() or not 1 <= int(number) <= count:
        mend = f"effects are numbered 1 to {count}" if count else "nothing is affected"
        raise OpenVoidError(f"there is no effect {number.strip()!r}", where=flag, mend=mend)
    index = int(number) - 1
    effect = effects.affected[index]
    if not effect.now:
        return None
    if not effect.applied:
        what = f"effect {index + 1} ({effect.noun}) is only asked about"
        raise OpenVoidError(what, where=flag, mend=f"also give --accept {index + 1}")
    return index


def _put(found: dict[int, T], index: int, value: T, flag: str) -> None:
    if index in found:
        raise OpenVoidError(f"effect {index + 1} is said twice", where=flag, mend="say one")
    found[index] = value
