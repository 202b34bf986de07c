"""Marks in words -> a Selection: points, boxes, mattes, files of marks.

Enters: the values of `--point`, `--not`, `--box`, `--matte`, `--marks` and `--words`. Leaves: one
`Selection`, or one clear line about the value that cannot be read. Knows no clip: whether the
marks lie in the picture is for `Selection.check`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from openvoid.core import facts
from openvoid.core.errors import OpenVoidError
from openvoid.core.selection import BoxMark, Matte, Point, Selection
from openvoid.media.atomic import Joins

MARKS = "Where the object is"
PLACE = r"\s*(-?\d{1,7}(?:\.\d{1,20})?)\s*"
FRAME = r"@\s*(\d{1,8})\s*"
POINT = re.compile(rf"{PLACE},{PLACE}(?:{FRAME})?")
BOX = re.compile(rf"{PLACE},{PLACE},{PLACE},{PLACE}(?:{FRAME})?")
MATTE = re.compile(rf"(.+){FRAME}")

Points = Annotated[
    list[str] | None,
    typer.Option(
        "--point",
        help="X,Y@FRAME: the object is here; native pixels, frames from 0; may be repeated.",
        rich_help_panel=MARKS,
    ),
]
Nots = Annotated[
    list[str] | None,
    typer.Option(
        "--not", help="X,Y@FRAME: this is not the object; may be repeated.", rich_help_panel=MARKS
    ),
]
Boxes = Annotated[
    list[str] | None,
    typer.Option(
        "--box",
        help="LEFT,TOP,RIGHT,BOTTOM@FRAME: it lies within; may be repeated.",
        rich_help_panel=MARKS,
    ),
]
Mattes = Annotated[
    list[str] | None,
    typer.Option(
        "--matte",
        help="FILE@FRAME: a gray picture, white is the object; may be repeated.",
        rich_help_panel=MARKS,
    ),
]
MarkFile = Annotated[
    Path | None,
    typer.Option(
        "--marks",
        help="Marks in JSON: what --save-marks wrote, or a segmentation_info.json.",
        rich_help_panel=MARKS,
    ),
]
Segmenter = Annotated[
    str,
    typer.Option(
        help="Who finds it; auto: the first of sam2, isnet, classical that could work here. "
        "Its options: --segmenter NAME --help; all: openvoid engines --kind segmenter",
        rich_help_panel=MARKS,
    ),
]
Words = Annotated[
    str | None,
    typer.Option("--words", help="What it is, for segmenters that read.", rich_help_panel=MARKS),
]

Chosen = Annotated[
    int | None,
    typer.Option(
        "--candidate",
        help="Which of what the marks may mean, from 1; --glance of select draws them.",
        rich_help_panel=MARKS,
    ),
]
GrowTo = Annotated[
    str | None,
    typer.Option(
        "--grow-to",
        help="part or object: how much of what is pointed at; else the likelier.",
        rich_help_panel=MARKS,
    ),
]


def selection(
    points: Sequence[str] | None = None,
    nots: Sequence[str] | None = None,
    boxes: Sequence[str] | None = None,
    mattes: Sequence[str] | None = None,
    file: Path | None = None,
    words: str | None = None,
    candidate: int | None = None,
    grow_to: str | None = None,
) -> Selection:
    """All marks of a command line as one selection; those of the file come first.

    What is None stays as the file has it.

    Raises:
        OpenVoidError: a value that cannot be read, or a file; no mark at all.
    """
    found = read_marks(file) if file else Selection()
    clicks = [point(text, True, "--point") for text in points or ()]
    clicks += [point(text, False, "--not") for text in nots or ()]
    found = replace(
        found,
        points=(*found.points, *clicks),
        boxes=(*found.boxes, *(box(text) for text in boxes or ())),
        mattes=(*found.mattes, *(matte(text) for text in mattes or ())),
        words=found.words if words is None else words.strip(),
        candidate=found.candidate if candidate is None else candidate,
        grow_to=found.grow_to if grow_to is None else grow_to,
    )
    if not (found.frames or found.words):
        raise OpenVoidError("nothing says where the object is", mend="--point X,Y@FRAME")
    return found


def point(text: str, positive: bool = True, flag: str = "--point") -> Point:
    """`2126,1099@0` -> a click; without a frame it is frame 0."""
    found = POINT.fullmatch(text)
    if not found:
        mend = f"X,Y@FRAME: {flag} 640,360@0"
        raise OpenVoidError(f"{text!r} is not a point", where=flag, mend=mend)
    return Point(int(found[3] or 0), float(found[1]), float(found[2]), positive)


def box(text: str) -> BoxMark:
    """`416,20,459,172@0` -> a rectangle: left, top, right, bottom."""
    found = BOX.fullmatch(text)
    if not found:
        mend = "LEFT,TOP,RIGHT,BOTTOM@FRAME: --box 100,50,300,400@0"
        raise OpenVoidError(f"{text!r} is not a box", where="--box", mend=mend)
    left, top, right, bottom = (float(found[part]) for part in range(1, 5))
    return BoxMark(int(found[5] or 0), left, top, right, bottom)


def matte(text: str) -> Matte:
    """`roto.png@12` -> a silhouette; the frame must be told."""
    found = MATTE.fullmatch(text)
    if not found:
        mend = "FILE@FRAME: --matte roto.png@12"
        raise OpenVoidError(f"{text!r} is not a matte with its frame", where="--matte", mend=mend)
    if not Path(found[1]).is_file():
        raise OpenVoidError("no such file", where=found[1])
    return Matte(int(found[2]), found[1])


def read_marks(path: Path) -> Selection:
    """A file of marks; mattes are looked for beside it.

    Raises:
        OpenVoidError: it cannot be read, or is something else.
    """
    found = Selection.from_json(facts.read(path))
    return replace(
        found,
        mattes=tuple(replace(each, file=str(path.parent / each.file)) for each in found.mattes),
    )


def write_marks(found: Selection, path: Path, within: Joins | None = None) -> None:
    """Save marks, mattes named as seen from the file, whole or not at all."""
    from openvoid.media.atomic import write_json

    folder = path.resolve().parent
    mattes = tuple(replace(each, file=_seen_from(each.file, folder)) for each in found.mattes)
    write_json(replace(found, mattes=mattes).to_json(), path, within)


def _seen_from(file: str, folder: Path) -> str:
    whole = Path(file).resolve()
    return str(whole.relative_to(folder)) if whole.is_relative_to(folder) else str(whole)
