"""How large what comes from outside may be: one row a limit, with the reason of its number.

Enters: sizes and counts that somebody asks for. Leaves: nothing, or one line, before memory is
asked for. Knows no files and no plug-ins: what a plug-in's option may be stands with the option.
"""

from __future__ import annotations

from openvoid.core.errors import OpenVoidError

SIDE_PX = 32_767  # cv2.remap and cv2.warpAffine count pixels in 16 bits
PICTURE_PX = 1 << 27  # 16,384 x 8,192, twice 8k each way; as float RGB it takes 1.5 GiB
FILM_PX = 1 << 25  # of a video to look at, 8,192 x 4,096; an encoder holds dozens of them
GRID_CELLS = 256  # on the short side: cells of 4 px at 1080p; the released masks have 8
GROW_PX = 1024  # a quarter of an 8k picture's height; farther is another mask, not a margin
FRAME = 10_000_000  # numbers of frames: four days at 24 a second; TIFF and DPX count to 7 digits
PLACE_PX = 1e6  # how far from the picture's corner a mark may be told: 30 times the longest side
PLACE_SHARE = 1e3  # the same of places, which are told as shares of the picture

FACTS_BYTES = 256 << 20  # of JSON: five effects of 8,000 frames, 100 corners each, take 240 MB
FACTS_VALUES = 16_000_000  # in it: the same take 12 million; a list takes 56 bytes once it is read
FACTS_OBJECTS = 1_000_000  # among them: the same take 40,000; an object takes 232 bytes
NESTED = 64  # how deep JSON may be nested; ours is 7 deep
DIGITS = 40  # of a whole number; float32 ends at 39
NAME_LETTERS = 255  # of a file's name; longer ones no usual file system takes
TEXT_LETTERS = 65_536  # of one text: a prompt, a reason
WEIGHTS_HEADER_BYTES = 100_000_000  # as safetensors' own reader has it
LAYERS = 1024  # blocks of a model, channels of a stage list; the released transformer has 42
WIDTH = 1 << 20  # numbers of a configuration: widths, heads, words; T5 knows 32,128 words


def check_picture(
    height: int, width: int, *, where: str = "", mend: str = "", most_px: int = PICTURE_PX
) -> None:
    """That a picture of this size can be held and worked on.

    Raises:
        OpenVoidError: a side is not from 1 to `SIDE_PX`, or the area is beyond `most_px`.
    """
    limit = f"sides from 1 to {SIDE_PX} and at most {most_px // 10**6} million pixels"
    if not (1 <= height <= SIDE_PX and 1 <= width <= SIDE_PX and height * width <= most_px):
        raise OpenVoidError(
            f"a picture of {told(width)}x{told(height)} is too large"
            if min(height, width) > 0
            else f"a picture of {told(width)}x{told(height)} is none",
            where=where,
            mend=mend or limit,
        )


def check_count(name: str, value: int, low: int, high: int, *, where: str = "") -> None:
    """That a number is in its range.

    Raises:
        OpenVoidError: it is not.
    """
    if not low <= value <= high:
        raise OpenVoidError(f"{name} is {told(value)}", where=where, mend=f"from {low} to {high}")


def told(value: int) -> str:
    """A whole number for a message, however long it is."""
    return str(value) if -(10**12) < value < 10**12 else f"{'-' * (value < 0)}more than 10^12"
