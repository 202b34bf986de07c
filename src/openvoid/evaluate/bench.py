"""The batch: every contestant on every shot, measured, kept, and gone on with.

Enters: shots, contestants, metrics. Leaves: a folder a contestant and shot under `runs/`, each with
the result, `scores.json` and pictures for the report; and the list of all scores. A result is kept
when contestant, shot and our version are the same, its numbers when the metrics are too. One
failure, a defect included, is one line of one shot; it ends nothing else. Knows no single metric
and no engine.
"""

from __future__ import annotations

import math
import shutil
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from openvoid import __version__
from openvoid.core import plugins
from openvoid.core.errors import Interrupted, OpenVoidError
from openvoid.core.judged import Judged
from openvoid.core.plugins import HasBetter, Metric
from openvoid.core.removal import Progress, Run
from openvoid.evaluate import process
from openvoid.evaluate.contestants import Contestant
from openvoid.evaluate.scores import Keys, Score, digest, read_score, run_folder, write_score
from openvoid.evaluate.shots import Shot, open_known, with_result
from openvoid.show.filmstrip import save_strips

VIDEOS = (".mp4", ".mkv", ".mov", ".webm", ".avi")


@dataclass(frozen=True)
class Metrics:
    """The metrics that can be used here, and why others cannot."""

    usable: Mapping[str, Metric]
    options: Mapping[str, Mapping[str, Any]]  # of those, all of them
    absent: Mapping[str, str]  # name -> one line
    lock: threading.Lock = field(default_factory=threading.Lock)  # they need not bear threads

    @property
    def better(self) -> dict[str, str]:
        """Name of a number -> "higher", "lower" or "one"."""
        told = (each.better for each in self.usable.values() if isinstance(each, HasBetter))
        return {name: way for ways in told for name, way in ways.items()}


@dataclass(frozen=True)
class Settings:
    """How a batch is run."""

    out: Path
    timeout_s: float = 3600.0
    keep_results: bool = True
    resume: bool = True  # take what was made before
    workers: int = 1
    stop: threading.Event = field(default_factory=threading.Event)  # set: end what runs


def open_metrics(names: Iterable[str], options: Mapping[str, Mapping[str, Any]]) -> Metrics:
    """Metrics by plug-in name. One that lacks its weights or program is told, never skipped.

    Raises:
        OpenVoidError: a name or an option that is unknown.
    """
    usable: dict[str, Metric] = {}
    chosen: dict[str, Mapping[str, Any]] = {}
    absent: dict[str, str] = {}
    for name in names:
        checked = plugins.check_options(plugins.find("metric", name), options.get(name, {}))
        try:
            usable[name] = plugins.construct("metric", name, options.get(name))
            chosen[name] = asdict(checked)
        except OpenVoidError as error:
            absent[name] = error.line()
    return Metrics(usable, chosen, absent)


def evaluate(
    shots: Sequence[Shot],
    contestants: Sequence[Contestant],
    metrics: Metrics,
    settings: Settings,
    progress: Progress,
) -> list[Score]:
    """Every contestant on every shot, shot by shot; scores in that order."""
    lock, total = threading.Lock(), len(shots) * len(contestants)
    done = 0

    def told() -> None:
        nonlocal done
        with lock:
            done += 1
            progress("evaluate", done, total)

    def work(shot: Shot) -> list[Score]:
        return _one_shot(shot, contestants, metrics, settings, told)

    progress("evaluate", 0, total)
    if settings.workers == 1:
        return [score for shot in shots for score in work(shot)]
    with ThreadPoolExecutor(settings.workers) as pool:
        try:
            return [score for scores in pool.map(work, shots) for score in scores]
        except BaseException:
            settings.stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _one_shot(
    shot: Shot,
    contestants: Sequence[Contestant],
    metrics: Metrics,
    settings: Settings,
    told: Callable[[], None],
) -> list[Score]:
    known: list[Judged] = []  # opened once, when the first contestant needs it

    def judged() -> Judged:
        if not known:
            known.append(open_known(shot))
        return known[0]

    scores = []
    for contestant in contestants:
        try:
            score = _one_run(shot, contestant, metrics, settings, judged)
        except Interrupted:
            raise
        except Exception as error:  # whatever it is, the other runs go on
            folder = run_folder(settings.out, contestant.name, shot.name)
            line = _why(error, folder)
            who = (contestant.name, shot.name, shot.family, shot.seed)
            score = Score(*who, error=line, warnings=shot.warnings)
        scores.append(score)
        told()
    return scores


