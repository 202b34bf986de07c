"""Hashes: of the bytes, whatever the name says; read once until the file changes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.media import digest

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Path], tuple[str, int]]:
    """`read(path)` gives its hash, and how often anything was told of reading it."""

    def take(path: Path) -> tuple[str, int]:
        told: list[str] = []
        return digest.sha256(path, lambda stage, done, total: told.append(stage)), len(told)

    return take


def test_a_file_that_is_named_by_a_hash_is_read_all_the_same(
    tmp_path: Path, read: Callable[[Path], tuple[str, int]]
) -> None:
    blob = tmp_path / "blobs" / ("ab" * 32)
    blob.parent.mkdir()
    blob.write_bytes(b"other bytes than those it was named by")
    link = tmp_path / "weights.safetensors"
    link.symlink_to(blob)
    right = hashlib.sha256(blob.read_bytes()).hexdigest()
    assert read(link) == (right, 1)
    assert read(link) == (right, 0), "it was read twice"
    assert read(blob) == (right, 0), "it was read twice, under its own name"


def test_a_file_changed_within_its_size_and_time_is_read_again(
    tmp_path: Path, read: Callable[[Path], tuple[str, int]]
) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    stat = path.stat()
    before, _ = read(path)
    path.write_bytes(b"two")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert read(path) == (hashlib.sha256(b"two").hexdigest(), 1)
    assert before == hashlib.sha256(b"one").hexdigest()


def test_what_was_verified_need_not_be_read(
    tmp_path: Path, read: Callable[[Path], tuple[str, int]]
) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    digest.learn(path, hashlib.sha256(b"one").hexdigest())
    assert read(path) == (hashlib.sha256(b"one").hexdigest(), 0)


def test_what_could_not_be_found_out_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.touch()

    def fail(real: Path) -> str:
        raise OpenVoidError("no")

    with pytest.raises(OpenVoidError):
        digest.remembered(path, "a question", fail)
    assert digest.remembered(path, "a question", lambda real: "an answer") == "an answer"
    assert digest.remembered(path, "a question", fail) == "an answer"
    assert digest.remembered(path, "another", lambda real: "more") == "more"
