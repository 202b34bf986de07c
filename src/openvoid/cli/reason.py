"""`openvoid reason`: clip and track -> what else the object affects, and the quadmask.

Enters: the command line: a clip, its track, reasoners by name, perhaps effects that a person wrote
or corrected. Leaves: the quadmask and, beside it, the effects as JSON, to be read, corrected and
composed again. Knows no reasoner: the options of those that `--reasoner` names become flags.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openvoid.cli import values
from openvoid.cli.console import AsJson, Overwrite, Quiet, percent, tell_json, tell_rows
from openvoid.cli.flags import chosen, with_options_of
from openvoid.cli.progress import told
from openvoid.core.errors import OpenVoidError
from openvoid.core.limits import GRID_CELLS

if TYPE_CHECKING:
    from openvoid.core.effects import Effect, Effects
    from openvoid.core.quadmask import Quadmask
    from openvoid.core.removal import Told
    from openvoid.reason.applied import Decisions

DEFAULT_REASONER = "motion"
MASK = "The mask"

Clips = Annotated[
    Path, typer.Argument(metavar="CLIP", help="A video, or a folder or pattern of pictures.")
]
Reasoner = Annotated[
    str,
    typer.Option(
        help="Who says what else is affected: names with commas between, or none; "
        "see: openvoid engines --kind reasoner"
    ),
]
Grid = Annotated[
    int,
    typer.Option(
        min=0,
        max=GRID_CELLS,
        help="Snap what is affected to so many cells on the short side; 0: to the pixel. "
        "The released weights were trained on 8.",
        rich_help_panel=MASK,
    ),
]
FirstFrameKept = Annotated[
    bool,
    typer.Option(
        "--first-frame-kept",
        help="Frame 0 is affected nowhere, as in the published pipeline.",
        rich_help_panel=MASK,
    ),
]
MinConfidence = Annotated[
    float,
    typer.Option(min=0.0, max=1.0, help="Leave less certain effects out.", rich_help_panel=MASK),
]
Rate = Annotated[
    str | None, typer.Option(help="Frames a second, where pictures do not say: 24000/1001")
]
Accept = Annotated[
    str | None,
    typer.Option(
        metavar="N[,N]|all",
        help="Apply these effects, by the numbers that are told and that explain draws; your word "
        "stands in later runs.",
        rich_help_panel=MASK,
    ),
]
Reject = Annotated[
    str | None,
    typer.Option(metavar="N[,N]|all", help="Do not apply these.", rich_help_panel=MASK),
]


def register(app: typer.Typer, words: Sequence[str]) -> None:
    """Add the verb, with the options of the reasoners that the words name."""
    verb = reason
    if words and words[0] == "reason":
        named = reasoners(chosen(words, "--reasoner", DEFAULT_REASONER))
        verb = with_options_of(reason, [("reasoner", name) for name in named])
    app.command("reason")(verb)


def reason(
    clip: Clips,
    track: Annotated[
        Path, typer.Option(help="Where the object is: white on black, as select writes it.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The quadmask: .mkv, .mp4 or a folder of PNG.")
    ],
    effects_out: Annotated[
        Path | None,
        typer.Option(help="The effects; else beside --out, named as it with .effects.json"),
    ] = None,
    reasoner: Reasoner = DEFAULT_REASONER,
    effects: Annotated[
        Path | None,
        typer.Option(
            help="Effects that you wrote or corrected: they stand (mark yours with "
            '"source": "person"); alone with --reasoner none.'
        ),
    ] = None,
    grid: Grid = 0,
    first_frame_kept: FirstFrameKept = False,
    min_confidence: MinConfidence = 0.0,
    accept: Accept = None,
    reject: Reject = None,
    rate: Rate = None,
    input_color: values.InputColor = "auto",
    cuts: values.Cuts = "auto",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    options: Mapping[str, Any] | None = None,
) -> None:
    """Find what else the object affects, and make the quadmask; what is unsure is only asked.

    Examples:

      openvoid reason shot.mov --track track.mkv --out quadmask.mkv
      openvoid reason shot.mov --track track.mkv -o quadmask.mkv --grid 8
      openvoid reason shot.mov --track track.mkv --effects mine.json -o mask.mkv
      openvoid reason shot.mov --track track.mkv -o m.mkv --reasoner motion,vlm
      openvoid reason shot.mov --track track.mkv -o m.mkv --accept all
    """
    from openvoid.core.removal import Told
    from openvoid.marking import Composing, find_effects
    from openvoid.media.atomic import write_json
    from openvoid.media.masks import write_quadmask
    from openvoid.media.open import open_clip
    from openvoid.media.outputs import files_at, owned
    from openvoid.media.tracks import open_track
    from openvoid.reason.compose import compose

    named = _asked(reasoner, effects)
    beside = effects_out or effects_beside(out)
    read = files_at(clip, track, effects)
    footage = open_clip(clip, rate=values.rate(rate), input_color=input_color)
    where = open_track(track, clip=footage)
    edited, notes, decided = values.effects(effects), Told(), decisions(accept, reject)
    composing = Composing(grid, first_frame_kept, min_confidence)
    with (
        told(quiet) as progress,
        owned([out, beside], overwrite, inputs=read, what="this mask") as together,
    ):
        found = find_effects(
            footage,
            where,
            reasoners=named,
            options=(options or {}).get("reasoner", {}),
            edited=edited,
            cuts=cuts,
            progress=progress,
            told=notes,
        )
        found = decided.applied_to(found)
        quadmask = compose(where, found, **asdict(composing))
        write_json(found.to_json(), beside, together)
        write_quadmask(quadmask, out, footage.rate, together)
    if as_json:
        tell_json(as_facts(out, beside, found, quadmask, notes))
    elif not quiet:
        tell_rows(rows(out, beside, found, quadmask, notes))


def _asked(text: str, effects: Path | None) -> list[str]:
    named = reasoners(text)
    if not named and effects is None:
        raise OpenVoidError("nobody is asked", where="--reasoner none", mend="--effects FILE")
    return named


def reasoners(text: str) -> list[str]:
    """`motion,vlm` -> the names; `none` -> nobody."""
    named = [name.strip() for name in text.split(",") if name.strip()]
    if not named or len(set(named)) < len(named):
        raise OpenVoidError(
            f"{text!r} is not a list of names", where="--reasoner", mend="--reasoner motion,vlm"
        )
    return [] if named == ["none"] else named


def decisions(accept: str | None, reject: str | None) -> Decisions:
    """What a person decides of the effects that are told."""
    from openvoid.reason.applied import Decisions

    return Decisions(values.numbers(accept, "--accept"), values.numbers(reject, "--reject"))


def effects_beside(out: Path) -> Path:
    """Where the effects of a quadmask are, unless said otherwise."""
    stem = out.stem if out.suffix else out.name
    return out.with_name(f"{stem}.effects.json")


def as_facts(
    out: Path, beside: Path, effects: Effects, quadmask: Quadmask, notes: Told
) -> dict[str, Any]:
    """For machines."""
    return {
        "mask": out,
        "effects_file": beside,
        "effects": effects.to_json(),
        "shares": {region.name.lower(): share for region, share in quadmask.shares().items()},
        "notes": notes.notes,
        "warnings": notes.warnings,
        "timings_s": notes.timings_s,
    }


def rows(
    out: Path, beside: Path, effects: Effects, quadmask: Quadmask, notes: Told
) -> Iterator[tuple[str, str]]:
    """For a person: what was concluded, and why."""
    yield "quadmask", str(out)
    yield "effects", str(beside)
    yield from told_effects(effects)
    for region, share in quadmask.shares().items():
        yield region.name.lower(), percent(share)
    for warning in notes.warnings:
        yield "warning", warning


def told_effects(effects: Effects) -> Iterator[tuple[str, str]]:
    """Each thing in a line."""
    for belonging in effects.belongings:
        yield "goes along", belonging.noun
    numbered = list(enumerate(effects.affected, start=1))
    for number, effect in numbered:
        if effect.applied:
            yield "affected", _told(number, effect)
    if not effects.applied().affected:
        yield "affected", "nothing else"
    for number, effect in numbered:
        if not effect.applied:
            how = "you rejected it" if effect.by_person else f"accept with --accept {number}"
            yield "not applied", f"{_told(number, effect)} ({how})"
    if effects.background:
        yield "after", effects.background


def _told(number: int, effect: Effect) -> str:
    frames = sorted({place.frame for place in (*effect.now, *effect.goes)})
    span = f"frames {frames[0]} to {frames[-1]}" if frames else "nowhere"
    why = effect.why or effect.cause
    return f"{number}  {effect.noun} ({effect.confidence:.0%}, {span}): {why}"
