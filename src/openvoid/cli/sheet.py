"""Two clips -> a contact sheet or a video of both and their difference, and how far apart they are.

Enters: two clips of one size and length, perhaps a quadmask, and how to show them. Leaves: the
file, written atomically, and the numbers; one pass over both clips does both. The panels are drawn
by `panels`, the numbers taken by `measure`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.cli.measure import Comparison, check_alike, pairs
from openvoid.core.clip import RGB_LAYOUTS, Clip, ColorTags, Picture
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Quadmask
from openvoid.core.removal import Progress
from openvoid.media.atomic import explained, partial_file
from openvoid.show import panels
from openvoid.vision.display import Display

PICTURES = (".png", ".jpg", ".jpeg")
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


def show(
    left: Clip,
    right: Clip,
    mask: Quadmask | None,
    out: Path | None,
    view: View,
    progress: Progress,
) -> Comparison:
    """Write the comparison and give its numbers; all in one pass over both clips."""
    check_alike(left, right, mask)
    found = Comparison()

    def walk() -> Iterator[Pair]:
        progress("compare", 0, left.length)
        for index, one, other in pairs(left, right):
            yield index, one, other
            found.add(index, one, other, mask)
            progress("compare", index + 1, left.length)

    if out is None:
        for _ in walk():
            pass
    elif out.suffix.lower() in PICTURES:
        _write_picture(out, walk(), _Painter(left, right, mask, view, SHEET_WIDTH_PX))
    else:
        _write_video(out, walk(), _Painter(left, right, mask, view, left.width))
    return found


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
        among = masked or list(every)
        count = min(self.view.frames, len(among))
        middles = (np.arange(count) + 0.5) * len(among) / count
        return {among[int(middle)] for middle in middles}


def _write_picture(out: Path, walk: Iterator[Pair], painter: _Painter) -> None:
    chosen = painter.chosen()
    write_picture(panels.sheet([painter.row(*pair) for pair in walk if pair[0] in chosen]), out)


def write_picture(picture: panels.Panel, out: Path) -> None:
    """RGB uint8 [H, W, 3] as .png or .jpg, whole or not at all.

    Raises:
        OpenVoidError: another kind of file, too large, or it cannot be written.
    """
    if out.suffix.lower() not in PICTURES:
        raise OpenVoidError(
            f"no picture is written as {out.suffix or 'that'}", where=str(out), mend="use .png"
        )
    done, data = cv2.imencode(out.suffix, picture[:, :, ::-1])
    if not done:
        raise OpenVoidError("the picture is too large", where=str(out), mend="show less")
    with partial_file(out) as partial, explained(out):
        partial.write_bytes(data.tobytes())


def _write_video(out: Path, walk: Iterator[Pair], painter: _Painter) -> None:
    from openvoid.media.encode import default_codec, open_writer

    source, layout = painter.clip, RGB_LAYOUTS[np.dtype(np.uint8)]
    with ExitStack() as stack:
        writer = None
        for index, one, other in walk:
            panel = panels.even(painter.row(index, one, other))
            if writer is None:
                height, width = panel.shape[:2]
                shape = replace(
                    source, width=width, height=height, layout=layout, color=ColorTags()
                )
                writer = stack.enter_context(open_writer(out, shape, default_codec(out)))
            red, green, blue = np.moveaxis(panel, -1, 0)
            writer.write(Picture(index, (green, blue, red), layout))
