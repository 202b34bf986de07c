"""Arrays on disk come back as they were; a store that was cut off is not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.vision.store import ArrayStore


@given(
    shapes=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), min_size=1, max_size=6),
    kind=st.sampled_from(["u1", "u2", "f2", "f4"]),
)
def test_arrays_come_back(
    tmp_path_factory: pytest.TempPathFactory, shapes: list[tuple[int, int]], kind: str
) -> None:
    path = tmp_path_factory.mktemp("store") / "a.bin"
    rng = np.random.default_rng(1)
    arrays = [(rng.random(shape) * 200).astype(kind) for shape in shapes]
    with ArrayStore.writing(path) as store:
        for array in arrays:
            store.append(array)
    with ArrayStore.reading(path) as store:
        assert len(store) == len(arrays)
        for number in reversed(range(len(arrays))):
            assert store[number].dtype == arrays[number].dtype
            assert np.array_equal(store[number], arrays[number])


def test_a_store_that_was_cut_off_does_not_exist(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"

    def stopped() -> None:
        with ArrayStore.writing(path) as store:
            store.append(np.zeros(3))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert path.exists()
    assert not ArrayStore.exists(path)


def test_writing_again_forgets_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    with ArrayStore.writing(path) as store:
        store.append(np.ones(3))
    assert ArrayStore.exists(path)
    store = ArrayStore.writing(path)
    assert not ArrayStore.exists(path)
    store.close()
