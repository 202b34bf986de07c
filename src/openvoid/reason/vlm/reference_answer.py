"""The older shape of the reference's answers -> an `Answer`.

Enters: decoded JSON with "affected_subjects": cells without times, seen in one frame. Leaves: an
`Answer` whose one key frame is the one that was asked about. What has no category is told by its
noun: shadows, reflections and light are artefacts. Knows no pictures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from openvoid.core.effects import Relation
from openvoid.reason.vlm.schema import (
    LONGEST_NAME,
    Affected,
    Answer,
    Belonged,
    Cell,
    Grid,
    Sighting,
    WrongAnswer,
    as_cells,
    plain,
    wrong_cells,
)

_LIGHT = re.compile(r"shadow|reflect|mirror|silhouette|glow|glare|highlight|caustic", re.I)
_VERBS = (
    (r"shadow", Relation.CASTS),
    (r"reflect|mirror", Relation.REFLECTS),
    (r"glow|light|glare", Relation.LIGHTS),
    (r"hold|held|carr|grasp|grip", Relation.HOLDS),
    (r"support|rest(s|ing) on|stands on", Relation.SUPPORTS),
    (r"depress|deform|bend|dent|compress|weight", Relation.DEFORMS),
    (r"splash|ripple|wave|disturb", Relation.DISTURBS),
    (r"push|hit|kick|throw|collid|drag", Relation.PUSHES),
    (r"stop|block", Relation.STOPS),
)


def is_legacy(data: Any) -> bool:
    """Whether it is an answer of the older shape."""
    return isinstance(data, dict) and "affected_subjects" in data


def read_legacy(data: Mapping[str, Any], frame: int) -> Answer:
    """An answer of the older shape, which was given about `frame`.

    Raises:
        WrongAnswer: a field is missing or of the wrong kind, a cell is outside the grid.
    """
    try:
        grid = Grid(int(data["grid_rows"]), int(data["grid_cols"]))
        if not (0 < grid.rows <= 256 and 0 < grid.columns <= 256):
            raise WrongAnswer([f"a grid of {grid.rows} x {grid.columns} cells"])
        sure = min(1.0, max(0.0, float(data.get("confidence", 1.0))))
        return Answer(
            grid=grid,
            keys=(frame,),
            noun=plain(data["primary_subject"]["noun"], LONGEST_NAME),
            belongings=tuple(
                thing
                for row in data["integral_belongings"]
                if (thing := _belonged(row, grid, frame)) is not None
            ),
            affected=tuple(
                each
                for row in data["affected_subjects"]
                if (each := _affected(row, grid, frame, sure)) is not None
            ),
            background=plain(data.get("scene_description", "")),
            camera=plain(data.get("camera_motion_note", "")),
            confidence=sure,
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise WrongAnswer([f"an answer of the older shape cannot be read: {error!r}"]) from error


def _belonged(row: Mapping[str, Any], grid: Grid, frame: int) -> Belonged | None:
    cells = _cells(row, "position", grid) or _cells(row, "current_position", grid)
    if not cells:
        return None
    why = plain(row.get("why") or row.get("reasoning") or "")
    return Belonged(plain(row["noun"], LONGEST_NAME), why, (Sighting(frame, cells),))


def _affected(row: Mapping[str, Any], grid: Grid, frame: int, sure: float) -> Affected | None:
    """A thing without a place is nothing to go by."""
    now = _cells(row, "current_position", grid) or _cells(row, "contact_position", grid)
    if not now:
        return None
    contact, noun = _cells(row, "contact_position", grid), plain(row["noun"], LONGEST_NAME)
    artefact = _LIGHT.search(noun) is not None
    passed = _cells(row, "movement_path", grid) + _cells(row, "final_position", grid)
    reach = tuple(sorted(set(passed)))
    moves = bool(row.get("will_move")) and not set(reach) <= set(now)
    why = plain(row.get("why", ""))
    return Affected(
        noun=noun,
        artefact=artefact,
        relation=next(
            (verb for seen, verb in _VERBS if re.search(seen, f"{noun} {why}", re.I)),
            Relation.OTHER,
        ),
        why=why,
        affected_from=frame,
        sightings=(Sighting(frame, tuple(sorted({*now, *contact}))),),
        will_move=moves and not artefact,
        reach=reach if moves else (),
        confidence=sure,
    )


def _cells(row: Mapping[str, Any], name: str, grid: Grid) -> tuple[Cell, ...]:
    cells = row.get(name) or []
    if wrong := wrong_cells(cells, name, grid):
        raise WrongAnswer(wrong)
    return as_cells(cells)
