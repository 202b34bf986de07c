"""The preview: colours without a decoder, from the clip's own latents."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.void.shots import tiny_request

torch = pytest.importorskip("torch")

from openvoid.void.native.film import Film  # noqa: E402
from openvoid.void.native.preview import SCALE, Preview  # noqa: E402
from openvoid.void.native.view import choose_view  # noqa: E402
from openvoid.void.sampling.latents import Latents  # noqa: E402
from openvoid.void.sampling.windows import windows_over  # noqa: E402


def test_latents_that_hold_the_colours_are_shown_in_them(tmp_path: Path) -> None:
    request = tiny_request(13)
    view = choose_view(request.clip, request.quadmask, "whole", (48, 64))
    seen = [
        cv2.resize(view.seen(frame, index), (8, 6), interpolation=cv2.INTER_AREA)
        for index, frame in enumerate(request.clip.frames())
    ]
    mixed = np.random.default_rng(0).standard_normal((3, 16)).astype(np.float32)
    colours = np.stack([seen[0], seen[4], seen[8], seen[12]])  # [L, h, w, 3]
    latents = np.moveaxis(colours @ mixed, 3, 0)  # [16, L, h, w]
    condition = tmp_path / "condition.npy"
    np.save(condition, np.concatenate([np.zeros_like(latents), latents]))
    preview = Preview.of(tmp_path / "preview.png", condition, Film(request, view, 13))
    windows = windows_over(13, 13)
    state = Latents(tmp_path / "pass", windows, (6, 8))
    state.begin(latents[:, index] * 0 for index in range(4))
    state.put([torch.from_numpy(latents)[None]])
    preview.show(state, 1)
    shown = cv2.imread(str(tmp_path / "preview.png"))[..., ::-1] / 255
    assert shown.shape == (6 * SCALE, 4 * 8 * SCALE, 3)
    for number, index in enumerate((0, 4, 8, 12)):
        part = shown[:, number * 8 * SCALE : (number + 1) * 8 * SCALE]
        small = cv2.resize(part, (8, 6), interpolation=cv2.INTER_AREA)
        alike = np.corrcoef(small[4:].ravel(), seen[index][4:].ravel())[0, 1]  # below the words
        assert alike > 0.9
