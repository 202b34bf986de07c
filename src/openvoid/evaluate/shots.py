"""Folders of shots with a known truth -> what a metric is given.

Enters: a folder of shot folders, or one: clip, quadmask, prompt (`media.shotdir`), `truth.*` or
`rgb_removed.mp4` (the scene without the object), and where there are any `tracks.json` (which
things go another way), `ids.mkv` (whose pixel it is in the truth: 0 nobody's, n the n-th thing of
tracks.json) and `world.json` (family and seed). Leaves: shots, opened when asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openvoid.core import facts
from openvoid.core.clip import Clip, clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.judged import Judged, Moved
from openvoid.media import shotdir
from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip

TRUTHS = ("truth.mkv", "truth.mp4", "truth.mov", "truth", "rgb_removed.mkv", "rgb_removed.mp4")
TRACKS, IDS, WORLD = "tracks.json", "ids.mkv", "world.json"
DEEP = 3  # folders below the given one in which shots are looked for
LONGEST_NAME, MOST_SEED = 200, 2**64  # of families and bodies; ours have up to 30 letters
HELD_BYTES = 1 << 30  # clips up to this size are decoded once and held


@dataclass(frozen=True)
class Shot:
    """A shot folder with a truth. Nothing of it is opened yet."""

    name: str  # its folder below the one that was given, with "-" between the parts
    folder: Path

    @property
    def family(self) -> str:
        """By its description; "other" without one."""
        return self._world()[0]

    @property
    def seed(self) -> int | None:
        return self._world()[1]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with its description."""
        return self._world()[2]

    def files(self) -> shotdir.Shot:
        """Clip, quadmask and prompt."""
        return shotdir.read_shot(self.folder)

    def truth(self) -> Path:
        """The clip without the object.

        Raises:
            OpenVoidError: there is none.
        """
        found = next((self.folder / name for name in TRUTHS if (self.folder / name).exists()), None)
        if found is None:
            raise OpenVoidError("holds no truth.mkv", where=str(self.folder))
        return found

    def digest(self) -> str:
        """SHA-256 over all that is judged by."""
        shot = self.files()
        sha = hashlib.sha256()
        judged_by = (
            shot.clip,
            shot.quadmask,
            self.truth(),
            self.folder / TRACKS,
            self.folder / IDS,
        )
        for path in judged_by:
            for file in sorted(path.iterdir()) if path.is_dir() else [path]:
                data = file.read_bytes() if file.is_file() else b""
                sha.update(f"{file.name}\0{len(data)}\0".encode() + data)
        sha.update(shot.prompt.encode())
        return sha.hexdigest()

    def _world(self) -> tuple[str, int | None, tuple[str, ...]]:
        """Family, seed and warnings; a description that cannot be read counts as none."""
        if not (self.folder / WORLD).exists():
            return "other", None, ()
        try:
            found = facts.read(self.folder / WORLD)
            family = found.at("family", "other").text(LONGEST_NAME)
            seed = found.at("seed").whole(0, MOST_SEED) if "seed" in found else None
        except OpenVoidError as error:
            return "other", None, (f"{WORLD} cannot be read, counted as 'other': {error.what}",)
        return family, seed, ()


def find_shots(folder: Path) -> list[Shot]:
    """The folder itself, or every shot folder below it, sorted by name.

    Raises:
        OpenVoidError: there is none.
    """
    if not folder.is_dir():
        raise OpenVoidError("no such folder", where=str(folder))
    if shotdir.is_shot(folder):
        return [Shot(folder.resolve().name, folder)]
    found = [Shot("-".join(each.relative_to(folder).parts), each) for each in _below(folder, DEEP)]
    if not found:
        raise OpenVoidError(
            "holds no shot folders", where=str(folder), mend="each has an input_video.mp4"
        )
    return sorted(found, key=lambda shot: shot.name)


