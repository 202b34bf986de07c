"""Where the deliverables go, and whether they may go there; asked before any work is done.

Enters: the paths a person gave, and those of the inputs. Leaves: a `Destination` in which every
path is writable, of a kind that can be written, and no input; or one clear error. Writes
nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from openvoid.core.clip import Clip
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Quadmask, Region
from openvoid.media.cache import cache_folder
from openvoid.media.codecs import CODECS, default_codec
from openvoid.media.outputs import check, refuse_existing
from openvoid.media.sequence import is_pattern, pattern_of

MATTE_CODECS = tuple(codec.name for codec in CODECS.values() if codec.holds_mattes)
PATCH_CODECS = tuple(codec.name for codec in CODECS.values() if codec.holds_patches)


@dataclass(frozen=True)
class Destination:
    """Paths that may be written, and how."""

    master: Path
    codec: str
    report: Path
    matte: Path | None = None
    matte_codec: str = ""
    patch: Path | None = None
    patch_codec: str = ""

    @property
    def paths(self) -> list[Path]:
        """All that will be written, the master first."""
        return [path for path in (self.master, self.matte, self.patch, self.report) if path]

    def files(self, clip: Clip) -> list[Path]:
        """The files and folders that will appear for a clip."""
        return [file for path in self.paths for file in appearing(clip, path)]


def destination(
    out: str | Path,
    *,
    codec: str | None = None,
    matte: str | Path | None = None,
    patch: str | Path | None = None,
    inputs: Sequence[Path] = (),
) -> Destination:
    """The paths and codecs of all deliverables, checked.

    Raises:
        OpenVoidError: an unknown codec or suffix; a folder that is missing or may not be written;
            an output that is an input (one of the files `inputs`) or another output.
    """
    out, matte, patch = Path(out), Path(matte) if matte else None, Path(patch) if patch else None
    found = Destination(
        master=out,
        codec=_codec(out, codec, tuple(CODECS)),
        report=report_path(out),
        matte=matte,
        matte_codec=_codec(matte, None, MATTE_CODECS) if matte else "",
        patch=patch,
        patch_codec=_codec(patch, default_codec(patch, alpha=True), PATCH_CODECS) if patch else "",
    )
    check(found.paths, inputs)
    return found


def report_path(out: Path) -> Path:
    """clean.mov.report.json; a folder clean/ gives clean.report.json, clean.%04d.exr the same."""
    if is_pattern(out):
        name = pattern_of(out).prefix.rstrip("._-") or out.suffix.lstrip(".")
        return out.with_name(f"{name}.report.json")
    return out.with_name(f"{out.name}.report.json")


def appearing(clip: Clip, path: Path) -> Iterator[Path]:
    """The files or the folder that will appear for a path."""
    if not is_pattern(path):
        yield path
        return
    pattern = pattern_of(path)
    for index in range(clip.length):
        yield pattern.path(clip.first_frame + index)


def check_free(found: Destination, clip: Clip, quadmask: Quadmask, overwrite: bool) -> None:
    """Refuse a removal whose names are taken, or for which the disks are clearly too small.

    Raises:
        OpenVoidError: something exists, without `overwrite`; less is free than the master, or what
            is kept for a later try, usually takes.
    """
    if not overwrite:
        refuse_existing(found.files(clip))
    samples = 3 * clip.width * clip.height * clip.length
    removed = 1 - quadmask.shares()[Region.KEEP]
    needed = [
        (found.master.parent, samples * CODECS[found.codec].bytes_a_sample),
        (cache_folder(), samples * removed * clip.dtype.itemsize),
    ]
    for folder, size in needed:
        free = shutil.disk_usage(_existing(folder)).free
        if free < size:
            raise OpenVoidError(
                f"about {size / 1e9:.2g} GB are needed here, {free / 1e9:.2g} GB are free",
                where=str(folder),
                mend="free some space, or use another disk (--out, OPENVOID_CACHE)",
            )


def _codec(out: Path, name: str | None, known: Sequence[str]) -> str:
    name = name or default_codec(out)
    if name not in known:
        kind = "codec" if known == tuple(CODECS) else "codec for a matte or patch"
        raise OpenVoidError(
            f"unknown {kind} {name!r}", where=str(out), mend=f"known: {', '.join(known)}"
        )
    return name


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.resolve().parents) if path.exists())
