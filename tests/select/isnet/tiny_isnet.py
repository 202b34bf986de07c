"""A tiny network in an ONNX file, written with numpy alone: red stands out, nothing else does.

ONNX files are protocol buffers (github.com/onnx/onnx, onnx.proto): fields are told by number and
kind, and a message inside another is its bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

SIDE_PX = 64
FLOAT, FLOAT16 = 1, 10  # TensorProto.DataType
STEEPNESS = 24.0


def make_isnet(
    path: Path,
    *,
    side_px: int = SIDE_PX,
    channels: int = 3,
    gain: float = 1.0,
    offset: float = 0.0,
    kind: int = FLOAT,
    sigmoid: bool = True,
    elsewhere: bool = False,
    seed: int = 7,
) -> Path:
    """sigmoid(24 (red - the mean of green and blue) - 6), a little different for each seed."""
    rng = np.random.default_rng(seed)
    weight = np.zeros((1, channels, 1, 1))
    weight[0, 0] = 1.0
    weight[0, 1:] = -1.0 / max(1, channels - 1)
    weight = STEEPNESS * gain * (weight + rng.normal(0, 0.01, weight.shape))
    dtype = np.float16 if kind == FLOAT16 else np.float32
    tensors = [
        _tensor("w", weight.astype(dtype), kind, elsewhere),
        _tensor("b", np.array([offset - STEEPNESS / 4], dtype), kind),
    ]
    last = "found" if sigmoid else "output"
    nodes = [_node("Conv", ("input", "w", "b"), last)]
    nodes += [_node("Sigmoid", (last,), "output")] if sigmoid else []
    graph = b"".join(_message(1, node) for node in nodes) + _text(2, "tiny")
    graph += b"".join(_message(5, tensor) for tensor in tensors)
    graph += _message(11, _value("input", (1, channels, side_px, side_px), kind))
    graph += _message(12, _value("output", (1, 1, side_px, side_px), kind))
    model = _number(1, 8) + _message(7, graph) + _message(8, _text(1, "") + _number(2, 15))
    path.write_bytes(model)
    return path


def _tensor(name: str, values: np.ndarray, kind: int, elsewhere: bool = False) -> bytes:
    told = b"".join(_number(1, each) for each in values.shape) + _number(2, kind) + _text(8, name)
    if elsewhere:
        place = _text(1, "location") + _text(2, "/etc/hostname")
        return told + _message(13, place) + _number(14, 1)
    return told + _message(9, values.tobytes())


def _node(kind: str, inputs: Sequence[str], output: str) -> bytes:
    return b"".join(_text(1, each) for each in inputs) + _text(2, output) + _text(4, kind)


def _value(name: str, shape: Sequence[int], kind: int) -> bytes:
    sides = b"".join(_message(1, _number(1, each)) for each in shape)
    return _text(1, name) + _message(2, _message(1, _number(1, kind) + _message(2, sides)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _message(field, value.encode())


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    low, rest = value & 127, value >> 7
    return bytes([low]) if not rest else bytes([low | 128]) + _varint(rest)
