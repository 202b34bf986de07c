"""What is asked: which frames, how they are drawn, what the film holds."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from openvoid.core.clip import ColorTags, clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.vlm.question import MARGIN_PX, Question, key_frames, marked, question_of, shown
from openvoid.reason.vlm.schema import Grid
from tests.reason.vlm.spoken import HEIGHT, LENGTH, WIDTH, disc, shot


def decoded(picture: bytes) -> NDArray[np.uint8]:
    bgr = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None
    return bgr[..., ::-1].astype(np.uint8)


def asked(folder: Path, track: Track | None = None, film: str = "none") -> Question:
    track = track or disc()
    return question_of(shot(track), track, Run(folder), frames=4, film=film)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.data())
def test_key_frames_span_the_time_in_which_the_object_is_seen(
    length: int, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, length - 1))
    last = data.draw(st.integers(first, length - 1))
    count = data.draw(st.integers(2, 12))
    shape = np.ones((4, 4), bool)
    track = Track.of("x", [shape if first <= at <= last else ~shape for at in range(length)])
    keys = key_frames(track, count)
    seen = [key for key in keys if first <= key <= last]
    assert (seen[0], seen[-1]) == (first, last)
    assert len(seen) == min(count, last - first + 1)
    assert list(keys) == sorted(set(keys))
    assert set(keys) - set(seen) <= {0, length - 1}
    gaps = np.diff(seen)
    assert gaps.size == 0 or gaps.max() - gaps.min() <= 1


def test_long_before_and_after_the_object_one_more_frame_is_shown() -> None:
    assert key_frames(disc(first=8, last=15), 4) == (0, 8, 10, 13, 15, 23)
    assert key_frames(disc(first=1, last=22), 4) == (1, 8, 15, 22)


def test_an_empty_track_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OpenVoidError, match="the track is empty"):
        asked(tmp_path, disc(first=40))


def test_a_track_of_another_clip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OpenVoidError, match="make the track from this clip"):
        question_of(shot(disc()), disc(9), Run(tmp_path))


def test_the_pictures_are_the_key_frames_and_first_the_object_filled(tmp_path: Path) -> None:
    question = asked(tmp_path)
    captions = [caption for caption, _ in question.pictures]
    assert captions[0].startswith("The object, filled in red, in frame")
    assert captions[1:] == [f"Frame {key}:" for key in question.keys]
    for _, picture in question.pictures:
        height, width = decoded(picture).shape[:2]
        assert (height, width) == (HEIGHT + 2 * MARGIN_PX, WIDTH + MARGIN_PX)


def test_a_frame_without_the_object_is_said_to_be_one(tmp_path: Path) -> None:
    captions = [caption for caption, _ in asked(tmp_path, disc(first=12)).pictures]
    assert captions[1] == "Frame 0 (the object is not in it):"


def test_the_object_is_outlined_in_red_and_the_grid_drawn_between_cells() -> None:
    gray = np.full((80, 140, 3), 100, np.uint8)
    inside = np.zeros((80, 140), bool)
    inside[32:48, 62:78] = True
    page = marked(gray, inside, Grid(8, 14), 3).astype(int)
    picture = page[MARGIN_PX : MARGIN_PX + 80, MARGIN_PX:]
    assert (picture[40, 62] == (255, 30, 30)).all()
    assert picture[5, 10].sum() > 310  # a line between columns 0 and 1
    assert (picture[5, 5] == 100).all()  # inside a cell nothing is drawn
    assert (page[:MARGIN_PX] < 128).any()  # numbers in the margin
    filled = marked(gray, inside, Grid(8, 14), 3, filled=True).astype(int)
    assert filled[MARGIN_PX + 45, MARGIN_PX + 65, 0] > 140


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_every_depth_is_shown_alike_and_reduced(kind: type) -> None:
    full = 1.0 if kind is np.float32 else float(np.iinfo(kind).max)
    frame = np.full((40, 80, 3), full / 2).astype(kind)
    clip = replace(clip_of([frame]), color=ColorTags(transfer=13))  # sRGB: floats too
    picture = shown(frame, clip, 20)
    assert picture.shape == (10, 20, 3)
    assert picture.dtype == np.uint8
    assert abs(int(picture[5, 5, 0]) - 127) <= 1


def test_values_beyond_white_and_no_numbers_are_shown_as_something() -> None:
    frame = np.array([[[np.nan, 7.0, -3.0]]], np.float32)
    assert shown(frame, clip_of([frame]), 9).tolist() == [[[0, 255, 0]]]


def test_the_same_clip_and_track_ask_the_same_question(tmp_path: Path) -> None:
    assert asked(tmp_path, film="video_url") == asked(tmp_path, film="video_url")


def test_the_film_holds_the_whole_clip_and_leaves_nothing_behind(tmp_path: Path) -> None:
    question = asked(tmp_path, film="video_url")
    part = question.messages()[0]["content"][-1]
    assert part["type"] == "video_url"
    data = base64.b64decode(part["video_url"]["url"].removeprefix("data:video/mp4;base64,"))
    with av.open(io.BytesIO(data)) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(frames) == LENGTH
    assert frames[0].shape == (HEIGHT, WIDTH, 3)
    blue = [np.argwhere(frame[..., 2] > 170)[:, 1].mean() for frame in frames]
    assert np.all(np.diff(blue) > 1)  # the disc moves on
    assert list(tmp_path.iterdir()) == []


def test_a_long_clip_is_sampled_for_the_film(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openvoid.reason.vlm.question.FILM_FRAMES", 9)
    question = asked(tmp_path, film="image_url")
    with av.open(io.BytesIO(question.film)) as film:
        assert len(list(film.decode(video=0))) == 8
        assert film.streams.video[0].average_rate == 8


def test_the_words_name_frames_and_grid_and_the_label(tmp_path: Path) -> None:
    text = asked(tmp_path).text
    assert "24 frames (numbered 0 to 23, 24 a second)" in text
    assert "8 rows and 14 columns" in text
    assert "The pictures are frames 0, 8, 15, 23." in text
    assert "calls it: disc" in text
