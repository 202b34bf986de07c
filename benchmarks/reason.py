"""How well a reasoner finds what an object affects: `python benchmarks/reason.py [FOLDERS]`.

Without folders: the hand-made scenes, and the real clips where `--clips` says they are. With
folders: shot folders of any dataset with exact masks (as `openvoid synth` writes them); the name
before the last "-" is the family. For each family: the share of truly changed pixels that are found
(at least 0.8 is asked), and the share of unchanged pixels that stay KEEP (at least 0.9). For the
real clips the intersection over union of affected cells with the released masks, which are no
truth but a person's and a model's opinion.

Where the truth is exact, a reliability diagram besides (DeGroot and Fienberg 1983): of all effects
told with so much confidence, applied or not, how many are real. One is real if at least three
tenths of where it is said to be now (else of where it would go) is truly changed; or, loosely
outlined, a tenth, if that is half of all that changed (waves, of which the truth holds the crests).
Where things would go is a guess, and large; it counts in keep.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from question import start
from reason_scenes import SCENES, case

from openvoid.core import plugins
from openvoid.core.clip import Clip
from openvoid.core.effects import Effect, Effects
from openvoid.core.quadmask import Quadmask, split
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip
from openvoid.media.shotdir import read_shot
from openvoid.reason.applied import by_confidence
from openvoid.reason.compose import compose
from openvoid.show.overlay import overlay

RECALL, KEEP = 0.8, 0.9
PICTURES = 6  # frames drawn of each shot
DRAWN_PX = 640
REAL = 0.3  # of an effect's places must be truly changed
LOOSE, MOST = 0.1, 0.5  # or so much of them, if it is so much of all that is
BINS = (0.0, 0.3, 0.45, 0.6, 0.7, 0.8, 0.9, 1.01)  # of confidence


@dataclass
class Count:
    """Pixels of all frames: truly changed and found, and so on. The object itself counts where
    the truth says that the scene changes behind it, and never as kept."""

    found: int = 0
    changed: int = 0
    wrong: int = 0
    unchanged: int = 0

    def add(self, mask: Quadmask, truth: Quadmask) -> None:
        for mine, its in zip(mask, truth, strict=True):
            (_, said), (object_, changed) = split(mine), split(its)
            free = ~changed & ~object_
            self.found += int((said & changed).sum())
            self.changed += int(changed.sum())
            self.wrong += int((said & free).sum())
            self.unchanged += int(free.sum())

    @property
    def recall(self) -> float:
        return self.found / max(1, self.changed)

    @property
    def keep(self) -> float:
        return 1 - self.wrong / max(1, self.unchanged)

    @property
    def iou(self) -> float:
        return self.found / max(1, self.changed + self.wrong)


@dataclass(frozen=True)
class Told:
    """An effect against the truth."""

    confidence: float
    real: bool


def told_of(effects: Effects, truth: Quadmask) -> Iterator[Told]:
    """Each effect, applied or not."""
    length, (height, width) = len(truth), truth[0].shape
    empty = Track.of("object", (np.zeros((height, width), bool) for _ in range(length)))
    for effect in effects.affected:
        mask = compose(empty, Effects((now_only(effect),)))
        count = Count()
        count.add(mask, truth)
        yield Told(effect.confidence, real(count.found, count.wrong, count.changed))


def real(found: int, wrong: int, changed: int) -> bool:
    """Whether an effect is real that marks so many pixels rightly and so many wrongly, where so
    many changed in all."""
    said = max(1, found + wrong)
    return found >= REAL * said or (found >= LOOSE * said and found >= MOST * max(1, changed))


def now_only(effect: Effect) -> Effect:
    """An effect where it is now; where it would go, if it is nowhere now."""
    return replace(effect, applied=True, goes=() if effect.now else effect.goes)


def tell_reliability(told: Sequence[Told]) -> None:
    """A row for each span of confidence."""
    print(f"\n{'told with':14} {'effects':>7} {'mean':>7} {'real':>7}")
    for low, high in itertools.pairwise(BINS):
        some = [each for each in told if low <= each.confidence < high]
        if some:
            mean = float(np.mean([each.confidence for each in some]))
            real = float(np.mean([each.real for each in some]))
            print(f"{low:.2f} to {min(high, 1.0):.2f}   {len(some):7} {mean:7.2f} {real:7.2f}")


def explained(reasoner: str, clip: Clip, track: Track) -> tuple[Effects, Run]:
    """The effects, applied as far as they are sure, and what was noted on the way."""
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder))
        effects: Effects = plugins.construct("reasoner", reasoner).explain(clip, track, run)
    return by_confidence(effects), run


def drawn(clip: Clip, mask: Quadmask, effects: Effects, out: Path) -> None:
    """Some frames with the effects and their reasons."""
    picked = set(np.linspace(0, clip.length - 1, PICTURES).round().astype(int).tolist())
    size = DRAWN_PX, round(DRAWN_PX * clip.height / clip.width)
    panels = []
    for index, frame in enumerate(clip.frames()):
        if index in picked:
            small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
            shown = np.clip(small / clip.white * 255, 0, 255).astype(np.uint8)
            labels = cv2.resize(mask[index], size, interpolation=cv2.INTER_NEAREST)
            panels.append(overlay(shown, labels.astype(np.uint8), effects, index))
    half = len(panels) // 2
    sheet = np.concatenate([np.concatenate(row, 1) for row in (panels[:half], panels[half:])])
    out.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(out), np.ascontiguousarray(sheet[..., ::-1]))


def tell(rows: Iterable[tuple[str, Count]]) -> bool:
    met = True
    print(f"{'family':14} {'recall':>7} {'keep':>7} {'IoU':>7}")
    for name, count in rows:
        good = count.recall >= RECALL and count.keep >= KEEP
        met &= good
        verdict = "" if good else "  not met"
        print(f"{name:14} {count.recall:7.3f} {count.keep:7.3f} {count.iou:7.3f}{verdict}")
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folders", nargs="*", type=Path, help="shot folders with exact masks")
    parser.add_argument("--reasoner", default="motion")
    parser.add_argument("--clips", type=Path, help="folder of the released shots")
    parser.add_argument("--pictures", type=Path, help="where to draw what was found")
    asked = parser.parse_args()
    counts: dict[str, Count] = {}
    told: list[Told] = []
    if not asked.folders:
        for name in SCENES:
            scene = case(name)
            effects, _ = explained(asked.reasoner, scene.clip, scene.track)
            mask = compose(scene.track, effects)
            truth = Quadmask.from_removed(scene.track, scene.affected)
            counts.setdefault(name, Count()).add(mask, truth)
            told += told_of(effects, truth)
            if asked.pictures:
                drawn(scene.clip, mask, effects, asked.pictures / f"{name}.png")
    for folder in asked.folders:
        family = folder.name.rsplit("-", 1)[0]
        one, these = measure(folder, asked.reasoner, 0, asked.pictures)
        told += these
        print(f"  {folder.name:14} {one.recall:.3f} {one.keep:.3f}", flush=True)
        whole = counts.setdefault(family, Count())
        for field in ("found", "changed", "wrong", "unchanged"):
            setattr(whole, field, getattr(whole, field) + getattr(one, field))
    met = tell(counts.items())
    tell_reliability(told)
    if asked.clips:
        print("\nreleased shots, snapped to the grid (IoU with the released regions):")
        for folder in sorted(path for path in asked.clips.iterdir() if path.is_dir()):
            one, _ = measure(folder, asked.reasoner, 8, asked.pictures)
            print(f"{folder.name:14} {one.recall:7.3f} {one.keep:7.3f} {one.iou:7.3f}", flush=True)
    return 0 if met else 1


def measure(
    folder: Path, reasoner: str, grid: int, pictures: Path | None
) -> tuple[Count, list[Told]]:
    shot = read_shot(folder)
    clip, truth = open_clip(shot.clip), open_quadmask(shot.quadmask)
    track = Track.of("object", (split(labels)[0] for labels in truth))
    effects, _ = explained(reasoner, clip, track)
    mask = compose(track, effects, grid=grid)
    count = Count()
    count.add(mask, truth.grid_snapped(grid) if grid else truth)
    if pictures:
        drawn(clip, mask, effects, pictures / f"{folder.name}.png")
    return count, [] if grid else list(told_of(effects, truth))


if __name__ == "__main__":
    start(main)
