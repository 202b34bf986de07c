"""Sizes, pipes, homes and tiny clips: each is done, or one line, before memory is asked for."""

from __future__ import annotations

import errno
import os
import pwd
import resource
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.cli.tiny_shots import listing, save_pictures, spawn, tiny_shot


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny shot, files that claim to be huge, and a pipe, to stand among."""
    tiny_shot(tmp_path / "shot")
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.mkv")
    os.mkfifo("pipe.json")
    Path("bomb.png").write_bytes(png_of(30_000, 30_000))
    data = bytearray(cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = b"\xff" * 4
    Path("bomb.jpg").write_bytes(data)
    return tmp_path


def png_of(width: int, height: int) -> bytes:
    """One that claims a size and holds little of it."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1 << 20))
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


CLIP, MASK = "shot/clip", "shot/mask"
TABLE = {
    "cells": (["mask", "snap", MASK, "-o", "n.mkv", "--cells", "1000000000"], "--cells"),
    "grid of remove": (
        ["remove", CLIP, "--point", "12,20@0", "-o", "n.mkv", "--grid", "1000000000"],
        "--grid",
    ),
    "size": (["mask", "convert", MASK, "-o", "n.mkv", "--size", "100000x100000"], "--size"),
    "endless size": (
        ["mask", "convert", MASK, "-o", "n.mkv", "--size", "9" * 5000 + "x1"],
        "--size",
    ),
    "rate": (["mask", "convert", MASK, "-o", "n.mkv", "--rate", "1e999999999"], "--rate"),
    "width": (["compare", CLIP, CLIP, "-o", "n.png", "--width", "100000"], "--width"),
    "sheet": (["compare", CLIP, CLIP, "-o", "n.png", "--width", "20000"], "--width"),
    "grow": (["mask", "grow", MASK, "-o", "n.mkv", "--by", "1" + "0" * 20], "--by"),
    "grow far": (["mask", "grow", MASK, "-o", "n.mkv", "--by", "1000000"], "--by"),
    "gain": (["compare", CLIP, CLIP, "-o", "n.png", "--gain", "1e308"], "--gain"),
    "endless gain": (["compare", CLIP, CLIP, "-o", "n.png", "--gain", "inf"], "--gain"),
    "endless wait": (["evaluate", CLIP, "-o", "n", "--timeout", "inf"], "--timeout"),
    "panels": (["synth", "preview", "-o", "n.png", "--width", "100000"], "--width"),
    "png": (["compare", "bomb.png", "bomb.png"], "bomb.png: a picture of 30000x30000"),
    "jpeg": (["compare", "bomb.jpg", "bomb.jpg"], "bomb.jpg: a picture of 65535x65535"),
    "matte": (["select", CLIP, "--matte", "bomb.png@0", "-o", "n.mkv"], "bomb.png: a picture of"),
    "frame of a point": (
        ["select", CLIP, "--point", f"1,2@{'9' * 5000}", "-o", "n.mkv"],
        "--point",
    ),
    "piped clip": (["remove", "pipe.mkv", "-m", MASK, "-o", "n.mkv"], "pipe.mkv: is not a file"),
    "piped mask": (["remove", CLIP, "-m", "pipe.mkv", "-o", "n.mkv"], "pipe.mkv: is not a file"),
    "piped effects": (
        ["remove", CLIP, "-m", MASK, "-o", "n.mkv", "--effects", "pipe.json"],
        "pipe.json: is not a file",
    ),
    "piped marks": (["select", CLIP, "--marks", "pipe.json", "-o", "n.mkv"], "pipe.json: is not"),
}


@pytest.mark.parametrize("name", TABLE)
def test_what_is_too_large_or_no_file_is_one_line(
    name: str, command: Callable[..., Any], here: Path
) -> None:
    words, wanted = TABLE[name]
    before = listing(here)
    done = command(*words)
    assert done.code == 2, done.err
    assert wanted in done.error
    assert listing(here) == before


