"""The journal of a removal: every finished fill, without loss, so that a new try goes on from it.

Enters: fills in order, and what the run has noted so far. Leaves: the same fills, bit for bit, and
the newest notes. A file of records, each with its length and checksum; a record that was being
written when the process died is found by them and cut off. Only what a fill needs is written: the
colour of pixels with alpha above 0, and alpha itself where it is neither 0 nor 1. Knows no engine;
`workspace.scratch` knows where the file lies.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Fill

MAGIC = b"openvoid.journal/1\n"
RECORD = struct.Struct("<QI")  # length of what follows, its CRC-32
HEAD = struct.Struct("<IiiiiIII")  # frame, box, bytes of notes, bytes of codes, soft pixels
SOFT = 2  # code of a pixel whose alpha is neither 0 nor 1


class Journal:
    """An open journal. `length` fills are in it; `notes` came with the last one."""

    def __init__(self, path: Path, dtype: np.dtype[Any]) -> None:
        self.path, self.dtype = path, dtype
        self.length, self.notes = 0, dict[str, Any]()
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._recover()

    def append(self, fill: Fill, notes: Mapping[str, Any]) -> None:
        """Add the next fill; it is the operating system's when this returns.

        Raises:
            OpenVoidError: the disk is full.
        """
        parts = pack(fill, notes)
        checksum = 0
        for part in parts:
            checksum = zlib.crc32(part, checksum)
        try:
            self._file.write(RECORD.pack(sum(map(len, parts)), checksum))
            for part in parts:
                self._file.write(part)
            self._file.flush()
        except OSError as error:
            raise OpenVoidError(
                f"frame {fill.frame} cannot be kept for a later try: {error.strerror}",
                where=str(self.path),
                mend="free some space, or set OPENVOID_CACHE to a folder on another disk",
            ) from error
        self.length += 1

    def fills(self) -> Iterator[Fill]:
        """The fills so far, in order, read one at a time. Only before the first `append`."""
        self._file.seek(len(MAGIC))
        for _ in range(self.length):
            size, _ = RECORD.unpack(self._file.read(RECORD.size))
            yield unpack(self._file.read(size), self.dtype)[0]

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        if self.length == 0:
            self.path.unlink()

    def _recover(self) -> None:
        """Count the whole records; cut off what follows the last of them."""
        if self._file.read(len(MAGIC)) != MAGIC:  # new, or not of this form
            self._file.seek(0)
            self._file.truncate()
            self._file.write(MAGIC)
        end, newest = len(MAGIC), b""
        self._file.seek(end)
        while (payload := _read_record(self._file)) is not None:
            if HEAD.unpack_from(payload)[0] != self.length:
                break
            self.length += 1
            end, newest = self._file.tell(), payload
        self._file.seek(end)
        self._file.truncate()
        if newest:
            self.notes = unpack(newest, self.dtype)[1]


def _read_record(file: io.BufferedRandom) -> bytes | None:
    header = file.read(RECORD.size)
    if len(header) < RECORD.size:
        return None
    size, checksum = RECORD.unpack(header)
    here = file.tell()
    if size > file.seek(0, io.SEEK_END) - here:  # a torn length may claim anything
        return None
    file.seek(here)
    payload = file.read(size)
    return payload if zlib.crc32(payload) == checksum and size >= HEAD.size else None


def pack(fill: Fill, notes: Mapping[str, Any]) -> list[bytes]:
    """A fill and notes as the parts of a record's payload."""
    told = json.dumps(notes).encode()
    shown = fill.alpha > 0
    kind = shown.view(np.uint8) + (shown & (fill.alpha < 1))  # 0, 1 or SOFT
    codes = zlib.compress((fill.origin * np.uint8(3) + kind).tobytes(), 1)
    soft = fill.alpha[kind == SOFT]
    colours = _pixels(np.ascontiguousarray(fill.rgb))[shown.ravel()]
    head = HEAD.pack(fill.frame, *fill.box, len(told), len(codes), soft.size)
    return [head, told, codes, soft.tobytes(), colours.tobytes()]


def unpack(payload: bytes, dtype: np.dtype[Any]) -> tuple[Fill, dict[str, Any]]:
    """The inverse of `pack`; colours that alpha hides come back as 0."""
    frame, top, left, bottom, right, notes_size, codes_size, soft_size = HEAD.unpack_from(payload)
    box, at = Box(top, left, bottom, right), HEAD.size
    notes = json.loads(payload[at : at + notes_size])
    at += notes_size
    codes = np.frombuffer(zlib.decompress(payload[at : at + codes_size]), np.uint8)
    origin, kind = np.divmod(codes.reshape(box.height, box.width), np.uint8(3))
    at += codes_size
    alpha = (kind == 1).astype(np.float32)
    alpha[kind == SOFT] = np.frombuffer(payload, np.float32, soft_size, at)
    at += 4 * soft_size
    rgb: NDArray[Any] = np.zeros((box.height, box.width, 3), dtype)
    pixels = _pixels(rgb)
    pixels[kind.ravel() > 0] = np.frombuffer(payload, pixels.dtype, offset=at)
    return Fill(frame, box, rgb, alpha, origin), notes


def _pixels(rgb: NDArray[Any]) -> NDArray[np.void]:
    """[h, w, 3] as [h * w] whole pixels, the same memory: picked out 25 times faster."""
    pixels: NDArray[np.void] = rgb.reshape(-1, 3).view(f"V{3 * rgb.itemsize}").ravel()
    return pixels
