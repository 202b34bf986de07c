"""Tiny shots with a known truth, made by numpy: a ball that truly rolls on, and who blocks it.

The object (a dark post) stands in the way of a striped ball. With it the ball stops; without it,
it rolls on to the right. The quadmask: the post, and where the ball is in either picture.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from openvoid.core.clip import clip_of
from openvoid.core.judged import Judged, Moved
from openvoid.core.quadmask import Quadmask
from openvoid.media.encode import open_writer
from openvoid.media.masks import write_mattes, write_quadmask

Frames = np.ndarray[Any, np.dtype[np.uint8]]
HEIGHT, WIDTH, FRAMES, RADIUS, ROW = 80, 128, 12, 9, 48


@dataclass(frozen=True)
class Scene:
    """All that is known of a tiny scene; frames [T, H, W, 3], masks [T, H, W]."""

    source: Frames
    truth: Frames
    post: np.ndarray[Any, np.dtype[np.bool_]]
    ball: np.ndarray[Any, np.dtype[np.bool_]]  # in the truth
    quadmask: Quadmask

    def judged(self, result: Frames) -> Judged:
        clips = [clip_of(frames) for frames in (result, self.truth, self.source)]
        return Judged(*clips, self.quadmask, (self.moved(),))

    def moved(self) -> Moved:
        centres = [np.argwhere(mask)[:, ::-1].mean(axis=0) for mask in self.ball]
        return Moved("ball", list(self.ball), np.array(centres))


def room(seed: int = 3) -> Frames:
    """A still, textured background [H, W, 3]."""
    rng = np.random.default_rng(seed)
    noise = rng.uniform(60, 200, (HEIGHT, WIDTH, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 3)
    return np.clip(128 + 2.5 * (soft - soft.mean()), 0, 255).astype(np.uint8)


def with_ball(background: Frames, x: float) -> tuple[Frames, np.ndarray[Any, np.dtype[np.bool_]]]:
    """A striped ball painted at a column; and its mask."""
    rows, columns = np.indices(background.shape[:2])
    mask = (rows - ROW) ** 2 + (columns - x) ** 2 <= RADIUS**2
    stripes = np.where((rows - ROW) // 4 % 2 == 0, 240, 200)
    frame = background.copy()
    frame[mask] = np.stack([stripes, stripes // 6, stripes // 8], axis=-1)[mask]
    return frame, mask


def course(index: int) -> int:
    """The ball's column in the truth."""
    return 20 + 7 * index


def scene(seed: int = 3) -> Scene:
    background = room(seed)
    post = np.zeros((HEIGHT, WIDTH), bool)
    post[24:64, 62:72] = True
    sources, truths, balls, quads = [], [], [], []
    for index in range(FRAMES):
        truth, ball = with_ball(background, course(index))
        source, stopped = with_ball(background, min(course(index), 52))
        source[post] = (40, 36, 30)
        changed = (ball ^ stopped) | ((ball | stopped) & (course(index) > 52))
        sources.append(source)
        truths.append(truth)
        balls.append(ball)
        quads.append(changed)
    posts = np.repeat(post[None], FRAMES, axis=0)
    quadmask = Quadmask.from_removed(posts, np.stack(quads))
    return Scene(np.stack(sources), np.stack(truths), posts, np.stack(balls), quadmask)


def save_clip(path: Path, frames: Frames) -> None:
    """Without loss, as .mkv."""
    clip = clip_of(frames)
    with open_writer(path, clip, "ffv1") as writer:
        for picture in clip.pictures():
            writer.write(picture)


def save_shot(folder: Path, made: Scene, family: str = "collide", seed: int = 1) -> Path:
    """A shot folder as `openvoid synth` leaves it."""
    folder.mkdir(parents=True)
    save_clip(folder / "input_video.mkv", made.source)
    save_clip(folder / "truth.mkv", made.truth)
    write_quadmask(made.quadmask, folder / "quadmask_0.mkv", clip_of(made.source).rate)
    ids = (mask.astype(np.uint8) * 2 for mask in made.ball)
    write_mattes(ids, folder / "ids.mkv", clip_of(made.source).rate)
    bodies = [{"name": "post", "moved": False}, {"name": "ball", "moved": True}]
    (folder / "tracks.json").write_text(json.dumps({"bodies": bodies}))
    (folder / "world.json").write_text(json.dumps({"family": family, "seed": seed}))
    (folder / "prompt.json").write_text(json.dumps({"bg": "a ball rolls on"}))
    return folder
