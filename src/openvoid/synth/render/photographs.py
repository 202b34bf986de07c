"""A user's own photographs of surfaces and of surroundings, instead of painted ones.

Enters: a folder of pictures whose names begin with a kind of material (wood_03.png, Fabric.jpg),
and a panorama (.hdr, .exr; a file, or a folder of them). Leaves: which one is used where, the same
for the same seed. A photograph gives the pattern, the world its mean colour, so that what a caption
calls red stays red. Knows no renderer.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.errors import OpenVoidError
from openvoid.media.cache import at_home
from openvoid.synth.render.textures import encode
from openvoid.synth.world import KINDS, Material

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
PANORAMAS = (".hdr", ".exr")


@dataclass(frozen=True)
class Photographs:
    """What there is; `gain` is a factor of the panorama's brightness."""

    surfaces: tuple[Path, ...] = ()
    panoramas: tuple[Path, ...] = ()
    gain: float = 1.0

    @staticmethod
    def found(textures: str, environment: str, gain: float = 1.0) -> Photographs:
        """In a folder of surfaces, and as a panorama or a folder of them; "" is none.

        Raises:
            OpenVoidError: no such folder or file, or nothing of use in it.
        """
        surfaces: tuple[Path, ...] = ()
        if textures:
            surfaces = tuple(path for path in _listed(textures, PICTURES, "picture") if _kind(path))
            if not surfaces:
                raise OpenVoidError(
                    "no picture is named after a kind of material",
                    where=textures,
                    mend=f"as wood_1.png; kinds: {', '.join(KINDS['material'])}",
                )
        panoramas = _listed(environment, PANORAMAS, "panorama") if environment else ()
        return Photographs(surfaces, panoramas, gain)

    def environment(self, seed: int) -> Path | None:
        """The panorama of a world."""
        return self.panoramas[seed % len(self.panoramas)].resolve() if self.panoramas else None

    def instead(self, material: Material, painted: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A photograph in the mean colour and size of what was painted, or that itself."""
        fitting = [path for path in self.surfaces if _kind(path) == material.kind]
        if not fitting:
            return painted
        path = fitting[material.seed % len(fitting)]
        read = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if read is None:
            raise OpenVoidError("cannot be read as a picture", where=str(path))
        side = len(painted)
        taken = cv2.resize(read[..., ::-1], (side, side), interpolation=cv2.INTER_AREA)
        linear, wanted = _linear(taken), _linear(painted).mean(axis=(0, 1))
        return encode(linear * (wanted / np.maximum(linear.mean(axis=(0, 1)), 1e-3)))


def _listed(place: str, suffixes: tuple[str, ...], what: str) -> tuple[Path, ...]:
    path = at_home(place, place)
    if not path.exists():
        raise OpenVoidError("no such file or folder", where=place)
    there = sorted(path.iterdir()) if path.is_dir() else [path]
    found = tuple(each for each in there if each.suffix.lower() in suffixes)
    if not found:
        raise OpenVoidError(f"no {what} there", where=place, mend=f"one of: {' '.join(suffixes)}")
    return found


def _kind(path: Path) -> str:
    """The kind of material a file is named after; empty if none."""
    name = path.stem.lower()
    return next((kind for kind in KINDS["material"] if name.startswith(kind)), "")


def _linear(shown: NDArray[Any]) -> NDArray[np.float32]:
    """The inverse of `textures.display`, IEC 61966-2-1."""
    value = shown.astype(np.float32) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
