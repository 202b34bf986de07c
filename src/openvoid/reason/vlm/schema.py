"""The answer of a vision-language model: its shape, and how strictly it is read.

Enters: decoded JSON, and what was asked (grid, length of the clip). Leaves: an `Answer`, or
`WrongAnswer` with every fault in words that the model can be told. `SHAPE` is sent along with the
question as a JSON schema and is what the answer is held against. Knows no pictures and no network.
What is asked follows VOID (arXiv 2604.02296): belongings, affected things, how they would move.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openvoid.core.effects import Relation
from openvoid.core.facts import is_number

MOST_THINGS = 12  # more than these are a model that has lost its way
LONGEST_NAME, LONGEST_TEXT = 80, 600  # letters: a line and a paragraph, for reports to be read
CELLS_BESIDE = 4  # outside the picture, in cells, a path may lead: half of it, of eight cells

Cell = tuple[int, int]
"""(row, column), (0, 0) the top left."""


class WrongAnswer(Exception):
    """An answer that cannot be used; `faults` say why, one a line."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))


@dataclass(frozen=True)
class Grid:
    """Cells over the whole picture, as square as whole numbers allow."""

    rows: int
    columns: int

    @classmethod
    def over(cls, height: int, width: int, cells: int = 8) -> Grid:
        """With `cells` on the short side."""
        if width >= height:
            return cls(cells, max(cells, round(cells * width / height)))
        return cls(max(cells, round(cells * height / width)), cells)


@dataclass(frozen=True)
class Sighting:
    """The cells that a thing touches in one frame."""

    frame: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Step:
    """The middle of a thing in one frame, in cells: (0.5, 0.5) is the middle of cell (0, 0)."""

    frame: int
    row: float
    column: float


@dataclass(frozen=True)
class Belonged:
    """Something that goes with the object."""

    noun: str
    why: str
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True)
class Affected:
    """One affected thing, as the model tells it."""

    noun: str
    artefact: bool
    relation: Relation
    why: str
    affected_from: int
    sightings: tuple[Sighting, ...]
    moving: bool = False  # in the clip
    should_have_stayed: bool = False  # without the object it would be at `original`
    will_move: bool = False  # without the object it would take `path`
    original: tuple[Cell, ...] = ()
    size: tuple[float, float] = (1.0, 1.0)  # rows, columns
    path: tuple[Step, ...] = ()
    reach: tuple[Cell, ...] = ()  # cells it may pass at times that nobody told (older answers)
    confidence: float = 1.0


@dataclass(frozen=True)
class Answer:
    """The whole answer; `keys` are the frames that the model was shown."""

    grid: Grid
    keys: tuple[int, ...]
    noun: str
    belongings: tuple[Belonged, ...]
    affected: tuple[Affected, ...]
    background: str
    camera: str = ""
    confidence: float = 1.0


# --- the shape, as sent -----------------------------------------------------------------------

_TEXT, _WHOLE, _YES = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
_NUMBER = {"type": "number"}


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _object(**parts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": parts,
        "required": list(parts),
        "additionalProperties": False,
    }


_CELLS = _list(_list(_WHOLE))
_SIGHTINGS = _list(_object(frame=_WHOLE, cells=_CELLS))
SHAPE = _object(
    grid=_object(rows=_WHOLE, columns=_WHOLE),
    object=_TEXT,
    belongings=_list(_object(noun=_TEXT, why=_TEXT, sightings=_SIGHTINGS)),
    affected=_list(
        _object(
            noun=_TEXT,
            category={"type": "string", "enum": ["artefact", "physical"]},
            relation={"type": "string", "enum": [each.value for each in Relation]},
            why=_TEXT,
            affected_from=_WHOLE,
            sightings=_SIGHTINGS,
            moving=_YES,
            should_have_stayed=_YES,
            original_cells=_CELLS,
            will_move=_YES,
            size=_object(rows=_NUMBER, columns=_NUMBER),
            path=_list(_object(frame=_WHOLE, row=_NUMBER, column=_NUMBER)),
            confidence=_NUMBER,
        )
    ),
    scene_description=_TEXT,
    camera=_TEXT,
    confidence=_NUMBER,
)


