"""An evaluation -> one HTML page that holds everything: tables, plots, filmstrips, error maps.

Enters: the evaluation and the strips of its runs. Leaves: a file that needs no network and no other
file. Knows no metric beyond its name.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape
from pathlib import Path

from openvoid.evaluate.plots import color_of, plot
from openvoid.evaluate.scores import Score, run_folder
from openvoid.evaluate.summary import MAIN, Evaluation, Mean, cell, notes, numbers
from openvoid.media.atomic import partial_file

PLOTS = (
    ("psnr.affected", "PSNR, affected (dB, higher is better)"),
    ("psnr.overlap", "PSNR, overlap (dB, higher is better)"),
    ("psnr.primary", "PSNR, primary (dB, higher is better)"),
    ("psnr.boundary", "PSNR, boundary (dB, higher is better)"),
    ("ssim.affected", "SSIM, affected (higher is better)"),
    ("lpips.affected", "LPIPS, affected (lower is better)"),
    ("trajectory.found", "moved things found (share, higher is better)"),
    ("trajectory.iou", "moved things, IoU (higher is better)"),
    ("trajectory.error", "moved things, error (lower is better)"),
    ("flicker.hole", "flicker in the hole (1 is as calm as the truth)"),
    ("vmaf.whole", "VMAF (higher is better)"),
)
SHOT = (  # numbers told beside a strip
    ("psnr.primary", "primary", 1),
    ("psnr.overlap", "overlap", 1),
    ("psnr.affected", "affected", 1),
    ("ssim.affected", "SSIM aff.", 3),
    ("trajectory.iou", "IoU", 2),
    ("trajectory.error_px", "err px", 1),
    ("flicker.hole", "flicker", 2),
)
UNMARKED = ("trajectory.found", "trajectory.error_px")  # half of the matter each: none is best
STYLE = """
:root { color-scheme: light }
body { font: 15px/1.45 system-ui, "DejaVu Sans", sans-serif; color: #1b1b1b; background: #fff;
  margin: 2rem auto; max-width: 1280px; padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: .2rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
p.sub { color: #555; margin-top: 0 }
table { border-collapse: collapse; font-size: .84rem; margin: .8rem 0 }
th, td { padding: .2rem .45rem; text-align: right; vertical-align: top;
  border-bottom: 1px solid #e3e3e3; white-space: nowrap }
th:first-child, td:first-child { text-align: left }
td small { color: #777; display: block } td.best { font-weight: 700; background: #eef6ec }
.scroll { overflow-x: auto }
.swatch { display: inline-block; width: .75em; height: .75em; border-radius: 50%;
  margin-right: .45em }
.plots { display: flex; flex-wrap: wrap; gap: 1.2rem 2rem } .plots svg { max-width: 100% }
svg .grid { stroke: #e3e3e3 } svg text { font-size: 11px; fill: #444 }
svg text.title { font-size: 12px; fill: #111; font-weight: 600 }
details { border-top: 1px solid #ddd; padding: .5rem 0 } summary { cursor: pointer }
.strip { display: grid; grid-template-columns: 150px minmax(0, 1fr); gap: 2px .8rem;
  align-items: center; margin: 3px 0; font-size: .8rem }
.strip img { max-width: 100%; display: block } .strip b { display: block }
.strip span { color: #555 } .wrong { color: #a40000 }
.legend { height: .7em; width: 9em; display: inline-block; vertical-align: middle;
  background: linear-gradient(90deg, #000004, #57106e, #bc3754, #f98e09, #fcffa4) }
"""


def write_report(evaluation: Evaluation, out: Path, path: Path) -> None:
    """Write the page; strips are read from the runs below `out`."""
    body = "\n".join(_body(evaluation, out))
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(evaluation.title)}</title><style>{STYLE}</style></head>"
        f"<body>\n{body}\n</body></html>\n"
    )
    with partial_file(path) as partial:
        partial.write_text(page, encoding="utf-8")


def _body(evaluation: Evaluation, out: Path) -> Iterator[str]:
    shots = list(dict.fromkeys(score.shot for score in evaluation.scores))
    yield f"<h1>{escape(evaluation.title)}</h1>"
    told = (
        f"{len(shots)} shots, {len(evaluation.names)} contestants, openvoid {evaluation.version}."
    )
    yield f'<p class="sub">{escape(told)} ± is half of the 95 % interval over shots.</p>'
    yield '<div class="scroll">' + main_table(evaluation, "all") + "</div>"
    yield f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in notes(evaluation))}</ul>"
    yield "<h2>By family</h2>" + _legend(evaluation)
    yield '<div class="plots">' + "".join(_plots(evaluation)) + "</div>"
    if len(evaluation.families) > 1:
        for family in evaluation.families:
            yield f"<h3>{escape(family)}</h3>"
            yield '<div class="scroll">' + main_table(evaluation, family) + "</div>"
    yield "<h2>Shots</h2>"
    yield (
        "<p>Red: what is removed; blue: where the scene goes another way. Errors: "
        '<span class="legend"></span> from none to 0.4 of white and more.</p>'
    )
    for index, shot in enumerate(shots):
        yield _shot(evaluation, out, shot, opened=index == 0)


def main_table(evaluation: Evaluation, family: str) -> str:
    """The table of `summary.main_table` as HTML, the best of each column marked."""
    means = evaluation.means[family]
    there = [
        column
        for column in MAIN
        if any(each[column[0]].shots for each in means.values() if column[0] in each)
    ]
    head = "".join(f"<th>{escape(title)}</th>" for _, title, _ in there)
    rows = [f"<tr><th>contestant</th>{head}</tr>"]
    best = {number: _best(evaluation, family, number) for number, _, _ in there}
    for index, name in enumerate(evaluation.names):
        cells = [f"<td>{_swatch(index)}{escape(name)}</td>"]
        for number, _, digits in there:
            mark = ' class="best"' if name in best[number] else ""
            value, _, half = cell(means[name].get(number), digits).partition(" ")
            cells.append(f"<td{mark}>{value} <small>{half}</small></td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _best(evaluation: Evaluation, family: str, number: str) -> set[str]:
    """Who is best in a number; nobody where there is one contestant only."""
    way = evaluation.better.get(number)
    found: dict[str, float] = {}
    for name, means in evaluation.means[family].items():
        mean = means.get(number)
        if mean is not None and mean.shots:
            found[name] = {
                "higher": mean.mean,
                "lower": -mean.mean,
                "one": -abs(mean.mean - 1),
            }.get(way or "", 0.0)
    if way is None or len(found) < 2 or number in UNMARKED:
        return set()
    return {name for name, value in found.items() if value == max(found.values())}


def _plots(evaluation: Evaluation) -> Iterator[str]:
    for number, title in PLOTS:
        means: dict[str, dict[str, Mean | None]] = {
            family: {name: evaluation.means[family][name].get(number) for name in evaluation.names}
            for family in evaluation.families
        }
        yield plot(title, means, evaluation.names)


def _legend(evaluation: Evaluation) -> str:
    return (
        "<p>"
        + " &nbsp; ".join(
            f"{_swatch(index)}{escape(name)}" for index, name in enumerate(evaluation.names)
        )
        + "</p>"
    )


def _swatch(index: int) -> str:
    return f'<i class="swatch" style="background:{color_of(index)}"></i>'


def _shot(evaluation: Evaluation, out: Path, shot: str, opened: bool) -> str:
    scores = [score for score in evaluation.scores if score.shot == shot]
    parts = [f"<details{' open' if opened else ''}><summary>{escape(shot)}</summary>"]
    well = next((score for score in scores if not score.error), None)
    if well is not None:
        folder = run_folder(out, well.contestant, shot)
        parts += [_strip("source", "", folder / "source.jpg")]
        parts += [_strip("truth", "", folder / "truth.jpg")]
    for score in scores:
        if score.error:
            name = escape(score.contestant)
            parts.append(f'<p class="wrong"><b>{name}</b>: {escape(score.error)}</p>')
            continue
        folder = run_folder(out, score.contestant, shot)
        parts.append(_strip(score.contestant, _told(score), folder / "result.jpg"))
        parts.append(_strip("", "error", folder / "error.jpg"))
    return "".join(parts) + "</details>"


def _told(score: Score) -> str:
    values = numbers(score)
    pairs = [
        f"{title} {values[number]:.{digits}f}"
        for number, title, digits in SHOT
        if values.get(number, float("nan")) == values.get(number)
    ]
    return "<br>".join(pairs)


def _strip(name: str, told: str, picture: Path) -> str:
    head = f"<b>{escape(name)}</b>" if name else ""
    if not picture.is_file():
        return f'<div class="strip"><div>{head}</div><div>no pictures</div></div>'
    data = base64.b64encode(picture.read_bytes()).decode()
    image = f'<img loading="lazy" alt="{escape(name)}" src="data:image/jpeg;base64,{data}">'
    return f'<div class="strip"><div>{head}<span>{told}</span></div><div>{image}</div></div>'
