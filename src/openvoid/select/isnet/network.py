"""The network: a picture -> how much each of its pixels stands out from the rest, 0..1.

Enters: an ONNX file; RGB pictures of any size. Leaves: the foreground [h, w] that IS-Net (Qin et
al., ECCV 2022) sees in them. It does not know what is wanted: that is told by what it is shown.
Knows no clip and no marks. onnxruntime is imported when one is made.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.errors import OpenVoidError
from openvoid.core.limits import told
from openvoid.select.isnet.weights import MOST_BYTES

EXTRA = "isnet"
OUTPUT = "output"  # the finest map; the others are for training
CENTRE, SPAN = 128.0, 256.0  # what the released exports expect of 8 bits a channel
LEAST_PX, MOST_PX = 32, 2048  # side of the square that it takes; the released ones take 1024
TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
SLACK = 1e-3  # by which half floats may leave 0..1
# In an ONNX file a tensor that lies elsewhere says so by a pair whose key is "location".
ELSEWHERE = b"\x0a\x08location\x12"
MEND = "openvoid weights pull isnet, or: openvoid weights add isnet FILE"


class Network:
    """One session; the same picture gives the same answer, whatever the number of threads."""

    def __init__(self, path: Path) -> None:
        """Load and check a file.

        Raises:
            ImportError: onnxruntime is not installed; it carries the extra's name.
            OpenVoidError: the file is cut short, of another kind, or takes and gives other shapes.
        """
        self._path, runtime = path, _runtime()
        settings = runtime.SessionOptions()
        settings.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS") or 0)
        settings.log_severity_level = 4  # what goes wrong is told once, by us
        try:
            data = _read(path)
            self._session: Any = runtime.InferenceSession(
                data, settings, providers=["CPUExecutionProvider"]
            )
        except OpenVoidError:
            raise
        except Exception as error:  # onnxruntime's own kinds; and what it lets through of C++
            why = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
            raise OpenVoidError(
                f"is no ONNX file that can be run: {why}", where=str(path), mend=MEND
            ) from error
        self._input, self._type, self.side_px = self._taken()
        self._output = self._given()

    def see(self, picture: NDArray[Any]) -> NDArray[np.float32]:
        """The foreground [h, w], 0..1, of a picture [h, w, 3] RGB, uint8, of any size.

        Raises:
            OpenVoidError: the network's answer is not finite, or not within 0..1.
        """
        height, width = picture.shape[:2]
        side = self.side_px
        way = cv2.INTER_AREA if min(height, width) > side else cv2.INTER_LINEAR
        square = cv2.resize(picture, (side, side), interpolation=way)
        tensor = ((square.astype(np.float32) - CENTRE) / SPAN).transpose(2, 0, 1)[None]
        try:
            (found,) = self._session.run([self._output], {self._input: tensor.astype(self._type)})
        except Exception as error:
            why = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
            raise OpenVoidError(f"cannot be run: {why}", where=str(self._path)) from error
        seen = np.asarray(found, np.float32).reshape(-1)
        if seen.size != side * side:
            self._refuse(f"gives {told(seen.size)} numbers, not {side}x{side}")
        if not np.isfinite(seen).all():
            self._refuse("gives numbers that are not finite")
        if seen.min() < -SLACK or seen.max() > 1 + SLACK:
            self._refuse(f"gives numbers from {seen.min():g} to {seen.max():g}, not from 0 to 1")
        way = cv2.INTER_AREA if max(height, width) < side else cv2.INTER_LINEAR
        small = cv2.resize(seen.reshape(side, side), (width, height), interpolation=way)
        return np.clip(small, 0, 1)

    def _taken(self) -> tuple[str, Any, int]:
        """Name, type and side of the one picture that it takes."""
        inputs = self._session.get_inputs()
        shape = list(inputs[0].shape) if len(inputs) == 1 else []
        sides = [1024 if isinstance(each, str) or each is None else each for each in shape[2:]]
        fits = len(shape) == 4 and shape[1] == 3 and sides[0] == sides[1]
        if not fits or inputs[0].type not in TYPES or not LEAST_PX <= sides[0] <= MOST_PX:
            takes = ", ".join(f"{each.type} {each.shape}" for each in inputs)[:120]
            self._refuse(f"takes {takes or 'nothing'}, not one picture [1, 3, 1024, 1024]")
        return inputs[0].name, TYPES[inputs[0].type], sides[0]

    def _given(self) -> str:
        """The name of the map that it gives."""
        outputs = {each.name: each for each in self._session.get_outputs()}
        name = OUTPUT if OUTPUT in outputs else next(iter(outputs), "")
        if not name or outputs[name].type not in TYPES or len(outputs[name].shape) not in (3, 4):
            gives = ", ".join(f"{each.type} {each.shape}" for each in outputs.values())[:120]
            self._refuse(f"gives {gives or 'nothing'}, not one map [1, 1, 1024, 1024]")
        return name

    def _refuse(self, what: str) -> None:
        raise OpenVoidError(f"is not IS-Net: it {what}", where=str(self._path), mend=MEND)


def _runtime() -> Any:
    try:
        return import_module("onnxruntime")
    except ImportError as error:
        error.extra = EXTRA  # type: ignore[attr-defined]  # whose install line is told
        raise


def _read(path: Path) -> bytes:
    """The file's bytes: from memory it cannot change meanwhile, nor name other files.

    Raises:
        OpenVoidError: it cannot be read, is too large, or keeps its numbers in other files.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise OpenVoidError(f"cannot be read: {error.strerror}", where=str(path)) from error
    if len(data) > MOST_BYTES:
        raise OpenVoidError("is too large for this network", where=str(path), mend=MEND)
    if ELSEWHERE in data:
        raise OpenVoidError("keeps its numbers in other files", where=str(path), mend=MEND)
    return data
