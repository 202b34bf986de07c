"""The table of codecs: everything that is known of a way to write pictures, a row each.

Enters: a name, the path of a file. Leaves: the row. What can be delivered, the default for a file's
suffix, which codecs may hold a matte or a patch, the help of `--codec` and what `openvoid doctor`
looks for are read from here; so a new codec is a new row, and `tests/media/test_codecs.py` writes
and reads it back with all others. Encodes nothing (`encode`) and imports no codec, so that help
pages and the doctor do without one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from openvoid.core.errors import OpenVoidError

if TYPE_CHECKING:
    from openvoid.core.clip import Clip

CONTAINERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}  # suffix -> FFmpeg's muxer


@dataclass(frozen=True)
class Codec:
    """A way to write: how it is asked for, what it holds, what it cannot carry.

    What is not said to be held is refused (`encode`): floating point, alpha. Samples go into one of
    `pixels`, through one conversion, or as they are.
    """

    name: str
    title: str  # for people
    suffixes: tuple[str, ...]  # of files it may go into, its usual one first; of the images
    encoder: str = ""  # FFmpeg's name; empty: an image sequence, written by `images.WRITERS`
    options: Mapping[str, str] = field(default_factory=dict)
    options_for: Callable[[Clip], Mapping[str, str]] | None = None  # more, that depend on the clip
    pixels: tuple[str, ...] = ()  # YCbCr formats it stores, the usual first; none: the clip's own
    lossless: bool = False
    alpha: bool = False
    floating: bool = False
    full_range: bool = False  # YCbCr may stay in full range
    must_tell_matrix: bool = False  # the encoder would tag one of its own where none is told
    associated: bool = False  # colours are stored multiplied by alpha
    bytes_a_sample: float = 1.0  # in typical footage; only to refuse what no disk will hold

    @property
    def holds_mattes(self) -> bool:
        """A matte is gray, 8 bit, full range, and keeps every value."""
        return self.lossless and not self.pixels and not self.floating

    @property
    def holds_patches(self) -> bool:
        """A patch is the new pixels with their alpha."""
        return self.alpha


def _slices(clip: Clip) -> Mapping[str, str]:
    """FFV1 in 16 parts for as many cores; it finds its own number where that does not divide."""
    small_or_odd = min(clip.size) < 128 or clip.width % 2 or clip.height % 2
    return {"slices": "0" if small_or_odd else "16"}


# A suffix asks for the first row whose usual one it is; a folder for images as for .png.
_ALL = (
    Codec(
        "h264",
        "H.264",
        (".mp4", ".mov", ".mkv"),
        encoder="libx264",
        options={"crf": "13", "preset": "veryfast"},  # 52 dB; half the time of "fast" at crf 14
        pixels=("yuv420p", "yuv420p10le", "yuv444p", "yuv444p10le"),
        full_range=True,
        bytes_a_sample=0.02,
    ),
    Codec(
        "prores-hq",
        "ProRes 422 HQ",
        (".mov", ".mkv"),
        encoder="prores_ks",
        options={"profile": "hq", "vendor": "apl0"},
        pixels=("yuv422p10le",),
        must_tell_matrix=True,  # else BT.709
        bytes_a_sample=0.15,
    ),
    Codec(
        "prores-4444",
        "ProRes 4444",
        (".mov", ".mkv"),
        encoder="prores_ks",
        options={"profile": "4444", "vendor": "apl0"},
        pixels=("yuv444p10le", "yuva444p10le"),
        alpha=True,
        must_tell_matrix=True,
        bytes_a_sample=0.2,
    ),
    Codec(
        "ffv1",
        "FFV1",
        (".mkv",),
        encoder="ffv1",
        options={"level": "3", "slicecrc": "1", "g": "1"},  # every frame stands alone
        options_for=_slices,
        lossless=True,
        alpha=True,
        bytes_a_sample=0.4,
    ),
    Codec("png", "PNG", (".png",), lossless=True, alpha=True, bytes_a_sample=0.5),
    Codec(
        "exr",
        "EXR",
        (".exr",),
        lossless=True,
        alpha=True,
        floating=True,
        associated=True,
        bytes_a_sample=1.0,
    ),
)
CODECS: dict[str, Codec] = {codec.name: codec for codec in _ALL}

LOSSLESS_H264 = Codec(  # as shot folders hold masks and takes; not to be asked for by a name
    "h264",
    "H.264, lossless",
    (".mp4",),
    encoder="libx264",
    options={"qp": "0", "preset": "superfast"},  # a fifth larger than "veryfast", a third sooner
    pixels=("yuv444p",),
    lossless=True,
    full_range=True,
)


def codec_named(name: str, *, where: str = "--codec") -> Codec:
    """The row of that name.

    Raises:
        OpenVoidError: there is none.
    """
    if name not in CODECS:
        known = ", ".join(CODECS)
        raise OpenVoidError(f"unknown codec {name!r}", where=where, mend=f"known: {known}")
    return CODECS[name]


def default_codec(out: Path, *, alpha: bool = False) -> str:
    """The codec that a name asks for: by its suffix; a folder becomes PNGs.

    Args:
        alpha: rather one that holds alpha, if any goes there.

    Raises:
        OpenVoidError: nothing is written to such a file.
    """
    rows = CODECS.values()
    suffix = out.suffix.lower() or ".png"
    usual = next((codec for codec in rows if codec.suffixes[0] == suffix), None)
    if usual is None:
        known = ", ".join(dict.fromkeys(codec.suffixes[0] for codec in rows))
        raise OpenVoidError(
            f"unknown kind of file {out.suffix}", where=str(out), mend=f"use {known}"
        )
    if alpha and not usual.alpha:
        usual = next((codec for codec in rows if codec.alpha and suffix in codec.suffixes), usual)
    return usual.name
