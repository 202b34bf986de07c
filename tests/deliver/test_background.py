"""Background: all items arrive in order, errors cross the thread, nobody is left waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from openvoid.deliver.background import Abandoned, Background


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    yield
    assert not [thread for thread in threading.enumerate() if thread.name == "deliver"]


def test_items_arrive_in_order_and_the_result_comes_back() -> None:
    with Background(lambda items: [item * 2 for item in items]) as line:
        for item in range(50):
            line.put(item)
    assert line.result == [2 * item for item in range(50)]


def test_the_queue_is_short() -> None:
    taken: list[int] = []
    gate = threading.Event()

    def slow(items: Iterator[int]) -> None:
        for item in items:
            gate.wait()
            taken.append(item)

    begun = time.monotonic()
    with Background(slow, ahead=2) as line:
        for item in range(3):  # one in hand, two waiting
            line.put(item)
        threading.Timer(0.2, gate.set).start()
        line.put(3)
        assert time.monotonic() - begun >= 0.15
    assert taken == [0, 1, 2, 3]


def test_the_consumer_s_error_reaches_the_producer_even_if_the_queue_is_full() -> None:
    def fails(items: Iterator[int]) -> None:
        next(items)
        raise OSError("disk full")

    def produce() -> None:
        with Background(fails) as line:
            for item in range(1000):
                line.put(item)

    with pytest.raises(OSError, match="disk full"):
        produce()


def test_an_error_at_the_very_end_is_not_lost() -> None:
    def fails(items: Iterator[int]) -> None:
        for _ in items:
            pass
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), Background(fails) as line:
        line.put(1)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError])
def test_when_the_producer_fails_the_consumer_leaves_by_an_exception(
    stop: type[BaseException],
) -> None:
    left: list[type[BaseException]] = []

    def consume(items: Iterator[int]) -> None:
        try:
            for _ in items:
                time.sleep(0.01)
        except BaseException as error:
            left.append(type(error))
            raise

    def produce() -> None:
        with Background(consume) as line:
            for item in range(5):
                line.put(item)
            raise stop

    with pytest.raises(stop):
        produce()
    assert left == [Abandoned]


def test_ctrl_c_while_waiting_for_the_last_items_ends_the_consumer_too() -> None:
    left: list[str] = []

    def consume(items: Iterator[int]) -> None:
        try:
            for _ in items:
                time.sleep(0.2)
        except Abandoned:
            left.append("abandoned")
            raise

    line = Background(consume)
    join = line._thread.join
    calls: list[int] = []

    def interrupted(timeout: float | None = None) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        join(timeout)

    line._thread.join = interrupted  # type: ignore[method-assign]

    def produce() -> None:
        with line:
            line.put(1)
            line.put(2)

    with pytest.raises(KeyboardInterrupt):
        produce()
    assert left == ["abandoned"]
