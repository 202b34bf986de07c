"""Flags made from a plug-in's `Options`: each field becomes `--its-name`, with range and help.

Enters: the words of the command line and a function that takes `options`. Leaves: the same
function with one more parameter for each field. Knows no plug-in: what `core.plugins.option` put
beside a field is all it reads. A name that the verb uses itself gets the plug-in's name before it.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
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


def segmenter(words: Sequence[str], default: str) -> str:
    """The segmenter that the words name; empty where a help page would tell this machine's own."""
    from openvoid.choosing import choose

    name = chosen(words, "--segmenter", default)
    return "" if name == "auto" and "--help" in words else choose(name).name


def with_options(verb: Callable[..., None], kind: str, name: str) -> Callable[..., None]:
    """A verb that takes `options`, as one that takes each of the plug-in's options as a flag.

    Options left at their default are not passed on, so that a default is told apart from a choice.
    """
    return _with(verb, [(kind, name)], lambda given: given[kind, name])


def with_options_of(
    verb: Callable[..., None], plugins: Sequence[tuple[str, str]]
) -> Callable[..., None]:
    """The same for several plug-ins, told as (kind, name): `options` is {kind: {name: {...}}}."""

    def nested(given: Mapping[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for (kind, name), options in given.items():
            found.setdefault(kind, {})[name] = options
        return found

    return _with(verb, plugins, nested)


def _with(
    verb: Callable[..., None],
    chosen: Sequence[tuple[str, str]],
    told: Callable[[Mapping[tuple[str, str], dict[str, Any]]], Mapping[str, Any]],
) -> Callable[..., None]:
    from openvoid.core import plugins

    own = inspect.signature(verb, eval_str=True).parameters
    parameters = [parameter for key, parameter in own.items() if key != "options"]
    taken = set(own)
    fields: dict[str, tuple[tuple[str, str], dataclasses.Field[Any]]] = {}  # by parameter
    for kind, name in chosen:
        for field in dataclasses.fields(plugins.find(kind, name).Options):
            key = f"{name}_{field.name}" if field.name in taken else field.name
            taken.add(key)
            fields[key] = (kind, name), field
            parameters.append(_parameter(key, field, f"Options of the {kind} {name!r}"))

    @functools.wraps(verb)
    def called(**values: Any) -> None:
        given: dict[tuple[str, str], dict[str, Any]] = {plugin: {} for plugin in chosen}
        for key, (plugin, field) in fields.items():
            value = values.pop(key)
            if value != field.default:
                given[plugin][field.name] = value
        verb(**values, options=told(given))

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
