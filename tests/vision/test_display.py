"""One curve for the whole project: it comes back, and asks once how bright a shot was stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.cli.values import InputColor
from openvoid.core.clip import Clip, ColorTags, Frame, clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.vision.display import EVEN, USUAL, Display, color_of, exposure_of
from openvoid.vision.transfer import Transfer

SOURCE = Path(__file__).parents[2] / "src" / "openvoid"
CODED = [each for each in Transfer if each is not Transfer.SRGB]


def noise(seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.random((8, 8, 3)).astype(np.float32) for _ in range(3)]


def tagged(clip: Clip, transfer: int = 2, primaries: int = 2, input_color: str = "auto") -> Clip:
    return replace(clip, color=ColorTags(primaries, transfer), input_color=input_color)


# --- there and back -----------------------------------------------------------------------------


@given(
    value=st.floats(-1e4, 1e4, width=32),
    gain=st.floats(0.01, 100),
    peak=st.floats(1, 1e4),
)
def test_every_linear_value_comes_back(value: float, gain: float, peak: float) -> None:
    look = Display(1.0, Transfer.LINEAR, gain, peak)
    frame = np.full((1, 1, 3), value, np.float32)
    back = look.stored(look.shown(frame), np.dtype(np.float32))
    shown = float(look.shown(frame)[0, 0, 0])
    # how much one step of the shown value's float32 is worth, in stored values
    step = np.array([[[np.nextafter(np.float32(shown), np.float32(np.inf))] * 3]], np.float32)
    worth = abs(float(look.stored(step, np.dtype(np.float32))[0, 0, 0]) - float(back[0, 0, 0]))
    assert abs(float(back[0, 0, 0]) - value) <= 2 * worth + 1e-6 * abs(value)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("transfer", Transfer)
def test_every_integer_comes_back(dtype: type, transfer: Transfer) -> None:
    white = np.iinfo(dtype).max
    frame = np.repeat(np.arange(white + 1, dtype=dtype)[:, None, None], 3, axis=2)
    look = Display.of(tagged(clip_of([frame]), input_color=transfer))
    look = replace(look, wide=False)
    shown = look.shown(frame)
    assert (np.diff(shown[:, 0, 0]) > 0).all()
    assert shown.max() == pytest.approx(1, abs=1e-5)
    assert np.array_equal(look.stored(shown, np.dtype(dtype)), frame)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_is_beyond_the_range_is_clipped(dtype: type) -> None:
    white = np.iinfo(dtype).max
    beyond = np.array([[[-0.5, 0.5, 1.5]]], np.float32)
    back = Display(float(white)).stored(beyond, np.dtype(dtype))
    assert back.tolist() == [[[0, (white + 1) // 2, white]]]


def test_wide_primaries_come_back_and_gray_stays_gray() -> None:
    codes = np.random.default_rng(0).integers(20000, 50000, (16, 16, 3)).astype(np.uint16)
    look = Display.of(tagged(clip_of([codes]), transfer=16, primaries=9))
    assert look.wide
    back = look.stored(look.shown(codes), codes.dtype)
    assert np.abs(back.astype(int) - codes).max() <= 1
    gray = np.full((2, 2, 3), 30000, np.uint16)
    narrow = replace(look, wide=False)
    assert np.allclose(look.shown(gray), narrow.shown(gray), atol=1e-6)
    assert np.abs(look.shown(codes) - narrow.shown(codes)).max() > 0.02


def test_the_curve_rises_and_shows_the_peak_as_white() -> None:
    for peak in (1.0, 1.01, 4.0, 900.0):
        look = Display(1.0, Transfer.LINEAR, 1.0, peak)
        ramp = np.linspace(-1, 2 * peak, 4001, dtype=np.float32)[:, None, None]
        shown = look.shown(ramp)[:, 0, 0]
        assert (np.diff(shown) > 0).all()
        white = look.shown(np.full((1, 1, 1), peak, np.float32))
        assert float(white[0, 0, 0]) == pytest.approx(1, abs=1e-5)
    plain = Display(1.0, Transfer.LINEAR).shown(np.full((1, 1, 1), 0.18, np.float32))
    assert float(plain[0, 0, 0]) == pytest.approx(0.4614, abs=1e-3)  # sRGB's middle grey


# --- eight bits ---------------------------------------------------------------------------------


@pytest.mark.parametrize("transfer", [1, 2, 6, 13, 14, 15])
def test_what_is_fit_for_a_screen_is_seen_as_it_is(transfer: int) -> None:
    rng = np.random.default_rng(1)
    frame = rng.integers(0, 256, (9, 7, 3)).astype(np.uint8)
    assert Display.of(tagged(clip_of([frame]), transfer)).seen(frame) is frame
    deep = frame.astype(np.uint16) * 257
    assert np.array_equal(Display.of(tagged(clip_of([deep]), transfer)).seen(deep), frame)
    if transfer != 2:  # untagged floats are linear
        real = frame.astype(np.float32) / 255
        assert np.array_equal(Display.of(tagged(clip_of([real]), transfer)).seen(real), frame)


@pytest.mark.parametrize("transfer", CODED)
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
def test_the_table_agrees_with_the_curve(transfer: Transfer, wide: bool, kind: str) -> None:
    values = np.random.default_rng(2).random((40, 40, 3))
    white = 1.0 if kind == "f4" else float(np.iinfo(kind).max)
    frame = (values * white).astype(kind)
    look = Display.of(tagged(clip_of([frame]), primaries=9 if wide else 1, input_color=transfer))
    wanted = np.rint(255 * np.clip(look.shown(frame), 0, 1))
    assert look.seen(frame).dtype == np.uint8
    assert np.abs(look.seen(frame) - wanted).max() <= 1


def test_no_number_is_black_and_the_infinite_white() -> None:
    frame = np.array([[[np.nan, np.inf, -np.inf], [0.5, 1e30, -3.0]]], np.float32)
    linear = Transfer.LINEAR
    wide = Display(1.0, linear, wide=True).seen(frame)[0, 0]
    assert wide[1] in (0, 255)  # of a pixel in which everything is wrong, no more is known
    for look in (Display(), Display(1.0, linear), Display(1.0, linear, 1e3, 9.0)):
        assert look.seen(frame)[0, 0].tolist() == [0, 255, 0]
        assert look.seen(frame)[0, 1, 1:].tolist() == [255, 0]


# --- exposure -----------------------------------------------------------------------------------


@given(times=st.floats(0.002, 8), seed=st.integers(0, 9))
def test_how_bright_a_shot_was_stored_does_not_show(times: float, seed: int) -> None:
    frames = noise(seed)
    other = [(frame * np.float32(times)).astype(np.float32) for frame in frames]
    one, two = Display.of(clip_of(frames)), Display.of(clip_of(other))
    assert np.allclose(one.shown(frames[0]), two.shown(other[0]), atol=1e-5)
    apart = one.seen(frames[0]).astype(int) - two.seen(other[0])
    assert np.abs(apart).max() <= 1
    assert two.unit == pytest.approx(one.unit * times, rel=1e-5)
    assert exposure_of(clip_of(other)).level * two.gain == pytest.approx(EVEN)


@pytest.mark.parametrize("power", [-9, -3, 1, 3])
def test_a_power_of_two_changes_no_bit(power: int) -> None:
    frames = noise()
    other = [frame * np.float32(2.0**power) for frame in frames]
    one, two = Display.of(clip_of(frames)), Display.of(clip_of(other))
    assert np.array_equal(one.seen(frames[0]), two.seen(other[0]))
    assert two.unit == one.unit * 2.0**power


def test_bad_values_disturb_no_exposure() -> None:
    rng = np.random.default_rng(4)
    frame = rng.random((64, 64, 3)).astype(np.float32)
    bad = frame.copy()
    for place, value in ((3, np.nan), (9, np.inf), (20, -np.inf)):
        bad[place, place, 1] = value
    clean, disturbed = exposure_of(clip_of([frame])), exposure_of(clip_of([bad]))
    assert disturbed.level == pytest.approx(clean.level, rel=1e-2)
    assert disturbed.brightest == pytest.approx(clean.brightest, rel=1e-2)
    fine = np.isfinite(bad).all(axis=-1)
    one, two = Display.of(clip_of([frame])).seen(frame), Display.of(clip_of([bad])).seen(bad)
    assert np.abs(one[fine].astype(int) - two[fine]).max() <= 2


def test_lights_on_black_are_seen_however_faint() -> None:
    frame = np.zeros((40, 40, 3), np.float32)
    frame[3, 4] = 1e-3
    assert Display.of(clip_of([frame])).seen(frame).max() > 150


def test_a_dark_linear_shot_is_brought_to_a_usual_exposure() -> None:
    frames = noise()
    usual = Display.of(clip_of(frames), USUAL)
    dark = Display.of(clip_of([np.float32(0.001) * frame for frame in frames]), USUAL)
    assert usual.gain == 1
    assert dark.gain > 100
    assert np.median(dark.shown(np.float32(0.001) * frames[0])) > 0.2


def test_a_shot_of_bad_values_still_has_a_display() -> None:
    frame = np.full((4, 4, 3), np.nan, np.float32)
    look = Display.of(clip_of([frame]), USUAL)
    assert (look.gain, look.peak) == (1.0, 1.0)


class Counting:
    """A source that counts the frames it gives."""

    def __init__(self, clip: Clip) -> None:
        self.inner, self.given = clip.source, 0

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        for frame in self.inner.frames(start, stop):
            self.given += 1
            yield frame


def test_a_clip_is_looked_at_once_and_integers_never() -> None:
    plain = clip_of([np.ones((4, 4, 3), np.float32)] * 20)
    source = Counting(plain)
    clip = replace(plain, source=source)  # type: ignore[arg-type]
    first = Display.of(clip)
    assert Display.of(clip) is first  # its tables with it
    assert source.given == 5
    assert Display.of(clip, USUAL).gain == 1
    assert source.given == 5
    for name in ("auto", *CODED):
        whole = tagged(clip_of([np.zeros((4, 4, 3), np.uint16)] * 20), input_color=name)
        counting = Counting(whole)
        Display.of(replace(whole, source=counting))  # type: ignore[arg-type]
        assert counting.given == 0


# --- what values mean ---------------------------------------------------------------------------


def test_tags_and_persons_tell_what_values_mean() -> None:
    real, deep = clip_of(noise()), clip_of([np.zeros((4, 4, 3), np.uint16)])
    assert color_of(real) == (Transfer.LINEAR, False)
    assert color_of(tagged(real, 1)) == (Transfer.SRGB, False)
    assert color_of(deep) == (Transfer.SRGB, False)
    assert color_of(tagged(deep, 8)) == (Transfer.LINEAR, False)
    assert color_of(tagged(deep, 9)) == (Transfer.LOG100, False)
    assert color_of(tagged(deep, 10)) == (Transfer.LOG316, False)
    assert color_of(tagged(deep, 16, 9)) == (Transfer.PQ, True)
    assert color_of(tagged(deep, 18, 9)) == (Transfer.HLG, True)
    assert color_of(tagged(deep, 1, 1, "pq")) == (Transfer.PQ, True)
    assert color_of(tagged(real, 8, 1, "srgb")) == (Transfer.SRGB, False)
    assert color_of(tagged(deep, 16, 9, "slog3")) == (Transfer.SLOG3, True)
    assert Display.of(clip_of([np.zeros((4, 4, 3), np.uint8)])) == Display(255.0)


def test_an_unknown_input_color_lists_the_known_ones() -> None:
    with pytest.raises(OpenVoidError, match=r"vlog") as caught:
        Display.of(tagged(clip_of(noise()), input_color="vlog"))
    assert "logc3" in str(caught.value.mend)


def test_the_command_line_knows_every_name() -> None:
    assert get_args(get_args(InputColor)[0]) == ("auto", *Transfer)


def test_it_is_the_only_curve() -> None:
    """Nobody else bends values for a screen; `synth` draws worlds of its own."""
    bend = re.compile(r"1 ?/ ?2\.[24]\b|0\.0031308|0\.04045|255 \* np\.sqrt|np\.power\(lin")
    own = {"vision/display.py"}
    for module in SOURCE.rglob("*.py"):
        name = module.relative_to(SOURCE).as_posix()
        if name not in own and not name.startswith("synth/"):
            assert not bend.search(module.read_text()), name


@pytest.mark.parametrize(
    "module",
    [
        "vision/working.py",
        "select/classical/matting.py",
        "select/sam/picture.py",
        "reason/vlm/question.py",
        "plate/survey.py",
        "void/native/view.py",
        "show/panels.py",
    ],
)
def test_everybody_looks_through_it(module: str) -> None:
    text = (SOURCE / module).read_text()
    assert "from openvoid.vision.display import" in text
    assert re.search(r"Display\.of\(|display\.(seen|shown)\(|_display", text)
