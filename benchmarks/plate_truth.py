"""How well does an engine rebuild what was behind the object? Real footage, exact truth.

    python benchmarks/plate_truth.py [--engine plate] [--case NAME ...] [--sheet DIR] [--json FILE]

An object that was never there is composited over real frames, given to the engine with its
quadmask, removed, and the result compared with the untouched frames, inside the hole, where what is
behind stands still in the world. Needs the real clips (OPENVOID_SHARED). Prints a row a case.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from baselines import BASELINES
from footage import Frames
from numpy.typing import NDArray
from truth_cases import CASES, Scene, build, find
from truth_metrics import Score, ceiling_db, score

from openvoid.core import plugins
from openvoid.core.box import Box
from openvoid.core.clip import clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import RemovalRequest, Run

LOCKED_DB = 40.0
MOVING_DB, OVER_TELEA_DB, OVER_MEDIAN_DB = 28.0, 8.0, 7.0
NEVER_OVER_TELEA_DB = 3.0
FLICKER_WITHIN = 0.10

HEAD = (
    f"{'case':16}{'hole':>6}{'seen dB':>9}{'worst':>7}{'ceiling':>9}{'telea':>7}{'median':>8}"
    f"{'never dB':>10}{'telea':>7}{'flicker':>9}{'rim dB':>8}{'was':>6}{'s/frame':>9}  targets"
)


@dataclass(frozen=True)
class Row:
    """One case measured."""

    case: str
    moving: bool
    hole_share: float
    engine: Score
    telea: Score
    median: Score
    rim_before_db: float | None
    ceiling_db: float | None
    seconds_a_frame: float
    notes: Mapping[str, Any]
    warnings: tuple[str, ...]

    def targets(self) -> dict[str, bool]:
        """What the case must reach, and whether it does."""
        checks: dict[str, bool] = {}
        seen, never, flicker = self.engine.seen_db, self.engine.never_db, self.engine.flicker
        if seen is not None and not self.moving:
            checks[f"seen>={LOCKED_DB:.0f}"] = seen >= LOCKED_DB
        if seen is not None and self.moving:
            checks[f"seen>={MOVING_DB:.0f}"] = seen >= MOVING_DB
            checks[f"telea+{OVER_TELEA_DB:.0f}"] = _over(seen, self.telea.seen_db, OVER_TELEA_DB)
            checks[f"median+{OVER_MEDIAN_DB:.0f}"] = _over(
                seen, self.median.seen_db, OVER_MEDIAN_DB
            )
        if never is not None:
            checks[f"never+{NEVER_OVER_TELEA_DB:.0f}"] = _over(
                never, self.telea.never_db, NEVER_OVER_TELEA_DB
            )
        if flicker is not None:
            checks[f"flicker±{FLICKER_WITHIN:.0%}"] = abs(flicker - 1.0) <= FLICKER_WITHIN
        checks["kept"] = self.engine.touched_beyond_px == 0
        return checks

    def line(self) -> str:
        failed = [name for name, passed in self.targets().items() if not passed]
        verdict = "pass" if not failed else "FAIL " + " ".join(failed)
        engine = self.engine
        return (
            f"{self.case:16}{self.hole_share:6.1%}{_db(engine.seen_db):>9}"
            f"{_db(engine.seen_worst_db):>7}{_db(self.ceiling_db):>9}{_db(self.telea.seen_db):>7}"
            f"{_db(self.median.seen_db):>8}{_db(engine.never_db):>10}{_db(self.telea.never_db):>7}"
            f"{_db(engine.flicker, 2):>9}{_db(engine.rim_db):>8}{_db(self.rim_before_db):>6}"
            f"{self.seconds_a_frame:9.3f}  {verdict}"
        )


def main(arguments: list[str] | None = None) -> int:
    """Run the cases asked for; exit 0 where every target is met, 1 where one is missed."""
    given = _parse(arguments)
    cases = [find(name) for name in given.case] if given.case else list(CASES)
    options = dict(_setting(text) for text in given.set)
    print(f"engine {given.engine}; targets: locked seen >= {LOCKED_DB:.0f} dB;", end=" ")
    print(f"moving seen >= {MOVING_DB:.0f}, Telea + {OVER_TELEA_DB:.0f},", end=" ")
    print(f"median + {OVER_MEDIAN_DB:.0f}; never seen Telea + {NEVER_OVER_TELEA_DB:.0f};", end=" ")
    print(f"flicker within {FLICKER_WITHIN:.0%}; kept pixels untouched\n\n{HEAD}")
    rows = []
    for case in cases:
        scene = build(case)
        row, result = measure(scene, given.engine, options)
        rows.append(row)
        print(row.line(), flush=True)
        for warning in row.warnings:
            print(f"{'':16}! {warning}")
        if given.notes:
            print(f"{'':16}{json.dumps(dict(row.notes))}")
        if given.sheet:
            write_sheet(given.sheet / f"{case.name}.png", scene, result)
    checks = [passed for row in rows for passed in row.targets().values()]
    print(f"\n{sum(checks)} of {len(checks)} targets met")
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return 0 if all(checks) else 1


def measure(scene: Scene, engine: str, options: Mapping[str, Any]) -> tuple[Row, Frames]:
    """An engine, Telea and the median on one scene; the row and the engine's frames."""
    soft_edge_px = max(2, round(scene.truth.shape[1] / 90))
    request = RemovalRequest(clip_of(list(scene.shown)), scene.quadmask, soft_edge_px=soft_edge_px)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder))
        begun = time.perf_counter()
        result = fill(request, engine, options, run)
        seconds = time.perf_counter() - begun
    scores = {
        name: score(scene, fill(request, name, {}, Run(Path())), soft_edge_px)
        for name in ("telea", "median")
    }
    row = Row(
        scene.name,
        scene.moving,
        float(scene.hole.mean()),
        score(scene, result, soft_edge_px),
        scores["telea"],
        scores["median"],
        score(scene, scene.shown, soft_edge_px).rim_db,
        ceiling_db(scene),
        seconds / len(scene.truth),
        run.notes,
        tuple(run.warnings),
    )
    return row, result


