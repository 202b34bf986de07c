"""Many shots in one folder: which worlds, who makes them, what came of it.

Enters: an `Order`. Leaves: shot folders `collide-00000` ..., `manifest.json`, and a `Tally`. Shot n
of a family depends on the batch's seed, the family and n alone, not on other families, on the
number of workers, or on where an earlier run was stopped: the same order again makes what is
missing. A world that is not worth keeping is replaced by the next of its row of seeds; which ones
were passed over, and why, is in the shot's metadata.json. A world that fails ends nothing.

manifest.json is what the training of the published model reads: a list of {"file_path": folder,
"text": caption, "type": "video_mask_tuple"}, with a family, a seed and a short caption beside.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from openvoid.core import facts
from openvoid.core.errors import OpenVoidError
from openvoid.core.facts import Facts
from openvoid.core.removal import Progress
from openvoid.media.atomic import explained, write_json
from openvoid.media.lease import leased
from openvoid.media.transaction import recover
from openvoid.synth.crew import Died, Mistake, together
from openvoid.synth.dataset import Recipe, Studio, is_whole
from openvoid.synth.families import FAMILIES

TRIES = 16  # seeds for one shot
MANIFEST, RECIPE, METADATA = "manifest.json", "recipe.json", "metadata.json"


@dataclass(frozen=True)
class Order:
    """What is wanted: `count` shots, taken from the families in turn."""

    families: Sequence[str]
    count: int
    seed: int
    out: Path
    recipe: Recipe = field(default_factory=Recipe)
    workers: int = 1

    def slots(self) -> list[Slot]:
        """The shots of the order."""
        families = list(dict.fromkeys(self.families))
        return [
            Slot(families[at % len(families)], at // len(families), self.seed, self.out)
            for at in range(self.count)
        ]


@dataclass(frozen=True)
class Slot:
    """One shot of a batch, whatever world it will hold."""

    family: str
    number: int
    seed: int  # of the batch
    out: Path

    @property
    def folder(self) -> Path:
        return self.out / f"{self.family}-{self.number:05}"

    def seeds(self) -> list[int]:
        """Of worlds, in the order in which they are tried."""
        drawn = np.random.SeedSequence([self.seed, self.number, *self.family.encode()])
        return [int(value) for value in drawn.generate_state(TRIES)]


@dataclass
class Tally:
    """What came of an order."""

    made: int = 0
    there: int = 0  # since an earlier run
    rejected: Counter[str] = field(default_factory=Counter)  # reason -> worlds passed over
    failed: dict[str, str] = field(default_factory=dict)  # shot -> why there is none


def fill(order: Order, progress: Progress) -> Tally:
    """Make what is missing of an order.

    Raises:
        OpenVoidError: no such family or renderer; the folder holds shots made otherwise, or cannot
            be written.
    """
    for family in order.families:
        if family not in FAMILIES:
            mend = f"known: {', '.join(FAMILIES)}"
            raise OpenVoidError(f"unknown family {family!r}", where="--family", mend=mend)
    with explained(order.out):
        order.out.mkdir(parents=True, exist_ok=True)
    with leased([order.out], what="this folder of shots"):
        return _fill(order, progress)


def _fill(order: Order, progress: Progress) -> Tally:
    recover([order.out / RECIPE, order.out / MANIFEST])
    _keep_recipe(order)
    slots, tally = order.slots(), Tally()
    missing = [slot for slot in slots if not is_whole(slot.folder)]
    tally.there = len(slots) - len(missing)
    progress("shots", tally.there, len(slots))
    try:
        work = together(partial(Studio, order.recipe), make_slot, missing, order.workers)
        for done, (slot, outcome) in enumerate(work, tally.there + 1):
            _count(tally, slot, outcome)
            progress("shots", done, len(slots))
    finally:
        recover(slot.folder for slot in missing)  # what a worker had begun when it was ended
    for slot in slots:
        if is_whole(slot.folder):
            tally.rejected.update(_passed_over(slot.folder))
    write_json(list(_manifest(order.out)), order.out / MANIFEST)
    return tally


def make_slot(studio: Studio, slot: Slot) -> list[str]:
    """Try a slot's seeds in turn; gives why not, for each: fewer than TRIES where a shot is made.

    Raises:
        OpenVoidError: the shot cannot be written.
    """
    rejected: list[tuple[int, str]] = []
    for seed in slot.seeds():
        reason = studio.make(slot.family, seed, slot.folder, rejected)
        if not reason:
            break
        rejected.append((seed, reason))
    return [reason for _, reason in rejected]


def _count(tally: Tally, slot: Slot, outcome: Any) -> None:
    """Add what became of a slot; a folder that cannot be written ends the batch."""
    name = slot.folder.name
    if isinstance(outcome, Mistake):
        if not outcome.what.startswith("defect"):
            raise OpenVoidError(outcome.what, where=outcome.where, mend=outcome.mend)
        tally.failed[name] = outcome.what
    elif isinstance(outcome, Died):
        tally.failed[name] = f"its process died (exit code {outcome.code})"
    elif len(outcome) >= TRIES:
        tally.failed[name] = f"none of {TRIES} worlds is worth keeping"
        tally.rejected.update(outcome)
    else:
        tally.made += 1


def _keep_recipe(order: Order) -> None:
    """The folder says how its shots are made, so that no others come among them."""
    recipe = asdict(order.recipe) | {"rate": str(order.recipe.rate), "seed": order.seed}
    wanted = json.loads(json.dumps(recipe))
    path = order.out / RECIPE
    known = facts.read(path) if path.exists() else Facts(wanted)
    differing = [name for name in wanted if known.at(name, None).value != wanted[name]]
    if differing:
        raise OpenVoidError(
            f"holds shots made with another {', '.join(differing)}",
            where=str(order.out),
            mend="choose another --out",
        )
    if not path.exists():
        write_json(wanted, path)


def _passed_over(folder: Path) -> list[str]:
    rows = facts.read(folder / METADATA).at("passed_over").rows()
    return [row.rows(2, 2)[1].text() for row in rows]


def _manifest(out: Path) -> Iterator[dict[str, Any]]:
    """Every whole shot of the folder, of this order or another."""
    for folder in sorted(each for each in out.iterdir() if each.is_dir() and is_whole(each)):
        told = facts.read(folder / METADATA)
        yield {
            "file_path": folder.name,
            "text": told.at("caption").text(),
            "type": "video_mask_tuple",
            "short": told.at("short").text(),
            "family": told.at("family").text(),
            "seed": told.at("seed").whole(0, 2**64),
        }
