"""Two clips -> a contact sheet or a video of both and their difference.

Enters: two clips of one size and length, perhaps a quadmask, how to show them, and their frames
pair by pair (who measures them looks at the same pairs). Leaves: the file, written atomically. The
panels are drawn by `panels`. Measures nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import RGB_LAYOUTS, Clip, ColorTags, Picture
from openvoid.core.limits import FILM_PX, PICTURE_PX, check_picture
from openvoid.core.quadmask import Quadmask
from openvoid.media.atomic import Joins
from openvoid.media.codecs import default_codec
from openvoid.media.encode import open_writer
from openvoid.show import panels
from openvoid.show.picture import PICTURES, write_picture
from openvoid.vision.display import Display

PANELS = {"sheet": "AB+", "side": "AB", "difference": "+"}  # + is the difference
SHEET_WIDTH_PX = 480  # of one panel in a contact sheet

Pair = tuple[int, NDArray[np.float32], NDArray[np.float32]]
"""A frame's index, and both frames [H, W, 3] with white at 1.0."""


@dataclass(frozen=True)
class View:
    """How a comparison is shown. `width_px` 0: native in a video, 480 in a picture."""

    mode: str = "sheet"
    frames: int = 6
    width_px: int = 0
    gain: float = 8.0


def write_comparison(
    left: Clip,
    right: Clip,
    mask: Quadmask | None,
    pairs: Iterable[Pair],
    out: Path,
    view: View,
    within: Joins | None = None,
) -> None:
    """A picture where `out` names one, else a video. All pairs are walked through.

    Raises:
        OpenVoidError: the file cannot be written.
    """
    if out.suffix.lower() in PICTURES:
        painter = _Painter(left, right, mask, view, SHEET_WIDTH_PX)
        chosen = painter.chosen()
        painter.check(len(chosen))
        rows = [painter.row(*pair) for pair in pairs if pair[0] in chosen]
        write_picture(panels.sheet(rows), out, within)
    else:
        painter = _Painter(left, right, mask, view, left.width)
        painter.check(1, FILM_PX)
        _write_video(out, pairs, painter, within)


class _Painter:
    """Draws the panels of one frame pair, as the view asks."""

    def __init__(
        self, left: Clip, right: Clip, mask: Quadmask | None, view: View, width_px: int
    ) -> None:
        self.clip, self.view = left, view
        self._mask = mask
        self._names = {"A": left.path.name, "B": right.path.name}
        self._display = replace(Display.of(left), white=1.0)  # frames come divided by white
        self._width = view.width_px or width_px
        self._height = max(1, round(left.height * self._width / left.width))

    def check(self, rows: int, most_px: int = PICTURE_PX) -> None:
        """That so many rows of panels can be held.

        Raises:
            OpenVoidError: they cannot.
        """
        width = len(PANELS[self.view.mode]) * self._width
        mend = "give a smaller --width" + (", or fewer --frames" if rows > 1 else "")
        check_picture(rows * self._height, width, where="--width", mend=mend, most_px=most_px)

    def row(self, index: int, one: NDArray[np.float32], other: NDArray[np.float32]) -> panels.Panel:
        """All panels of one frame beside each other."""
        number = self.clip.first_frame + index
        drawn, captions = [], []
        for name in PANELS[self.view.mode]:
            if name == "+":
                shown = self._display.shown(one), self._display.shown(other)
                apart = panels.difference(*shown, self.view.gain)
                drawn.append(panels.panel(apart, self._width, self._height))
                captions.append(f"{number}  difference x{self.view.gain:g}")
                continue
            frame = one if name == "A" else other
            panel = panels.shown(frame, self._display, self._width, self._height)
            if name == "A" and self._mask is not None:
                panel = panels.outlined(panel, self._mask[index])
            drawn.append(panel)
            captions.append(f"{number}  {self._names[name]}")
        return panels.row(drawn, captions)

    def chosen(self) -> set[int]:
        """Frames of a contact sheet: spread evenly over those where the mask shows something."""
        every = range(self.clip.length)
        masked = [index for index in every if self._mask and not self._mask.box(index).empty]
        return set(panels.spread(masked or every, self.view.frames))


def _write_video(out: Path, pairs: Iterable[Pair], painter: _Painter, within: Joins | None) -> None:
    source, layout = painter.clip, RGB_LAYOUTS[np.dtype(np.uint8)]
    with ExitStack() as stack:
        writer = None
        for index, one, other in pairs:
            panel = panels.even(painter.row(index, one, other))
            if writer is None:
                height, width = panel.shape[:2]
                shape = replace(
                    source, width=width, height=height, layout=layout, color=ColorTags()
                )
                writer = stack.enter_context(open_writer(out, shape, default_codec(out), within))
            red, green, blue = np.moveaxis(panel, -1, 0)
            writer.write(Picture(index, (green, blue, red), layout))
