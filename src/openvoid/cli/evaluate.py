"""`openvoid evaluate`: engines, baselines and outside programs against the truth; and a study.

Enters: a folder of shots with a known truth, or the name of a standard set; who is compared.
Leaves: `results.json`, `results.md`, `report.html` and the runs themselves below `--out`. A failed
shot is told at the end, with exit code 1; the same command goes on where it was stopped.
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from openvoid.cli.console import AsJson, Overwrite, Quiet, percent, tell_json, tell_table
from openvoid.cli.progress import told
from openvoid.core.errors import OpenVoidError

if TYPE_CHECKING:
    from openvoid.evaluate.bench import Metrics
    from openvoid.evaluate.contestants import Contestant
    from openvoid.evaluate.summary import Evaluation

WHO, WHICH, HOW = "Who is compared", "Which shots", "How"

Shots = Annotated[
    str,
    typer.Argument(
        metavar="DIR", help="A folder of shots with a truth, one shot, or a set: worlds-1."
    ),
]
Out = Annotated[Path, typer.Option("--out", "-o", help="A folder for all that comes of it.")]
Engines = Annotated[str, typer.Option(help="Engines, with commas; none: ''.", rich_help_panel=WHO)]
EngineFlags = Annotated[
    str,
    typer.Option(help="Flags of the engine: '--camera affine'.", rich_help_panel=WHO),
]
Baselines = Annotated[
    str,
    typer.Option(help="copy, telea, median, nearest, with commas.", rich_help_panel=WHO),
]
Commands = Annotated[
    list[str] | None,
    typer.Option(
        help="An outside program: 'NAME=tool {video} {mask} {out}'. May be repeated.",
        rich_help_panel=WHO,
    ),
]
Made = Annotated[
    list[str] | None,
    typer.Option(
        help="Results made elsewhere, called as their shots: NAME=FOLDER.", rich_help_panel=WHO
    ),
]
Families = Annotated[
    str, typer.Option(help="Only these families, with commas.", rich_help_panel=WHICH)
]
Limit = Annotated[
    int | None,
    typer.Option(min=1, help="So many shots of each family.", rich_help_panel=WHICH),
]
Worlds = Annotated[
    Path | None,
    typer.Option(help="Where a set is made; else in the cache.", rich_help_panel=WHICH),
]
MetricNames = Annotated[
    str, typer.Option(help="Metrics, with commas; else all.", rich_help_panel=HOW)
]
Timeout = Annotated[
    float, typer.Option(min=1, max=10**7, help="Seconds a shot may take.", rich_help_panel=HOW)
]
Workers = Annotated[
    int,
    typer.Option(
        min=1, max=64, help="Shots at a time; more than 1 falsifies times.", rich_help_panel=HOW
    ),
]
Resume = Annotated[bool, typer.Option("--resume/--no-resume", help="Take what was made before.")]
Discard = Annotated[
    bool, typer.Option("--discard", help="Keep no results, only numbers and pictures.")
]


class _RunByDefault(TyperGroup):
    """`openvoid evaluate DIR` is `openvoid evaluate run DIR`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the verb in front where none is given."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Add the verb with its own verbs."""
    verbs = typer.Typer(
        cls=_RunByDefault,
        help="Judge removals against a known truth; `run` is meant where no verb is given.",
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )
    verbs.command("run")(run)
    verbs.command("study")(study)
    verbs.command("tally")(tally)
    app.add_typer(verbs, name="evaluate")