def _below(folder: Path, deep: int) -> Iterator[Path]:
    for each in sorted(folder.iterdir()):
        if each.name.startswith(".") or not each.is_dir():
            continue
        if shotdir.is_shot(each):
            yield each
        elif deep > 1:
            yield from _below(each, deep - 1)


def open_known(shot: Shot) -> Judged:
    """All but the result: its place is taken by the source.

    Raises:
        OpenVoidError: something is missing, unreadable, or of another length or size.
    """
    files = shot.files()
    source, truth = held(open_clip(files.clip)), held(open_clip(shot.truth()))
    quadmask = open_quadmask(files.quadmask)
    check_alike(truth, source, "the truth")
    if (len(quadmask), quadmask.height, quadmask.width) != (source.length, *source.size):
        size = f"{quadmask.width}x{quadmask.height} with {len(quadmask)} frames"
        raise OpenVoidError(f"the mask is {size}, the clip {_size(source)}", where=str(shot.folder))
    return Judged(source, truth, source, quadmask, read_moved(shot.folder, truth))


def with_result(known: Judged, path: Path) -> Judged:
    """The same with a result in its place.

    Raises:
        OpenVoidError: it is unreadable, or of another length or size.
    """
    result = open_clip(path)
    check_alike(result, known.source, "the result")
    return replace(known, result=held(result))


def check_alike(clip: Clip, source: Clip, what: str) -> None:
    """Two clips of one length and size.

    Raises:
        OpenVoidError: they are not.
    """
    if (clip.length, clip.size) != (source.length, source.size):
        raise OpenVoidError(
            f"{what} is {_size(clip)}, the clip {_size(source)}", where=str(clip.path)
        )


def held(clip: Clip) -> Clip:
    """The same clip with its frames in memory, where they are few enough."""
    if clip.length * clip.width * clip.height * 3 * clip.dtype.itemsize > HELD_BYTES:
        return clip
    frames = list(clip.frames())
    if len(frames) != clip.length:
        raise OpenVoidError(f"ends after {len(frames)} frames", where=str(clip.path))
    return replace(clip_of(frames, clip.rate), path=clip.path)


def _size(clip: Clip) -> str:
    return f"{clip.width}x{clip.height} with {clip.length} frames"


# --- what moves ---------------------------------------------------------------------------------


def read_moved(folder: Path, truth: Clip) -> tuple[Moved, ...]:
    """The things that go another way, by tracks.json and ids.mkv; none where these are missing.

    Raises:
        OpenVoidError: one of them cannot be read, or does not fit the truth.
    """
    path = folder / TRACKS
    if not path.exists() or not (folder / IDS).exists():
        return ()
    try:
        bodies = facts.read(path).at("bodies").rows()
        told = [(body.at("name").text(LONGEST_NAME), body.at("moved").yes()) for body in bodies]
    except OpenVoidError as error:
        what = f"cannot be read as tracks: {error.what}"
        raise OpenVoidError(what, where=str(path), mend=error.mend) from error
    moved = [(index, name) for index, (name, moves) in enumerate(told) if moves]
    if not moved:
        return ()
    ids = read_ids(folder / IDS)
    if not ids or (len(ids), *ids[0].shape) != (truth.length, *truth.size):
        raise OpenVoidError("does not fit the truth", where=str(folder / IDS))
    things = (_thing(name, [frame == index + 1 for frame in ids]) for index, name in moved)
    return tuple(thing for thing in things if any(mask.any() for mask in thing.masks))


def read_ids(path: Path) -> list[NDArray[np.uint16]]:
    """Instance numbers [H, W] of every frame, as stored."""
    return [picture.planes[0].astype(np.uint16) for picture in open_clip(path).pictures()]


def _thing(name: str, masks: Sequence[NDArray[np.bool_]]) -> Moved:
    centres = np.full((len(masks), 2), np.nan)
    for index, mask in enumerate(masks):
        rows, columns = np.nonzero(mask)
        if rows.size:
            centres[index] = columns.mean(), rows.mean()
    return Moved(name, masks, centres)
