"""What is seen of a shot is looked for once, and its numbers are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from openvoid.reason.motion.evidence import Evidence, once
from tests.reason.motion.shots import box, evidence_of, ground


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    masks = [box(60, 40 + 10 * index, 100, 60 + 10 * index) for index in range(4)]
    return evidence_of([ground()] * 4, masks, tmp_path)


def test_the_path_is_the_object_s_middle_in_every_frame(evidence: Evidence) -> None:
    assert evidence.path == {index: (49.5 + 10 * index, 79.5) for index in range(4)}


def test_what_is_marked_is_computed_once_for_each_shot(evidence: Evidence, tmp_path: Path) -> None:
    asked = []

    @once
    def seen(evidence: Evidence) -> list[int]:
        asked.append(evidence)
        return [1]

    @once
    def other(evidence: Evidence) -> list[int]:
        return [*seen(evidence), 2]

    assert not asked
    assert seen(evidence) is seen(evidence)
    assert other(evidence) == [1, 2]
    assert asked == [evidence]
    second = evidence_of([ground()], [box(0, 0, 9, 9)], tmp_path)
    assert seen(second) == [1]
    assert asked == [evidence, second]


def test_numbers_are_kept_by_frame_and_rounded(evidence: Evidence) -> None:
    assert evidence.statistics() == {}
    evidence.record("shadow.share", 2, 1 / 3)
    evidence.record("blobs.count", 0, 7)
    assert evidence.statistics() == {
        "blobs.count": [7.0, None, None, None],
        "shadow.share": [None, None, 0.33333, None],
    }
