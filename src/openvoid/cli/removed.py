"""What is told of a removal: of a result, and of what would be done.

Enters: a `RemovalResult`, perhaps what was concluded from marks; or an outlook. Leaves: lines for a
person, JSON for a machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from openvoid.cli import foretell, reason
from openvoid.cli.console import percent, tell_json, tell_rows

if TYPE_CHECKING:
    from openvoid.cli.remove import Pointed
    from openvoid.core.removal import RemovalResult


def tell(
    result: RemovalResult, pointed: Pointed | None, spent_s: float, quiet: bool, as_json: bool
) -> None:
    if as_json:
        tell_json(as_facts(result) | {"marks": pointed.folder if pointed else None})
    elif not quiet:
        tell_rows(summary(result, spent_s, pointed))


def tell_outlook(asked: Mapping[str, Any], as_json: bool) -> None:
    from openvoid.removal import outlook

    foretold = outlook(**asked)
    tell_json(foretold) if as_json else tell_rows(outlook_rows(foretold))


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
    result: RemovalResult, spent_s: float, pointed: Pointed | None = None
) -> Iterator[tuple[str, str]]:
    """A result for a person."""
    yield "result", str(result.master)
    if pointed is not None:
        yield "marks", str(pointed.folder)
        if "segmenter" in pointed.marked.told.notes:
            yield "segmenter", pointed.marked.told.notes["segmenter"]
        yield from reason.told_effects(pointed.marked.effects)
        if pointed.marked.fates.things:
            yield from foretell.told_fates(pointed.marked.fates)
        yield from (("warning", warning) for warning in pointed.marked.told.warnings)
    yield "report", str(result.report)
    beside = {"matte": result.matte, "patch": result.patch}
    yield from ((name, str(path)) for name, path in beside.items() if path)
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
    """A note in one line; lists are left to the report, but for spans of frames."""
    if isinstance(note, list) and all(isinstance(row, Mapping) and "kind" in row for row in note):
        return ", ".join(f"{row['kind']} {row['first']}-{row['last']}" for row in note)
    if not isinstance(note, Mapping):
        return str(note)
    plain = {key: value for key, value in note.items() if isinstance(value, str | int | float)}
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in plain.items())