@pytest.mark.parametrize(
    ("key", "box", "said"),
    [
        ("displayWindow", (0, 0, 199_999, 199_999), "a picture of 200000x200000"),
        ("displayWindow", (0, 0, 19_999, 19_999), "a picture of 20000x20000"),
        ("dataWindow", (0, 0, 99_999, 99_999), "s.exr"),
    ],
)
def test_an_exr_of_a_huge_window_is_one_line(
    key: str, box: tuple[int, ...], said: str, command: Callable[..., Any], here: Path
) -> None:
    oiio: Any = pytest.importorskip("OpenImageIO")
    output = oiio.ImageOutput.create("s.exr")
    output.open("s.exr", oiio.ImageSpec(32, 24, 3, oiio.HALF))
    output.write_image(np.zeros((24, 32, 3), np.float32))
    output.close()
    data = bytearray(Path("s.exr").read_bytes())
    at = data.index(f"{key}\0box2i\0".encode()) + len(key) + 1 + 6 + 4
    data[at : at + 16] = struct.pack("<iiii", *box)
    Path("s.exr").write_bytes(data)
    done = command("compare", "s.exr", "s.exr")
    assert done.code == 2, done.err
    assert said in done.error


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 2), (3, 3), (64, 2), (2, 64)])
def test_clips_of_a_few_pixels_are_done_with_what_is_usual(
    height: int, width: int, command: Callable[..., Any], here: Path
) -> None:
    pictures = np.random.default_rng(1).integers(0, 255, (3, height, width, 3)).astype(np.uint8)
    labels = np.full((3, height, width), 255, np.uint8)
    labels[1] = 0
    save_pictures(here / "clip", pictures)
    save_pictures(here / "mask", labels)
    done = command("remove", "clip", "-m", "mask", "-o", "new.mkv", "-q")
    assert done.code == 0, done.err


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.ESTALE, errno.ENOLCK])
@pytest.mark.parametrize("place", ["a picture", "the cache", "anywhere"])
def test_what_the_disk_says_while_reading_is_one_line(
    number: int,
    place: str,
    command: Callable[..., Any],
    here: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault = OSError(number, os.strerror(number), "somewhere")
    if place == "a picture":
        read = Path.is_file

        def is_file(self: Path) -> bool:
            if self.suffix == ".png":
                raise fault
            return read(self)

        monkeypatch.setattr(Path, "is_file", is_file)
    elif place == "anywhere":

        def refuse(*_: Any) -> Any:
            raise fault

        monkeypatch.setattr("openvoid.shot.Shot.request", refuse)
    else:
        make = Path.mkdir

        def mkdir(self: Path, *words: Any, **more: Any) -> None:
            if self.is_relative_to(cache):
                raise fault
            make(self, *words, **more)

        monkeypatch.setattr(Path, "mkdir", mkdir)
    done = command("remove", CLIP, "-m", MASK, "-o", "new.mkv", "-q")
    assert done.code == 2, done.err
    assert done.error


def test_too_few_file_handles_are_one_line_and_not_the_clips_fault(here: Path) -> None:
    for most in (5, 6, 7, 8):
        process = spawn(
            *("remove", CLIP, "-m", MASK, "-o", f"new{most}.mkv", "-q"),
            preexec_fn=lambda most=most: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)),
        )
        _, err = process.communicate(timeout=120)
        assert process.returncode in (0, 2), err
        assert "damaged" not in err
        assert process.returncode == 0 or err.count("\n") == 1


@pytest.mark.parametrize("verb", [["doctor"], ["remove", CLIP, "-m", MASK, "-o", "new.mkv", "-q"]])
@pytest.mark.parametrize("given", ["~nobody-of-this-name/x", ""])
def test_no_home_folder_is_one_line(
    verb: list[str],
    given: str,
    command: Callable[..., Any],
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody(_: int) -> Any:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENVOID_CACHE", given)
    done = command(*verb)
    assert done.code == 2, done.err
    assert "no home folder" in done.error
    assert "OPENVOID_CACHE" in done.error