def _one_run(
    shot: Shot,
    contestant: Contestant,
    metrics: Metrics,
    settings: Settings,
    judged: Callable[[], Judged],
) -> Score:
    folder = run_folder(settings.out, contestant.name, shot.name)
    keys = _keys(shot, contestant, metrics)
    score, old = (settings.resume and read_score(folder)) or (None, None)
    if score is not None and old == keys:
        return score
    known = judged()  # before the work: a broken shot must not cost an engine's time
    path = None
    if score is not None and old is not None and old.made == keys.made:
        path = kept_result(folder)  # only the metrics are others
    try:
        if path is None or score is None:
            score, path = _made_anew(shot, contestant, settings, folder)
        complete = with_result(known, path)
        values, warnings = measure(complete, metrics, folder)
        save_strips(complete, folder)
    except (KeyboardInterrupt, Interrupted):
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if not settings.keep_results and folder in path.parents:
        _discard(path)
    told = (*shot.warnings, *warnings)
    score = replace(score, frames=known.truth.length, values=values, warnings=told)
    write_score(folder, score, keys)
    return score


def _made_anew(
    shot: Shot, contestant: Contestant, settings: Settings, folder: Path
) -> tuple[Score, Path]:
    """What it took, and the result."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path, spent = _result(shot, contestant, folder, settings)
    who = (contestant.name, shot.name, shot.family, shot.seed)
    return Score(*who, seconds=spent.seconds, peak_mib=spent.peak_mib), path


def measure(
    judged: Judged, metrics: Metrics, folder: Path
) -> tuple[dict[str, float], tuple[str, ...]]:
    """All numbers of one result, and why some could not be had."""
    values: dict[str, float] = {}
    warnings: list[str] = []
    for name, metric in metrics.usable.items():
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{name}-") as scratch:
            run = Run(Path(scratch).resolve())
            try:
                with metrics.lock:
                    values |= metric.measure(judged, run)
            except OpenVoidError as error:
                warnings.append(f"{name}: {_one_line(error.line())}")
            warnings += run.warnings
    return values, tuple(warnings)


def _result(
    shot: Shot, contestant: Contestant, folder: Path, settings: Settings
) -> tuple[Path, process.Spent]:
    """The result's path, and what it took to make.

    Raises:
        OpenVoidError: the program failed, or left nothing.
    """
    if contestant.made is not None:
        return _made(contestant.made, shot.name), process.Spent(math.nan, math.nan)
    files = shot.files()
    out, own = folder / contestant.result_name(), folder / "result"
    if any("{folder}" in word for word in contestant.words):
        own.mkdir()
    values = {
        "video": str(files.clip.resolve()),
        "mask": str(files.quadmask.resolve()),
        "shot": str(shot.folder.resolve()),
        "prompt": files.prompt,
        "out": str(out.resolve()),
        "folder": str(own.resolve()),
    }
    spent = process.run(
        contestant.command(values), folder / "log.txt", settings.timeout_s, settings.stop
    )
    return (_only(own) if own.is_dir() else _there(out)), spent


def _there(out: Path) -> Path:
    if not out.exists():
        raise OpenVoidError("ended well but left no result", where=out.name)
    return out


def _only(folder: Path) -> Path:
    """The one video in a folder, else the folder, if it holds images."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    videos = [path for path in files if path.suffix.lower() in VIDEOS]
    if len(videos) == 1:
        return videos[0]
    if not files or videos:
        held = f"{len(videos)} videos" if videos else "nothing"
        raise OpenVoidError(f"ended well but left {held} in its folder", where="{folder}")
    return files[0].parent


def _made(folder: Path, shot: str) -> Path:
    """A result that was made elsewhere: a video, or a folder of images, called as its shot."""
    for path in (*(folder / f"{shot}{suffix}" for suffix in VIDEOS), folder / shot):
        if path.exists():
            return path
    raise OpenVoidError(f"holds no result called {shot}", where=str(folder))


def kept_result(folder: Path) -> Path | None:
    """The result in a run's folder, if it was kept: a video, or a folder of images."""
    for path in (folder / f"result{suffix}" for suffix in VIDEOS):
        if path.exists():
            return path
    try:
        return _only(folder / "result")
    except OpenVoidError:
        return None


def _discard(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


# --- what a run hangs on ------------------------------------------------------------------------


def _keys(shot: Shot, contestant: Contestant, metrics: Metrics) -> Keys:
    facts: dict[str, Any] = {
        "version": __version__,
        "contestant": contestant.settings,
        "shot": shot.digest(),
    }
    if contestant.made is not None:
        path = _made(contestant.made, shot.name)
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        facts["made"] = [
            (file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files
        ]
    return Keys(digest(facts), digest({"version": __version__, "metrics": metrics.options}))


def _why(error: Exception, folder: Path) -> str:
    """One line; the trace of a defect goes to the run's folder."""
    if isinstance(error, OpenVoidError):
        return _one_line(error.line())
    if isinstance(error, OSError):
        return _one_line(str(error))
    if folder.is_dir():
        (folder / "defect.txt").write_text("".join(traceback.format_exception(error)))
    return _one_line(f"a defect of ours: {type(error).__name__}: {error}")


def _one_line(text: str) -> str:
    return " ".join(text.split())
