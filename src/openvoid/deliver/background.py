"""One producer, one consumer in a thread of its own, a short queue between them.

Enters: items as they are made, and a function that takes an iterator of them. Leaves: what that
function returned. So decoding and filling go on while the last frames are painted and encoded.
Whatever goes wrong on either side ends both: the consumer leaves its `with` blocks by an exception
and cleans up, the producer gets the consumer's error. Knows nothing of frames.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

LOOK_S = 0.05  # how often a full queue looks whether the consumer still lives


class Abandoned(Exception):
    """Told to the consumer: no more items will come, and what it made is not wanted."""


class Background(Generic[Item, Result]):
    """`with Background(consume) as line: line.put(item)`; then `line.result` holds what it gave.

    Leaving the block waits for the consumer. Its exception is raised in the producer, at the next
    `put` or on leaving; an exception of the producer's own comes first.
    """

    result: Result

    def __init__(self, consume: Callable[[Iterator[Item]], Result], ahead: int = 2) -> None:
        self._consume = consume
        self._queue: queue.Queue[Item | None] = queue.Queue(ahead)
        self._abandoned = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="deliver", daemon=True)

    def put(self, item: Item) -> None:
        """Hand over an item; waits while the queue is full."""
        self._put(item)

    def __enter__(self) -> Background[Item, Result]:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._put(None)
            else:
                self._abandon()
            self._thread.join()
        except BaseException:  # Ctrl-C while waiting for the last frames
            self._abandon()
            self._thread.join()
            raise
        if error is None and self._error is not None:
            raise self._error

    def _put(self, item: Item | None) -> None:
        while self._thread.is_alive():
            try:
                return self._queue.put(item, timeout=LOOK_S)
            except queue.Full:
                continue
        if self._error is not None and item is not None:
            raise self._error
        return None

    def _abandon(self) -> None:
        """Make the consumer's next look find an end; what waits in the queue is dropped."""
        self._abandoned = True
        with suppress(queue.Empty):
            while True:
                self._queue.get_nowait()
        self._queue.put_nowait(None)

    def _items(self) -> Iterator[Item]:
        while (item := self._queue.get()) is not None:
            if self._abandoned:
                break
            yield item
        if self._abandoned:
            raise Abandoned

    def _work(self) -> None:
        try:
            self.result = self._consume(self._items())
        except Abandoned:
            pass
        except BaseException as error:  # handed to the producer, whatever it is
            self._error = error
