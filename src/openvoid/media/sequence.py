"""Numbered images <-> Clip.

Enters: `shot.%04d.exr`, `shot.####.exr`, a folder of images, or one image. Leaves: a `Clip` over a
`SequenceSource` that reads a file when its frame is asked for; numbers without a gap, the first
one kept as `first_frame`. Writes sequences by the same names. Carries no sound.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from openvoid.core.clip import Clip, ColorTags, Frame, Picture, PixelLayout, timecode_plus
from openvoid.core.errors import OpenVoidError
from openvoid.media.atomic import Joins, explained, new_folder, partial_folder
from openvoid.media.images import IMAGE_SUFFIXES, WRITERS, read_image
from openvoid.media.pixels import to_rgb
from openvoid.media.transaction import Transaction

DEFAULT_RATE = Fraction(24)
_PLACE = re.compile(r"%(?:0(\d+))?d|(#+)")  # where the number goes in a pattern
_LAST_NUMBER = re.compile(r"(.*?)(\d+)(\D*)")


@dataclass(frozen=True)
class Pattern:
    """The names of a sequence: folder / prefix + number of at least `digits` digits + suffix."""

    folder: Path
    prefix: str
    digits: int
    suffix: str

    def path(self, number: int) -> Path:
        return self.folder / f"{self.prefix}{number:0{self.digits}}{self.suffix}"

    def __str__(self) -> str:
        return str(self.folder / f"{self.prefix}%0{self.digits}d{self.suffix}")


@dataclass(frozen=True)
class SequenceSource:
    """A `PictureSource` over image files, one a frame."""

    files: tuple[Path, ...]
    layout: PixelLayout
    size: tuple[int, int]  # (height, width)
    color: ColorTags

    def __len__(self) -> int:
        return len(self.files)

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        """RGB frames `start` <= index < `stop`."""
        return (to_rgb(picture, self.color) for picture in self.pictures(start, stop))

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Pictures `start` <= index < `stop`.

        Raises:
            OpenVoidError: a file is missing, damaged, or differs from the first in size or depth.
        """
        for index in range(start, stop):
            path = self.files[index]
            picture = read_image(path, index).picture
            height, width = picture.planes[0].shape
            if (height, width) != self.size:
                first = f"the first image is {self.size[1]}x{self.size[0]}"
                raise OpenVoidError(f"is {width}x{height}, {first}", where=str(path))
            if picture.layout != self.layout:
                told = f"is {picture.layout.name}, the first image is {self.layout.name}"
                raise OpenVoidError(told, where=str(path), mend="make all images alike")
            yield picture


def is_pattern(path: Path) -> bool:
    """Whether a name has a place for a frame number: %04d or ####."""
    return _PLACE.search(path.name) is not None


def numbered(clip: Clip) -> bool:
    """Whether a clip's frames have numbers in the names of their files."""
    return clip.path.is_dir() or (is_pattern(clip.path) and not clip.path.exists())


def pattern_of(path: Path) -> Pattern:
    """The pattern that a path writes out."""
    places = list(_PLACE.finditer(path.name))
    if len(places) != 1:
        raise OpenVoidError(
            "needs one place for the frame number", where=str(path), mend="such as shot.%04d.exr"
        )
    place = places[0]
    digits = len(place[2]) if place[2] else int(place[1] or 1)
    return Pattern(path.parent, path.name[: place.start()], digits, path.name[place.end() :])


def open_sequence(path: Path, rate: Fraction | None = None) -> Clip:
    """The images at `path`: a pattern, a folder that holds one sequence, or one image.

    Args:
        rate: frames a second; else what the first image says, else 24.

    Raises:
        OpenVoidError: no images, gaps in the numbers, several sequences, an unreadable image.
    """
    if path.is_dir():
        first_frame, files = _in_folder(path)
    elif is_pattern(path) and not path.exists():
        first_frame, files = _matching(pattern_of(path))
    else:
        first_frame, files = 0, (path,)
    first = read_image(files[0])
    height, width = first.picture.planes[0].shape
    layout = first.picture.layout
    return Clip(
        path=path,
        width=width,
        height=height,
        length=len(files),
        rate=rate or first.rate or DEFAULT_RATE,
        layout=layout,
        source=SequenceSource(files, layout, (height, width), first.color),
        color=first.color,
        timecode=first.timecode,
        first_frame=first_frame,
    )


