"""`openvoid remove`: clip and quadmask -> the finished shot.

Enters: the command line; a clip, or a shot folder that holds clip, mask and prompt. Leaves: what
`openvoid.remove.remove` makes, told in a few lines. Knows no engine: the options of the engine
that `--engine` names become flags.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openvoid.cli import values
from openvoid.cli.console import AsJson, Overwrite, Quiet, percent, tell_json, tell_rows
from openvoid.cli.flags import chosen, with_options
from openvoid.cli.progress import told
from openvoid.core.errors import OpenVoidError

if TYPE_CHECKING:
    from openvoid.core.removal import RemovalResult

DEFAULT_ENGINE = "plate"
DELIVER = "What is delivered"
HOW = "How"


@dataclass(frozen=True)
class Shot:
    """What is removed from what."""

    clip: Path
    mask: Path
    prompt: str


def register(app: typer.Typer, words: Sequence[str]) -> None:
    """Add the verb, with the options of the engine that the words name."""
    verb = remove
    if words and words[0] == "remove":
        verb = with_options(remove, "engine", chosen(words, "--engine", DEFAULT_ENGINE))
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
    codec: Annotated[
        str | None,
        typer.Option(
            help="h264, prores-hq, prores-4444, ffv1, png or exr; else by the name of --out.",
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
    r"""Remove what the mask shows from a clip. What it keeps stays as it was, bit for bit.

    Examples:

      openvoid remove shot.mov --mask quadmask.mkv --out clean.mov
      openvoid remove shots/lime --out lime.mkv
      openvoid remove shot.%04d.exr --mask mask/ --out clean.%04d.exr --rate 25
      openvoid remove shot.mp4 -m quadmask.mp4 -o clean.mkv --range 4-11 --grow 4
      openvoid remove shot.mp4 -m quadmask.mp4 -o clean.mkv --matte changed.mkv
      openvoid remove shot.mp4 -m quadmask.mp4 -o clean.mp4 --json
      openvoid remove shot.mp4 -m quadmask.mp4 -o clean.mp4 --dry-run
    """
    from openvoid.media.open import open_clip
    from openvoid.remove import outlook
    from openvoid.remove import remove as run

    shot = find_shot(clip, mask, prompt)
    asked: dict[str, Any] = {
        "engine": engine,
        "options": dict(options or {}),
        "prompt": shot.prompt,
        "range": values.frame_range(frame_range),
        "grow_px": grow,
        "seed": seed,
        "soft_edge_px": soft_edge,
        "effects": values.effects(effects),
    }
    footage = open_clip(shot.clip, rate=values.rate(rate))
    if dry_run:
        foretold = outlook(footage, shot.mask, **asked)
        tell_json(foretold) if as_json else tell_rows(outlook_rows(foretold))
        return
    begun = time.monotonic()
    with told(quiet) as progress:
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
        tell_json(as_facts(result))
    elif not quiet:
        tell_rows(summary(result, time.monotonic() - begun))


def find_shot(clip: Path, mask: Path | None, prompt: str | None) -> Shot:
    """The clip, its mask and its prompt; a shot folder fills in what was not given."""
    from openvoid.media.shotdir import is_shot, read_shot

    if is_shot(clip):
        found = read_shot(clip)
        return Shot(found.clip, mask or found.quadmask, found.prompt if prompt is None else prompt)
    if mask is None:
        raise OpenVoidError(
            "no mask", where=str(clip), mend="--mask QUADMASK, or a shot folder that holds one"
        )
    return Shot(clip, mask, prompt or "")


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


def summary(result: RemovalResult, spent_s: float) -> Iterator[tuple[str, str]]:
    """A result for a person."""
    yield "result", str(result.master)
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
