"""Does the detector of morphing tell morphing things from sound ones? On made results of pass 1.

    python benchmarks/morph.py [--clip NAME ...] [--things N] [--seed N]

Into real clips at 384x672, 21 frames, we composite a thing of real texture that is sound (moves,
turns, comes nearer, rolls ...) or morphs, in three severities (`morph_cases.py`), where the clip
itself stands still. A sound one should score under 1, a morphing one over it. These are the cases
that the limits in `openvoid.void.morph` were set on, but for the seed; they are no results of the
real weights.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict

import cv2
import numpy as np
from footage import footage, still_map
from morph_cases import FRAMES, MORPHING, SOUND, made, make_thing
from question import start

from openvoid.vision.flow import make_flow
from openvoid.void.native.morphing import detect

CLIPS = ("lime", "moving_ball", "BigBen")
SIZE = (384, 672)
SEVERITIES = (0.33, 0.66, 1.0)
LEAST_AREA = 0.9  # under the ROC curve, at full severity


def main(arguments: list[str] | None = None) -> int:
    """Score all cases; exit 0 where full severity is told from sound, 1 where not."""
    given = _parse(arguments)
    cases = [(kind, 1.0) for kind in SOUND]
    cases += [(kind, severity) for kind in MORPHING for severity in SEVERITIES]
    scores: dict[tuple[str, float], list[float]] = defaultdict(list)
    rng, flow, spent, frames = np.random.default_rng(given.seed), make_flow("dis"), 0.0, 0
    for name in given.clip or CLIPS:
        pictures = footage(name, SIZE[1], None, FRAMES)
        clip = np.stack([cv2.resize(one, SIZE[::-1]) for one in pictures])
        still = still_map(clip)
        for _ in range(given.things):
            thing = make_thing(still, clip[0].astype(np.float32) / 255, rng)
            for kind, severity in cases:
                drawn = np.random.default_rng(given.seed)
                result, labels = zip(*made(clip, kind, severity, thing, drawn), strict=True)
                started = time.perf_counter()
                scores[kind, severity].append(detect(result, labels, flow).score)
                spent, frames = spent + time.perf_counter() - started, frames + len(result)
    print(f"{'kind':<22}{'severity':>9}{'least':>8}{'median':>8}{'most':>8}{'called':>8}")
    for (kind, severity), found in scores.items():
        shown = "" if kind in SOUND else f"{severity:.2f}"
        called = f"{sum(score > 1 for score in found)}/{len(found)}"
        spread = "".join(f"{value:>8.2f}" for value in np.quantile(found, (0, 0.5, 1)))
        print(f"{kind:<22}{shown:>9}{spread}{called:>8}")
    print(f"{spent / frames:.3f} s a frame, flow included")
    return 0 if told_apart(scores) >= LEAST_AREA else 1


def told_apart(scores: dict[tuple[str, float], list[float]]) -> float:
    """The area under the ROC curve at full severity; those of all severities are printed."""
    sound = [score for (kind, _), found in scores.items() if kind in SOUND for score in found]
    over = 0.0
    for severity in SEVERITIES:
        ill = [
            s
            for (kind, at), all_ in scores.items()
            if kind in MORPHING and at == severity
            for s in all_
        ]
        over = area(ill, sound)
        called = np.mean(np.array(ill) > 1)
        print(f"severity {severity:.2f}: area under ROC {over:.3f}, {called:.0%} called")
    print(f"sound: {np.mean(np.array(sound) > 1):.0%} called")
    return over


def area(ill: list[float], sound: list[float]) -> float:
    """How often a morphing case scores over a sound one; ties count half."""
    one, other = np.array(ill)[:, None], np.array(sound)[None]
    return float(((one > other) + 0.5 * (one == other)).mean())


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--clip", action="append", help="a shared clip; may be repeated")
    parser.add_argument("--things", type=int, default=2, help="of random size and path, a clip")
    parser.add_argument("--seed", type=int, default=100)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    start(main)
