"""Journal: fills come back bit for bit, and a torn end costs one fill, never a wrong one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openvoid.core.box import Box
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Fill
from openvoid.workspace.journal import Journal, pack, unpack

TYPES = [np.uint8, np.uint16, np.float32]


def fill_of(frame: int, dtype: Any = np.uint8, seed: int = 0, size: int = 12) -> Fill:
    rng = np.random.default_rng((seed, frame))
    height, width = rng.integers(1, size, 2)
    alpha = rng.choice([0, 0, 1, 1, 0.5, 0.25], (height, width)).astype(np.float32)
    soft = (alpha > 0) & (alpha < 1)
    alpha[soft] = rng.random(int(soft.sum()), np.float32) * np.float32(0.99) + np.float32(1e-7)
    rgb = (rng.random((height, width, 3)) * 200).astype(dtype)
    rgb[alpha == 0] = 0  # hidden colours are not kept
    origin = np.where(alpha > 0, rng.integers(1, 3, alpha.shape), 0).astype(np.uint8)
    top, left = (int(value) for value in rng.integers(0, 4000, 2))
    return Fill(frame, Box(top, left, top + int(height), left + int(width)), rgb, alpha, origin)


def same(one: Fill, two: Fill) -> bool:
    arrays = [(one.rgb, two.rgb), (one.alpha, two.alpha), (one.origin, two.origin)]
    equal = all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in arrays)
    return equal and (one.frame, one.box) == (two.frame, two.box) and one.rgb.shape == two.rgb.shape


@given(st.integers(0, 1000), st.integers(0, 10_000), st.sampled_from(TYPES))
def test_a_fill_survives_packing(frame: int, seed: int, dtype: Any) -> None:
    fill, notes = fill_of(frame, dtype, seed), {"camera": "locked", "residual_px": 0.25}
    found, told = unpack(b"".join(pack(fill, notes)), np.dtype(dtype))
    assert same(fill, found)
    assert told == notes


def test_an_empty_fill_survives_packing() -> None:
    fill = Fill.nothing(3, np.dtype(np.uint16))
    assert same(fill, unpack(b"".join(pack(fill, {})), np.dtype(np.uint16))[0])


def written(path: Path, count: int) -> list[Fill]:
    fills = [fill_of(frame) for frame in range(count)]
    with Journal(path, np.dtype(np.uint8)) as journal:
        for fill in fills:
            journal.append(fill, {"last": fill.frame})
    return fills


def test_a_journal_is_read_again_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "fills"
    fills = written(path, 5)
    with Journal(path, np.dtype(np.uint8)) as journal:
        assert (journal.length, journal.notes) == (5, {"last": 4})
        assert all(same(a, b) for a, b in zip(journal.fills(), fills, strict=True))
        journal.append(fill_of(5), {"last": 5})
    with Journal(path, np.dtype(np.uint8)) as journal:
        assert journal.length == 6
        assert same(list(journal.fills())[-1], fill_of(5))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_wherever_it_is_cut_the_whole_records_survive(tmp_path: Path, data: Any) -> None:
    path = tmp_path / "fills"
    path.unlink(missing_ok=True)
    fills = written(path, 4)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole) - 1))
    path.write_bytes(whole[:cut])
    with Journal(path, np.dtype(np.uint8)) as journal:
        assert journal.length < 4
        assert all(
            same(a, b) for a, b in zip(journal.fills(), fills[: journal.length], strict=True)
        )
        for frame in range(journal.length, 4):
            journal.append(fills[frame], {"last": frame})
    assert path.read_bytes() == whole


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_is_noticed(tmp_path: Path, data: Any) -> None:
    path = tmp_path / "fills"
    path.unlink(missing_ok=True)
    fills = written(path, 4)
    broken = bytearray(path.read_bytes())
    broken[data.draw(st.integers(0, len(broken) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(bytes(broken))
    with Journal(path, np.dtype(np.uint8)) as journal:
        assert journal.length < 4
        assert all(
            same(a, b) for a, b in zip(journal.fills(), fills[: journal.length], strict=True)
        )


def test_only_what_shows_is_written() -> None:
    alpha = np.zeros((400, 400), np.float32)
    alpha[:40, :40] = 1
    rgb = np.random.default_rng(0).integers(0, 255, (400, 400, 3)).astype(np.uint8)
    fill = Fill(0, Box(0, 0, 400, 400), rgb, alpha, (alpha > 0).astype(np.uint8))
    assert sum(map(len, pack(fill, {}))) < 40 * 40 * 3 + 2000


def test_a_full_disk_is_told_with_what_to_do(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    with Journal(tmp_path / "fills", np.dtype(np.uint8)) as journal:
        journal._file.close()
        journal._file = full.open("r+b", buffering=0)  # type: ignore[assignment]
        with pytest.raises(OpenVoidError, match=r"No space left.*OPENVOID_CACHE"):
            journal.append(fill_of(0), {})
