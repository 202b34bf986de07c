"""The preference study: its page tells no names and needs no network; its answers are counted."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core.errors import OpenVoidError
from openvoid.evaluate.bench import Metrics
from openvoid.evaluate.contestants import Contestant
from openvoid.evaluate.scores import Score, run_folder
from openvoid.evaluate.study import Entry, entries, tally, wilson, write_study
from openvoid.evaluate.summary import summarised, write_json
from openvoid.media.open import open_clip
from tests.evaluate.tiny_truths import Scene, save_clip


@pytest.fixture
def results(tmp_path: Path, made: Scene) -> Path:
    """Two contestants on two shots; one failed on the second."""
    out = tmp_path / "out"
    scores = [Score(who, shot, "light") for shot in ("a", "b") for who in ("good", "bad")]
    scores[3] = Score("bad", "b", "light", error="it broke")
    for each in scores:
        folder = run_folder(out, each.contestant, each.shot)
        folder.mkdir(parents=True)
        frames = made.truth if each.contestant == "good" else made.source
        save_clip(folder / "result.mkv", frames)
    who = [Contestant("good", "command"), Contestant("bad", "command")]
    write_json(summarised("study", who, Metrics({}, {}, {}), scores), out / "results.json")
    return out


def data_of(page: Path) -> dict[str, Any]:
    text = page.read_text()
    line = next(line for line in text.splitlines() if line.startswith("const DATA = "))
    found: dict[str, Any] = json.loads(line.removeprefix("const DATA = ").removesuffix(";"))
    return found


def test_the_page_holds_the_films_and_tells_no_names(results: Path, tmp_path: Path) -> None:
    page = tmp_path / "study.html"
    source = run_folder(results, "bad", "a") / "result.mkv"
    assert write_study([results], {"a": source}, page, each=5, limit=20) == 1
    data = data_of(page)
    assert data["each"] == 1
    (shot,) = data["shots"]  # of b there is one result only, so nothing to choose
    assert len(shot["results"]) == 2
    text = page.read_text()
    assert "good" not in text.replace("goods", "")
    assert "http" not in text
    for film in (shot["source"], *shot["results"].values()):
        video = tmp_path / "film.mp4"
        video.write_bytes(base64.b64decode(film.removeprefix("data:video/mp4;base64,")))
        assert open_clip(video).length == 12


def answers(path: Path, *chosen: str) -> Path:
    order = [Entry("a", who, path).hidden for who in ("good", "bad")]
    given = [{"shot": "a", "order": order, "choice": Entry("a", c, path).hidden} for c in chosen]
    path.write_text(json.dumps({"schema": "openvoid.answers/1", "reviewer": "x", "answers": given}))
    return path


def test_answers_are_counted_over_reviewers(results: Path, tmp_path: Path) -> None:
    anna = answers(tmp_path / "anna.json", "good", "good")
    ben = answers(tmp_path / "ben.json", "bad", "good")
    good, bad = tally([results], [anna, ben])
    assert (good.contestant, good.chosen, good.shown, good.share) == ("good", 3, 4, 0.75)
    assert (bad.contestant, bad.chosen, bad.shown, bad.share) == ("bad", 1, 4, 0.25)


def test_an_interval_of_wilson_by_hand() -> None:
    share, low, high = wilson(8, 10)
    assert share == 0.8
    assert (low, high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 5)[1] == 0
    assert wilson(5, 5)[2] == 1
    assert math.isnan(wilson(0, 0)[0])


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_the_share(pair: tuple[int, int]) -> None:
    share, low, high = wilson(*pair)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "openvoid.answers/1"}'])
def test_broken_answers_are_one_line(results: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "anna.json"
    path.write_text(text)
    with pytest.raises(OpenVoidError, match="holds no answers of a study"):
        tally([results], [path])


def test_answers_to_another_study_are_told(results: Path, tmp_path: Path) -> None:
    path = answers(tmp_path / "anna.json", "good")
    path.write_text(path.read_text().replace('"choice": "', '"choice": "0'))
    with pytest.raises(OpenVoidError, match="belongs to other evaluations"):
        tally([results], [path])


def test_nothing_to_choose_from_is_told(results: Path, tmp_path: Path) -> None:
    (run_folder(results, "bad", "a") / "result.mkv").unlink()
    with pytest.raises(OpenVoidError, match="no shot has two results"):
        write_study([results], {}, tmp_path / "study.html", each=5, limit=20)
    with pytest.raises(OpenVoidError, match="two evaluations have results of one contestant"):
        entries([results, results])
