"""Codec: frames <-> latents, by the video VAE, decoded the way these weights expect.

Enters: diffusers' `AutoencoderKLCogVideoX` and frames [B, 3, T, H, W] in [-1, 1]. Leaves: scaled
latents [B, 16, L, H / 8, W / 8], or frames again, chunk by chunk. Knows no diffusion.

The stock class decodes an even number of latents as pairs from the start, which gives three frames
too many, three frames late. These weights want the first latent alone (one frame), then pairs
(eight frames each), then a last single one (four frames), with the convolution caches carried along
and the temporal upsampler told which case it is (numerics: "Decoding"). Encoding takes 8 + rest
frames, then 8 at a time, as stock does.

Tiles save memory: each chunk is coded tile by tile with overlap and cross-faded; the caches of
tiles at rest wait in main memory. One tile is exact; with more, the group norms see less and seams
are faded, not absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional

SCALE = 8  # pixels a latent stands for, along each side
ENCODE_FRAMES = 8
DECODE_LATENTS = 2
TILE_OVERLAP = 0.25  # of a tile's side, on either side of a seam


Code = Callable[[torch.Tensor, Any], tuple[torch.Tensor, Any]]
"""(chunk, convolution cache) -> (coded chunk, cache for the next)."""


def encoded_frames(frames: int) -> list[int]:
    """Lengths of the chunks in which a clip of so many frames is encoded."""
    first = min(frames, ENCODE_FRAMES + frames % ENCODE_FRAMES)
    return [first] + [ENCODE_FRAMES] * ((frames - first) // ENCODE_FRAMES)


class Codec:
    """A VAE at work on one device. It must lie there already."""

    def __init__(
        self, vae: Any, *, device: str = "cpu", tiles: tuple[int, int] = (1, 1), rest: str = "cpu"
    ) -> None:
        """`tiles`: rows, columns. `rest`: where the caches of tiles at rest wait."""
        self._vae = vae
        self._factor = float(vae.config.scaling_factor)
        self._dtype = next(vae.parameters()).dtype
        self._device, self._rest, self._tiles = device, rest, tiles
        self._upsamplers = _told_upsamplers(vae.decoder)

    @torch.no_grad()
    def encode(self, chunks: Iterable[torch.Tensor]) -> Iterator[torch.Tensor]:
        """Mode of the posterior, scaled: chunks [B, 3, t, H, W] in [-1, 1] -> [B, 16, l, h, w].

        The chunks have the lengths that `encoded_frames` tells. float32, on the CPU.
        """
        coder: _Tiled | None = None
        for chunk in chunks:
            if coder is None:
                grid = self._grid(chunk.shape[3] // SCALE, chunk.shape[4] // SCALE)
                coder = _Tiled(self._encode, grid, SCALE, 1)
            yield coder(chunk) * self._factor

    @torch.no_grad()
    def decode(self, latents: torch.Tensor) -> Iterator[torch.Tensor]:
        """[B, 16, L, h, w], L even -> frames in [-1, 1], chunks [B, 3, 1 or 8 or 4, H, W].

        float32, on the CPU; 4 (L - 1) + 1 frames in all. Slices of `latents` are read as they are
        needed.
        """
        length = latents.shape[2]
        coder = _Tiled(self._decode, self._grid(latents.shape[3], latents.shape[4]), 1, SCALE)
        starts = [0, *range(1, length, DECODE_LATENTS)]
        for start, end in zip(starts, [*starts[1:], length], strict=True):
            for upsampler in self._upsamplers:
                upsampler.first = start == 0
            yield coder(latents[:, :, start:end] / self._factor)

    def _encode(self, chunk: torch.Tensor, cache: Any) -> tuple[torch.Tensor, Any]:
        hidden, cache = self._vae.encoder(self._here(chunk), conv_cache=self._moved_in(cache))
        if self._vae.quant_conv is not None:
            hidden = self._vae.quant_conv(hidden)
        mode = hidden.chunk(2, dim=1)[0]  # mean | log variance
        return mode.float().cpu(), self._moved_out(cache)

    def _decode(self, chunk: torch.Tensor, cache: Any) -> tuple[torch.Tensor, Any]:
        latents = self._here(chunk)
        if self._vae.post_quant_conv is not None:
            latents = self._vae.post_quant_conv(latents)
        frames, cache = self._vae.decoder(latents, conv_cache=self._moved_in(cache))
        return frames.float().cpu(), self._moved_out(cache)

    def _here(self, chunk: torch.Tensor) -> torch.Tensor:
        return chunk.to(self._device, self._dtype)

    def _grid(self, height: int, width: int) -> list[Tile]:
        rows, columns = (
            _spans(*each) for each in ((height, self._tiles[0]), (width, self._tiles[1]))
        )
        return [Tile(*row, *column) for row in rows for column in columns]

    def _moved_in(self, cache: Any) -> Any:
        return _moved(cache, self._device)

    def _moved_out(self, cache: Any) -> Any:
        return cache if self._tiles == (1, 1) else _moved(cache, self._rest)


@dataclass(frozen=True)
class Tile:
    """A part of the latent picture."""

    top: int
    bottom: int
    left: int
    right: int

    def of(self, picture: torch.Tensor, scale: int) -> torch.Tensor:
        """That part of a picture whose sides are `scale` times the latent's."""
        rows = slice(self.top * scale, self.bottom * scale)
        return picture[..., rows, self.left * scale : self.right * scale]


