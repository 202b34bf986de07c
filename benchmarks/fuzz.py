"""Is whatever is wrong with an input told in one line? Damaged files and words of every kind.

    python benchmarks/fuzz.py [--count 5000] [--seed 0] [--kind NAME ...] [--json FILE]
    python benchmarks/fuzz.py --kind NAME --seed 0 --at 17 --keep DIR   # one again, its files kept

Every trial damages one sound input by chance (the seed, the kind and the number say how) and runs
one command on it, in a process of its own. The table tells how many were refused in one line (exit
code 2), how many were done all the same (0: the damage did not matter), and how many were bad:
`tests/fuzz/trial.py` says what that is. Bad ones are listed with the words that make them again;
the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests' own makers of files

from tests.fuzz.kinds import KINDS, known
from tests.fuzz.trial import Ended, Place


def main() -> int:
    """Try, tell, and judge."""
    arguments = _arguments()
    kinds = arguments.kind or known()
    unknown = sorted(set(kinds) - set(known()))
    if unknown:
        print(f"unknown here: {', '.join(unknown)}; known: {', '.join(known())}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        place = Place(arguments.work or Path(scratch))
        place.root.mkdir(parents=True, exist_ok=True)
        place.prepare(kinds)
        begun = time.monotonic()
        ended = list(_all(place, _which(kinds, arguments), arguments))
        spent_s = time.monotonic() - begun
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(each) for each in ended], indent=1))
    _tell(ended, spent_s)
    return int(any(each.bad for each in ended))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--count", type=int, default=5000, help="trials, of all kinds together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", action="append", help="may be repeated; else all")
    parser.add_argument("--at", type=int, help="only the trial of this number")
    parser.add_argument("--keep", type=Path, help="a new folder for the files of --at")
    parser.add_argument("--workers", type=int, default=2, help="processes that try")
    parser.add_argument(
        "--work", type=Path, help="a folder for the sound files, kept for next time"
    )
    parser.add_argument("--json", type=Path, help="also write all trials there")
    return parser.parse_args()


def _which(kinds: list[str], arguments: argparse.Namespace) -> list[tuple[str, int]]:
    """Kinds in turn, so that each has its share."""
    if arguments.at is not None:
        return [(kind, arguments.at) for kind in kinds]
    return [(kinds[at % len(kinds)], at // len(kinds)) for at in range(arguments.count)]


def _all(
    place: Place, which: list[tuple[str, int]], arguments: argparse.Namespace
) -> Iterator[Ended]:
    """All trials in the order in which they end, shared out among forks of this process."""
    with get_context("fork").Pool(arguments.workers, _settle, (place, arguments)) as pool:
        whole = [(kind, verb) for kind in {kind for kind, _ in which} for verb in KINDS[kind].verbs]
        pool.map(_checked, sorted(whole))
        for ended in pool.imap_unordered(_tried, which, chunksize=4):
            if ended.bad or arguments.at is not None:
                _tell_one(ended, arguments.seed)
            yield ended


_HERE: dict[str, Any] = {}  # of one process: where it tries, and what it was told


def _settle(place: Place, arguments: argparse.Namespace) -> None:
    _HERE.update(place=place.beside(f"worker-{os.getpid()}"), arguments=arguments)


def _checked(which: tuple[str, str]) -> None:
    _HERE["place"].check(*which)


def _tried(which: tuple[str, int]) -> Ended:
    place, arguments = _HERE["place"], _HERE["arguments"]
    ended: Ended = place.tried(*which, arguments.seed)
    if arguments.keep:
        place.kept(arguments.keep)
    return ended


def _tell_one(ended: Ended, seed: int) -> None:
    """What it was, what came of it, and how to have it again."""
    what = "; ".join(ended.bad) or f"exit code {ended.code}"
    print(f"{what}\n    openvoid {shlex.join(ended.words)}   # {ended.file or 'a word'} is damaged")
    print(f"    python benchmarks/fuzz.py --seed {seed} --kind {ended.kind!r} --at {ended.number}")
    for line in ended.said.strip().splitlines()[-3:]:
        print(f"    | {line[:200]}", flush=True)


def _tell(ended: list[Ended], spent_s: float) -> None:
    columns = ("tried", "refused", "done", "bad")
    counts: dict[str, Counter[str]] = {}
    for each in sorted(ended, key=lambda each: known().index(each.kind)):
        state = "bad" if each.bad else "refused" if each.refused else "done"
        counts.setdefault(each.kind, Counter()).update(("tried", state))
    whole: Counter[str] = sum(counts.values(), Counter())
    print(f"| {'kind':<18} | " + " | ".join(f"{name:>7}" for name in columns) + " |")
    print(f"|{'-' * 20}|" + "|".join("-" * 8 + ":" for _ in columns) + "|")
    for kind, row in [*counts.items(), ("all", whole)]:
        print(f"| {kind:<18} | " + " | ".join(f"{row[name]:>7}" for name in columns) + " |")
    slowest = max(ended, key=lambda each: each.seconds)
    largest = max(ended, key=lambda each: each.mib)
    print(
        f"{spent_s:.0f} s; longest {slowest.seconds:.1f} s of processor time ({slowest.kind}), "
        f"most memory {largest.mib:.0f} MiB ({largest.kind})"
    )


if __name__ == "__main__":
    sys.exit(main())
