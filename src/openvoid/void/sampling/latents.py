"""Latents of a pass at work, on disk: so that memory does not grow with length, and to go on from.

Enters: the initial noise, predictions of windows, steps. Leaves: the latents as they stand. Knows
no network. Two buffers take turns, and `state.json` says which one holds, with its checksum and
those of the predictions; it is written last, so a run that is cut off at any moment finds the last
finished window. What is damaged counts as not begun.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from openvoid.media.seal import read_facts, write_facts
from openvoid.void.sampling.windows import Window

CHANNELS = 16


class Latents:
    """Noisy latents [16, L, h, w] of one pass, and the predictions of the step in hand."""

    def __init__(self, folder: Path, windows: Sequence[Window], shape: tuple[int, int]) -> None:
        """`shape`: height and width of a latent frame. Goes on where the folder stands."""
        self._folder, self._windows = folder, windows
        length, longest = windows[-1].stop, max(each.stop - each.start for each in windows)
        self._shape = (CHANNELS, length, *shape)
        self._shape_of_predictions = (len(windows), CHANNELS, longest, *shape)
        self.step, self.window, self._current = 0, 0, 0
        self._sums: list[int] = []  # of the predictions of the step in hand
        self._latents_sum: int | None = None  # of the buffer that holds
        self.begun = False  # the noise is there, and as it was
        state = read_facts(self._state)
        if state is not None:
            self.step, self.window, self._current = (
                state[name] for name in ("step", "window", "current")
            )
            self._sums = list(state["predictions"])
            self.begun = self._whole(state["latents"])

    def begin(self, noise: Iterable[NDArray[np.float32]]) -> None:
        """Start from noise [16, h, w], one a latent frame."""
        self._folder.mkdir(parents=True, exist_ok=True)
        x = open_memmap(self._buffer(0), "w+", np.float32, self._shape)
        count = 0
        for index, frame in enumerate(noise):
            x[:, index] = frame
            count += 1
        assert count == self._shape[1], f"{count} noise frames for {self._shape[1]} latents"
        _flush(x)
        for path, of in (
            (self._buffer(1), self._shape),
            (self._predictions, self._shape_of_predictions),
        ):
            open_memmap(path, "w+", np.float32, of)
        self.step = self.window = self._current = 0
        self.begun = True
        self._save()

    def noisy(self, window: Window) -> torch.Tensor:
        """A window's latents as they stand, [1, 16, l, h, w]."""
        return _tensor(self._open(self._buffer(self._current))[:, window.slice])

    def all(self) -> torch.Tensor:
        """All latents [1, 16, L, h, w], read from disk as slices of it are used."""
        return torch.from_numpy(self._open(self._buffer(self._current), "c"))[None]

    def predicted(self, number: int) -> torch.Tensor:
        """The prediction of a window in the step in hand, [1, 16, l, h, w]."""
        window = self._windows[number]
        stored = self._open(self._predictions)[number, :, : window.stop - window.start]
        return _tensor(stored)

    def predicted_at(self, index: int) -> NDArray[np.float32]:
        """What was last predicted for a latent frame, [16, h, w]."""
        for number, window in enumerate(self._windows):
            if window.start <= index < window.stop:
                return self.predicted(number)[0, :, index - window.start].numpy()
        raise IndexError(index)

    def put(self, predictions: Sequence[torch.Tensor]) -> None:
        """Keep the predictions [1, 16, l, h, w] of the next windows."""
        stored = self._open(self._predictions, "r+")
        for offset, x0 in enumerate(predictions):
            stored[self.window + offset, :, : x0.shape[2]] = x0[0].numpy()
        _flush(stored)
        numbers = range(self.window, self.window + len(predictions))
        self._sums = [*self._sums[: self.window], *map(self._sum_of, numbers)]
        self.window += len(predictions)
        self._save()

    def advance(
        self, step: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], *, fade_stepped: bool
    ) -> None:
        """Put the windows together and take the step; every window must have been predicted.

        Overlaps are cross-faded: predictions, then stepped as one; or, as the reference does, each
        window stepped and what came out faded. For a sampler linear in both, without noise, the two
        are the same but for rounding.
        """
        assert self.window == len(self._windows)
        after = self._open(self._buffer(1 - self._current), "r+")
        after[...] = 0
        total = np.zeros(self._shape[1], np.float32)
        for number, window in enumerate(self._windows):
            part = self.predicted(number)
            if fade_stepped:
                part = step(self.noisy(window), part)
            weights = np.array(window.weights, np.float32)
            after[:, window.slice] += weights[:, None, None] * part[0].numpy()
            total[window.slice] += weights
        for window in self._windows:
            only = Window(window.start + window.rise, window.stop)  # each latent once
            blended = after[:, only.slice] / total[only.slice, None, None]
            if not fade_stepped:
                blended = step(self.noisy(only), torch.from_numpy(blended)[None])[0].numpy()
            after[:, only.slice] = blended
        _flush(after)
        self._current, self.step, self.window = 1 - self._current, self.step + 1, 0
        self._latents_sum = None
        self._save()

    def copied(self, folder: Path) -> Latents:
        """The same, standing at the same point, in a folder of its own."""
        twin = Latents(folder, self._windows, (self._shape[2], self._shape[3]))
        x = self._open(self._buffer(self._current))
        twin.begin(x[:, index] for index in range(x.shape[1]))
        if self.window:
            twin.put([self.predicted(number) for number in range(self.window)])
        twin.step, twin.window = self.step, self.window
        twin._save()
        return twin

    @property
    def _state(self) -> Path:
        return self._folder / "state.json"

    @property
    def _predictions(self) -> Path:
        return self._folder / "predictions.npy"

    def _buffer(self, number: int) -> Path:
        return self._folder / f"latents{number}.npy"

    def _open(self, path: Path, mode: Literal["r", "r+", "c"] = "r") -> NDArray[np.float32]:
        opened: NDArray[np.float32] = np.load(path, mmap_mode=mode)
        return opened

    def _save(self) -> None:
        if self._latents_sum is None:
            self._latents_sum = _sum(self._open(self._buffer(self._current)))
        state = {"step": self.step, "window": self.window, "current": self._current}
        sums = {"latents": self._latents_sum, "predictions": self._sums[: self.window]}
        write_facts(self._state, {**state, **sums})

    def _sum_of(self, number: int) -> int:
        window = self._windows[number]
        return _sum(self._open(self._predictions)[number, :, : window.stop - window.start])

    def _whole(self, latents: int) -> bool:
        """Whether all that the state speaks of is as it was."""
        try:
            self._latents_sum = _sum(self._open(self._buffer(self._current)))
            self._open(self._buffer(1 - self._current))
            found = [self._sum_of(number) for number in range(self.window)]
        except (OSError, ValueError, EOFError, IndexError):  # what numpy raises of a torn file
            return False
        return self._latents_sum == latents and found == self._sums


def _sum(stored: NDArray[np.float32]) -> int:
    return zlib.crc32(np.ascontiguousarray(stored).data)


def _tensor(stored: NDArray[np.float32]) -> torch.Tensor:
    return torch.from_numpy(np.array(stored))[None]


def _flush(stored: NDArray[np.float32]) -> None:
    if isinstance(stored, np.memmap):
        stored.flush()
