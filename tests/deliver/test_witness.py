"""The files of a request: their own SHA-256, and that nobody changed them meanwhile."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.deliver.witness import Witness


def test_of_one_file_it_is_what_sha256sum_says(tmp_path: Path) -> None:
    (tmp_path / "clip.mov").write_bytes(os.urandom(5 << 20))
    with Witness([tmp_path / "clip.mov"]) as witness:
        found = witness.sha256()
    assert found == hashlib.sha256((tmp_path / "clip.mov").read_bytes()).hexdigest()


def test_of_several_it_is_that_of_sha256sums_list(tmp_path: Path) -> None:
    names = [f"s.{number:04}.exr" for number in range(3)]
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    listed = subprocess.run(["sha256sum", *names], cwd=tmp_path, capture_output=True, check=True)
    with Witness([tmp_path / name for name in names]) as witness:
        assert witness.sha256() == hashlib.sha256(listed.stdout).hexdigest()


def test_a_clip_in_memory_has_none() -> None:
    with Witness([]) as witness:
        witness.check()
        assert witness.sha256() is None


@pytest.mark.parametrize("how", ["rewritten", "replaced", "gone"])
def test_a_change_is_told(tmp_path: Path, how: str) -> None:
    path = tmp_path / "clip.mov"
    path.write_bytes(b"one")
    with Witness([path]) as witness:
        witness.check()
        if how == "rewritten":
            path.write_bytes(b"two, longer")
        elif how == "replaced":
            (tmp_path / "new").write_bytes(b"one")
            (tmp_path / "new").replace(path)
        else:
            path.unlink()
        with pytest.raises(OpenVoidError, match="was changed while it was worked on"):
            witness.check()
