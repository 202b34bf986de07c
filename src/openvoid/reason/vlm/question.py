"""What a vision-language model is asked: gridded key frames, the object marked, our own words.

Enters: a clip and the object's track. Leaves: a `Question`: the pictures as JPEG, the text, the
grid, and perhaps a small film of the whole clip. Each picture has its frame number and the grid's
rows and columns in its margins, and the object outlined in red; the first one has it filled. Knows
no network. That the model looks through a grid of about square cells, 8 on the short side, and
what it is asked for follow VOID (arXiv 2604.02296).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import RGB_LAYOUTS, ArraySource, Clip, ColorTags, Frame
from openvoid.core.clip import Picture as CodedPicture
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Run
from openvoid.core.track import Silhouette, Track
from openvoid.media.encode import open_writer
from openvoid.reason.vlm.prompt import words
from openvoid.reason.vlm.schema import Grid
from openvoid.vision.display import Display

Picture = NDArray[np.uint8]
"""[H, W, 3] RGB."""

# How the pictures look that are sent: chosen to be read by a person too, not measured on models.
MARGIN_PX = 26  # for the numbers of rows and columns
PAPER, INK = 245, 20
LINE, RED = (255, 255, 90), (255, 30, 30)
LINE_SHARE, FILL_SHARE = 0.4, 0.45  # what is below still shows
QUALITY = 88  # of the JPEGs: small, no artefacts to take for shadows
FILM_SIDE_PX, FILM_FRAMES = 512, 240  # at most, ten seconds' worth; longer clips are sampled


@dataclass(frozen=True)
class Question:
    """All that is sent, and what is needed to read the answer."""

    grid: Grid
    length: int  # of the clip, frames
    keys: tuple[int, ...]  # the frames shown
    text: str
    pictures: tuple[tuple[str, bytes], ...]  # caption, JPEG
    film: bytes = b""  # MP4
    film_part: str = ""  # how the endpoint takes a film: "image_url" or "video_url"

    @property
    def size(self) -> int:
        """Bytes of pictures and film."""
        return len(self.film) + sum(len(picture) for _, picture in self.pictures)

    def messages(self) -> list[dict[str, Any]]:
        """As a chat: one turn of ours, text and pictures."""
        parts: list[dict[str, Any]] = [{"type": "text", "text": self.text}]
        for caption, picture in self.pictures:
            parts.append({"type": "text", "text": caption})
            parts.append(_data("image_url", "image/jpeg", picture))
        if self.film:
            parts.append({"type": "text", "text": "The whole clip, without marks:"})
            parts.append(_data(self.film_part, "video/mp4", self.film))
        return [{"role": "user", "content": parts}]


def question_of(
    clip: Clip, track: Track, run: Run, *, frames: int = 10, side_px: int = 1024, film: str = "none"
) -> Question:
    """Look at the clip and put the question.

    Args:
        frames: how many key frames while the object is seen.
        side_px: the longer side of each picture, at most.
        film: "none", or the kind of message part ("image_url", "video_url") that carries a film.

    Raises:
        OpenVoidError: the track is empty, or not of this clip.
    """
    if (len(track), track.height, track.width) != (clip.length, *clip.size):
        raise OpenVoidError(
            f"the track has {len(track)} frames of {track.width}x{track.height}, "
            f"the clip {clip.length} of {clip.width}x{clip.height}",
            mend="make the track from this clip",
        )
    keys = key_frames(track, frames)
    grid = Grid.over(*clip.size)
    largest = max(track.seen, key=lambda at: track.box(at).height * track.box(at).width)
    largest = min((key for key in keys if key in track.seen), key=lambda key: abs(key - largest))
    pictures, filled = [], b""
    for key in run.track("key frames", keys, len(keys)):
        picture = shown(next(iter(clip.frames(key, key + 1))), clip, side_px)
        seen = "" if not track.box(key).empty else " (the object is not in it)"
        drawn = marked(picture, track[key], grid, key)
        pictures.append((f"Frame {key}{seen}:", _jpeg(drawn)))
        if key == largest:
            filled = _jpeg(marked(picture, track[key], grid, key, filled=True))
    pictures.insert(0, (f"The object, filled in red, in frame {largest}:", filled))
    sent = _film(clip, run) if film != "none" else b""
    text = words(grid, clip.length, float(clip.rate), keys, track.label, bool(sent))
    part = film if sent else ""
    return Question(grid, clip.length, keys, text, tuple(pictures), sent, part)


def key_frames(track: Track, count: int = 10) -> tuple[int, ...]:
    """Frames to show: `count` while the object is seen, evenly, and one well before and after.

    Those two show where things were at first and where they ended, if the clip shows it.

    Raises:
        OpenVoidError: the object is never seen.
    """
    seen = track.seen
    if not seen:
        raise OpenVoidError("the track is empty: there is no object to ask about")
    places = np.linspace(0, len(seen) - 1, min(count, len(seen)))
    keys = {seen[int(place)] for place in np.rint(places)}
    apart = max(1, (seen[-1] - seen[0]) // max(1, count - 1))
    if seen[0] >= apart:
        keys.add(0)
    if len(track) - 1 - seen[-1] >= apart:
        keys.add(len(track) - 1)
    return tuple(sorted(keys))


def shown(frame: Frame, clip: Clip, side_px: int) -> Picture:
    """A frame as a screen shows it, its longer side at most `side_px`; 8 bit."""
    seen = Display.of(clip).seen(frame)
    height, width = seen.shape[:2]
    scale = min(1.0, side_px / max(height, width))
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        seen = cv2.resize(seen, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return seen


def marked(
    picture: Picture, silhouette: Silhouette, grid: Grid, frame: int, *, filled: bool = False
) -> Picture:
    """The picture with grid and object drawn in, rows, columns and frame number in the margins."""
    height, width = picture.shape[:2]
    drawn = picture.copy()
    share = cv2.resize(silhouette.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    mask = (share > 0.3).astype(np.uint8)
    if filled:
        inside = mask > 0
        red = drawn[inside] * (1 - FILL_SHARE) + np.array(RED) * FILL_SHARE
        drawn[inside] = red.astype(np.uint8)
    lines = drawn.copy()
    across = [round(column * width / grid.columns) for column in range(1, grid.columns)]
    down = [round(row * height / grid.rows) for row in range(1, grid.rows)]
    for x in across:
        cv2.line(lines, (x, 0), (x, height - 1), LINE, 1)
    for y in down:
        cv2.line(lines, (0, y), (width - 1, y), LINE, 1)
    drawn = cv2.addWeighted(lines, LINE_SHARE, drawn, 1 - LINE_SHARE, 0).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(drawn, list(contours), -1, RED, 2 if max(height, width) >= 400 else 1)
    return _margins(drawn, grid, frame)


def _margins(drawn: Picture, grid: Grid, frame: int) -> Picture:
    height, width = drawn.shape[:2]
    page = np.full((height + 2 * MARGIN_PX, width + MARGIN_PX, 3), PAPER, np.uint8)
    page[MARGIN_PX : MARGIN_PX + height, MARGIN_PX:] = drawn
    for column in range(grid.columns):
        x = MARGIN_PX + (column + 0.5) * width / grid.columns
        _write(page, str(column), x, MARGIN_PX / 2)
    for row in range(grid.rows):
        _write(page, str(row), MARGIN_PX / 2, MARGIN_PX + (row + 0.5) * height / grid.rows)
    _write(page, f"frame {frame}", MARGIN_PX + width / 2, height + 1.5 * MARGIN_PX)
    return page


def _write(page: Picture, text: str, x: float, y: float) -> None:
    """Centred on (x, y)."""
    face, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.5
    (wide, high), _ = cv2.getTextSize(text, face, scale, 1)
    at = (round(x - wide / 2), round(y + high / 2))
    cv2.putText(page, text, at, face, scale, (INK,) * 3, 1, cv2.LINE_AA)


def _jpeg(picture: Picture) -> bytes:
    bgr = np.ascontiguousarray(picture[..., ::-1])
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done
    return data.tobytes()


def _data(kind: str, media: str, content: bytes) -> dict[str, Any]:
    url = f"data:{media};base64,{base64.b64encode(content).decode()}"
    return {"type": kind, kind: {"url": url}}


def _film(clip: Clip, run: Run) -> bytes:
    """The clip as a small MP4 without sound, every n-th frame where it is long."""
    step = -(-clip.length // FILM_FRAMES)
    count = -(-clip.length // step)

    def small() -> Iterator[Picture]:
        for index, frame in enumerate(clip.frames()):
            if index % step == 0:
                picture = shown(frame, clip, FILM_SIDE_PX)
                height, width = picture.shape[:2]
                even = (max(2, width // 2 * 2), max(2, height // 2 * 2))
                yield cv2.resize(picture, even).astype(np.uint8)

    pictures = run.track("film to send", small(), count)
    first = next(pictures)
    height, width = first.shape[:2]
    layout = RGB_LAYOUTS[first.dtype]
    source = ArraySource(lambda _: first, layout)
    rate = clip.rate / step
    reduced = Clip(Path("<film>"), width, height, count, rate, layout, source, ColorTags(1, 1, 1))
    path = run.scratch / "asked.mp4"
    with open_writer(path, reduced, "h264") as writer:
        for index, picture in enumerate(chain([first], pictures)):
            red, green, blue = np.moveaxis(picture, -1, 0)
            writer.write(CodedPicture(index, (green, blue, red), layout))
    data = path.read_bytes()
    path.unlink()
    return data
