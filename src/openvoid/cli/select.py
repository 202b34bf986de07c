"""`openvoid select`: a clip and what a person points at -> where the object is in every frame.

Enters: the command line: a clip, marks, a segmenter by name. Leaves: the track (and beside it label
and confidence as JSON), perhaps the marks as JSON and a sheet to look at; with `--glance` a picture
of what the marks may mean, without following any of it. Knows no segmenter: the options of the one
that `--segmenter` names become flags.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openvoid.cli import marks, values
from openvoid.cli.console import AsJson, Overwrite, Quiet, percent, tell_json, tell_rows
from openvoid.cli.flags import segmenter as segmenter_in
from openvoid.cli.flags import with_options, with_options_of
from openvoid.cli.progress import told
from openvoid.core.errors import OpenVoidError

if TYPE_CHECKING:
    from openvoid.core.candidate import Candidate
    from openvoid.core.clip import Clip
    from openvoid.core.selection import Selection
    from openvoid.core.track import Track
    from openvoid.media.atomic import Joins

DEFAULT_SEGMENTER = "auto"
SURE = 0.5  # frames under this are worth a look, and perhaps a mark

Clips = Annotated[
    Path, typer.Argument(metavar="CLIP", help="A video, or a folder or pattern of pictures.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", help="The track, white where the object is: .mkv, .mp4 or a folder."
    ),
]
Glance = Annotated[
    Path | None,
    typer.Option(
        help="Only draw what the marks may mean, numbered, and follow nothing: .png",
        rich_help_panel=marks.MARKS,
    ),
]
SaveMarks = Annotated[Path | None, typer.Option(help="Also keep all marks as JSON, to go on from.")]
Preview = Annotated[
    Path | None, typer.Option(help="Also draw a sheet of frames with the outline: .png")
]
Rate = Annotated[
    str | None, typer.Option(help="Frames a second, where pictures do not say: 24000/1001")
]


def register(app: typer.Typer, words: Sequence[str]) -> None:
    """Add the verb, with the options of the segmenter that the words name."""
    verb = select
    if words and words[0] == "select":
        name = segmenter_in(words, DEFAULT_SEGMENTER)
        verb = with_options(select, "segmenter", name) if name else with_options_of(select, ())
    app.command("select")(verb)


def select(
    clip: Clips,
    out: Out = None,
    glance: Glance = None,
    point: marks.Points = None,
    nots: marks.Nots = None,
    box: marks.Boxes = None,
    matte: marks.Mattes = None,
    mark_file: marks.MarkFile = None,
    words: marks.Words = None,
    candidate: marks.Chosen = None,
    grow_to: marks.GrowTo = None,
    segmenter: marks.Segmenter = DEFAULT_SEGMENTER,
    save_marks: SaveMarks = None,
    preview: Preview = None,
    rate: Rate = None,
    input_color: values.InputColor = "auto",
    cuts: values.Cuts = "auto",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    options: Mapping[str, Any] | None = None,
) -> None:
    """Point at an object, and find it in every frame, before and after.

    Examples:

      openvoid select shot.mov --point 60,30@0 --out track.mkv
      openvoid select shot.mov --point 60,30@0 --not 20,12@0 -o track.mkv
      openvoid select shot.mov --box 40,12,76,50@0 -o track.mkv --preview look.png
      openvoid select shot.mov --matte roto.png@4 -o track.mkv --save-marks my.json
      openvoid select shot.mov --matte roto.mkv -o track.mkv
      openvoid select shot.mov --marks marks.json --point 70,30@9 -o track.mkv
      openvoid select shot.mov --point 60,30@0 --glance look.png
      openvoid select shot.mov --point 60,30@0 --candidate 2 -o track.mkv
    """
    from openvoid.choosing import choose
    from openvoid.core.removal import Told
    from openvoid.marking import find_track
    from openvoid.media.mattes import files_of_mattes
    from openvoid.media.open import open_clip
    from openvoid.media.outputs import files_at, owned
    from openvoid.media.tracks import write_track
    from openvoid.show.picture import write_picture
    from openvoid.show.selection import selection_sheet

    footage, notes = open_clip(clip, rate=values.rate(rate), input_color=input_color), Told()
    choice = choose(segmenter)
    drawn = marks.mattes(matte, footage)
    given = marks.selection(point, nots, box, drawn, mark_file, words, candidate, grow_to)
    read = files_at(clip, mark_file, *files_of_mattes(given.mattes))
    who: dict[str, Any] = {"segmenter": choice.name, "options": dict(options or {})}
    if glance is not None:
        writing = owned([glance], overwrite, inputs=read, what="this picture")
        _check_picture(glance, "--glance")
        with told(quiet) as progress, writing as together:
            found = _glanced(
                footage, given, who | {"progress": progress, "cuts": cuts}, glance, together
            )
        _tell_glance(found, glance, quiet, as_json)
        return
    outs = _check_outputs(out, save_marks, preview)
    out = outs[0]
    begun = time.monotonic()
    free = [path for path in outs if not _is_facts(path)]
    owning = owned(outs, overwrite, free, inputs=read, what="this track")
    with told(quiet) as progress, owning as together:
        track = find_track(footage, given, **who, cuts=cuts, progress=progress, told=notes)
        made = {"segmenter": choice.name, "marks": given.to_json()}
        made |= notes.notes.get(choice.name, {})  # of one with weights: their hashes
        write_track(track, out, footage.rate, made, together)
        if save_marks:
            marks.write_marks(given, save_marks, together)
        if preview:
            write_picture(selection_sheet(footage, track, given), preview, together)
    spent_s = time.monotonic() - begun
    facts = describe(track) | {"out": out, "marks": save_marks, "preview": preview}
    facts["segmenter"] = choice.line()
    if as_json:
        tell_json(facts | asdict(notes))
    elif not quiet:
        tell_rows(_rows(facts, notes.warnings, spent_s))


def describe(track: Track) -> dict[str, Any]:
    """What a track holds, for machines."""
    seen = track.seen
    doubtful = [index for index in seen if track.confidence[index] < SURE]
    area = sum(int(track[index].sum()) for index in seen)
    return {
        "frames": len(track),
        "seen": len(seen),
        "first_seen": seen[0],
        "last_seen": seen[-1],
        "share": area / (len(seen) * track.height * track.width),
        "least_confidence": min(track.confidence[index] for index in seen),
        "doubtful": doubtful,
    }


def _rows(
    facts: Mapping[str, Any], warnings: Sequence[str], spent_s: float
) -> Iterator[tuple[str, str]]:
    yield "track", str(facts["out"])
    yield "segmenter", facts["segmenter"]
    for name in ("marks", "preview"):
        if facts[name]:
            yield name, str(facts[name])
    span = f"from frame {facts['first_seen']} to {facts['last_seen']}"
    yield "seen", f"in {facts['seen']} of {facts['frames']} frames, {span}"
    yield "size", f"{percent(facts['share'])} of the picture"
    if facts["doubtful"]:
        first = facts["doubtful"][0]
        yield "doubtful", f"{len(facts['doubtful'])} frames, from {first}: add a mark there"
    for warning in warnings:
        yield "warning", warning
    yield "time", f"{spent_s:.1f} s, {facts['frames'] / spent_s:.1f} frames a second"


def _glanced(
    clip: Clip, given: Selection, who: Mapping[str, Any], out: Path, together: Joins
) -> Sequence[Candidate]:
    """What the marks may mean, drawn into one picture."""
    from openvoid.marking import find_candidates
    from openvoid.show.picture import write_picture
    from openvoid.show.selection import candidate_sheet

    found = find_candidates(clip, given, **who)
    write_picture(candidate_sheet(clip, found, given), out, together)
    return found


def _tell_glance(found: Sequence[Candidate], out: Path, quiet: bool, as_json: bool) -> None:
    rows = [
        {"candidate": number, "what": each.what, "score": each.score, "cues": dict(each.cues)}
        for number, each in enumerate(found, start=1)
    ]
    if as_json:
        tell_json({"glance": out, "frame": found[0].frame, "candidates": rows})
    elif not quiet:
        told_rows = [("glance", str(out))]
        for number, each in enumerate(found, start=1):
            share = percent(float(each.silhouette.mean()))
            told_rows.append((f"candidate {number}", f"{each.what}, {each.score:.0%}, {share}"))
        tell_rows(told_rows)


def _check_outputs(out: Path | None, saved: Path | None, preview: Path | None) -> list[Path]:
    """All files that will be written.

    Raises:
        OpenVoidError: a kind of file that holds no such thing.
    """
    from openvoid.media.tracks import facts_path

    if out is None:
        mend = "--out track.mkv; or --glance look.png, to see what the marks may mean"
        raise OpenVoidError("nothing says where the track goes", mend=mend)
    if out.suffix.lower() not in (".mkv", ".mp4", ""):
        mend = "use .mkv, .mp4 or a folder"
        raise OpenVoidError(f"no track is written as {out.suffix}", where=str(out), mend=mend)
    _check_picture(preview, "--preview")
    return [path for path in (out, facts_path(out), saved, preview) if path]


def _check_picture(path: Path | None, flag: str) -> None:
    from openvoid.show.picture import PICTURES

    if path and path.suffix.lower() not in PICTURES:
        raise OpenVoidError("is no picture", where=str(path), mend=f"{flag} sheet.png")


def _is_facts(path: Path) -> bool:
    """Whether a file is what lies beside a track: it goes with it."""
    from openvoid.media.tracks import SCHEMA

    return (
        path.suffix == ".json"
        and path.is_file()
        and SCHEMA in path.read_text("utf-8", "replace")[:200]
    )
