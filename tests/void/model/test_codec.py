"""The VAE at work: lengths, chunks, tiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from openvoid.void.model.checkpoint import load_vae, locate  # noqa: E402
from openvoid.void.model.codec import Codec, _ramp, _spans, _Tiled, encoded_frames  # noqa: E402


@pytest.fixture(scope="module")
def vae(tiny_weights: Path) -> Any:
    return load_vae(locate(str(tiny_weights)), torch.float32)


def smooth(frames: int, height: int, width: int) -> Any:
    """A clip without hard edges, [1, 3, T, H, W] in -1..1."""
    t, y, x = (torch.linspace(0, 1, size) for size in (frames, height, width))
    waves = [torch.sin(4 * (t[:, None, None] + y[:, None] * k + x)) for k in (1, 2, 3)]
    return torch.stack(waves)[None] * 0.6


def encoded(codec: Codec, video: Any) -> Any:
    return torch.cat(list(codec.encode(video.split(encoded_frames(video.shape[2]), 2))), dim=2)


@given(st.integers(0, 40).map(lambda j: 8 * j + 5))
def test_the_first_chunk_takes_what_is_left_over(frames: int) -> None:
    lengths = encoded_frames(frames)
    assert sum(lengths) == frames
    assert lengths[0] == min(frames, 13)
    assert set(lengths[1:]) <= {8}


def test_encoding_in_chunks_is_what_the_stock_class_does_at_once(vae: Any) -> None:
    video = smooth(21, 32, 48)
    with torch.no_grad():
        stock = vae.encode(video).latent_dist.mode() * vae.config.scaling_factor
    assert torch.equal(encoded(Codec(vae), video), stock)


@pytest.mark.parametrize(("latents", "frames"), [(2, 5), (4, 13), (6, 21)])
def test_latents_give_as_many_frames_as_they_stand_for(vae: Any, latents: int, frames: int) -> None:
    chunks = list(Codec(vae).decode(torch.zeros(1, 16, latents, 4, 6)))
    assert sum(chunk.shape[2] for chunk in chunks) == frames
    assert chunks[0].shape == (1, 3, 1, 32, 48)


def test_a_codec_with_several_tiles_gives_the_same_sizes(vae: Any) -> None:
    video = smooth(13, 64, 96)
    tiled = encoded(Codec(vae, tiles=(2, 2)), video)
    assert tiled.shape == (1, 16, 4, 8, 12)
    in_tiles = torch.cat(list(Codec(vae, tiles=(1, 2)).decode(tiled)), dim=2)
    assert in_tiles.shape == (1, 3, 13, 64, 96)


@pytest.mark.parametrize("grid", [(1, 2), (2, 2), (3, 2)])
def test_tiles_of_a_coder_that_looks_no_farther_than_a_pixel_leave_no_seam(
    vae: Any, grid: tuple[int, int]
) -> None:
    """Enlarged by a nearest-neighbour coder: the seams fade between equals."""
    tiles = Codec(vae, tiles=grid)._grid(12, 14)
    assert len(tiles) == grid[0] * grid[1]
    caches: list[Any] = []

    def enlarge(chunk: Any, cache: Any) -> tuple[Any, Any]:
        caches.append(cache)
        grown = chunk.repeat_interleave(8, dim=3).repeat_interleave(8, dim=4)
        return grown, (cache or 0) + 1

    chunk = torch.randn(1, 3, 2, 12, 14, generator=torch.Generator().manual_seed(0))
    coder = _Tiled(enlarge, tiles, 1, 8)
    for round_number in range(2):
        whole = chunk.repeat_interleave(8, dim=3).repeat_interleave(8, dim=4)
        assert torch.allclose(coder(chunk), whole, atol=1e-6)
        assert caches[-len(tiles) :] == [round_number or None] * len(tiles), "a cache a tile"


def test_tiles_do_change_something(vae: Any) -> None:
    video = smooth(5, 64, 96)
    assert not torch.equal(encoded(Codec(vae), video), encoded(Codec(vae, tiles=(2, 2)), video))


@given(length=st.integers(4, 200), count=st.integers(1, 8))
def test_tiles_cover_a_side_and_their_weights_are_positive(length: int, count: int) -> None:
    spans = _spans(length, count)
    total = torch.zeros(length)
    for start, end in spans:
        assert 0 <= start < end <= length
        ramp = _ramp(start, end, length, 1)
        assert bool((ramp > 0).all())
        total[start:end] += ramp
    assert bool((total > 0).all())
    assert spans[0][0] == 0
    assert spans[-1][1] == length
