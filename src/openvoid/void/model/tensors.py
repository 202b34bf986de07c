"""The tensors of a safetensors file, one after the other, each held to be numbers.

Enters: the path of a file. Leaves: its tensors, mapped from the file, or the one line that names
the first that holds NaN or infinity. Looking costs two readings of the bits as integers, about ten
times the speed of a SHA-256; a file that was looked through is remembered by its stat. Knows no
model and no layout. Importing it needs no torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Progress, silent
from openvoid.media import digest
from openvoid.void.model.header import read_header

if TYPE_CHECKING:
    from torch import Tensor, dtype

# The bits of the smallest positive value that is not finite: infinity, or NaN where a type has no
# infinity. All that is not finite has these bits or more, below the sign. Other types hold no such.
ENDLESS = {
    "torch.float64": (np.int64, 0x7FF0_0000_0000_0000),
    "torch.float32": (np.int32, 0x7F80_0000),
    "torch.bfloat16": (np.int16, 0x7F80),
    "torch.float16": (np.int16, 0x7C00),
    "torch.float8_e4m3fn": (np.int8, 0x7F),
    "torch.float8_e5m2": (np.int8, 0x7C),
}
BLOCK_BYTES = 1 << 20  # stays in the processor's cache between the two readings
MEND = "fetch it again"


def finite(tensor: Tensor) -> bool:
    """Whether all numbers of a tensor on the CPU, of any shape, are finite.

    As integers the positive ones rise with their bits, and as unsigned integers the negative ones
    lie above all others and rise too: so the two largest values tell it, and nothing is copied.
    """
    if str(tensor.dtype) not in ENDLESS or not tensor.numel():
        return True
    import torch

    kind, endless = ENDLESS[str(tensor.dtype)]
    flat = tensor.detach().contiguous().reshape(-1)
    bits = flat.view(getattr(torch, np.dtype(kind).name)).numpy()
    unsigned = bits.view(np.dtype(kind).str.replace("i", "u"))
    step, sign = BLOCK_BYTES // bits.itemsize, 1 << (8 * bits.itemsize - 1)
    return all(
        bits[start : start + step].max() < endless
        and unsigned[start : start + step].max() < endless + sign
        for start in range(0, bits.size, step)
    )


def read(path: Path, wanted: dtype | None = None) -> Iterator[tuple[str, Tensor]]:
    """Name and tensor, in the file's order; of the `wanted` type, else as stored.

    Raises:
        OpenVoidError: the file is damaged; a tensor is not finite, as stored or as wanted.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118
                stored = file.get_tensor(name)
                if not finite(stored):
                    what = f"{name} holds numbers that are not finite"
                    raise OpenVoidError(what, where=str(path), mend=MEND)
                tensor = stored if wanted is None else stored.to(wanted)
                if tensor.dtype != stored.dtype and not finite(tensor):
                    what = f"{name} holds numbers that are too large for {str(wanted)[6:]}"
                    raise OpenVoidError(what, where=str(path))
                yield name, tensor
    except (SafetensorError, OSError) as error:
        raise OpenVoidError(f"cannot be read: {error}", where=str(path)) from error


def check(path: Path, progress: Progress = silent) -> None:
    """Look through a whole file, unless that was done since it last changed.

    Raises:
        OpenVoidError: as `read`.
    """
    digest.remembered(path, "finite", lambda real: _looked_through(real, path, progress))


def _looked_through(real: Path, path: Path, progress: Progress) -> str:
    total = len(read_header(real))
    for done, _ in enumerate(read(path), start=1):
        progress(f"look through {path.name} (tensors)", done, total)
    return "yes"
