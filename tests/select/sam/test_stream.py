"""The streamed memory, against transformers' own session, which holds the whole clip."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from openvoid.select.sam.marks import Marks, squared  # noqa: E402
from openvoid.select.sam.model import SamModel, _quiet, load_sam2, load_sam3  # noqa: E402
from openvoid.select.sam.stream import MARKS_HELD, Sighting, Stream  # noqa: E402
from tests.select.moving_shapes import overlap  # noqa: E402

LENGTH = 24
CLICK = Marks(((20.0, 30.0),), (1,))
BOX = Marks(((10.0, 12.0), (40.0, 44.0)), (2, 3))
OFF = Marks(((50.0, 8.0),), (0,))


@pytest.fixture(scope="module", params=["sam2", "sam3"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(name: str, tiny_sam: Mapping[str, Path]) -> SamModel:
    load = {"sam2": load_sam2, "sam3": load_sam3}[name]
    return load(tiny_sam[name], "cpu", "float32")


@pytest.fixture(scope="module")
def theirs(name: str, tiny_sam: Mapping[str, Path]) -> Any:
    """The model as transformers loads it by itself: for SAM 3, its tracker with its own encoder."""
    import transformers

    kind = {"sam2": "Sam2VideoModel", "sam3": "Sam3TrackerVideoModel"}[name]
    with _quiet():
        network = getattr(transformers, kind).from_pretrained(tiny_sam[name], local_files_only=True)
    return network.eval()


@pytest.fixture(scope="module")
def pictures(model: SamModel) -> list[np.ndarray]:
    rng = np.random.default_rng(4)
    size = (model.size, model.size, 3)
    return [rng.integers(0, 256, size).astype(np.uint8) for _ in range(LENGTH)]


def stream(
    model: SamModel,
    pictures: list[np.ndarray],
    anchors: Mapping[int, Marks],
    remarks: Mapping[int, Marks] | None = None,
) -> Stream:
    told = {**anchors, **(remarks or {})}
    return Stream(
        model,
        len(pictures),
        tuple(anchors),
        tuple(remarks or ()),
        told.__getitem__,
        pictures.__getitem__,
    )


def followed(
    model: SamModel, pictures: list[np.ndarray], anchors: Mapping[int, Marks], *, reverse: bool
) -> list[Sighting]:
    start = max(anchors) if reverse else min(anchors)
    order = range(start, -1, -1) if reverse else range(start, len(pictures))
    passed = ((frame, pictures[frame]) for frame in order)
    return list(stream(model, pictures, anchors).run(passed, reverse=reverse))


def session(theirs: Any, model: SamModel, pictures: list[np.ndarray]) -> Any:
    """The whole clip, normalised, in transformers' own session."""
    from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession

    whole = torch.cat([model.pixels(each) for each in pictures])
    return Sam2VideoInferenceSession(
        video=whole, video_height=1, video_width=1, dtype=torch.float32
    )


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    "anchors", [{9: CLICK}, {6: BOX, 14: CLICK, 15: Marks(BOX.spots + CLICK.spots, (2, 3, 0))}]
)
def test_it_says_what_transformers_says_with_the_whole_clip_in_memory(
    model: SamModel,
    theirs: Any,
    pictures: list[np.ndarray],
    anchors: Mapping[int, Marks],
    reverse: bool,
) -> None:
    whole = session(theirs, model, pictures)
    with torch.inference_mode():
        for frame, marks in anchors.items():
            told = {
                "point_coords": torch.tensor(marks.spots)[None, None],
                "point_labels": torch.tensor(marks.labels, dtype=torch.int32)[None, None],
            }
            whole.add_point_inputs(whole.obj_id_to_idx(0), frame, told)
            whole.obj_with_new_inputs = [0]
            theirs(whole, frame_idx=frame)
        start = max(anchors) if reverse else min(anchors)
        wanted = list(
            theirs.propagate_in_video_iterator(whole, start_frame_idx=start, reverse=reverse)
        )
    found = followed(model, pictures, anchors, reverse=reverse)
    assert [each.frame for each in found] == [each.frame_idx for each in wanted]
    for ours, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(ours.logits, other.pred_masks[0, 0].numpy(), atol=1e-4)
        assert ours.score == pytest.approx(float(other.object_score_logits), abs=1e-4)


def test_a_silhouette_is_what_its_frame_shows(model: SamModel, pictures: list[np.ndarray]) -> None:
    mask = np.zeros((model.size, model.size), bool)
    mask[8:40, 16:32] = True
    found = followed(model, pictures[:8], {3: Marks(silhouette=mask)}, reverse=False)[0]
    assert found.score > 5
    assert overlap(found.logits > 0, squared(mask, len(found.logits))) > 0.9


def test_a_remark_changes_its_frame_and_what_follows_and_nothing_before(
    model: SamModel, pictures: list[np.ndarray]
) -> None:
    def run(remarks: Mapping[int, Marks]) -> list[Sighting]:
        made = stream(model, pictures, {2: CLICK}, remarks)
        return list(made.run((frame, pictures[frame]) for frame in range(2, 12)))

    plain, told = run({}), run({7: OFF})
    same = [
        np.array_equal(one.logits, other.logits) for one, other in zip(plain, told, strict=True)
    ]
    assert same[:5] == [True] * 5
    assert not same[5]
    assert not same[6]


def test_only_the_nearest_marked_frames_are_remembered(
    model: SamModel, pictures: list[np.ndarray]
) -> None:
    many = dict.fromkeys(range(0, LENGTH, 2), CLICK)
    made = stream(model, pictures, many)
    held = []
    for seen in made.run((frame, pictures[frame]) for frame in range(LENGTH)):
        held.append(set(made._memory["cond_frame_outputs"]))
        assert len(held[-1]) == MARKS_HELD
        assert seen.frame in held[-1] or seen.frame % 2
    assert held[0] != held[-1]


def test_memory_is_flat_over_300_frames(
    name: str, model: SamModel, pictures: list[np.ndarray]
) -> None:
    length, reverse = 300, name == "sam3"  # both ways are the same code for both

    def passed() -> Any:
        order = range(length - 1, -1, -1) if reverse else range(length)
        return ((frame, pictures[frame % LENGTH]) for frame in order)

    anchors = (length - 1,) if reverse else (0,)
    made = Stream(model, length, anchors, (), lambda frame: CLICK, lambda frame: pictures[0])
    sizes: Callable[[], tuple[int, int]] = lambda: (made.held, tensor_bytes())  # noqa: E731
    at = {
        count: sizes()
        for count, _ in enumerate(made.run(passed(), reverse=reverse))
        if count in (60, 180, 299)
    }
    assert at[60] == at[180] == at[299]
    assert at[299][0] <= made._back + 2


def tensor_bytes() -> int:
    """Of all tensors alive, weights and memories, once each."""
    gc.collect()
    alive = {}
    for each in gc.get_objects():
        if type(each) in (torch.Tensor, torch.nn.Parameter):
            storage = each.untyped_storage()
            alive[storage.data_ptr()] = storage.nbytes()
    return sum(alive.values())