# --- reading ----------------------------------------------------------------------------------


def read_answer(data: Any, grid: Grid, length: int, keys: Sequence[int]) -> Answer:
    """A decoded answer, checked against `SHAPE` and against what was asked.

    Raises:
        WrongAnswer: with everything that is wrong, each fault once.
    """
    wrong = _misfits(data, SHAPE, "answer")
    if wrong:
        raise WrongAnswer(wrong[:MOST_THINGS])
    wrong = [*_senseless(data, grid, length)]
    if wrong:
        raise WrongAnswer(wrong[:MOST_THINGS])
    return Answer(
        grid=grid,
        keys=tuple(keys),
        noun=plain(data["object"], LONGEST_NAME),
        belongings=tuple(
            Belonged(
                plain(row["noun"], LONGEST_NAME),
                plain(row["why"]),
                _sightings(row["sightings"]),
            )
            for row in data["belongings"]
        ),
        affected=tuple(_affected(row) for row in data["affected"]),
        background=plain(data["scene_description"]),
        camera=plain(data["camera"]),
        confidence=float(data["confidence"]),
    )


def plain(text: Any, longest: int = LONGEST_TEXT) -> str:
    """One printable line, not too long: what a model writes may end up on a terminal."""
    words = "".join(letter if letter.isprintable() else " " for letter in str(text)).split()
    return " ".join(words)[:longest].strip()


def _affected(row: Mapping[str, Any]) -> Affected:
    steps = (Step(int(s["frame"]), float(s["row"]), float(s["column"])) for s in row["path"])
    return Affected(
        noun=plain(row["noun"], LONGEST_NAME),
        artefact=row["category"] == "artefact",
        relation=Relation(row["relation"]),
        why=plain(row["why"]),
        affected_from=int(row["affected_from"]),
        sightings=_sightings(row["sightings"]),
        moving=row["moving"],
        should_have_stayed=row["should_have_stayed"],
        will_move=row["will_move"],
        original=as_cells(row["original_cells"]),
        size=(float(row["size"]["rows"]), float(row["size"]["columns"])),
        path=tuple(sorted(steps, key=lambda step: step.frame)),
        confidence=float(row["confidence"]),
    )


def _sightings(rows: Sequence[Mapping[str, Any]]) -> tuple[Sighting, ...]:
    """In the order of frames, each frame once; empty ones say the same as none."""
    cells: dict[int, set[Cell]] = {}
    for row in rows:
        cells.setdefault(int(row["frame"]), set()).update(as_cells(row["cells"]))
    return tuple(Sighting(at, tuple(sorted(cells[at]))) for at in sorted(cells) if cells[at])


def as_cells(rows: Sequence[Sequence[Any]]) -> tuple[Cell, ...]:
    """Pairs of whole numbers as cells, each once, sorted."""
    return tuple(sorted({(int(row), int(column)) for row, column in rows}))


def _misfits(data: Any, shape: Mapping[str, Any], where: str) -> list[str]:
    """What does not fit a JSON schema of the few words that `SHAPE` uses."""
    kind = shape["type"]
    if kind == "object":
        if not isinstance(data, dict):
            return [f"{where} must be an object"]
        parts = shape["properties"]
        wrong = [f"{where}.{name} is missing" for name in parts if name not in data]
        wrong += [f"{where} has no field {plain(name, 40)!r}" for name in data if name not in parts]
        for name in parts:
            if name in data:
                wrong += _misfits(data[name], parts[name], f"{where}.{name}")
        return wrong
    if kind == "array":
        if not isinstance(data, list):
            return [f"{where} must be a list"]
        each = (_misfits(part, shape["items"], f"{where}[{at}]") for at, part in enumerate(data))
        return [fault for faults in each for fault in faults]
    if not _fits(data, kind):
        return [f"{where} must be of type {kind}"]
    if "enum" in shape and data not in shape["enum"]:
        return [f"{where} must be one of {', '.join(shape['enum'])}"]
    return []


