"""How large an image says it is, read off its header: known before a decoder asks for memory.

Enters: the bytes of a PNG, JPEG or TIFF. Leaves: height and width, or None where the header does
not tell them where it should (a decoder then refuses the file, or it is of another kind). Decodes
nothing. As in PNG (W3C, 11.2.2), ITU-T T.81 (B.2.2) and TIFF 6.0 (section 2).
"""

from __future__ import annotations

import struct

_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # JPEG's markers of a frame's header
_BARE = {0x01, 0xFF, *range(0xD0, 0xD9)}  # and those without a length
_WIDTH, _LENGTH = 256, 257  # TIFF's tags


def claimed_size(data: bytes) -> tuple[int, int] | None:
    """Height and width that the header tells."""
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return _of_png(data)
    if data[:2] == b"\xff\xd8":
        return _of_jpeg(data)
    if data[:4] in (b"II*\0", b"MM\0*"):
        return _of_tiff(data)
    return None


def _of_png(data: bytes) -> tuple[int, int] | None:
    if len(data) < 24:
        return None
    width, height = struct.unpack_from(">II", data, 16)
    return height, width


def _of_jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            at += 1
        elif data[at + 1] in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return height, width
        elif data[at + 1] in _BARE:
            at += 1 if data[at + 1] == 0xFF else 2
        else:
            at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    return None


def _of_tiff(data: bytes) -> tuple[int, int] | None:
    """Of the first picture: its tags are 12 bytes each, the value in the last four."""
    order = "<" if data[:2] == b"II" else ">"
    if len(data) < 8:
        return None
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    if at + 2 > len(data):
        return None
    (count,) = struct.unpack_from(f"{order}H", data, at)
    found: dict[int, int] = {}
    for entry in range(at + 2, min(at + 2 + 12 * count, len(data) - 11), 12):
        tag, kind = struct.unpack_from(f"{order}HH", data, entry)
        if tag in (_WIDTH, _LENGTH):
            letter = "H" if kind == 3 else "I"  # SHORT, else LONG
            (found[tag],) = struct.unpack_from(f"{order}{letter}", data, entry + 8)
    return (found[_LENGTH], found[_WIDTH]) if len(found) == 2 else None
