"""Means with their intervals, tables, results.json, plots and the page."""

from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core.errors import OpenVoidError
from openvoid.evaluate.bench import Metrics
from openvoid.evaluate.contestants import baseline
from openvoid.evaluate.plots import plot, ticks
from openvoid.evaluate.report import write_report
from openvoid.evaluate.scores import Score, run_folder
from openvoid.evaluate.summary import (
    Evaluation,
    Mean,
    cell,
    family_table,
    main_rows,
    markdown,
    mean_of,
    read_json,
    summarised,
    write_json,
)
from openvoid.show.filmstrip import save_strips
from tests.evaluate.tiny_truths import Scene


def score(who: str, shot: str, family: str, psnr: float, **more: object) -> Score:
    values = {"psnr.affected": psnr, "trajectory.iou": math.nan}
    given: dict[str, object] = {"values": values, "seconds": 6.0, "peak_mib": 50.0, "frames": 12}
    return Score(who, shot, family, 1, **(given | more))  # type: ignore[arg-type]


def evaluation() -> Evaluation:
    scores = [
        score("copy", "a", "collide", 10.0),
        score("telea", "a", "collide", 20.0),
        score("copy", "b", "light", 30.0),
        score("telea", "b", "light", 0.0, error="telea: no <b>memory</b>", values={}),
    ]
    metrics = Metrics({}, {}, {"lpips": "LPIPS has no weights here"})
    return summarised("test & more", [baseline("copy"), baseline("telea")], metrics, scores)


# --- means ----------------------------------------------------------------------------------------


def test_a_mean_counts_what_was_measured() -> None:
    mean = mean_of([1.0, math.nan, 3.0])
    assert (mean.mean, mean.shots) == (2.0, 2)
    assert (mean.low, mean.high) == (1.0, 3.0)  # of two, a redrawn pair is as often 1 1 as 3 3
    assert mean_of([math.nan]).shots == 0


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30))
def test_an_interval_holds_its_mean_and_lies_within_the_values(values: list[float]) -> None:
    mean = mean_of(values)
    assert mean.low <= mean.mean + 1e-6
    assert mean.mean <= mean.high + 1e-6
    assert min(values) - 1e-6 <= mean.low <= mean.high <= max(values) + 1e-6
    assert mean == mean_of(values)


def test_an_interval_is_as_wide_as_theory_has_it() -> None:
    values = list(np.random.default_rng(0).normal(0, 1, 400))
    mean = mean_of(values)
    assert mean.high - mean.low == pytest.approx(2 * 1.96 / 20, rel=0.15)


def test_means_are_whole_and_by_family_and_a_failed_run_counts_in_none() -> None:
    means = evaluation().means
    assert means["all"]["copy"]["psnr.affected"].mean == 20
    assert means["light"]["copy"]["psnr.affected"].mean == 30
    assert means["all"]["telea"]["psnr.affected"].shots == 1
    assert means["light"]["telea"] == {}
    assert means["all"]["copy"]["seconds_a_frame"].mean == 0.5


# --- tables and JSON ------------------------------------------------------------------------------


def test_a_table_leaves_out_what_nobody_has() -> None:
    head, copy, telea = main_rows(evaluation(), "all")
    assert head == ["contestant", "shots", "affected", "s/frame", "MiB"]
    assert copy == ["copy", "2", "20.0 ±10.0", "0.500 ±0.000", "50 ±0"]
    assert telea == ["telea", "1", "20.0", "0.500", "50"]
    assert cell(None, 1) == "-"


def test_the_markdown_tells_what_failed_and_what_was_not_measured() -> None:
    text = markdown(evaluation())
    assert "| copy | 2 | 20.0 ±10.0 | 0.500 ±0.000 | 50 ±0 |" in text
    assert "- lpips was not measured: LPIPS has no weights here" in text
    assert "- 1 of 4 runs failed:" in text
    assert r"- telea on b: telea: no \<b\>memory\</b\>" in text  # words of others are no tags
    assert "| light | 30.0 | - |" in family_table(evaluation(), "psnr.affected", 1)


def test_json_is_strict_and_read_again(tmp_path: Path) -> None:
    write_json(evaluation(), tmp_path / "results.json")
    assert "NaN" not in (tmp_path / "results.json").read_text()
    data = read_json(tmp_path)
    assert data["schema"] == "openvoid.evaluation/1"
    assert data["scores"][0]["values"] == {"psnr.affected": 10.0, "trajectory.iou": None}
    assert data["means"]["all"]["copy"]["psnr.affected"]["mean"] == 20


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "not JSON"), ("[]", "schema"), ('{"schema": "other/1"}', "openvoid.evaluation/1")],
)
def test_other_json_is_one_line(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(OpenVoidError, match=why):
        read_json(tmp_path)
    with pytest.raises(OpenVoidError, match="No such file"):
        read_json(tmp_path / "none.json")


# --- plots and the page ---------------------------------------------------------------------------


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e4))
def test_ticks_are_few_and_within(low: float, width: float) -> None:
    found = ticks(low, low + width)
    assert 2 <= len(found) <= 7
    assert all(low - 1e-6 <= tick <= low + width + 1e-6 for tick in found)


def test_a_better_mean_is_drawn_higher_up() -> None:
    means = {"light": {"a": Mean(1, 0.5, 1.5, 3), "b": Mean(2, 1.5, 2.5, 3), "c": None}}
    svg = plot("PSNR", means, ["a", "b", "c"])
    lower, upper = (float(y) for y in re.findall(r'cy="([\d.]+)"', svg))
    assert upper < lower
    assert plot("nothing", {"light": {"a": None}}, ["a"]) == ""


class Links(HTMLParser):
    """Everything that a page asks for, and whether its tags are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "img", "br", "line", "circle"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("line", "circle"):
            assert self.open.pop() == tag


def test_the_page_holds_everything_and_needs_nothing(made: Scene, tmp_path: Path) -> None:
    for who, frames in (("copy", made.source), ("telea", made.truth)):
        folder = run_folder(tmp_path, who, "a")
        folder.mkdir(parents=True)
        save_strips(made.judged(frames), folder)
    write_report(evaluation(), tmp_path, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    page = Links()
    page.feed(text)
    assert not page.open
    assert len(page.sources) == 6 + 0  # source, truth; result and error of two
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    assert "http" not in text
    assert "test &amp; more" in text
    assert "no &lt;b&gt;memory" in text
    assert text.count("<svg") == 1
    assert text.count("no pictures") == 4  # shot b was never drawn: source, truth, copy's two


def test_error_maps_are_black_where_nothing_is_wrong(made: Scene, tmp_path: Path) -> None:
    import cv2

    levels = {}
    for name, frames in (("perfect", made.truth), ("copy", made.source)):
        (tmp_path / name).mkdir()
        save_strips(made.judged(frames), tmp_path / name)
        strip = cv2.imread(str(tmp_path / name / "error.jpg"))
        assert strip is not None
        levels[name] = strip[:, :200]
    assert levels["perfect"].max() < 12
    assert levels["copy"].max() > 200


def test_the_page_is_the_same_again(tmp_path: Path) -> None:
    pages = []
    for name in ("one.html", "two.html"):
        write_report(evaluation(), tmp_path, tmp_path / name)
        pages.append((tmp_path / name).read_bytes())
    assert pages[0] == pages[1]
    assert json.dumps(evaluation().means["all"]["copy"]["psnr.affected"].mean) == "20.0"
