"""A clip that is decoded once: what the first look decodes is kept as stored and read back later.

Enters: a clip from files. Leaves: the same clip, frame for frame and bit for bit; whoever looks
through all of it first keeps its planes in the cache (`media.reel`), the next ones read them there.
A frame that was damaged meanwhile is decoded again. A clip that would take more than `MOST_BYTES`,
or whose files are hardly smaller than its planes, stays as it is. Knows no stage.

What is delivered is never read from here: that is decoded from the person's own file.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from openvoid.core.clip import Clip, ColorTags, Frame, Picture, PictureSource, PixelLayout
from openvoid.media.avframe import plane_sizes
from openvoid.media.content import files_of, frames_name
from openvoid.media.pixels import to_rgb
from openvoid.media.reel import MOST_BYTES as REELS_BYTES
from openvoid.media.reel import Reel, Torn, covering, place, recording, reels

MOST_BYTES = REELS_BYTES * 3 // 4  # of one clip, so that its small copies fit beside it
WORTH = 2  # files smaller than the planes by less than this are read as fast themselves
PLANES = "planes"
FREE = 2  # so many times the room that the planes take must be free


@dataclass(frozen=True)
class DecodedOnce:
    """A `PictureSource` in front of another one."""

    source: PictureSource
    files: Sequence[Path]
    layout: PixelLayout
    color: ColorTags
    bounds: tuple[int, int]  # what counts as a look through all of it
    name: str  # see `media.content.frames_name`

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        """RGB frames `start` <= index < `stop`."""
        return (to_rgb(picture, self.color) for picture in self.pictures(start, stop))

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Native pictures `start` <= index < `stop`, in order; planes that are kept are read-only.

        Raises:
            OpenVoidError: as the source.
        """
        kept = covering(self.name, PLANES, start, stop)
        if kept is not None:
            return self._read(*kept, start, stop)
        if (start, stop) == self.bounds:
            return self._kept(start, stop)
        return self.source.pictures(start, stop)

    def _read(self, reel: Reel, first: int, start: int, stop: int) -> Iterator[Picture]:
        for index in range(start, stop):
            try:
                planes = reel[index - first]
            except Torn:
                reel.discard()
                yield from self.source.pictures(index, stop)
                return
            yield Picture(index, planes, self.layout)

    def _kept(self, start: int, stop: int) -> Iterator[Picture]:
        """Decode, and keep what was decoded if the disk takes it."""
        with recording(place(self.name, PLANES, start, stop)) as reel:
            for picture in self.source.pictures(start, stop):
                reel.append(picture.planes)
                yield picture


def decoded_once(clip: Clip) -> Clip:
    """The clip, to be looked through several times; itself where keeping it would not pay."""
    name, size = frames_name(clip), clip.length * picture_bytes(clip)
    if name is None or size > MOST_BYTES or size < WORTH * _files_bytes(clip):
        return clip
    if size * FREE > _free_bytes(reels()):
        return clip
    bounds, files = (clip.offset, clip.offset + clip.length), tuple(files_of(clip))
    source = DecodedOnce(clip.source, files, clip.layout, clip.color, bounds, name)
    return replace(clip, source=source)


def picture_bytes(clip: Clip) -> int:
    """What the planes of one frame take."""
    sample = 4 if clip.layout.is_float else clip.dtype.itemsize
    sizes = plane_sizes(clip.layout, clip.height, clip.width)
    return sample * sum(height * width for height, width in sizes)


def _files_bytes(clip: Clip) -> int:
    return sum(file.stat().st_size for file in files_of(clip))


def _free_bytes(folder: Path) -> int:
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    return shutil.disk_usage(existing).free
