"""Preview: a picture of what is coming, after every step.

Enters: the latents predicted so far. Leaves: a PNG with a row of frames, replaced as the work goes
on. No decoder is needed: the clip's own latents and thumbnails tell which mixture of channels looks
most like its colours (least squares), and that mixture is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.media.atomic import partial_file
from openvoid.void.native.film import Film
from openvoid.void.sampling.latents import CHANNELS, Latents
from openvoid.void.sampling.windows import STRIDE

SHOWN = 4  # frames in the row
SCALE = 4  # preview pixels a latent pixel


@dataclass(frozen=True)
class Preview:
    """Where the picture goes, and how latents become colours."""

    path: Path
    mixture: NDArray[np.float32]  # [17, 3] channels and a constant -> RGB 0..1
    places: tuple[int, ...]  # latent frames that are shown

    @classmethod
    def of(cls, path: Path, condition: Path, film: Film) -> Preview:
        """Fitted to a clip and its condition."""
        stored = np.load(condition, mmap_mode="r")  # [32, L, h, w]
        height, width = stored.shape[2:]
        clip = film.request.clip
        seen = (clip.length - 1) // STRIDE + 1
        places = tuple(sorted({round(share * (seen - 1)) for share in np.linspace(0, 1, SHOWN)}))
        samples, colours = [], []
        for place in places:
            index = min(place * STRIDE, clip.length - 1)
            frame = film.view.seen(next(clip.frames(index, index + 1)), index)
            small = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
            samples.append(_with_one(np.array(stored[CHANNELS:, place])))
            colours.append(small.reshape(-1, 3))
        mixture = np.linalg.lstsq(np.concatenate(samples), np.concatenate(colours), rcond=None)[0]
        return cls(path, mixture.astype(np.float32), places)

    def show(self, latents: Latents, number: int) -> None:
        """Write the row for what a pass's latents are on the way to."""
        pictures = []
        for place in self.places:
            frame = latents.predicted_at(place)
            rgb = (_with_one(frame) @ self.mixture).reshape(*frame.shape[1:], 3)
            size = (frame.shape[2] * SCALE, frame.shape[1] * SCALE)
            large = cv2.resize(rgb, size, interpolation=cv2.INTER_CUBIC)
            pictures.append(np.rint(np.clip(large, 0, 1) * 255).astype(np.uint8))
        row = cv2.cvtColor(np.concatenate(pictures, axis=1), cv2.COLOR_RGB2BGR)
        text = f"pass {number}, step {latents.step}"
        cv2.putText(row, text, (6, 16), cv2.FONT_HERSHEY_PLAIN, 1.0, (255, 255, 255))
        done, data = cv2.imencode(".png", row)
        assert done
        with partial_file(self.path) as partial:
            partial.write_bytes(data.tobytes())


def _with_one(latent: NDArray[np.float32]) -> NDArray[np.float32]:
    """[16, h, w] -> [h w, 17], the last column 1."""
    flat = latent.reshape(CHANNELS, -1).T
    return np.concatenate([flat, np.ones((len(flat), 1), np.float32)], axis=1)
