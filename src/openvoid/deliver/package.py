"""Finished frames -> the deliverables, which appear all together or not at all.

Enters: composited frames in order, then the result they make. Leaves: the master in its codec, if
asked for a matte of what changed (gray, lossless) and the new pixels alone (RGBA), and the report.
Knows no engine.

Patches hold straight alpha; in EXR colours are multiplied by it, as that format has it.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import numpy as np

from openvoid.core.clip import Clip, ColorTags, Picture, PixelLayout
from openvoid.core.removal import RemovalResult
from openvoid.deliver.composite import Composited
from openvoid.deliver.destination import Destination
from openvoid.deliver.report import text_of
from openvoid.media.atomic import explained, partial_file
from openvoid.media.codecs import CODECS
from openvoid.media.encode import Writer, open_writer
from openvoid.media.transaction import Transaction

GRAY = PixelLayout("gray", 8, "gray")
RGBA = {
    "uint8": PixelLayout("gbrap", 8, "rgb", alpha=True),
    "uint16": PixelLayout("gbrap16le", 16, "rgb", alpha=True),
    "float32": PixelLayout("gbrapf32le", 32, "rgb", alpha=True, is_float=True),
}


class Package:
    """A context manager: `write` every frame, `finish`, `report`. Left by an exception, all goes.

    Args:
        within: the transaction in which all of it appears.

    Raises:
        OpenVoidError: on entering, where a codec cannot hold the clip; later, where the disk fails.
    """

    def __init__(self, clip: Clip, to: Destination, within: Transaction) -> None:
        self.clip, self.to, self._within = clip, to, within
        self._writers = ExitStack()

    def __enter__(self) -> Package:
        to, silent = self.to, replace(self.clip, audio=None)
        with self._writers:
            self._master = self._writer(to.master, self.clip, to.codec)
            if to.matte:
                matte = replace(silent, layout=GRAY, color=ColorTags(full_range=True))
                self._matte = self._writer(to.matte, matte, to.matte_codec)
            if to.patch:
                kept_rgb = not CODECS[to.patch_codec].pixels
                matrix = 0 if kept_rgb else self.clip.color.matrix
                color = replace(self.clip.color, matrix=matrix, full_range=True)
                patch = replace(silent, layout=RGBA[self.clip.dtype.name], color=color)
                self._patch = self._writer(to.patch, patch, to.patch_codec)
            self._writers = self._writers.pop_all()
        return self

    def write(self, frame: Composited) -> None:
        """Add the next frame to every deliverable."""
        self._master.write(frame.picture)
        if self.to.matte:
            self._matte.write(Picture(frame.picture.index, (frame.matte(),), GRAY))
        if self.to.patch:
            associated = CODECS[self.to.patch_codec].associated
            self._patch.write(patch_picture(frame, associated=associated))

    def finish(self) -> None:
        """Let the encoders end."""
        self._writers.close()

    def report(self, result: RemovalResult) -> None:
        """Write the report, the last of all."""
        with partial_file(self.to.report, self._within) as partial, explained(self.to.report):
            partial.write_bytes(text_of(result).encode("utf-8", "backslashreplace"))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writers.__exit__(kind, error, trace)

    def _writer(self, path: Path, clip: Clip, codec: str) -> Writer:
        return self._writers.enter_context(open_writer(path, clip, codec, self._within))


def patch_picture(frame: Composited, *, associated: bool) -> Picture:
    """The new pixels of a frame alone, as RGBA at the size of the picture.

    Straight alpha, or `associated`: colours multiplied by it.
    """
    fill = frame.fill
    layout = RGBA[fill.rgb.dtype.name]
    white = 1.0 if layout.is_float else float(np.iinfo(fill.rgb.dtype).max)
    rgb = np.where(fill.alpha[..., None] > 0, fill.rgb, 0)
    rgb = rgb * fill.alpha[..., None] if associated else rgb
    values = np.dstack([rgb[..., [1, 2, 0]], fill.alpha * np.float32(white)])
    if not layout.is_float:
        values = np.rint(values)
    whole = np.zeros((4, *frame.picture.planes[0].shape), fill.rgb.dtype)
    if not fill.box.empty:
        whole[(slice(None), *fill.box.slices)] = np.moveaxis(values, -1, 0)
    return Picture(frame.picture.index, tuple(whole), layout)
