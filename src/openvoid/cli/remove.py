"""`openvoid remove`: clip and quadmask -> the finished shot.

Enters: the command line; a clip, or a shot folder that holds clip, mask and prompt. Leaves: what
`openvoid.removal.remove` makes, told in a few lines. Knows no engine: the options of the engine
that `--engine` names become flags.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openvoid.cli import marks, reason, removed, values
from openvoid.cli.console import AsJson, Overwrite, Quiet, listed
from openvoid.cli.flags import chosen, with_options_of
from openvoid.cli.flags import segmenter as segmenter_in
from openvoid.cli.progress import told
from openvoid.core.errors import OpenVoidError
from openvoid.media.codecs import CODECS

if TYPE_CHECKING:
    from openvoid.core.clip import Clip as Footage
    from openvoid.core.effects import Effects
    from openvoid.core.fates import Fates
    from openvoid.core.selection import Selection
    from openvoid.marking import Marked

DEFAULT_ENGINE, DEFAULT_SEGMENTER, DEFAULT_MOVER = "plate", "auto", "none"
DELIVER = "What is delivered"
MARKING = (
    "--track",
    "--point",
    "--not",
    "--box",
    "--marks",
    "--words",
    "--segmenter",
    "--reasoner",
    "--mover",
)

Clip = Annotated[
    Path,
    typer.Argument(
        metavar="CLIP", help="A video, a folder or pattern of pictures, or a shot folder."
    ),
]
Out = Annotated[Path, typer.Option("--out", "-o", help="The new shot: a file or a folder.")]
Mask = Annotated[
    Path | None,
    typer.Option("--mask", "-m", help="The quadmask; a shot folder brings its own."),
]
Still = Annotated[
    bool, typer.Option("--still", help="The one frame of the mask is meant for the whole clip.")
]
Track = Annotated[
    Path | None,
    typer.Option(
        help="Where the object is, white on black, made by select or elsewhere: what it does is "
        "then found as from marks.",
        rich_help_panel=marks.MARKS,
    ),
]
Reasoner = Annotated[
    str,
    typer.Option(
        help="Who says what else it affects: names, commas between, or none.",
        rich_help_panel=marks.MARKS,
    ),
]
Mover = Annotated[
    str,
    typer.Option(
        help="Who says where affected things would go, and has them drawn there: plain, rigid or "
        "none.",
        rich_help_panel=marks.MARKS,
    ),
]
FatesFile = Annotated[
    Path | None,
    typer.Option(
        help="Where affected things go, as JSON, as foretell writes it: they are drawn there."
    ),
]
MarksFolder = Annotated[
    Path | None,
    typer.Option(
        help="Where track, effects and quadmask are kept, to be looked at and corrected; "
        "else OUT.marks",
        rich_help_panel=marks.MARKS,
    ),
]
Engine = Annotated[str, typer.Option(help="What makes the new pixels; see: openvoid engines")]
Prompt = Annotated[
    str | None, typer.Option(help="The scene after the removal, for engines that read.")
]
Range = Annotated[
    str | None, typer.Option("--range", help="Only these frames, both included: 10-80")
]
Grow = Annotated[int, typer.Option(help="Grow the mask by so many pixels first.")]
SoftEdge = Annotated[
    int | None,
    typer.Option(min=0, help="How far blur and penumbra may reach outside the mask, in pixels."),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same pixels.")]
EffectsFile = Annotated[Path | None, typer.Option(help="What else the object affects, as JSON.")]
Codec = Annotated[
    str | None,
    typer.Option(
        help=f"{listed(CODECS)}; else by the name of --out.",
        rich_help_panel=DELIVER,
    ),
]
Matte = Annotated[
    Path | None, typer.Option(help="Also write what changed, in gray.", rich_help_panel=DELIVER)
]
Patch = Annotated[
    Path | None,
    typer.Option(help="Also write the new pixels alone, as RGBA.", rich_help_panel=DELIVER),
]
Resume = Annotated[
    bool, typer.Option("--resume/--no-resume", help="Go on where an earlier try was stopped.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what would be done, and do nothing.")]


def register(app: typer.Typer, words: Sequence[str]) -> None:
    """Add the verb, with the options of the plug-ins that the words name."""
    verb = remove
    if words and words[0] == "remove":
        plugins = [("engine", chosen(words, "--engine", DEFAULT_ENGINE))]
        if any(word.split("=", 1)[0] in MARKING for word in words):
            named = reason.reasoners(chosen(words, "--reasoner", reason.DEFAULT_REASONER))
            who = segmenter_in(words, DEFAULT_SEGMENTER)
            plugins += [("segmenter", who)] if who else []
            plugins += [("reasoner", name) for name in named]
            mover = chosen(words, "--mover", DEFAULT_MOVER)
            plugins += [("mover", mover)] if mover != DEFAULT_MOVER else []
        verb = with_options_of(remove, plugins)
    app.command("remove")(verb)


def remove(
    clip: Clip,
    out: Out,
    mask: Mask = None,
    from_matte: values.FromMatte = None,
    still: Still = False,
    track: Track = None,
    point: marks.Points = None,
    nots: marks.Nots = None,
    box: marks.Boxes = None,
    mark_file: marks.MarkFile = None,
    words: marks.Words = None,
    candidate: marks.Chosen = None,
    grow_to: marks.GrowTo = None,
    segmenter: marks.Segmenter = DEFAULT_SEGMENTER,
    reasoner: Reasoner = reason.DEFAULT_REASONER,
    mover: Mover = DEFAULT_MOVER,
    grid: reason.Grid = 0,
    first_frame_kept: reason.FirstFrameKept = False,
    min_confidence: reason.MinConfidence = 0.0,
    accept: reason.Accept = None,
    reject: reason.Reject = None,
    marks_folder: MarksFolder = None,
    engine: Engine = DEFAULT_ENGINE,
    prompt: Prompt = None,
    frame_range: Range = None,
    grow: Grow = 0,
    soft_edge: SoftEdge = None,
    seed: Seed = 0,
    effects: EffectsFile = None,
    fates: FatesFile = None,
    rate: reason.Rate = None,
    input_color: values.InputColor = "auto",
    cuts: values.Cuts = "auto",
    codec: Codec = None,
    matte: Matte = None,
    patch: Patch = None,
    overwrite: Overwrite = False,
    resume: Resume = True,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    options: Mapping[str, Any] | None = None,
) -> None:
    r"""Remove an object from a clip, with what it did. What is kept stays as it was, bit for bit.

    The object is shown by a quadmask, or pointed at, or by a track: then what else it affects is
    found, and the quadmask made of both is kept beside the result.

    Examples:

      openvoid remove shot.mov --point 60,30@0 --out clean.mov
      openvoid remove shot.mov --mask quadmask.mkv --out clean.mov
      openvoid remove shot.mov --track roto.mkv --out clean.mov
      openvoid remove shot.%04d.exr --mask mask/ --out clean.%04d.exr --rate 25
      openvoid remove shot.mp4 -m quadmask.mp4 -o clean.mkv --range 4-11 --grow 4
      openvoid remove shot.mp4 -m quadmask.mp4 -o clean.mp4 --dry-run
    """
    from openvoid.removal import remove as run

    begun, given, decided = time.monotonic(), dict(options or {}), reason.decisions(accept, reject)
    where = _where(track, (point, nots, box, mark_file, words), candidate, grow_to)
    who, mix = (segmenter, reason.reasoners(reasoner), given), (grid, first_frame_kept)
    with told(quiet) as progress:
        pointed, opening = None, {"rate": values.rate(rate), "input_color": input_color}
        how = {"cuts": cuts, "decisions": decided, "resume": resume, "progress": progress}
        how |= {"mover": mover, "mover_options": given.get("mover", {}).get(mover)}
        course = values.fates(fates, mover != DEFAULT_MOVER)
        if where is not None:
            _check_pointing(clip, out, mask, dry_run, overwrite)
            folder = marks_folder or out.with_name(f"{out.name}.marks")
            how |= {"fates": course}
            pointed = point_out(clip, opening, where, folder, who, (*mix, min_confidence), how)
        elif decided:
            raise OpenVoidError("needs marks", where="--accept", mend="openvoid reason takes it")
        asked = _source(pointed, clip, opening, mask, prompt, (values.effects(effects), course))
        asked |= {"engine": engine, "options": given.get("engine", {}).get(engine), "seed": seed}
        asked |= {"grow_px": grow, "soft_edge_px": soft_edge, "from_matte": from_matte}
        asked |= {"range": values.frame_range(frame_range), "still": still}
        if dry_run:
            removed.tell_outlook(asked, as_json)
            return
        asked |= {"cuts": cuts, "codec": codec, "matte": matte, "patch": patch}
        result = run(out=out, **asked, overwrite=overwrite, resume=resume, progress=progress)
    removed.tell(result, pointed, time.monotonic() - begun, quiet, as_json)


# --- what is removed from what ------------------------------------------------------------------


@dataclass(frozen=True)
class Pointed:
    """What was concluded from marks, and the folder in which it is kept."""

    clip: Footage
    marked: Marked
    folder: Path


def _where(
    track: Path | None,
    said: tuple[Any, Any, Any, Path | None, str | None],
    candidate: int | None,
    grow_to: str | None,
) -> Selection | Path | None:
    """The track, or what is said by points, nots, boxes, a file of marks and words; or nothing."""
    point, nots, box, mark_file, words = said
    if not (point or nots or box or mark_file or words is not None):
        return track
    if track is not None:
        what = "marks and a track do not go together"
        raise OpenVoidError(what, where="--track", mend="give one")
    return marks.selection(point, nots, box, (), mark_file, words, candidate, grow_to)


def point_out(
    clip: Path,
    opening: Mapping[str, Any],
    where: Selection | Path,
    folder: Path,
    who: tuple[str, Sequence[str], Mapping[str, Any]],
    composing: tuple[int, bool, float],
    how: Mapping[str, Any],
) -> Pointed:
    """The mask of what is pointed at, and of what it does; everything on the way is kept.

    Args:
        opening: what `open_clip` is told besides.
        where: what a person points at, or the file of a track.
        who: follows and explains: a segmenter, reasoners, and the options of each by kind and name.
        composing: the values of `marking.Composing`. how: the rest that `marking.mark` is told.
    """
    from openvoid.choosing import choose
    from openvoid.marking import Composing, mark
    from openvoid.media.open import open_clip
    from openvoid.media.shotdir import clip_in
    from openvoid.media.tracks import open_track

    segmenter, reasoners, options = who
    footage = open_clip(clip_in(clip), **opening)
    marked = mark(
        footage,
        open_track(where, clip=footage) if isinstance(where, Path) else where,
        folder,
        segmenter=segmenter,
        segmenter_options=options.get("segmenter", {}).get(choose(segmenter).name),
        reasoners=reasoners,
        reasoner_options=options.get("reasoner"),
        composing=Composing(*composing),
        **how,
    )
    return Pointed(footage, marked, folder)


def _source(
    pointed: Pointed | None,
    clip: Path,
    opening: Mapping[str, Any],
    mask: Path | None,
    prompt: str | None,
    said: tuple[Effects | None, Fates | None],
) -> dict[str, Any]:
    """The clip, its mask, the prompt, effects and fates, as `removal.remove` takes them."""
    effects, fates = said
    if pointed is None:
        told = {"prompt": prompt, "effects": effects, "fates": fates}
        return {"clip": clip, "mask": mask, **told, **opening}
    found = pointed.marked
    return {
        "clip": pointed.clip,
        "mask": found.quadmask,
        "prompt": found.effects.background if prompt is None else prompt,
        "effects": effects or found.effects,
        "fates": found.fates,
    }


def _check_pointing(
    clip: Path, out: Path, mask: Path | None, dry_run: bool, overwrite: bool
) -> None:
    """What does not go together with marks; told before the long work of following them."""
    from openvoid.media.outputs import check, files_at, refuse_existing

    if mask is not None:
        raise OpenVoidError("marks and a mask do not go together", where="--mask", mend="give one")
    if dry_run:
        mend = "make the mask first: openvoid select, then openvoid reason"
        raise OpenVoidError("needs a mask", where="--dry-run", mend=mend)
    check([out], files_at(clip))
    if not overwrite:
        refuse_existing([out])