class _Tiled:
    """Codes chunk after chunk, tile by tile, and keeps each tile's convolution cache."""

    def __init__(self, code: Code, tiles: list[Tile], scale_in: int, scale_out: int) -> None:
        """`scale_in`, `scale_out`: sides of what comes in and out, of a latent pixel's."""
        self._code, self._tiles = code, tiles
        self._in, self._out = scale_in, scale_out
        self._caches: list[Any] = [None] * len(tiles)

    def __call__(self, chunk: torch.Tensor) -> torch.Tensor:
        if len(self._tiles) == 1:
            coded, self._caches[0] = self._code(chunk, self._caches[0])
            return coded
        total = weight = None
        height = max(tile.bottom for tile in self._tiles) * self._out
        width = max(tile.right for tile in self._tiles) * self._out
        for index, tile in enumerate(self._tiles):
            coded, self._caches[index] = self._code(tile.of(chunk, self._in), self._caches[index])
            if total is None or weight is None:
                total = coded.new_zeros(*coded.shape[:3], height, width)
                weight = coded.new_zeros(height, width)
            fade = _ramp(tile.top, tile.bottom, height, self._out)[:, None] * _ramp(
                tile.left, tile.right, width, self._out
            )
            tile.of(total, self._out).add_(coded * fade)
            tile.of(weight, self._out).add_(fade)
        assert total is not None
        assert weight is not None
        return total / weight


def _spans(length: int, count: int) -> list[tuple[int, int]]:
    """`count` overlapping parts of a side, each begun and ended on an even latent."""
    count = max(1, min(count, length // 4))
    edges = [2 * round(length * index / count / 2) for index in range(count)] + [length]
    reach = 2 * max(1, round(TILE_OVERLAP * length / count / 2)) if count > 1 else 0
    pairs = pairwise(edges)
    return [(max(0, start - reach), min(length, end + reach)) for start, end in pairs]


def _ramp(start: int, end: int, whole: int, scale: int) -> torch.Tensor:
    """Weight of a tile along one side: rises from its inner edges to 1 in its middle."""
    count = (end - start) * scale
    place = torch.arange(count) + 0.5
    rise = place if start > 0 else torch.full_like(place, count)
    fall = count - place if end * scale < whole else torch.full_like(place, count)
    return torch.minimum(rise, fall) / count


def _moved(cache: Any, device: str) -> Any:
    if isinstance(cache, dict):
        return {name: _moved(part, device) for name, part in cache.items()}
    return cache.to(device) if isinstance(cache, torch.Tensor) else cache


class _Upsampler(nn.Module):
    """diffusers' temporal upsampler, told whether it stands at the very first latent."""

    first: bool = False

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv  # the same name: keys of the weights stay

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        batch, _, frames, height, width = inputs.shape
        frames = frames if self.first else 2 * frames
        grown = functional.interpolate(inputs, size=(frames, 2 * height, 2 * width))
        flat = grown.permute(0, 2, 1, 3, 4).flatten(0, 1)  # [B, C, T, H, W] => [B T, C, H, W]
        flat = self.conv(flat)
        return flat.unflatten(0, (batch, frames)).permute(0, 2, 1, 3, 4)


def _told_upsamplers(decoder: Any) -> list[_Upsampler]:
    """Replace the decoder's temporal upsamplers by ours, once; gives them."""
    found: list[_Upsampler] = []
    for block in decoder.up_blocks:
        for index, upsampler in enumerate(block.upsamplers or ()):
            if getattr(upsampler, "compress_time", False):
                block.upsamplers[index] = _Upsampler(upsampler.conv)
            if isinstance(block.upsamplers[index], _Upsampler):
                found.append(block.upsamplers[index])
    return found
