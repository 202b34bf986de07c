"""Composite: what is kept is the source's, bit for bit; an engine that breaks its word is named."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openvoid.core.box import Box
from openvoid.core.clip import ArraySource, Clip, Picture, PixelLayout, clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Quadmask, Region, dilate
from openvoid.core.removal import Fill, Origin
from openvoid.deliver.composite import Compositor

HEIGHT, WIDTH = 21, 27
SOFT_PX = 3
LAYOUTS = [
    PixelLayout("yuv420p", 8, "yuv", 1, 1),
    PixelLayout("yuv422p10le", 10, "yuv", 1, 0),
    PixelLayout("yuv444p16le", 16, "yuv"),
    PixelLayout("gbrp", 8, "rgb"),
    PixelLayout("gbrp12le", 12, "rgb"),
    PixelLayout("gbrp16le", 16, "rgb"),
    PixelLayout("gbrpf32le", 32, "rgb", is_float=True),
    PixelLayout("yuva444p10le", 10, "yuv", alpha=True),
    PixelLayout("gray", 8, "gray"),
]


def picture_in(layout: PixelLayout, seed: int = 0) -> Picture:
    rng = np.random.default_rng(seed)
    chroma = -(-HEIGHT >> layout.chroma_y), -(-WIDTH >> layout.chroma_x)
    sizes = [(HEIGHT, WIDTH)] + ([chroma] * 2 if layout.model != "gray" else [])
    sizes += [(HEIGHT, WIDTH)] if layout.alpha else []

    def plane(size: tuple[int, int]) -> np.ndarray:
        if layout.is_float:
            return rng.normal(1, 3, size).astype(np.float32)
        samples = rng.integers(0, 1 << layout.bits, size)
        return samples.astype(np.uint8 if layout.bits == 8 else np.uint16)

    return Picture(0, tuple(plane(size) for size in sizes), layout)


def clip_in(layout: PixelLayout) -> Clip:
    source = ArraySource(lambda index: np.zeros((HEIGHT, WIDTH, 3), np.uint8), layout)
    return Clip(Path("x"), WIDTH, HEIGHT, 1, Fraction(24), layout, source)


def mask_of(box: Box) -> Quadmask:
    labels = np.full((HEIGHT, WIDTH), Region.KEEP, np.uint8)
    labels[box.slices] = Region.PRIMARY
    return Quadmask.from_labels([labels])


def soft_fill(mask: Quadmask, dtype: Any, reach_px: int = SOFT_PX, seed: int = 1) -> Fill:
    """A lawful fill: noise, with an alpha that falls off outside the mask."""
    rng = np.random.default_rng(seed)
    removed = mask[0] != Region.KEEP
    alpha = removed.astype(np.float32)
    for step in range(1, reach_px + 1):
        alpha = np.maximum(alpha, np.float32(0.9**step) * dilate(removed, step))
    box = mask.box(0).grown(reach_px + 1, HEIGHT, WIDTH)
    shape = (box.height, box.width, 3)
    if np.issubdtype(dtype, np.floating):
        rgb = rng.normal(1, 3, shape).astype(dtype)
    else:
        rgb = rng.integers(0, np.iinfo(dtype).max, shape).astype(dtype)
    alpha = alpha[box.slices]
    origin = np.where(alpha > 0, rng.integers(1, 3, alpha.shape), 0).astype(np.uint8)
    return Fill(0, box, rgb, alpha, origin)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_every_sample_under_no_alpha_is_the_source_s(layout: PixelLayout, data: Any) -> None:
    top, left = data.draw(st.integers(0, HEIGHT - 1)), data.draw(st.integers(0, WIDTH - 1))
    bottom = data.draw(st.integers(top + 1, HEIGHT))
    right = data.draw(st.integers(left + 1, WIDTH))
    mask, clip, picture = (
        mask_of(Box(top, left, bottom, right)),
        clip_in(layout),
        picture_in(layout),
    )
    before = [plane.copy() for plane in picture.planes]
    fill = soft_fill(mask, clip.dtype)
    done = Compositor(clip, mask, SOFT_PX, "noise").composite(picture, fill)
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    alpha[fill.box.slices] = fill.alpha
    for index, (old, new) in enumerate(zip(before, done.picture.planes, strict=True)):
        assert np.array_equal(picture.planes[index], old), "the source itself was changed"
        kept = alpha == 0
        if layout.model == "yuv" and index in (1, 2):
            rows, columns = 1 << layout.chroma_y, 1 << layout.chroma_x
            padded = np.pad(
                kept, ((0, -HEIGHT % rows), (0, -WIDTH % columns)), constant_values=True
            )
            kept = padded.reshape(old.shape[0], rows, old.shape[1], columns).all(axis=(1, 3))
        assert new[kept].tobytes() == old[kept].tobytes()
    if layout.alpha:
        assert np.array_equal(done.picture.planes[-1], before[-1])


def test_what_is_filled_wholly_takes_the_new_colour() -> None:
    clip = clip_of([np.zeros((HEIGHT, WIDTH, 3), np.uint8)])
    mask = mask_of(Box(4, 5, 9, 11))
    fill = soft_fill(mask, np.uint8, reach_px=0)
    (picture,) = clip.pictures()
    planes = Compositor(clip, mask, 0, "noise").composite(picture, fill).picture.planes
    inner = mask.box(0).within(fill.box).slices
    got = np.stack([planes[2], planes[0], planes[1]], -1)[mask.box(0).slices]
    assert np.array_equal(got, fill.rgb[inner])


def test_pixels_are_counted_by_where_they_come_from_and_the_matte_shows_them() -> None:
    clip, mask = clip_in(LAYOUTS[0]), mask_of(Box(4, 5, 9, 11))
    fill = soft_fill(mask, np.uint8)
    done = Compositor(clip, mask, SOFT_PX, "noise").composite(picture_in(LAYOUTS[0]), fill)
    assert done.counts.sum() == HEIGHT * WIDTH
    assert done.counts[Origin.SEEN] == np.count_nonzero(fill.origin == Origin.SEEN)
    assert done.counts[Origin.SYNTHESISED] == np.count_nonzero(fill.origin == Origin.SYNTHESISED)
    matte = done.matte()
    assert np.array_equal(matte[fill.box.slices] > 0, fill.alpha > 0)
    assert np.array_equal(matte == 255, dilate(mask[0] != 255, 0) | (matte == 255))
    assert (matte > 0).sum() == (fill.alpha > 0).sum()


def test_an_empty_frame_stays_as_it_is() -> None:
    clip = clip_in(LAYOUTS[0])
    mask = Quadmask.from_labels([np.full((HEIGHT, WIDTH), Region.KEEP, np.uint8)])
    picture = picture_in(LAYOUTS[0])
    done = Compositor(clip, mask, SOFT_PX, "x").composite(picture, Fill.nothing(0, clip.dtype))
    assert done.picture is picture
    assert done.counts.tolist() == [HEIGHT * WIDTH, 0, 0, 0]
    assert not done.matte().any()


# --- an engine that breaks its promise ----------------------------------------------------------

MASK = mask_of(Box(8, 9, 13, 15))


def lawful(reach_px: int = SOFT_PX) -> Fill:
    return soft_fill(MASK, np.uint8, reach_px)


def hole_in_the_mask() -> Fill:
    fill = lawful()
    alpha = fill.alpha.copy()
    alpha[6, 6] = 0.999
    return replace(fill, alpha=alpha)


def with_(**changes: Any) -> Fill:
    return replace(lawful(), **changes)


def stray() -> Fill:
    """One pixel of 0.01 in a corner that lies farther than the soft edge."""
    wide = soft_fill(MASK, np.uint8, SOFT_PX)
    alpha, origin = wide.alpha.copy(), wide.origin.copy()
    alpha[0, 0], origin[0, 0] = 0.01, Origin.SEEN
    return replace(wide, alpha=alpha, origin=origin)


def elsewhere() -> Fill:
    fill = lawful()
    return replace(fill, box=Box(0, 0, fill.box.height, fill.box.width))


def nan_alpha() -> Fill:
    alpha = lawful().alpha.copy()
    alpha[0, 0] = np.nan
    return with_(alpha=alpha)


BROKEN = {
    "alpha is not 1": hole_in_the_mask,
    "beyond the soft edge (3 px)": stray,
    "leaves out part of the mask": elsewhere,
    "leaves out part": lambda: Fill.nothing(0, np.dtype(np.uint8)),
    "leaves the picture": lambda: with_(box=Box(-1, 0, 12, 14)),
    "its arrays are": lambda: with_(alpha=lawful().alpha[1:]),
    "its types are uint16": lambda: with_(rgb=lawful().rgb.astype(np.uint16)),
    "its types are uint8, float64": lambda: with_(alpha=lawful().alpha.astype(np.float64)),
    "alpha leaves 0..1": nan_alpha,
    "origin 4 has no meaning": lambda: with_(origin=np.full_like(lawful().origin, 4)),
    "origin and alpha disagree": lambda: with_(origin=np.ones_like(lawful().origin)),
}


@pytest.mark.parametrize("said", BROKEN)
def test_a_broken_promise_names_engine_frame_and_how(said: str) -> None:
    compositor = Compositor(clip_in(LAYOUTS[0]), MASK, SOFT_PX, "careless")
    compositor.check(lawful())
    with pytest.raises(OpenVoidError) as raised:
        compositor.composite(picture_in(LAYOUTS[0]), BROKEN[said]())
    assert "engine 'careless' broke its promise in frame 0" in raised.value.what
    assert said in raised.value.what


@settings(deadline=None)
@given(st.integers(0, 5), st.integers(0, 5))
def test_the_bound_is_the_disc_that_masks_are_grown_by(reach_px: int, soft_px: int) -> None:
    compositor = Compositor(clip_in(LAYOUTS[0]), MASK, soft_px, "x")
    if reach_px <= soft_px:
        compositor.check(lawful(reach_px))
    else:
        with pytest.raises(OpenVoidError, match="beyond the soft edge"):
            compositor.check(lawful(reach_px))


def test_colours_that_are_not_finite_are_refused_only_where_they_would_show() -> None:
    layout = PixelLayout("gbrpf32le", 32, "rgb", is_float=True)
    compositor = Compositor(clip_in(layout), MASK, SOFT_PX, "x")
    fill = soft_fill(MASK, np.float32)
    hidden = fill.rgb.copy()
    hidden[fill.alpha == 0] = np.nan
    compositor.check(replace(fill, rgb=hidden))
    shown = fill.rgb.copy()
    shown[6, 6, 1] = np.inf
    with pytest.raises(OpenVoidError, match="not all finite"):
        compositor.check(replace(fill, rgb=shown))
