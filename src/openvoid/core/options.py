"""Options of plug-ins: how one is declared, and how what a person sets is checked.

Enters: values by name. Leaves: a plug-in's `Options`, or one line that says what is wrong. Knows no
plug-in.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from openvoid.core.errors import OpenVoidError


def option(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[str] | None = None,
) -> Any:
    """A field of a plug-in's `Options`: its default, what it does, and what values it takes."""
    metadata = {"help": help, "low": low, "high": high, "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


def check_options(plugin: type[Any], options: Mapping[str, Any]) -> Any:
    """A plug-in's `Options`, every value of the right type and in its range."""
    fields = {field.name: field for field in dataclasses.fields(plugin.Options)}
    for name, value in options.items():
        if name not in fields:
            raise OpenVoidError(
                f"{plugin.name} has no option {name!r}", mend=f"it has: {', '.join(fields)}"
            )
        _check_value(f"{plugin.name} option {name}", value, fields[name])
    return plugin.Options(**options)


def _check_value(what: str, value: Any, field: dataclasses.Field[Any]) -> None:
    wanted = type(field.default)
    number = type(value) in (int, float) and math.isfinite(value)
    fits = number if wanted is float else type(value) is wanted
    if not fits:
        raise OpenVoidError(f"{what} is {value!r}", mend=f"a {wanted.__name__} is expected")
    rule = field.metadata
    if rule["choices"] and value not in rule["choices"]:
        raise OpenVoidError(f"{what} is {value!r}", mend=f"one of: {', '.join(rule['choices'])}")
    too_low = rule["low"] is not None and value < rule["low"]
    too_high = rule["high"] is not None and value > rule["high"]
    if too_low or too_high:
        raise OpenVoidError(f"{what} is {value}", mend=f"from {rule['low']} to {rule['high']}")
