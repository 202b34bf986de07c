"""A preference study: results in shuffled order on one page; its answers, counted.

Enters: evaluations with their results kept. Leaves: one HTML page that needs no network (videos
inside), on which a reviewer picks the best result of each of a few shots and saves the answers as
JSON; and from answers the share of choices a contestant has, with its 95 % Wilson interval (choices
taken as independent). The page does not tell who made what: results carry names that only the
count, which is given the evaluations again, can undo.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from openvoid.core import facts
from openvoid.core.clip import Clip, clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.facts import Facts
from openvoid.evaluate.baselines import eight_bit
from openvoid.evaluate.bench import kept_result
from openvoid.evaluate.scores import run_folder
from openvoid.evaluate.study_page import PAGE
from openvoid.evaluate.summary import read_json
from openvoid.media.atomic import partial_file, scratch_folder
from openvoid.media.codecs import CODECS
from openvoid.media.encode import write_video
from openvoid.media.open import open_clip

SCHEMA = "openvoid.answers/1"
WIDTH_PX = 384  # of a video on the page
CODEC = replace(CODECS["h264"], options={"crf": "24", "preset": "veryfast"})
Z = 1.959964  # of a 95 % interval


@dataclass(frozen=True)
class Entry:
    """One result of one shot."""

    shot: str
    contestant: str
    path: Path

    @property
    def hidden(self) -> str:
        """Its name on the page."""
        return hashlib.sha256(f"{self.shot}/{self.contestant}".encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Share:
    """How often a contestant was chosen where it was shown."""

    contestant: str
    chosen: int
    shown: int
    share: float
    low: float
    high: float


def entries(folders: Sequence[Path]) -> list[Entry]:
    """All results that were kept, of all evaluations.

    Raises:
        OpenVoidError: no evaluation there, two contestants of one name, or too few results.
    """
    found: list[Entry] = []
    for folder in folders:
        data = Facts.of(read_json(folder), str(folder))
        for score in data.at("scores").rows():
            contestant, shot = score.at("contestant").text(), score.at("shot").text()
            failed = score.at("error", "").text()
            path = None if failed else kept_result(run_folder(folder, contestant, shot))
            if path is not None:
                found.append(Entry(shot, contestant, path))
    names = [entry.hidden for entry in found]
    if len(set(names)) < len(names):
        raise OpenVoidError("two evaluations have results of one contestant on one shot")
    return found


def comparable(found: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Shot -> its results, where there are at least two.

    Raises:
        OpenVoidError: there is no such shot.
    """
    shots: dict[str, list[Entry]] = {}
    for entry in found:
        shots.setdefault(entry.shot, []).append(entry)
    kept = {shot: each for shot, each in shots.items() if len(each) > 1}
    if not kept:
        mend = "evaluate two or more, without --discard"
        raise OpenVoidError("no shot has two results to choose from", mend=mend)
    return kept


def write_study(
    folders: Sequence[Path], sources: dict[str, Path], out: Path, each: int, limit: int
) -> int:
    """Write the page; gives the number of its shots.

    Args:
        sources: shot -> the clip with the object still in it, where it is known.
        each: how many shots one reviewer sees. limit: how many there are at most.

    Raises:
        OpenVoidError: as `entries` and `comparable`.
    """
    shots = dict(list(comparable(entries(folders)).items())[:limit])
    items = []
    with scratch_folder(out) as scratch:
        for shot, found in shots.items():
            results = {entry.hidden: _inline(entry.path, scratch) for entry in found}
            source = _inline(sources[shot], scratch) if shot in sources else ""
            items.append({"shot": shot, "source": source, "results": dict(sorted(results.items()))})
    data = {"schema": SCHEMA, "each": min(each, len(items)), "shots": items}
    text = PAGE.replace("/*DATA*/null", json.dumps(data))
    with partial_file(out) as partial:
        partial.write_text(text, encoding="utf-8")
    return len(items)


def tally(folders: Sequence[Path], answers: Sequence[Path]) -> list[Share]:
    """Who was chosen how often, the most chosen first.

    Raises:
        OpenVoidError: answers that cannot be read, or that belong to other evaluations.
    """
    who = {entry.hidden: entry.contestant for entry in entries(folders)}
    chosen: dict[str, int] = dict.fromkeys(sorted(set(who.values())), 0)
    shown = dict(chosen)
    for path in answers:
        for answer in _answers(path):
            if answer["choice"] not in answer["order"] or not set(answer["order"]) <= set(who):
                raise OpenVoidError("belongs to other evaluations", where=str(path))
            chosen[who[answer["choice"]]] += 1
            for hidden in answer["order"]:
                shown[who[hidden]] += 1
    shares = [Share(n, chosen[n], shown[n], *wilson(chosen[n], shown[n])) for n in chosen]
    return sorted(shares, key=lambda share: -share.share if share.shown else 1.0)


def wilson(chosen: int, shown: int) -> tuple[float, float, float]:
    """A share and its 95 % interval (Wilson 1927); NaN where nothing was shown."""
    if shown == 0:
        return math.nan, math.nan, math.nan
    share, square = chosen / shown, Z * Z / shown
    middle = (share + square / 2) / (1 + square)
    half = Z * math.sqrt(share * (1 - share) / shown + square / (4 * shown)) / (1 + square)
    return share, max(0.0, middle - half), min(1.0, middle + half)


def _answers(path: Path) -> list[dict[str, Any]]:
    try:
        data = facts.read(path)
        data.at("schema").text(among=[SCHEMA])
        return [
            {
                "choice": each.at("choice").text(),
                "order": [o.text() for o in each.at("order").rows()],
            }
            for each in data.at("answers").rows()
        ]
    except OpenVoidError as error:
        what = f"holds no answers of a study: {error.what}"
        raise OpenVoidError(what, where=str(path), mend=error.mend) from error


def _inline(path: Path, scratch: Path) -> str:
    """A video, small, as a data URI."""
    clip = open_clip(path)
    video = scratch / "small.mp4"
    shrunk = _small(clip)
    with write_video(video, shrunk, CODEC) as writer:
        for picture in shrunk.pictures():
            writer.write(picture)
    return "data:video/mp4;base64," + base64.b64encode(video.read_bytes()).decode()


def _small(clip: Clip) -> Clip:
    width = min(WIDTH_PX, clip.width) // 2 * 2
    size = (width, max(2, round(clip.height * width / clip.width / 2) * 2))
    frames = (eight_bit(frame, clip.white) for frame in clip.frames())
    shrunk = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames]
    return clip_of([frame.astype(np.uint8) for frame in shrunk], clip.rate)
