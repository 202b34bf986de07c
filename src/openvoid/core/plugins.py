"""Plug-ins: what each kind must offer, and how one is found, checked and constructed.

Built-ins and third parties are found in the same way: by entry point, in the groups
"openvoid.engines", "openvoid.segmenters", "openvoid.reasoners", "openvoid.renderers" and
"openvoid.metrics". A plug-in is a class with a `name`, a nested frozen dataclass `Options` (its
fields made by `option`), a constructor that takes one `Options`, and the one method of its
Protocol. Heavy imports belong in the constructor. There is never a silent substitute.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar, Protocol

from openvoid.core.clip import Clip
from openvoid.core.effects import Effects
from openvoid.core.errors import OpenVoidError
from openvoid.core.judged import Judged
from openvoid.core.removal import Fill, Progress, RemovalRequest, Run
from openvoid.core.selection import Selection
from openvoid.core.track import Track


class Plugin(Protocol):
    """What every plug-in has. `Options` is a frozen dataclass whose fields `option` made."""

    name: ClassVar[str]
    Options: ClassVar[type[Any]]


class Engine(Plugin, Protocol):
    """Clip and quadmask -> new pixels.

    An engine may also have `weights(options, progress)`, a class method that gives file name ->
    SHA-256 of the weights it would use (they are checked first, and go into the provenance), and
    `outlook(request)`, which tells what `fill` would do, for `--dry-run`.
    """

    def fill(self, request: RemovalRequest, run: Run) -> Iterator[Fill]:
        """One `Fill` a frame, in order, from `request.start` to the clip's end.

        The same request gives the same fills, whatever `start` is. `alpha` is 1 wherever the
        quadmask is not KEEP, and 0 farther than `request.soft_edge_px` from it.
        """
        ...


class Segmenter(Plugin, Protocol):
    """Clip and selection -> where the object is, over the whole clip.

    A segmenter that takes words says so by a class attribute `words = True`.
    """

    def track(self, clip: Clip, selection: Selection, run: Run) -> Track:
        """One silhouette a frame at the clip's own size, empty where the object is not seen.

        Marks count in both directions of time; a mark is obeyed where it is. The same clip and
        selection give the same track.
        """
        ...


class Reasoner(Plugin, Protocol):
    """Clip and track -> what else the object affects, and what would become of it."""

    def explain(self, clip: Clip, track: Track, run: Run) -> Effects:
        """The same clip and track give the same effects (a model behind a URL may differ)."""
        ...


class Renderer(Plugin, Protocol):
    """A take of a described world (`synth.take.Take`) -> pictures.

    A renderer whose program is missing raises `OpenVoidError` in its constructor, with the command
    that installs it. It may also have `close()`, which gives back what it holds.
    """

    def render(self, take: Any, run: Run) -> Iterator[Any]:
        """One `synth.take.Drawn` a frame, in order. Takes of one world may be drawn in turns."""
        ...


class Metric(Plugin, Protocol):
    """A result and the truth -> numbers.

    A metric whose weights or program are missing raises `OpenVoidError` in its constructor. It
    may also have `better`: name of a number -> "higher", "lower", or "one" (best at 1).
    """

    def measure(self, judged: Judged, run: Run) -> Mapping[str, float]:
        """Name of a number -> the number; NaN where this shot has nothing to measure.

        A number of one region is called `metric.region`: `psnr.affected`.
        """
        ...


GROUPS = {
    "engine": ("openvoid.engines", "fill"),
    "segmenter": ("openvoid.segmenters", "track"),
    "reasoner": ("openvoid.reasoners", "explain"),
    "renderer": ("openvoid.renderers", "render"),
    "metric": ("openvoid.metrics", "measure"),
}


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


def names(kind: str) -> list[str]:
    """Names of all plug-ins of a kind ("engine", ...) that are installed, sorted."""
    return sorted(_entries(kind))


def find(kind: str, name: str) -> type[Any]:
    """The class of a plug-in.

    Raises:
        OpenVoidError: no such name (the known ones are listed); two packages claim the name; it
            cannot be imported (with the install line); it lacks what its Protocol asks for.
    """
    known = _entries(kind)
    if name not in known:
        raise OpenVoidError(
            f"unknown {kind} {name!r}", mend=f"known: {', '.join(sorted(known)) or 'none'}"
        )
    if len(known[name]) > 1:
        claims = " and ".join(sorted(known[name]))
        raise OpenVoidError(f"{kind} {name!r} is claimed by {claims}", mend="uninstall one")
    (entry,) = known[name].values()
    try:
        plugin = entry.load()
    except ImportError as error:
        raise _missing(kind, name, error) from error
    for attribute in ("name", "Options", GROUPS[kind][1]):
        if not hasattr(plugin, attribute):
            raise OpenVoidError(f"{kind} {name!r} has no `{attribute}`", where=entry.value)
    return plugin


def construct(kind: str, name: str, options: Mapping[str, Any] | None = None) -> Any:
    """A plug-in, made with its options checked against their ranges.

    Raises:
        OpenVoidError: as `find`; an unknown option (the known ones are listed); a value out of
            range; an extra that is not installed.
    """
    plugin = find(kind, name)
    checked = check_options(plugin, options or {})
    try:
        return plugin(checked)
    except ImportError as error:
        raise _missing(kind, name, error) from error


def weights_of(plugin: type[Any], options: Any, progress: Progress) -> Mapping[str, str]:
    """File name -> SHA-256 of the weights an engine would use; empty for one without.

    Raises:
        OpenVoidError: the weights are missing or wrong, or the extra that reads them is.
    """
    if not hasattr(plugin, "weights"):
        return {}
    try:
        found: Mapping[str, str] = plugin.weights(options, progress)
    except ImportError as error:
        raise _missing("engine", plugin.name, error) from error
    return found


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


def _entries(kind: str) -> dict[str, dict[str, EntryPoint]]:
    """Name -> where it is ("package.module:Class") -> its entry point; normally one a name."""
    found: dict[str, dict[str, EntryPoint]] = {}
    for entry in entry_points(group=GROUPS[kind][0]):
        found.setdefault(entry.name, {})[entry.value] = entry
    return found


def _missing(kind: str, name: str, error: ImportError) -> OpenVoidError:
    if (error.name or "").startswith("openvoid"):
        raise error  # a module of ours is missing: a defect, not an extra to install
    extra = getattr(error, "extra", None) or name
    return OpenVoidError(
        f"{kind} {name!r} needs {error.name or error}, which is not installed",
        mend=f"pip install 'openvoid[{extra}]'",
    )
