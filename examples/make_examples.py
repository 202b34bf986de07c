"""Render the example shot `rolling_ball`: a ball rolls by on a wooden floor, shadow and reflection.

    python examples/make_examples.py [--out examples] [--width 640] [--frames 48] [--passes 16]

The shot is rendered three times: with the ball; without it (the truth); and with the ball invisible
but still casting its shadow and reflection. The first tells the object's silhouette, the
differences of the others where the scene changes, so the quadmask is exact. All three share the
handheld camera and the film grain. Deterministic: the same arguments give the same pictures.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from room import Ball, Camera, Room

from openvoid.core.quadmask import Quadmask
from openvoid.media.masks import write_quadmask

RATE = Fraction(24)
BACKGROUND = (
    "A quiet room: a wooden floor, a papered wall with a white skirting board, a crate, a blue vase"
    " and two books in the light of a window on the left."
)
COVERED_FROM = 0.12  # share of a pixel's samples that hit the ball: it is the object's
CHANGED_FROM = 1.5 / 255  # difference that makes a pixel affected
GRAIN_LEVELS = 1.6


class Shot(NamedTuple):
    """One frame, finished: pictures [H, W, 3] uint8, masks [H, W]."""

    given: NDArray[np.uint8]
    truth: NDArray[np.uint8]
    removed: NDArray[np.bool_]
    affected: NDArray[np.bool_]


def render(width: int, height: int, frames: int, passes: int) -> Iterator[Shot]:
    """The frames of the shot, in order."""
    room = Room()
    for index in range(frames):
        yield _frame(room, index, frames, width, height, passes)


def _frame(room: Room, index: int, frames: int, width: int, height: int, passes: int) -> Shot:
    """Every pass looks through other points of the pixels, at another moment of the exposure."""
    sums = [np.zeros((height, width, 3), np.float32) for _ in range(3)]
    covered = np.zeros((height, width), np.float32)
    rng = np.random.default_rng(1000 + index)
    side = round(passes**0.5)
    moments = rng.permutation(side * side)
    for number in range(side * side):
        offset = (np.array([number % side, number // side]) + rng.uniform(0, 1, 2)) / side
        exposed = (moments[number] + 0.5) / (side * side)  # the shutter is open half the time
        time = (index + 0.5 * exposed) / max(1, frames - 1)
        rays = Camera.at(time).rays(width, height, offset)
        ball = Ball.at(time)
        empty = room.colors(rays, None)
        acting, _ = room.colors_with(rays, ball, empty, visible=False)
        whole, hit = room.colors_with(rays, ball, empty, visible=True)
        for total, part in zip(sums, (whole, empty, acting), strict=True):
            total += part.reshape(height, width, 3)
        covered += hit.reshape(height, width)
    share = 1.0 / (side * side)
    whole, empty, acting = (_developed(total * share) for total in sums)
    grain = _grain(height, width, np.random.default_rng(5000 + index))
    given, truth = _bytes(whole + grain), _bytes(empty + grain)
    return Shot(given, truth, covered * share > COVERED_FROM, _changed(acting, empty))


def _changed(acting: NDArray[np.float32], empty: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where the ball changes the scene; small gaps, where it happens to change nothing, closed."""
    changed = (np.abs(acting - empty).max(axis=-1) > CHANGED_FROM).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    closed = cv2.morphologyEx(np.pad(changed, 9, mode="edge"), cv2.MORPH_CLOSE, disc)[9:-9, 9:-9]
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, disc[2:7, 2:7]) > 0)


def _developed(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scene light => display values 0..1: a soft shoulder, then the sRGB curve."""
    light = 0.86 * light
    toned = light * (1.0 + light / 5.0) / (1.0 + 0.75 * light)
    toned = np.clip(toned, 0.0, 1.0)
    curve = np.where(toned <= 0.0031308, 12.92 * toned, 1.055 * toned ** (1 / 2.4) - 0.055)
    return np.asarray(curve, np.float32)


def _grain(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Fine grain, the same for every render of a frame, mostly of brightness."""
    white = rng.normal(0.0, GRAIN_LEVELS / 255, (height, width, 1))
    tint = rng.normal(0.0, 0.4 * GRAIN_LEVELS / 255, (height, width, 3))
    return np.asarray(white + tint, np.float32)


def _bytes(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.asarray(np.clip(picture * 255.0 + 0.5, 0.0, 255.0), np.uint8)


# --- files ------------------------------------------------------------------------------------


def write_example(folder: Path, shots: list[Shot]) -> None:
    """The shot's folder: clip with sound, quadmask, prompt, and the truth."""
    folder.mkdir(parents=True, exist_ok=True)
    sound = tone(len(shots) / float(RATE))
    write_clip(folder / "input_video.mp4", [shot.given for shot in shots], sound)
    write_clip(folder / "truth.mp4", [shot.truth for shot in shots], sound)
    mask = Quadmask.from_removed([s.removed for s in shots], [s.affected for s in shots])
    write_quadmask(mask, folder / "quadmask_0.mkv", RATE)
    (folder / "prompt.json").write_text(json.dumps({"bg": BACKGROUND}) + "\n")


def write_clip(
    path: Path, frames: list[NDArray[np.uint8]], sound: NDArray[np.float32] | None, crf: int = 13
) -> None:
    """H.264, BT.709 tagged as such; the sound [2, N] at 48 kHz as AAC."""
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", rate=RATE)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.options = {"crf": str(crf), "preset": "veryslow", "tune": "grain"}
        context = video.codec_context
        context.color_primaries = context.color_trc = context.colorspace = 1
        context.color_range = 1
        audio = None
        if sound is not None:
            audio = container.add_stream("aac", rate=48000, layout="stereo")
        for picture in frames:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace=1, dst_color_range=1)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if audio is not None and sound is not None:
            samples = av.AudioFrame.from_ndarray(sound, format="fltp", layout="stereo")
            samples.sample_rate = 48000
            container.mux(audio.encode(samples))
            container.mux(audio.encode())


def tone(seconds: float) -> NDArray[np.float32]:
    """A quiet chord that wanders from left to right as the ball does. [2, N] at 48 kHz."""
    time = np.arange(round(seconds * 48000)) / 48000.0
    chord = sum(
        np.sin(6.2832 * pitch * time) / share for pitch, share in ((220, 2), (277, 3), (330, 4))
    )
    fade = np.clip(np.minimum(time, seconds - time) / 0.2, 0.0, 1.0) * 0.06
    place = time / seconds * np.pi / 2
    return np.asarray(np.stack([np.cos(place), np.sin(place)]) * chord * fade, np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--passes", type=int, default=16, help="samples a pixel; a square number")
    given = parser.parse_args()
    shots = []
    height = given.width * 9 // 16
    for index, shot in enumerate(render(given.width, height, given.frames, given.passes)):
        shots.append(shot)
        print(f"\rframe {index + 1} of {given.frames}", end="", flush=True)
    write_example(given.out / "rolling_ball", shots)
    print(f"\n{given.out / 'rolling_ball'}")


if __name__ == "__main__":
    main()