def _fits(data: Any, kind: str) -> bool:
    if kind == "string":
        return isinstance(data, str)
    if kind == "boolean":
        return isinstance(data, bool)
    if not is_number(data) or abs(data) > 1e9:
        return False
    return kind == "number" or data == int(data)


def _senseless(data: Mapping[str, Any], grid: Grid, length: int) -> list[str]:
    """What has the right shape but cannot be meant."""
    told = (data["grid"]["rows"], data["grid"]["columns"])
    if told != (grid.rows, grid.columns):
        return [
            f"answer.grid is {told[0]} rows x {told[1]} columns, but the pictures have "
            f"{grid.rows} x {grid.columns}: read the cells from the labels in the margins"
        ]
    wrong = []
    for name in ("belongings", "affected"):
        if len(data[name]) > MOST_THINGS:
            wrong.append(f"answer.{name} has more than {MOST_THINGS} entries")
        for at, row in enumerate(data[name]):
            wrong += _wrong_places(row, f"answer.{name}[{at}]", grid, length)
    for at, row in enumerate(data["affected"]):
        wrong += _wrong_motion(row, f"answer.affected[{at}]", grid, length)
    if not 0 <= data["confidence"] <= 1:
        wrong.append("answer.confidence must lie between 0 and 1")
    return wrong


def _wrong_places(row: Mapping[str, Any], where: str, grid: Grid, length: int) -> list[str]:
    wrong = [] if plain(row["noun"]) else [f"{where}.noun is empty"]
    for at, sighting in enumerate(row["sightings"]):
        here = f"{where}.sightings[{at}]"
        wrong += wrong_cells(sighting["cells"], f"{here}.cells", grid)
        wrong += _wrong_frame(sighting["frame"], f"{here}.frame", length)
    if not any(sighting["cells"] for sighting in row["sightings"]):
        wrong.append(f"{where}.sightings must say where it is, in one key frame at least")
    return wrong


def _wrong_motion(row: Mapping[str, Any], where: str, grid: Grid, length: int) -> list[str]:
    wrong = wrong_cells(row["original_cells"], f"{where}.original_cells", grid)
    wrong += _wrong_frame(row["affected_from"], f"{where}.affected_from", length)
    if not 0 <= row["confidence"] <= 1:
        wrong.append(f"{where}.confidence must lie between 0 and 1")
    if row["category"] == "physical" and row["will_move"]:
        if row["should_have_stayed"]:
            wrong.append(f"{where}: will_move and should_have_stayed contradict each other")
        if len({step["frame"] for step in row["path"]}) < 2:
            wrong.append(f"{where}.path must have two frames at least, since will_move is true")
        size = row["size"]
        if not (0 < size["rows"] <= grid.rows and 0 < size["columns"] <= grid.columns):
            wrong.append(f"{where}.size must be above 0 and at most the grid")
    for at, step in enumerate(row["path"]):
        wrong += _wrong_frame(step["frame"], f"{where}.path[{at}].frame", length)
        beside = CELLS_BESIDE
        in_rows = -beside <= step["row"] <= grid.rows + beside
        if not (in_rows and -beside <= step["column"] <= grid.columns + beside):
            wrong.append(f"{where}.path[{at}] lies too far outside the picture")
    return wrong


def wrong_cells(cells: Sequence[Any], where: str, grid: Grid) -> list[str]:
    """Faults of a list of [row, column] pairs."""
    for cell in cells:
        if len(cell) != 2:
            return [f"{where}: {plain(cell, 40)} is not a [row, column] pair"]
        if not (0 <= cell[0] < grid.rows and 0 <= cell[1] < grid.columns):
            last = f"[{grid.rows - 1}, {grid.columns - 1}]"
            return [f"{where}: {plain(cell, 40)} is outside the grid, whose last cell is {last}"]
    return []


def _wrong_frame(frame: float, where: str, length: int) -> list[str]:
    return [] if 0 <= frame < length else [f"{where}: the clip has frames 0 to {length - 1}"]
