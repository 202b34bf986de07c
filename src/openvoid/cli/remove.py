"""`openvoid remove`: clip and quadmask -> the finished shot.

Enters: the command line; a clip, or a shot folder that holds clip, mask and prompt. Leaves: what
`openvoid.remove.remove` makes, told in a few lines. Knows no engine: the options of the engine
that `--engine` names become flags.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openvoid.cli import marks, reason, values
from openvoid.cli.console import AsJson, Overwrite, Quiet, listed, percent, tell_json, tell_rows
from openvoid.cli.flags import chosen, with_options_of
from openvoid.cli.progress import told
from openvoid.core.errors import OpenVoidError
from openvoid.media.codecs import CODECS

if TYPE_CHECKING:
    from openvoid.core.effects import Effects
    from openvoid.core.quadmask import Quadmask
    from openvoid.core.removal import RemovalResult
    from openvoid.core.selection import Selection

DEFAULT_ENGINE, DEFAULT_SEGMENTER = "plate", "classical"
DELIVER = "What is delivered"
MARKING = ("--point", "--not", "--box", "--marks", "--words", "--segmenter", "--reasoner")


@dataclass(frozen=True)
class Shot:
    """What is removed from what. `mask` is a file, or made of marks already."""

    clip: Path
    mask: Path | Quadmask
    prompt: str
    effects: Effects | None = None
    marks: Path | None = None  # the folder of what was concluded from marks
    warnings: tuple[str, ...] = ()


def register(app: typer.Typer, words: Sequence[str]) -> None:
    """Add the verb, with the options of the plug-ins that the words name."""
    verb = remove
    if words and words[0] == "remove":
        plugins = [("engine", chosen(words, "--engine", DEFAULT_ENGINE))]
        if any(word.split("=", 1)[0] in MARKING for word in words):
            named = reason.reasoners(chosen(words, "--reasoner", reason.DEFAULT_REASONER))
            plugins += [("segmenter", chosen(words, "--segmenter", DEFAULT_SEGMENTER))]
            plugins += [("reasoner", name) for name in named]
        verb = with_options_of(remove, plugins)
    app.command("remove")(verb)


def remove(
    clip: Annotated[
        Path,
        typer.Argument(
            metavar="CLIP", help="A video, a folder or pattern of pictures, or a shot folder."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The new shot: a file or a folder.")],
    mask: Annotated[
        Path | None,
        typer.Option("--mask", "-m", help="The quadmask; a shot folder brings its own."),
    ] = None,
    point: marks.Points = None,
    nots: marks.Nots = None,
    box: marks.Boxes = None,
    mark_file: marks.MarkFile = None,
    words: marks.Words = None,
    segmenter: Annotated[
        str,
        typer.Option(help="What finds the object at the marks.", rich_help_panel=marks.MARKS),
    ] = DEFAULT_SEGMENTER,
    reasoner: Annotated[
        str,
        typer.Option(
            help="Who says what else it affects: names, commas between, or none.",
            rich_help_panel=marks.MARKS,
        ),
    ] = reason.DEFAULT_REASONER,
    grid: reason.Grid = 0,
    first_frame_kept: reason.FirstFrameKept = False,
    min_confidence: reason.MinConfidence = 0.0,
    marks_folder: Annotated[
        Path | None,
        typer.Option(
            help="Where track, effects and quadmask are kept, to be looked at and corrected; "
            "else OUT.marks",
            rich_help_panel=marks.MARKS,
        ),
    ] = None,
    engine: Annotated[
        str, typer.Option(help="What makes the new pixels; see: openvoid engines")
    ] = DEFAULT_ENGINE,
    prompt: Annotated[
        str | None, typer.Option(help="The scene after the removal, for engines that read.")
    ] = None,
    frame_range: Annotated[
        str | None, typer.Option("--range", help="Only these frames, both included: 10-80")
    ] = None,
    grow: Annotated[int, typer.Option(help="Grow the mask by so many pixels first.")] = 0,
    soft_edge: Annotated[
        int | None,
        typer.Option(
            min=0, help="How far blur and penumbra may reach outside the mask, in pixels."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same pixels.")] = 0,
    effects: Annotated[
        Path | None, typer.Option(help="What else the object affects, as JSON.")
    ] = None,
    rate: Annotated[
        str | None, typer.Option(help="Frames a second, where pictures do not say: 24000/1001")
    ] = None,
    input_color: values.InputColor = "auto",
    codec: Annotated[
        str | None,
        typer.Option(
            help=f"{listed(CODECS)}; else by the name of --out.",
            rich_help_panel=DELIVER,
        ),
    ] = None,
    matte: Annotated[
        Path | None,
        typer.Option(help="Also write what changed, in gray.", rich_help_panel=DELIVER),
    ] = None,
    patch: Annotated[
        Path | None,
        typer.Option(help="Also write the new pixels alone, as RGBA.", rich_help_panel=DELIVER),
    ] = None,
    overwrite: Overwrite = False,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Go on where an earlier try was stopped.")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would be done, and do nothing.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    options: Mapping[str, Any] | None = None,
) -> None:
    r"""Remove an object from a clip, with what it did. What is kept stays as it was, bit for bit.

    The object is shown by a quadmask, or pointed at: then it is followed through the shot, what
    else it affects is found, and the quadmask made of both is kept beside the result.

    Examples:

      openvoid remove shot.mov --point 60,30@0 --out clean.mov
      openvoid remove shot.mov --mask quadmask.mkv --out clean.mov
      openvoid remove shots/lime --out lime.mkv
      openvoid remove shot.%04d.exr --mask mask/ --out clean.%04d.exr --rate 25
      openvoid remove shot.mp4 -m quadmask.mp4 -o clean.mkv --range 4-11 --grow 4
      openvoid remove shot.mp4 -m quadmask.mp4 -o clean.mkv --matte changed.mkv
      openvoid remove shot.mp4 -m quadmask.mp4 -o clean.mp4 --json
      openvoid remove shot.mp4 -m quadmask.mp4 -o clean.mp4 --dry-run
    """
    from openvoid.marking import Composing
    from openvoid.media.open import open_clip
    from openvoid.media.shotdir import clip_in
    from openvoid.removal import outlook
    from openvoid.removal import remove as run

    given, begun = dict(options or {}), time.monotonic()
    with told(quiet) as progress:
        if point or nots or box or mark_file or words is not None:
            _check_pointing(out, mask, dry_run, overwrite)
            shot = point_out(
                clip_in(clip),
                marks.selection(point, nots, box, None, mark_file, words),
                marks_folder or out.with_name(f"{out.name}.marks"),
                prompt=prompt,
                rate=values.rate(rate),
                input_color=input_color,
                segmenter=segmenter,
                segmenter_options=given.get("segmenter", {}).get(segmenter),
                reasoners=reason.reasoners(reasoner),
                reasoner_options=given.get("reasoner"),
                composing=Composing(grid, first_frame_kept, min_confidence),
                resume=resume,
                progress=progress,
            )
        else:
            shot = find_shot(clip, mask, prompt)
        asked: dict[str, Any] = {
            "engine": engine,
            "options": given.get("engine", {}).get(engine),
            "prompt": shot.prompt,
            "range": values.frame_range(frame_range),
            "grow_px": grow,
            "seed": seed,
            "soft_edge_px": soft_edge,
            "effects": values.effects(effects) or shot.effects,
        }
        footage = open_clip(shot.clip, rate=values.rate(rate), input_color=input_color)
        if dry_run:
            foretold = outlook(footage, shot.mask, **asked)
            tell_json(foretold) if as_json else tell_rows(outlook_rows(foretold))
            return
        result = run(
            footage,
            shot.mask,
            out,
            **asked,
            codec=codec,
            matte=matte,
            patch=patch,
            overwrite=overwrite,
            resume=resume,
            progress=progress,
        )
    if as_json:
        tell_json(as_facts(result) | {"marks": shot.marks})
    elif not quiet:
        tell_rows(summary(result, time.monotonic() - begun, shot))


def find_shot(clip: Path, mask: Path | None, prompt: str | None) -> Shot:
    """The clip, its mask and its prompt; a shot folder fills in what was not given."""
    from openvoid.media.shotdir import is_shot, read_shot

    if is_shot(clip):
        found = read_shot(clip)
        return Shot(found.clip, mask or found.quadmask, found.prompt if prompt is None else prompt)
    if mask is None:
        raise OpenVoidError(
            "no mask",
            where=str(clip),
            mend="--mask QUADMASK, or point at the object: --point X,Y@FRAME",
        )
    return Shot(clip, mask, prompt or "")


def point_out(
    clip: Path,
    selection: Selection,
    folder: Path,
    *,
    prompt: str | None,
    rate: Fraction | None,
    input_color: str,
    **asked: Any,
) -> Shot:
    """The mask of what is pointed at, and of what it does; everything on the way is kept."""
    from openvoid.marking import mark
    from openvoid.media.open import open_clip

    found = mark(open_clip(clip, rate=rate, input_color=input_color), selection, folder, **asked)
    after = found.effects.background if prompt is None else prompt
    return Shot(clip, found.quadmask, after, found.effects, folder, tuple(found.told.warnings))


def _check_pointing(out: Path, mask: Path | None, dry_run: bool, overwrite: bool) -> None:
    """What does not go together with marks; told before the long work of following them."""
    if mask is not None:
        raise OpenVoidError("marks and a mask do not go together", where="--mask", mend="give one")
    if dry_run:
        mend = "make the mask first: openvoid select, then openvoid reason"
        raise OpenVoidError("needs a mask", where="--dry-run", mend=mend)
    reason.free(overwrite, out)


def as_facts(result: RemovalResult) -> dict[str, Any]:
    """A result for machines."""
    return {
        "master": result.master,
        "report": result.report,
        "matte": result.matte,
        "patch": result.patch,
        "shares": result.shares,
        "notes": result.notes,
        "warnings": result.warnings,
        "timings_s": result.provenance.timings_s,
    }


def summary(
    result: RemovalResult, spent_s: float, shot: Shot | None = None
) -> Iterator[tuple[str, str]]:
    """A result for a person."""
    yield "result", str(result.master)
    if shot is not None and shot.marks is not None and shot.effects is not None:
        yield "marks", str(shot.marks)
        yield from reason.told_effects(shot.effects)
        yield from (("warning", warning) for warning in shot.warnings)
    yield "report", str(result.report)
    if result.matte:
        yield "matte", str(result.matte)
    if result.patch:
        yield "patch", str(result.patch)
    yield "pixels", ", ".join(f"{name} {percent(share)}" for name, share in result.shares.items())
    for name, note in result.notes.items():
        yield name, as_text(note)
    for warning in result.warnings:
        yield "warning", warning
    yield "time", f"{spent_s:.1f} s"


def outlook_rows(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What would be done, for a person."""
    for name in ("clip", "mask"):
        yield name, as_text({key: each for key, each in facts[name].items() if key != "sha256"})
    yield "engine", facts["engine"]
    for name, part in facts.get("outlook", {}).items():
        for line in part if isinstance(part, list) else [as_text(part)]:
            yield name, line


def as_text(note: Any) -> str:
    """A note in one line; lists are left to the report."""
    if not isinstance(note, Mapping):
        return str(note)
    plain = {key: value for key, value in note.items() if isinstance(value, str | int | float)}
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in plain.items())
