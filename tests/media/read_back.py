"""Files read by the plainest means, to compare our reading with."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

Arrays = list[tuple[np.ndarray, ...]]


def decoded(path: Path) -> Arrays:
    """All frames of a file by plain linear decoding, as planes of the decoder's own format."""
    with av.open(str(path)) as container:
        return [_planes(frame) for frame in container.decode(container.streams.video[0])]


def _planes(frame: av.VideoFrame) -> tuple[np.ndarray, ...]:
    wide = frame.format.components[0].bits > 8
    dtype = np.dtype(np.uint16 if wide else np.uint8)
    planes = []
    for plane in frame.planes:
        rows = np.frombuffer(plane, dtype).reshape(-1, plane.line_size // dtype.itemsize)
        planes.append(rows[: plane.height, : plane.width].copy())
    return tuple(planes)


def packets(path: Path) -> list[tuple[Fraction, bytes]]:
    """Times and bytes of the packets of a file's first audio stream."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        found = [packet for packet in container.demux(stream) if packet.size]
        return [(packet.pts * packet.time_base, bytes(packet)) for packet in found]
