"""Plug-ins: what each kind must offer, and how one is found, checked and constructed.

Built-ins and third parties are found in the same way: by entry point, in the groups
"openvoid.engines", "openvoid.segmenters", "openvoid.reasoners", "openvoid.movers",
"openvoid.renderers" and "openvoid.metrics". A plug-in is a class with a `name`, a nested frozen
dataclass `Options` (its fields made by `option`), a constructor that takes one `Options`, and the
one method of its Protocol. What it may offer besides has a Protocol of its own (`HasWeights`,
`Closes`, ...), and is asked for by it. Heavy imports belong in the constructor. There is never a
silent substitute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar, Literal, Protocol, TypeVar, overload, runtime_checkable

from openvoid.core.candidate import Candidate
from openvoid.core.clip import Clip
from openvoid.core.effects import Effects
from openvoid.core.errors import OpenVoidError
from openvoid.core.fates import Fates
from openvoid.core.judged import Judged
from openvoid.core.options import check_options as check_options
from openvoid.core.options import option as option
from openvoid.core.removal import Fill, Progress, RemovalRequest, Run
from openvoid.core.selection import Selection
from openvoid.core.track import Track

TakeT = TypeVar("TakeT", contravariant=True)
DrawnT = TypeVar("DrawnT", covariant=True)

# --- what each kind must offer ------------------------------------------------------------------


class Plugin(Protocol):
    """A class of plug-ins. `Options` is a frozen dataclass whose fields `option` made."""

    name: ClassVar[str]
    Options: ClassVar[type[Any]]

    def __init__(self, options: Any) -> None:
        """One `Options`, already checked. What is missing here raises `OpenVoidError`."""
        ...


class Named(Protocol):
    """What is made of any."""

    @property
    def name(self) -> str:
        """That under which its class is found."""
        ...


class Engine(Named, Protocol):
    """Clip and quadmask -> new pixels. May also be `HasWeights` and `HasOutlook`."""

    def fill(self, request: RemovalRequest, run: Run) -> Iterator[Fill]:
        """One `Fill` a frame, in order, from `request.start` to the clip's end.

        The same request gives the same fills, whatever `start` is. `alpha` is 1 wherever the
        quadmask is not KEEP, and 0 farther than `request.soft_edge_px` from it.
        """
        ...


class Segmenter(Named, Protocol):
    """Clip and selection -> where the object is. May be `ReadsWords` and `HasCandidates`."""

    def track(self, clip: Clip, selection: Selection, run: Run) -> Track:
        """One silhouette a frame at the clip's own size, empty where the object is not seen.

        Marks count in both directions of time; a mark is obeyed where it is. The same clip and
        selection give the same track.
        """
        ...


class Reasoner(Named, Protocol):
    """Clip and track -> what else the object affects, and what would become of it."""

    def explain(self, clip: Clip, track: Track, run: Run) -> Effects:
        """The same clip and track give the same effects (a model behind a URL may differ)."""
        ...


class Mover(Named, Protocol):
    """Clip, track and effects -> where affected things would be without the object."""

    def foretell(self, clip: Clip, track: Track, effects: Effects, run: Run) -> Fates:
        """Of those effects that are applied. The same clip, track and effects give the same fates;
        what cannot be said is left out."""
        ...


class Renderer(Named, Protocol[TakeT, DrawnT]):
    """A take of a described world -> pictures: `Renderer[Take, Drawn]` of `synth.take`.

    A renderer whose program is missing raises `OpenVoidError` in its constructor, with the command
    that installs it. It may also be `HasCheck`, `HasNoise` and `Closes`.
    """

    def render(self, take: TakeT, run: Run) -> Iterator[DrawnT]:
        """One picture a frame, in order. Takes of one world may be drawn in turns."""
        ...


class Metric(Named, Protocol):
    """A result and the truth -> numbers; what it lacks it tells when made. May be `HasBetter`."""

    def measure(self, judged: Judged, run: Run) -> Mapping[str, float]:
        """Name of a number -> the number; NaN where this shot has nothing to measure.

        A number of one region is called `metric.region`: `psnr.affected`.
        """
        ...


# --- what one may offer besides -----------------------------------------------------------------


@runtime_checkable
class HasWeights(Protocol):
    """A class of plug-ins that read weights: they are checked first, and told in the provenance."""

    @classmethod
    def weights(cls, options: Any, progress: Progress) -> Mapping[str, str]:
        """File name -> SHA-256 of the weights that these options would use.

        Raises:
            OpenVoidError: they are missing or wrong.
        """
        ...


@runtime_checkable
class HasNeeds(Protocol):
    """A class of plug-ins that may lack an extra or weights here; asked before one is made."""

    @classmethod
    def needs(cls, options: Any) -> str:
        """The command that brings what is missing, with its size; empty where it could work."""
        ...


@runtime_checkable
class HasOutlook(Protocol):
    """An engine that can foretell what it would do, for `--dry-run`."""

    def outlook(self, request: RemovalRequest) -> Mapping[str, Any]:
        """What `fill` would do, as plain JSON values."""
        ...


@runtime_checkable
class ReadsWords(Protocol):
    """A segmenter to which the object may be told in words."""

    words: ClassVar[bool]


@runtime_checkable
class HasCandidates(Protocol):
    """A segmenter that can tell, before it follows anything, what the marks may mean."""

    def candidates(self, clip: Clip, selection: Selection, run: Run) -> Sequence[Candidate]:
        """At least one, best first, all in the frame that `track` would begin with.

        Those that are what `selection.grow_to` says stand before the others. `track` with
        `selection.candidate` = n begins with the n-th of them; of a matte there is one alone.
        """
        ...


@runtime_checkable
class HasCheck(Protocol):
    """A class of renderers that can tell whether they could work here, before one is made."""

    @staticmethod
    def check() -> str:
        """What it would draw with.

        Raises:
            OpenVoidError: it could not draw, with the command that mends it.
        """
        ...


@runtime_checkable
class HasNoise(Protocol):
    """A renderer whose pictures of one thing differ a little from take to take."""

    @property
    def threshold_levels(self) -> int:
        """Of 255: by how much they may differ where nothing happened, in any channel."""
        ...


@runtime_checkable
class Closes(Protocol):
    """What holds something that is to be given back: a window, a process."""

    def close(self) -> None:
        """Give back what it holds."""
        ...


@runtime_checkable
class HasBetter(Protocol):
    """A metric that says which way its numbers are good."""

    @property
    def better(self) -> Mapping[str, str]:
        """Name of a number -> "higher", "lower", or "one" (best at 1)."""
        ...


# --- how one is found ---------------------------------------------------------------------------

GROUPS = {
    "engine": ("openvoid.engines", "fill"),
    "segmenter": ("openvoid.segmenters", "track"),
    "reasoner": ("openvoid.reasoners", "explain"),
    "mover": ("openvoid.movers", "foretell"),
    "renderer": ("openvoid.renderers", "render"),
    "metric": ("openvoid.metrics", "measure"),
}


def names(kind: str) -> list[str]:
    """Names of all plug-ins of a kind ("engine", ...) that are installed, sorted."""
    return sorted(_entries(kind))


def find(kind: str, name: str) -> type[Plugin]:
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
        plugin: type[Plugin] = entry.load()
    except ImportError as error:
        raise _missing(kind, name, error) from error
    for attribute in ("name", "Options", GROUPS[kind][1]):
        if not hasattr(plugin, attribute):
            raise OpenVoidError(f"{kind} {name!r} has no `{attribute}`", where=entry.value)
    return plugin


Given = Mapping[str, Any] | None


@overload
def construct(kind: Literal["engine"], name: str, options: Given = None) -> Engine: ...
@overload
def construct(kind: Literal["segmenter"], name: str, options: Given = None) -> Segmenter: ...
@overload
def construct(kind: Literal["reasoner"], name: str, options: Given = None) -> Reasoner: ...
@overload
def construct(kind: Literal["mover"], name: str, options: Given = None) -> Mover: ...
@overload
def construct(
    kind: Literal["renderer"], name: str, options: Given = None
) -> Renderer[Any, Any]: ...
@overload
def construct(kind: Literal["metric"], name: str, options: Given = None) -> Metric: ...
def construct(kind: str, name: str, options: Given = None) -> Any:
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


def weights_of(plugin: type[Plugin], options: Any, progress: Progress) -> Mapping[str, str]:
    """File name -> SHA-256 of the weights a plug-in would use; empty for one without.

    Raises:
        OpenVoidError: the weights are missing or wrong, or the extra that reads them is.
    """
    if not issubclass(plugin, HasWeights):
        return {}
    try:
        return plugin.weights(options, progress)
    except ImportError as error:
        raise _missing("engine", plugin.name, error) from error


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
