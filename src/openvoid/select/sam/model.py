"""SAM's weights at work: a folder -> features of a picture, the tracker, and (SAM 3) words.

Enters: the folder that `sam_weights` found. Leaves: a `SamModel`, evaluating, on its device. Knows
nothing of clips. SAM 3 has one encoder for its tracker and its detector, so it is loaded once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from openvoid.core.errors import OpenVoidError
from openvoid.select.sam.picture import Logits, Small, normalised

Colours = tuple[float, float, float]
IMAGENET: tuple[Colours, Colours] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
EVEN: tuple[Colours, Colours] = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
WORDS = 32  # tokens that SAM 3 reads
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class SamModel:
    """SAM 2: one network. `tracker` takes a session; `features` are what it wants of a picture."""

    colours = IMAGENET

    def __init__(self, network: Any, device: torch.device, dtype: torch.dtype) -> None:
        self.network, self.device, self.dtype = network, device, dtype

    @property
    def tracker(self) -> Any:
        return self.network

    @property
    def size(self) -> int:
        """Of the square picture, in pixels."""
        told = self.tracker.config.image_size
        return int(told if isinstance(told, int) else told[0])

    def pixels(self, small: Small) -> Any:
        """A picture as the network takes it."""
        return normalised(small, *self.colours).to(self.device, self.dtype)

    def features(self, small: Small) -> dict[str, Any]:
        """What a session caches of a frame."""
        found = self.network.get_image_features(self.pixels(small), return_dict=True)
        return {
            "vision_feats": found.fpn_hidden_states,
            "vision_pos_embeds": found.fpn_position_encoding,
        }


class Sam3Model(SamModel):
    """SAM 3: detector and tracker on one encoder."""

    colours = EVEN

    def __init__(
        self, network: Any, device: torch.device, dtype: torch.dtype, tokenizer: Any
    ) -> None:
        super().__init__(network, device, dtype)
        self._tokenizer = tokenizer
        self._read: tuple[str, Any, Any] = ("", None, None)

    @property
    def tracker(self) -> Any:
        return self.network.tracker_model

    def features(self, small: Small) -> dict[str, Any]:
        seen = self.network.detector_model.get_vision_features(pixel_values=self.pixels(small))
        found, places = self.network.get_vision_features_for_tracker(vision_embeds=seen)
        return {"vision_feats": found, "vision_pos_embeds": places}

    @torch.inference_mode()
    def named(self, words: str, small: Small) -> list[tuple[Logits, float]]:
        """All that the words name in a picture: logits [h, w] and a probability, best first."""
        detector = self.network.detector_model
        if self._read[0] != words:
            told = self._tokenizer(
                words,
                return_tensors="pt",
                padding="max_length",
                max_length=WORDS,
                truncation=True,
            )
            ids, there = told["input_ids"].to(self.device), told["attention_mask"].to(self.device)
            text = detector.get_text_features(input_ids=ids, attention_mask=there, return_dict=True)
            self._read = (words, text, there)
        _, text, there = self._read
        seen = detector.get_vision_features(pixel_values=self.pixels(small))
        found = detector(vision_embeds=seen, text_embeds=text, attention_mask=there)
        sure = (found.pred_logits.sigmoid() * found.presence_logits.sigmoid())[0].float().cpu()
        masks = found.pred_masks[0].float().cpu().numpy()
        order = np.argsort(-sure.numpy(), kind="stable")
        return [(masks[each], float(sure[each])) for each in order]


def load_sam2(folder: Path, device: str, precision: str) -> SamModel:
    """SAM 2 from its folder.

    Raises:
        OpenVoidError: the files are damaged, of another layout, or the device does not work.
    """
    from transformers import Sam2VideoModel

    where, dtype = _placed(device, precision)
    return SamModel(_loaded(Sam2VideoModel, folder, where, dtype), where, dtype)


def load_sam3(folder: Path, device: str, precision: str) -> Sam3Model:
    """SAM 3 from its folder.

    Raises:
        OpenVoidError: as `load_sam2`; its tokenizer cannot be read.
    """
    from transformers import AutoTokenizer, Sam3VideoModel

    where, dtype = _placed(device, precision)
    network = _loaded(Sam3VideoModel, folder, where, dtype)
    with _read(folder / "tokenizer.json"):
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return Sam3Model(network, where, dtype, tokenizer)


def _loaded(kind: Any, folder: Path, device: torch.device, dtype: torch.dtype) -> Any:
    with _quiet(), _read(folder):
        network, told = kind.from_pretrained(
            folder, local_files_only=True, dtype=dtype, output_loading_info=True
        )
    lost = sorted(told["missing_keys"]) + sorted(str(each) for each in told["mismatched_keys"])
    if lost:
        raise OpenVoidError(
            f"{len(lost)} weights are missing or do not fit: {', '.join(lost[:3])}",
            where=str(folder),
        )
    try:
        placed = network.to(device).eval().requires_grad_(False)
    except (RuntimeError, AssertionError) as error:
        line = str(error).splitlines()[0]
        raise OpenVoidError(f"cannot be used: {line}", where=f"--device {device}") from error
    for name, weight in placed.named_parameters():
        low, high = weight.aminmax()  # NaN wherever there is one
        if not (low.isfinite() and high.isfinite()):
            what = f"{name} holds numbers that are not finite"
            raise OpenVoidError(what, where=str(folder), mend="fetch it again")
    return placed


def _placed(device: str, precision: str) -> tuple[torch.device, torch.dtype]:
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        where = torch.device(device)
    except RuntimeError as error:
        mend = "auto, cpu, cuda, cuda:1, ..."
        raise OpenVoidError("is no device", where=f"--device {device}", mend=mend) from error
    if where.type == "cuda" and not torch.cuda.is_available():
        raise OpenVoidError("no GPU that torch can use", where=f"--device {device}", mend="cpu")
    if precision == "auto":
        precision = "bfloat16" if where.type == "cuda" else "float32"
    return where, DTYPES[precision]


@contextmanager
def _read(path: Path) -> Iterator[None]:
    """Whatever a library raises over a damaged file, in one line."""
    try:
        yield
    except (ImportError, MemoryError):
        raise
    except Exception as error:
        line = " ".join(str(error).split())[:200]
        raise OpenVoidError(f"cannot be read: {line}", where=str(path)) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """No bars and no advice from transformers: the progress is ours."""
    from transformers.utils import logging as told

    logging: Any = told
    before, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()
