"""Flags made from a plug-in's `Options`: each field becomes `--its-name`, with range and help.

Enters: the words of the command line and a function that takes `options`. Leaves: the same
function with one more parameter for each field. Knows no plug-in: what `core.plugins.option` put
beside a field is all it reads. A name that the verb uses itself gets the plug-in's name before it.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal

import typer


def chosen(words: Sequence[str], flag: str, default: str) -> str:
    """The value of a flag before the command line is parsed; the last one counts."""
    value = default
    for word, after in pairwise([*words, ""]):
        if word == flag and after:
            value = after
        elif word.startswith(f"{flag}="):
            value = word.split("=", 1)[1]
    return value


def with_options(verb: Callable[..., None], kind: str, name: str) -> Callable[..., None]:
    """A verb that takes `options`, as one that takes each of the plug-in's options as a flag.

    Options left at their default are not passed on, so that a default is told apart from a choice.
    """
    from openvoid.core import plugins

    fields = dataclasses.fields(plugins.find(kind, name).Options)
    own = inspect.signature(verb, eval_str=True).parameters
    parameters = [parameter for key, parameter in own.items() if key != "options"]
    keys: dict[str, str] = {}  # parameter -> field
    for field in fields:
        key = f"{name}_{field.name}" if field.name in own else field.name
        keys[key] = field.name
        parameters.append(_parameter(key, field, f"Options of the {kind} {name!r}"))

    @functools.wraps(verb)
    def called(**values: Any) -> None:
        given = {field.name: values.pop(key) for key, field in zip(keys, fields, strict=True)}
        changed = {f.name: given[f.name] for f in fields if given[f.name] != f.default}
        verb(**values, options=changed)

    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    return called


def _parameter(key: str, field: dataclasses.Field[Any], panel: str) -> inspect.Parameter:
    rule = field.metadata
    kind: Any = type(field.default)
    if rule["choices"]:
        kind = Literal[tuple(rule["choices"])]
    flag = f"--{key.replace('_', '-')}"
    declared = f"{flag}/--no-{flag[2:]}" if kind is bool else flag
    limits = {} if kind not in (int, float) else {"min": rule["low"], "max": rule["high"]}
    help_text = rule["help"].replace("[", r"\[")
    annotation = Annotated[
        kind, typer.Option(declared, help=help_text, rich_help_panel=panel, **limits)
    ]
    return inspect.Parameter(
        key, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=annotation
    )
