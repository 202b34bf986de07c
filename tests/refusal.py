"""What a person is told when something is refused: one line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from openvoid.core.errors import OpenVoidError


def told(work: Callable[[], object]) -> str:
    """The line with which some work is refused."""
    with pytest.raises(OpenVoidError) as caught:
        work()
    line = caught.value.line()
    assert "\n" not in line
    return line