def fill(request: RemovalRequest, engine: str, options: Mapping[str, Any], run: Run) -> Frames:
    """The clip with an engine's (or a baseline's) fills laid over it: [T, H, W, 3]."""
    maker = BASELINES[engine]() if engine in BASELINES else None
    made = maker or plugins.construct("engine", engine, options)
    frames = [frame.copy() for frame in request.clip.frames()]
    for piece in made.fill(request, run):
        if not piece.box.empty:
            source = frames[piece.frame][piece.box.slices]
            alpha = piece.alpha[..., None]
            mixed = source * (1.0 - alpha) + piece.rgb * alpha
            source[...] = np.where(alpha > 0, np.clip(np.rint(mixed), 0, 255), source)
    return np.stack(frames)


def write_sheet(path: Path, scene: Scene, result: Frames, columns: int = 5) -> None:
    """A contact sheet around the hole: given, result, truth, eight times their difference."""
    path.parent.mkdir(parents=True, exist_ok=True)
    holes = [index for index in range(len(result)) if not scene.quadmask.box(index).empty]
    chosen = [holes[round(share * (len(holes) - 1))] for share in np.linspace(0.1, 0.9, columns)]
    stacks = []
    for index in chosen:
        view = _around(scene.quadmask.box(index), scene.truth.shape[1], scene.truth.shape[2])
        error = np.abs(result[index].astype(np.int16) - scene.truth[index]) * 8
        error = np.where(scene.still[index][..., None], error, error // 4)  # moving: dimmed
        parts = (scene.shown[index], result[index], scene.truth[index], error)
        stacks.append(np.vstack([_tile(part[view.slices]) for part in parts]))
    cv2.imwrite(str(path), np.hstack(stacks)[..., ::-1])


def _around(box: Box, height: int, width: int) -> Box:
    """A 4:3 view around a box."""
    half = max(90, round(0.7 * max(box.height, 0.75 * box.width)))
    half = min(half, height // 2, round(width * 0.375))
    middle_y = min(max((box.top + box.bottom) // 2, half), height - half)
    across = half * 4 // 3
    middle_x = min(max((box.left + box.right) // 2, across), width - across)
    return Box(middle_y - half, middle_x - across, middle_y + half, middle_x + across)


def _tile(part: NDArray[Any]) -> NDArray[np.uint8]:
    shrunk = cv2.resize(np.clip(part, 0, 255).astype(np.uint8), (384, 288))
    return np.asarray(cv2.copyMakeBorder(shrunk, 2, 2, 2, 2, cv2.BORDER_CONSTANT), np.uint8)


def _over(value: float, base: float | None, by: float) -> bool:
    return base is not None and value >= base + by


def _db(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return name, value


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--engine", default="plate", help="a plug-in, or telea, median, nearest")
    parser.add_argument("--case", action="append", default=[], help="one case; may be repeated")
    parser.add_argument("--set", action="append", default=[], help="NAME=VALUE for the engine")
    parser.add_argument("--sheet", type=Path, help="folder for contact sheets")
    parser.add_argument("--json", type=Path, help="file for all numbers")
    parser.add_argument("--notes", action="store_true", help="print the engine's notes")
    parser.add_argument("--list", action="store_true", help="name the cases and stop")
    given = parser.parse_args(arguments)
    if given.list:
        for case in CASES:
            print(f"{case.name:18}{case.what}")
        sys.exit(0)
    return given


if __name__ == "__main__":
    try:
        sys.exit(main())
    except OpenVoidError as error:
        print(error.line(), file=sys.stderr)
        sys.exit(2)