def _matching(pattern: Pattern) -> tuple[int, tuple[Path, ...]]:
    name = re.compile(re.escape(pattern.prefix) + r"(\d+)" + re.escape(pattern.suffix))
    if not pattern.folder.is_dir():
        raise OpenVoidError("no such folder", where=str(pattern.folder))
    found = {
        int(match[1]): path
        for path in _listed(pattern.folder)
        if (match := name.fullmatch(path.name)) and path == pattern.path(int(match[1]))
    }
    if not found:
        raise OpenVoidError("no image has such a name", where=str(pattern))
    return _without_gap(found, str(pattern))


def _in_folder(folder: Path) -> tuple[int, tuple[Path, ...]]:
    groups: dict[tuple[str, str], dict[int, Path]] = defaultdict(dict)
    for path in _listed(folder):
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith("."):
            match = _LAST_NUMBER.fullmatch(path.stem)
            number = int(match[2]) if match else 0
            rest = f"{match[1]}#{match[3]}" if match else path.stem
            groups[rest, path.suffix][number] = path
    if not groups:
        kinds = " ".join(sorted(IMAGE_SUFFIXES))
        raise OpenVoidError("no images in this folder", where=str(folder), mend=f"known: {kinds}")
    if len(groups) > 1:
        names = ", ".join(sorted(rest + suffix for rest, suffix in groups)[:4])
        raise OpenVoidError(
            f"holds several sequences: {names}", where=str(folder), mend="give one by its pattern"
        )
    return _without_gap(next(iter(groups.values())), str(folder))


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise OpenVoidError(f"cannot be read: {error.strerror}", where=str(folder)) from error


def _without_gap(found: dict[int, Path], where: str) -> tuple[int, tuple[Path, ...]]:
    """The first number and all files in order; refused where a number between is missing."""
    first, last = min(found), max(found)
    if len(found) < last - first + 1:
        missing = [number for number in range(first, last) if number not in found]
        told = ", ".join(map(str, missing[:5])) + (" ..." if len(missing) > 5 else "")
        raise OpenVoidError(
            f"{len(missing)} of frames {first} to {last} are missing: {told}",
            where=where,
            mend="render them, or move what lies beyond the gap elsewhere",
        )
    return first, tuple(found[number] for number in sorted(found))


class SequenceWriter:
    """Writes one image a picture, numbered on from the clip's first frame."""

    def __init__(self, pattern: Pattern, clip: Clip, out: Path) -> None:
        self._pattern, self._clip, self._out = pattern, clip, out
        self.files: list[Path] = []

    def write(self, picture: Picture) -> None:
        """Write the next picture."""
        clip, count = self._clip, len(self.files)
        path = self._pattern.path(clip.first_frame + count)
        with explained(self._out):
            timecode = timecode_plus(clip.timecode, count, clip.rate)
            WRITERS[path.suffix.lower()](path, picture, clip.color, clip.rate, timecode)
        self.files.append(path)


@contextmanager
def write_sequence(
    out: Path, clip: Clip, suffix: str, within: Joins | None = None
) -> Iterator[SequenceWriter]:
    """A writer of images of kind `suffix`: to a new folder `out`, or by a pattern into its folder.

    They appear together when the block ends well, or with all else `within` a transaction.
    """
    if not is_pattern(out):
        if out.suffix:
            raise OpenVoidError(
                "names one image", where=str(out), mend=f"give a folder, or shot.%04d{suffix}"
            )
        _refuse_other_files(out, suffix)
        with partial_folder(out, within) as partial:
            writer = SequenceWriter(Pattern(partial, f"{out.name}.", 4, suffix), clip, out)
            yield writer
            _refuse_empty(writer, out)
        return
    pattern = pattern_of(out)
    if pattern.suffix.lower() != suffix:
        raise OpenVoidError(f"does not end in {suffix}", where=str(out))
    with ExitStack() as stack:
        joined = within or stack.enter_context(Transaction(out))
        partial = stack.enter_context(new_folder(out))
        writer = SequenceWriter(replace(pattern, folder=partial), clip, out)
        yield writer
        _refuse_empty(writer, out)
        for file in writer.files:
            joined.add(file, pattern.folder / file.name)
        joined.adopt(partial)


def _refuse_empty(writer: SequenceWriter, out: Path) -> None:
    if not writer.files:
        raise OpenVoidError("no frame was written", where=str(out))


def _refuse_other_files(out: Path, suffix: str) -> None:
    """A folder is replaced only if it holds nothing but an earlier sequence of the same name."""
    ours = re.compile(re.escape(f"{out.name}.") + r"\d+" + re.escape(suffix))
    if out.is_dir() and not all(ours.fullmatch(path.name) for path in out.iterdir()):
        raise OpenVoidError("the folder holds other files", where=str(out), mend="give a new one")
