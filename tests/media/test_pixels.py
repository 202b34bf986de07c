"""Colour in both directions, and the law of painting: what is not painted does not change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openvoid.core.box import Box
from openvoid.core.clip import ColorTags, Picture, PixelLayout
from openvoid.core.errors import OpenVoidError
from openvoid.media.avframe import plane_sizes
from openvoid.media.pixels import layout_named, paint, to_rgb

LAYOUTS = [
    *("yuv420p", "yuv422p10le", "yuv444p", "yuv440p", "yuv411p", "yuva420p", "yuv420p16le"),
    *("gbrp", "gbrp10le", "gbrp16le", "gbrap", "gbrpf32le", "gbrapf16le"),
    *("gray", "gray12le", "grayf32le"),
]
BT709, BT601, BT2020 = ColorTags(matrix=1), ColorTags(matrix=6), ColorTags(matrix=9)
FULL = ColorTags(matrix=1, full_range=True)


def layout(name: str) -> PixelLayout:
    found = layout_named(name)
    assert found is not None
    return found


def noise(name: str, height: int, width: int, seed: int = 0) -> Picture:
    """A picture of uniform noise over all codes (half floats stay on their grid)."""
    rng, form = np.random.default_rng(seed), layout(name)
    planes = []
    for size in plane_sizes(form, height, width):
        if form.is_float:
            values = rng.normal(0.5, 1.0, size)
            planes.append(values.astype("f2" if form.bits == 16 else "f4").astype(np.float32))
        else:
            codes = rng.integers(0, 1 << form.bits, size)
            planes.append(codes.astype(np.uint8 if form.bits <= 8 else np.uint16))
    return Picture(0, tuple(planes), form)


def flat(name: str, codes: tuple[int, ...], size: tuple[int, int] = (8, 8)) -> Picture:
    form = layout(name)
    kind = np.uint8 if form.bits <= 8 else np.uint16
    sizes = plane_sizes(form, *size)
    planes = tuple(np.full(size, code, kind) for size, code in zip(sizes, codes, strict=True))
    return Picture(0, planes, form)


@pytest.mark.parametrize(
    ("name", "bits", "model", "chroma", "alpha", "is_float"),
    [
        ("yuv420p", 8, "yuv", (1, 1), False, False),
        ("yuva444p12le", 12, "yuv", (0, 0), True, False),
        ("yuv422p10le", 10, "yuv", (1, 0), False, False),
        ("gbrap", 8, "rgb", (0, 0), True, False),
        ("gbrpf16le", 16, "rgb", (0, 0), False, True),
        ("gray", 8, "gray", (0, 0), False, False),
        ("grayf32le", 32, "gray", (0, 0), False, True),
    ],
)
def test_layouts_are_read_from_their_names(
    name: str, bits: int, model: str, chroma: tuple[int, int], alpha: bool, is_float: bool
) -> None:
    form = layout(name)
    assert (form.bits, form.model, form.alpha, form.is_float) == (bits, model, alpha, is_float)
    assert (form.chroma_x, form.chroma_y) == chroma


@pytest.mark.parametrize("name", ["nv12", "rgb24", "yuv420p10be", "pal8", "p010le", "graypp", ""])
def test_what_is_not_planar_has_no_layout(name: str) -> None:
    assert layout_named(name) is None


@pytest.mark.parametrize(
    ("color", "codes", "rgb"),
    [
        (BT709, (235, 128, 128), (255, 255, 255)),
        (BT709, (16, 128, 128), (0, 0, 0)),
        (BT709, (63, 102, 240), (255, 0, 0)),
        (BT601, (81, 90, 240), (255, 0, 0)),
        (BT2020, (74, 97, 240), (255, 0, 0)),
        (BT709, (173, 42, 26), (0, 255, 0)),
        (FULL, (54, 99, 255), (255, 0, 0)),
        (FULL, (255, 128, 128), (255, 255, 255)),
    ],
)
def test_known_colours(
    color: ColorTags, codes: tuple[int, int, int], rgb: tuple[int, int, int]
) -> None:
    seen = to_rgb(flat("yuv444p", codes), color)
    assert seen.dtype == np.uint8
    assert np.abs(seen.astype(int) - rgb).max() <= 2  # 8-bit codes of pure red are themselves off


def test_untagged_matrix_goes_by_height() -> None:
    codes, untagged = (120, 90, 200), ColorTags()
    high, low = flat("yuv420p", codes, (720, 4)), flat("yuv420p", codes, (718, 4))
    assert np.array_equal(to_rgb(high, untagged), to_rgb(high, BT709))
    assert np.array_equal(to_rgb(low, untagged), to_rgb(low, BT601))
    assert not np.array_equal(to_rgb(low, BT709), to_rgb(low, BT601))


def test_unknown_matrix_is_refused() -> None:
    with pytest.raises(OpenVoidError, match="matrix 8"):
        to_rgb(flat("yuv420p", (16, 128, 128)), ColorTags(matrix=8))


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("size", [(16, 24), (15, 23)])
def test_rgb_has_the_size_and_type_of_the_layout(name: str, size: tuple[int, int]) -> None:
    picture = noise(name, *size)
    rgb = to_rgb(picture, BT709)
    depth = np.uint8 if picture.layout.bits <= 8 else np.uint16
    assert rgb.dtype == (np.float32 if picture.layout.is_float else depth)
    assert rgb.shape == (*size, 3)
    assert np.array_equal(rgb, to_rgb(picture, BT709))


def test_gray_and_rgb_are_exact_at_full_scale() -> None:
    gray = to_rgb(noise("gray16le", 8, 8), FULL)
    assert np.array_equal(gray[..., 0], noise("gray16le", 8, 8).planes[0])
    ten = to_rgb(flat("gbrp10le", (1023, 512, 0)), FULL)
    assert ten[0, 0].tolist() == [0, 65535, round(512 * 65535 / 1023)]


def test_chroma_is_repeated_over_its_block() -> None:
    picture = noise("yuv420p", 6, 8)
    luma = np.full_like(picture.planes[0], 120)
    seen = to_rgb(Picture(0, (luma, *picture.planes[1:]), picture.layout), BT709)
    blocks = seen.reshape(3, 2, 4, 2, 3)
    assert np.array_equal(blocks, np.broadcast_to(blocks[:, :1, :, :1], blocks.shape))


@given(
    name=st.sampled_from(LAYOUTS),
    height=st.integers(5, 21),
    width=st.integers(5, 21),
    corners=st.tuples(*[st.floats(0, 1)] * 4),
    seed=st.integers(0, 99),
)
@settings(max_examples=120, deadline=None)
def test_painting_leaves_all_else_bit_identical(
    name: str, height: int, width: int, corners: tuple[float, ...], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    top, bottom = sorted(int(share * height) for share in corners[:2])
    left, right = sorted(int(share * width) for share in corners[2:])
    box = Box(top, left, bottom, right)
    source = noise(name, height, width, seed)
    kept = [plane.copy() for plane in source.planes]
    alpha = rng.random((box.height, box.width), np.float32) * (
        rng.random((box.height, box.width)) > 0.5
    )
    rgb = to_rgb(noise(name, height, width, seed + 1), BT709)[box.slices]
    painted = paint(source, box, rgb, alpha.astype(np.float32), BT709)

    touched = np.zeros((height, width), bool)
    touched[box.slices] = alpha > 0
    for index, (before, after) in enumerate(zip(source.planes, painted.planes, strict=True)):
        layout, small = source.layout, before.shape != (height, width)
        rows = 1 << layout.chroma_y if small else 1
        columns = 1 << layout.chroma_x if small else 1
        may = np.zeros(before.shape, bool)
        y, x = np.nonzero(touched)
        may[y // rows, x // columns] = True
        if source.layout.alpha and index == len(kept) - 1:
            may[:] = False
        assert after.dtype == before.dtype
        assert np.array_equal(before[~may], after[~may])
    for before, plane in zip(kept, source.planes, strict=True):
        assert np.array_equal(before, plane), "the source itself was changed"


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("color", [BT709, BT601, FULL])
def test_painting_inverts_seeing_on_flat_colour(name: str, color: ColorTags) -> None:
    form = layout(name)
    unit = 1 << max(0, form.bits - 8)
    codes = [(90, 120, 140), (180, 128, 128), (60, 140, 110), (128, 100, 160)]
    for triple in codes:
        count = len(plane_sizes(form, 8, 8))
        if form.is_float:
            values = [np.full((8, 8), code / 128, np.float32) for code in (*triple, 128)[:count]]
            source = Picture(0, tuple(values), form)
        else:
            source = flat(name, tuple(code * unit for code in (*triple, 255)[:count]))
        box, alpha = Box(2, 2, 7, 7), np.ones((5, 5), np.float32)
        painted = paint(source, box, to_rgb(source, color)[box.slices], alpha, color)
        for before, after in zip(source.planes, painted.planes, strict=True):
            reach = 1e-3 if form.is_float else 1
            assert np.abs(before.astype(float) - after.astype(float)).max() <= reach


def test_painting_mixes_by_alpha() -> None:
    source = flat("gbrp", (100, 100, 100))
    rgb = np.full((4, 4, 3), 200, np.uint8)
    painted = paint(source, Box(0, 0, 4, 4), rgb, np.full((4, 4), 0.25, np.float32), FULL)
    assert painted.planes[0][:4, :4].tolist() == [[125] * 4] * 4


def test_a_chroma_sample_takes_its_share_of_the_block() -> None:
    source = flat("yuv420p", (128, 128, 128))
    red = np.zeros((1, 1, 3), np.uint8)
    red[..., 0] = 255
    painted = paint(source, Box(0, 0, 1, 1), red, np.ones((1, 1), np.float32), BT709)
    whole = paint(
        source,
        Box(0, 0, 2, 2),
        np.repeat(red, 4).reshape(3, 2, 2).transpose(1, 2, 0).copy(),
        np.ones((2, 2), np.float32),
        BT709,
    )
    assert int(whole.planes[2][0, 0]) == 240
    assert int(painted.planes[2][0, 0]) == 128 + (240 - 128) // 4


def test_an_infinite_source_is_painted_over() -> None:
    planes = tuple(np.full((4, 4), np.inf, np.float32) for _ in range(3))
    source = Picture(0, planes, layout("gbrpf32le"))
    rgb = np.full((2, 2, 3), 0.5, np.float32)
    painted = paint(source, Box(0, 0, 2, 2), rgb, np.ones((2, 2), np.float32), FULL)
    assert painted.planes[0][:2, :2].tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert np.isinf(painted.planes[0][2:]).all()
