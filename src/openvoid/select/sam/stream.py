"""One pass of SAM's memory over a clip, in one direction of time, with bounded memory.

Enters: a model, the marks of each marked frame, frames in the order of the pass. Leaves: for every
frame the logits at the decoder's size and how sure the model is that the object is there. Held at
any time: features of one frame, the memories of the last frames that the model looks back on, and
those of the nearest marked frames. Everything older is dropped.

The memory is that of Ravi et al., "SAM 2" (2024); SAM 3's tracker has the same. transformers'
video session keeps every frame and every state, which this one does not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession

from openvoid.select.sam.marks import Marks
from openvoid.select.sam.model import SamModel
from openvoid.select.sam.picture import Logits, Small

MARKS_HELD = 8  # marked frames that are remembered at a time: those nearest
OBJECT = 0


@dataclass(frozen=True)
class Sighting:
    """What the model says of one frame; `score` is a logit, above 0 where the object is seen."""

    frame: int
    logits: Logits
    score: float


class _Session(Sam2VideoInferenceSession):
    """transformers' session, which is told the clip's length instead of counting frames."""

    length = 0

    @property
    def num_frames(self) -> int:
        return self.length


class Stream:
    """A pass.

    Args:
        anchors: frames whose marks say where the object is.
        remarks: frames whose marks only say where it is not: they correct what is followed.
        marks: asked for the marks of such a frame when it is near.
        picture: fetches an anchor.
    """

    def __init__(
        self,
        model: SamModel,
        length: int,
        anchors: Sequence[int],
        remarks: Collection[int],
        marks: Callable[[int], Marks],
        picture: Callable[[int], Small],
    ) -> None:
        self._model, self._marks, self._picture = model, marks, picture
        self._anchors, self._remarks = sorted(anchors), frozenset(remarks)
        self._session: Any = _Session(
            inference_device=model.device, inference_state_device=model.device, dtype=model.dtype
        )
        self._session.length = length
        self._session.obj_id_to_idx(OBJECT)
        config = model.tracker.config
        self._back = max(config.num_maskmem, config.max_object_pointers_in_encoder) - 1

    @property
    def _memory(self) -> dict[str, dict[int, dict[str, Any]]]:
        found: dict[str, dict[int, dict[str, Any]]] = self._session.output_dict_per_obj[OBJECT]
        return found

    @property
    def held(self) -> int:
        """Frames of which something is remembered."""
        return sum(len(each) for each in self._memory.values())

    @torch.inference_mode()
    def run(
        self, pictures: Iterable[tuple[int, Small]], *, reverse: bool = False
    ) -> Iterator[Sighting]:
        """Follow the object from frame to frame, in the order in which they come."""
        for frame, small in pictures:
            self._remember_anchors(frame)
            if frame not in self._memory["cond_frame_outputs"]:
                self._look(frame, small)
                if frame in self._remarks:
                    self._tell(frame, self._marks(frame))
                    self._session.frames_tracked_per_obj[OBJECT][frame] = {"reverse": reverse}
                self._step(frame, reverse)
            yield self._sighting(frame)
            self._forget(frame, reverse)

    def _remember_anchors(self, frame: int) -> None:
        """The nearest anchors are in memory, and no others."""
        nearest = sorted(self._anchors, key=lambda each: (abs(each - frame), each))[:MARKS_HELD]
        kept = self._memory["cond_frame_outputs"]
        for far in [each for each in kept if each not in nearest]:
            del kept[far]
        for near in sorted(nearest):
            if near not in kept:
                self._look(near, self._picture(near))
                self._tell(near, self._marks(near))
                self._step(near, False)

    def _look(self, frame: int, small: Small) -> None:
        """The features of a frame; those of the one before are dropped."""
        self._session.cache.clear_all()
        self._session.cache.cache_vision_features(frame, self._model.features(small))

    def _tell(self, frame: int, marks: Marks) -> None:
        """What is marked in a frame, for the step that comes next."""
        session = self._session
        if marks.silhouette is not None:
            whole = torch.from_numpy(marks.silhouette)[None, None].float()
            session.add_mask_inputs(OBJECT, frame, whole)
        else:
            spots = torch.tensor(marks.spots, dtype=torch.float32)[None, None]
            labels = torch.tensor(marks.labels, dtype=torch.int32)[None, None]
            told = {"point_coords": spots, "point_labels": labels}
            session.add_point_inputs(OBJECT, frame, told)
        session.obj_with_new_inputs = [OBJECT]

    def _step(self, frame: int, reverse: bool) -> None:
        self._model.tracker(self._session, frame_idx=frame, reverse=reverse)
        self._session.remove_mask_inputs(OBJECT, frame)
        self._session.remove_point_inputs(OBJECT, frame)
        for kind in self._memory.values():
            if frame in kind:
                kind[frame].pop("high_res_masks", None)  # wanted for the memory alone

    def _sighting(self, frame: int) -> Sighting:
        kinds = self._memory.values()
        found = next(kind[frame] for kind in kinds if frame in kind)
        logits = found["pred_masks"].float().cpu().numpy()
        score = float(found["object_score_logits"].float().reshape(-1)[0])
        return Sighting(frame, logits.reshape(logits.shape[-2:]).astype(np.float32), score)

    def _forget(self, frame: int, reverse: bool) -> None:
        """What is too far back for the model to look at from the next frame."""
        way = -1 if reverse else 1
        last = frame + way - way * self._back
        for held in (
            self._memory["non_cond_frame_outputs"],
            self._session.frames_tracked_per_obj[OBJECT],
        ):
            for far in [each for each in held if (each > last if reverse else each < last)]:
                del held[far]