def run(
    shots: Shots,
    out: Out,
    engine: Engines = "plate",
    options: EngineFlags = "",
    baseline: Baselines = "",
    command: Commands = None,
    made: Made = None,
    family: Families = "",
    limit: Limit = None,
    worlds: Worlds = None,
    metric: MetricNames = "",
    timeout: Timeout = 3600.0,
    workers: Workers = 1,
    resume: Resume = True,
    discard: Discard = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Judge removals against the truth, region by region.

    Examples (they need shots; `openvoid synth` makes some):

      $ openvoid evaluate shots --engine plate --baseline copy,telea,median --out results
      $ openvoid evaluate worlds-1 --limit 1 --out results
      $ openvoid evaluate shots --command "mine=tool {video} {mask} {out}" --out results
      $ openvoid evaluate shots --engine "" --made void=results_of_the_farm --out results
    """
    from openvoid.cli.evaluate_shots import choose
    from openvoid.core import plugins
    from openvoid.evaluate.bench import Settings, evaluate, open_metrics
    from openvoid.evaluate.contestants import check_names
    from openvoid.evaluate.summary import summarised
    from openvoid.media.atomic import explained
    from openvoid.media.lease import leased

    contestants = _contestants(engine, options, baseline, command or [], made or [])
    check_names(contestants)
    chosen = _listed(metric)
    metrics = _with_memory(open_metrics(chosen or plugins.names("metric"), {}))
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
    with told(quiet) as progress, leased([out], what="this evaluation"):
        title, found = choose(shots, worlds, _listed(family), limit, progress)
        settings = Settings(out, timeout, not discard, resume, workers)
        scores = evaluate(found, contestants, metrics, settings, progress)
        evaluation = summarised(title, contestants, metrics, scores)
        _write(evaluation, out)
    if as_json:
        tell_json(_facts(evaluation, out))
    elif not quiet:
        _tell(evaluation, out)
    if evaluation.failures:
        raise typer.Exit(1)


def study(
    results: Annotated[list[Path], typer.Argument(metavar="RESULTS", help="--out of `run`.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The page: study.html.")],
    shots: Annotated[
        Path | None, typer.Option(help="The folder of shots, to show what was filmed too.")
    ] = None,
    each: Annotated[int, typer.Option(min=1, help="Shots one reviewer sees.")] = 5,
    limit: Annotated[int, typer.Option(min=1, help="Shots on the page at most.")] = 20,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Make a page on which people choose the best of shuffled results. It needs no network.

    Examples (they need results of `openvoid evaluate`):

      $ openvoid evaluate study results --shots shots --out study.html
      $ openvoid evaluate study plate_results void_results --out study.html --each 8
    """
    from openvoid.evaluate.shots import find_shots
    from openvoid.evaluate.study import write_study

    if out.exists() and not overwrite:
        raise OpenVoidError("exists already", where=str(out), mend="--overwrite replaces it")
    known = find_shots(shots) if shots else []
    sources = {shot.name: shot.files().clip for shot in known}
    count = write_study(results, sources, out, each, limit)
    if not quiet:
        print(f"written  {out}: {count} shots, {out.stat().st_size / 2**20:.1f} MiB")


def tally(
    results: Annotated[list[Path], typer.Argument(metavar="RESULTS", help="As for `study`.")],
    answers: Annotated[
        list[Path], typer.Option("--answers", "-a", help="A reviewer's file. May be repeated.")
    ],
    as_json: AsJson = False,
) -> None:
    """Count the answers of a study: who was chosen how often, with 95 % intervals.

    Examples (they need answers):

      $ openvoid evaluate tally results --answers anna.json --answers ben.json
    """
    from openvoid.evaluate.study import tally as count

    shares = count(results, answers)
    if as_json:
        tell_json({"shares": shares})
        return
    rows = [
        (s.contestant, f"{s.chosen}/{s.shown}", percent(s.share), percent(s.low), percent(s.high))
        for s in shares
        if s.shown
    ]
    tell_table(("contestant", "chosen", "share", "from", "to"), rows)


# --- what is compared ---------------------------------------------------------------------------


def _contestants(
    engine: str, options: str, baseline: str, commands: list[str], made: list[str]
) -> list[Contestant]:
    from openvoid.core import plugins
    from openvoid.evaluate import contestants

    engines = _listed(engine)
    for name in engines:
        plugins.find("engine", name)
    if options and len(engines) != 1:
        raise OpenVoidError("belong to one engine", where="--options", mend="name one --engine")
    return [
        *(contestants.baseline(name) for name in _listed(baseline)),
        *(contestants.engine(name, shlex.split(options)) for name in engines),
        *(contestants.command(text) for text in commands),
        *(contestants.made(text) for text in made),
    ]


def _with_memory(metrics: Metrics) -> Metrics:
    """Peak memory is measured by no metric, but told as absent like one."""
    from openvoid.evaluate.process import can_measure_memory

    if can_measure_memory():
        return metrics
    why = "psutil is not installed (pip install psutil)"
    return replace(metrics, absent={**metrics.absent, "peak memory": why})


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


# --- what is told -------------------------------------------------------------------------------


def _write(evaluation: Evaluation, out: Path) -> None:
    from openvoid.evaluate.report import write_report
    from openvoid.evaluate.summary import markdown, write_json
    from openvoid.media.atomic import partial_file
    from openvoid.media.transaction import recover

    recover(out / name for name in ("results.json", "results.md", "report.html"))
    write_json(evaluation, out / "results.json")
    with partial_file(out / "results.md") as partial:
        partial.write_text(markdown(evaluation), encoding="utf-8")
    write_report(evaluation, out, out / "report.html")


def _facts(evaluation: Evaluation, out: Path) -> dict[str, Any]:
    return {
        "results": out / "results.json",
        "report": out / "report.html",
        "runs": len(evaluation.scores),
        "failures": [
            {"contestant": each.contestant, "shot": each.shot, "error": each.error}
            for each in evaluation.failures
        ],
        "absent": evaluation.absent,
        "means": evaluation.means["all"],
    }


def _tell(evaluation: Evaluation, out: Path) -> None:
    from openvoid.evaluate.summary import main_rows, notes

    head, *rows = main_rows(evaluation, "all")
    tell_table(head, rows)
    for line in notes(evaluation):
        print(line)
    print(f"written  {out / 'results.json'}, results.md, report.html")
