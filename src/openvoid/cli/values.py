"""Words of the command line -> values: a frame range, a size, a rate, an effects file.

Each gives the value or raises `OpenVoidError` with the option's name and an example.
"""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

import typer

from openvoid.core import limits
from openvoid.core.effects import Effects
from openvoid.core.errors import OpenVoidError
from openvoid.core.fates import Fates

RATE = re.compile(r"\s*(?:\d{1,9}(?:/\d{1,9}|\.\d{0,9})?|\.\d{1,9})\s*")
InputColor = Annotated[
    Literal["auto", "srgb", "linear", "log100", "log316", "pq", "hlg", "logc3", "slog3"],
    typer.Option(
        help="What the clip's values mean, where its tags do not say. For looking only: the new "
        "shot keeps its tags.",
    ),
]
"""A name of `vision.transfer`; told again here, so that help does not wait for imports."""

FromMatte = Annotated[
    bool | None,
    typer.Option(
        "--from-matte/--no-from-matte",
        help="The mask is black and white: white is removed. With no-: it is a quadmask, however "
        "much it looks like a matte.",
    ),
]
Cuts = Annotated[
    str,
    typer.Option(
        help="Where new scenes begin, each worked on by itself: auto, none, or first frames, from "
        "0, and spans of dissolves: 16,40-55; see: openvoid scenes"
    ),
]


def frame_range(text: str | None) -> tuple[int, int] | None:
    """`10-80` -> (10, 80), both included; `42` -> (42, 42)."""
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d{1,8})\s*(?:-\s*(\d{1,8})\s*)?", text)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if first > last:
        raise OpenVoidError(
            f"{text!r} is not a range of frames", where="--range", mend="for example: --range 10-80"
        )
    return first, last


def size(text: str | None) -> tuple[int, int] | None:
    """`1920x1080` -> (1080, 1920): height and width."""
    if text is None:
        return None
    found = re.fullmatch(r"\s*([1-9]\d{0,11})\s*[xX*]\s*([1-9]\d{0,11})\s*", text)
    if not found:
        raise OpenVoidError(
            f"{text!r} is not a size", where="--size", mend="width x height: --size 1920x1080"
        )
    height, width = int(found[2]), int(found[1])
    limits.check_picture(height, width, where="--size")
    return height, width


def rate(text: str | None) -> Fraction | None:
    """`24000/1001`, `25` or `23.976` -> frames a second, exactly."""
    if text is None:
        return None
    try:
        value = (
            Fraction(text) if RATE.fullmatch(text) else Fraction(0)
        )  # 1e999999999 takes for ever
    except (ValueError, ZeroDivisionError):
        value = Fraction(0)
    if not 0 < value <= 1000:
        raise OpenVoidError(
            f"{text!r} is not a frame rate", where="--rate", mend="for example: --rate 24000/1001"
        )
    ntsc = Fraction(round(value * Fraction(1001, 1000)) * 1000, 1001)
    return ntsc if "." in text and abs(value - ntsc) < Fraction(1, 200) else value


def numbers(text: str | None, flag: str) -> frozenset[int] | Literal["all"]:
    """`2,3` -> {2, 3}; `all` -> "all"; nothing -> no numbers."""
    if text is None:
        return frozenset()
    if text.strip() == "all":
        return "all"
    if not re.fullmatch(r"\s*\d{1,6}\s*(,\s*\d{1,6}\s*)*", text):
        raise OpenVoidError(
            f"{text!r} is no list of numbers", where=flag, mend=f"for example: {flag} 2,3"
        )
    return frozenset(int(each) for each in text.split(","))


def effects(path: Path | None) -> Effects | None:
    """An effects file, as a reasoner or a person wrote it."""
    if path is None:
        return None
    from openvoid.workspace.shelf import read_effects

    return read_effects(path)


def fates(path: Path | None, mover: bool = False) -> Fates | None:
    """A fates file, as a mover or a person wrote it.

    Args:
        mover: one is named besides.
    """
    if path is None:
        return None
    if mover:
        what = "fates and a mover do not go together"
        raise OpenVoidError(what, where="--fates", mend="give one")
    from openvoid.workspace.shelf import read_fates

    return read_fates(path)
