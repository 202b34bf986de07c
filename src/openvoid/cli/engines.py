"""`openvoid engines`: which plug-ins there are, and what each can be told."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer

from openvoid.cli.console import AsJson, tell_json
from openvoid.core.errors import OpenVoidError


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("engines")(engines)


def engines(
    kind: Annotated[
        str, typer.Option(help="engine, segmenter, reasoner, mover, renderer or metric")
    ] = "engine",
    as_json: AsJson = False,
) -> None:
    """List the installed engines and their options.

    Examples:

      openvoid engines
      openvoid engines --json
      openvoid engines --kind segmenter
    """
    from openvoid.core import plugins

    if kind not in plugins.GROUPS:
        known = ", ".join(plugins.GROUPS)
        raise OpenVoidError(
            f"{kind!r} is no kind of plug-in", where="--kind", mend=f"one of {known}"
        )
    found = {name: describe(kind, name) for name in plugins.names(kind)}
    if as_json:
        tell_json({f"{kind}s": found})
        return
    if not found:
        print(f"no {kind} is installed")
    for name, facts in found.items():
        print(f"{name}  {facts['summary']}")
        for option in facts["options"]:
            print(f"    --{option['flag']:<18} {option['help']} [{option['takes']}]")


def describe(kind: str, name: str) -> dict[str, Any]:
    """A plug-in in words; where it cannot be loaded, why."""
    from openvoid.core import plugins

    try:
        plugin = plugins.find(kind, name)
    except OpenVoidError as error:
        return {"usable": False, "summary": f"cannot be used: {error.line()}", "options": []}
    options = [_option(field) for field in dataclasses.fields(plugin.Options)]
    first_line = (plugin.__doc__ or "").strip().partition("\n")[0]
    return {"usable": True, "summary": first_line, "options": options}


def _option(field: dataclasses.Field[Any]) -> dict[str, Any]:
    rule = field.metadata
    takes = type(field.default).__name__
    if rule["choices"]:
        takes = "|".join(rule["choices"])
    elif rule["low"] is not None or rule["high"] is not None:
        takes = f"{rule['low']} to {rule['high']}"
    return {
        "name": field.name,
        "flag": field.name.replace("_", "-"),
        "help": rule["help"],
        "default": field.default,
        "takes": f"{takes}; default {field.default}",
    }
