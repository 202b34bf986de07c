"""The words of the question that a vision-language model is asked: ours, and nobody else's.

Enters: what the pictures show (grid, frames, the object's name). Leaves: the text. `schema.SHAPE`
is the form of the answer; the example here must fit it.
"""

from __future__ import annotations

from collections.abc import Sequence

from openvoid.core.effects import Relation
from openvoid.reason.vlm.schema import Grid, plain


def words(grid: Grid, length: int, rate: float, keys: Sequence[int], label: str, film: bool) -> str:
    """The question in words."""
    named = f" (the person calls it: {plain(label, 80)})" if plain(label) else ""
    seen = ", ".join(str(key) for key in keys)
    also = "; after them the whole clip, unmarked" if film else ""
    return f"""\
A video shot of {length} frames (numbered 0 to {length - 1}, {rate:.3g} a second) is to be \
changed so that one object was never there{named}. You see it filled in red in the first picture \
and outlined in red in all others. The pictures are frames {seen}{also}. A grid of {grid.rows} \
rows and {grid.columns} columns lies over each picture; row numbers stand in the left margin, \
column numbers in the top margin, both from 0. A cell is [row, column], [0, 0] the top left.

Find everything else in the picture that would look different had the object never been there.

1. belongings: what is part of the object's appearance and goes with it, 0 to 3 things: worn, \
ridden, carried from beginning to end and not already inside the red outline. Something that it \
merely touches, holds for a while or sets moving is no belonging but an affected thing.

2. affected: 0 to 6 things, the most certain first. For each:
- category "artefact": only light. It vanishes with the object: its shadow, its contact shadow, \
its reflection in water, glass or a polished floor, light it throws. Each shadow and each \
reflection is a thing of its own.
- category "physical": matter that would be elsewhere, or have another shape, or move otherwise.
- relation: what the object does to it: {", ".join(Relation)}.
- Tell apart what the object holds up and what it sets going. What it *supports* or *holds* \
falls or drops without it: will_move is true, and `path` says where to. What it *pushes*, hits, \
drags or stops in the clip had stayed, or carried on, without it. Had it stayed where it was: \
should_have_stayed is true, and original_cells say where that was. Had it carried on (the object \
*stops* it or turns it aside): will_move is true, and `path` leads on. A thing that only loses \
its dent, its waves or its trembling stays in its place: both are false.
- What such a thing hits, holds up or sets going in its turn is affected too: follow the chain.
- affected_from: the first frame in which it looks different from the shot without the object.
- sightings: for every frame shown in which the thing is seen, the cells that any part of it \
touches. Leave out frames in which it is not seen. Be complete rather than tight: soft edges of \
shadows belong to them.
- moving: whether it moves in the clip.
- original_cells: [] unless should_have_stayed.
- size: its height and width in cells, fractions allowed.
- path: [] unless will_move; else 3 to 5 places of its middle over time as it would move without \
the object, as frame, row and column, with fractions: the middle of cell [2, 3] is row 2.5, \
column 3.5. Begin at affected_from. Obey gravity and what lies in the way; end where it comes to \
rest, or beyond the edge of the picture where it leaves it.
- confidence: 0 to 1.

Do not list what merely becomes visible behind the object, and nothing that stays the same.

3. scene_description: one or two sentences that describe the shot as it looks without the object \
and its effects, as if it had never been there; do not mention the object or any removal.

4. object: what the object is, in one to three words. camera: how the camera moves. confidence: \
of the whole answer, 0 to 1. grid: the rows and columns that you see.

Answer with one JSON object and nothing else, in exactly this form (a made-up example):
{EXAMPLE % (grid.rows, grid.columns)}"""


EXAMPLE = """{"grid": {"rows": %d, "columns": %d}, "object": "hand", "belongings": [{"noun": \
"ring", "why": "worn on a finger", "sightings": [{"frame": 0, "cells": [[3, 4]]}]}], "affected": \
[{"noun": "mug", "category": "physical", "relation": "holds", "why": "the hand carries it, so it \
would have dropped to the table", "affected_from": 0, "sightings": [{"frame": 0, "cells": [[3, \
5], [4, 5]]}], "moving": true, "should_have_stayed": false, "original_cells": [], "will_move": \
true, "size": {"rows": 1.6, "columns": 1}, "path": [{"frame": 0, "row": 4, "column": 5.5}, \
{"frame": 6, "row": 5.2, "column": 5.5}, {"frame": 9, "row": 6.7, "column": 5.5}], "confidence": \
0.9}], "scene_description": "A mug stands on a wooden table in front of a window.", "camera": \
"static", "confidence": 0.85}"""
