"""Choices: what the silhouettes that a few marks may mean are to each other, and which is wanted.

Enters: guesses, best first, and what a person asked for. Leaves: the same in that order, or one
line that there are fewer. Knows no pictures.
"""

from __future__ import annotations

import numpy as np

from openvoid.core.errors import OpenVoidError
from openvoid.select.classical.initial_silhouette import Guess

PART = 1.5  # so many times as large is the thing of which a silhouette is called a part


def what_of(guess: Guess, among: list[Guess]) -> str:
    """ "part" of a thing where another one holds it and is clearly larger, else "object"."""
    area = np.count_nonzero(guess.mask)
    for other in among:
        inside = np.count_nonzero(guess.mask & other.mask)
        if np.count_nonzero(other.mask) > PART * area and inside > 0.8 * area:
            return "part"
    return "object"


def asked_for(found: list[Guess], candidate: int, grow_to: str) -> list[Guess]:
    """In the order that a person asks for.

    Raises:
        OpenVoidError: fewer than the number of the candidate that was chosen.
    """
    if grow_to:
        found = grown_to(found, grow_to)
    if len(found) < candidate:
        mend = f"there are {len(found)}; --glance look.png draws them"
        raise OpenVoidError(f"there is no candidate {candidate}", mend=mend)
    return found


def grown_to(found: list[Guess], what: str) -> list[Guess]:
    """Those that are a "part" (or the "object") before the others; the order stays."""
    return sorted(found, key=lambda guess: what_of(guess, found) != what)
