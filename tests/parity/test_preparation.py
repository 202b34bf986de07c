"""What the reference's loader makes of a real clip at 4K: frames, labels, padding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from openvoid.core.quadmask import Region  # noqa: E402
from openvoid.media.masks import open_quadmask  # noqa: E402
from openvoid.void.model.condition import area_labels, area_resized  # noqa: E402
from openvoid.void.sampling.windows import padded_frames, reflected  # noqa: E402

SIZE = (48, 80)
INVERTED = {Region.PRIMARY: 255, Region.OVERLAP: 192, Region.AFFECTED: 128, Region.KEEP: 0}


@pytest.fixture(scope="module")
def lime(shared: Path) -> tuple[Any, Any]:
    """Frames [46, 48, 80, 3] 0..255 and labels [46, 48, 80], made as the reference makes them.

    PyAV's rgb24 takes BT.601 whatever the clip's size; our own decoder minds the tags, so it is
    not used here.
    """
    folder = shared / "clips" / "lime"
    with av.open(str(folder / "input_video.mp4")) as video:
        pictures = (frame.to_ndarray(format="rgb24") for frame in video.decode(video=0))
        frames = np.concatenate([area_resized(picture[None], SIZE) for picture in pictures])
    mask = open_quadmask(folder / "quadmask_0.mp4")
    labels = np.concatenate([area_labels(labels[None], SIZE) for labels in mask])
    return frames, labels


def carried(labels: Any) -> Any:
    table = np.zeros(256)
    for region, value in INVERTED.items():
        table[region] = value / 255
    return table[labels]


def test_frames_and_masks_are_what_their_loader_gives(reference: Any, lime: Any) -> None:
    frames, labels = lime
    video = reference.pipeline["lime_video"][0].permute(1, 2, 3, 0).numpy()
    assert reference.near(frames[:37] / 255, video)
    mask = reference.pipeline["lime_mask"][0, 0].numpy()
    assert reference.near(carried(labels[:37]), mask)


def test_padding_runs_back_and_forth_as_theirs(reference: Any, lime: Any) -> None:
    frames, labels = lime
    order = list(reflected(len(frames), padded_frames(len(frames))))
    assert len(order) == 85
    thinned = frames[order][:, ::4, ::4]
    theirs = reference.pipeline["lime_padded_video_u8"][0].permute(1, 2, 3, 0).numpy()
    assert np.abs(thinned - theirs).max() <= 1  # they kept whole numbers
    mask = reference.pipeline["lime_padded_mask"][0, 0].numpy()
    assert reference.near(carried(labels[order])[:, ::4, ::4], mask)
