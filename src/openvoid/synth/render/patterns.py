"""Materials -> textures of a MuJoCo specification.

Enters: a specification, bodies and their materials. Leaves: textures in it, by name; bodies of one
material share one. Patterns are painted by `textures`, photographs come from files. Knows of shapes
only the sides of a box, on which a pattern keeps its own size.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from openvoid.core.errors import OpenVoidError
from openvoid.synth.render.textures import paint
from openvoid.synth.world import Body, Material


class Tile(NamedTuple):
    """Pixels of a side, and how often the pattern repeats in it."""

    px: int
    repeats: int


FLOOR_TILE, BODY_TILE, SMALL_TILE = Tile(1024, 8), Tile(512, 4), Tile(256, 2)
SMALL_M = 0.35  # a body under this has a small tile
PHOTOGRAPH_PX = 2048


def tile_of(body: Body) -> Tile:
    """The tile that is large enough for a body."""
    if body.shape == "plane":
        return FLOOR_TILE
    return SMALL_TILE if max(body.size) < SMALL_M else BODY_TILE


class Patterns:
    """The textures of one specification."""

    def __init__(self, mujoco: Any, spec: Any) -> None:
        self._mujoco, self._spec = mujoco, spec
        self._painted: dict[Any, str] = {}

    def tile(self, material: Material, tile: Tile, *, boards: bool = False) -> str:
        """The name of the material's texture; bodies of one material share it."""
        key = (material.kind, material.colors, material.seed, tile.px, boards)
        if key not in self._painted:
            self._painted[key] = f"tile {len(self._painted)}"
            made = self._flat(self._painted[key], tile.px, tile.px)
            made.data = paint(material, tile.px, tile.repeats, boards=boards).tobytes()
        return self._painted[key]

    def of_mesh(self, body: Body) -> str:
        """A picture if it has one; a pattern by its own coordinates, or without them from six
        sides.

        Raises:
            OpenVoidError: the mesh or the picture cannot be read.
        """
        file = body.detail.texture
        if file:
            return self._photograph(body.name, file)
        try:
            laid = "\nvt " in Path(body.mesh).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise OpenVoidError(f"cannot be read: {error.strerror}", where=body.mesh) from error
        if laid:  # MuJoCo then looks for a flat texture only
            return self.tile(body.material, BODY_TILE)
        return self.cube(body, to_scale=False)

    def cube(self, body: Body, *, to_scale: bool) -> str:
        """The name of a texture for six sides; `to_scale`: the pattern keeps its size on a box."""
        px, repeats = BODY_TILE
        tile = paint(body.material, px, repeats)
        tile_m = repeats * body.material.scale
        sides = []
        for axes in ((1, 2), (1, 2), (0, 2), (0, 2), (0, 1), (0, 1)):  # right left up down ...
            lengths = [2 * body.size[axis] if to_scale else tile_m for axis in axes]
            at = [(np.arange(px) * (length / tile_m)).astype(int) % px for length in lengths]
            sides.append(tile[at[1][:, None], at[0][None, :]])
        made = self._spec.add_texture(
            name=f"cube {body.name}",
            type=self._mujoco.mjtTexture.mjTEXTURE_CUBE,
            width=px,
            height=6 * px,
            nchannel=3,
        )
        made.data = np.concatenate(sides).tobytes()
        return f"cube {body.name}"

    def _photograph(self, name: str, file: str) -> str:
        """The name of a texture from a picture, laid on by the mesh's own coordinates."""
        import cv2

        read = cv2.imread(file, cv2.IMREAD_COLOR)
        if read is None:
            raise OpenVoidError("not a readable picture", where=file)
        shrink = PHOTOGRAPH_PX / max(read.shape[:2])
        if shrink < 1:
            read = cv2.resize(read, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        made = self._flat(f"picture {name}", read.shape[1], read.shape[0])
        made.data = np.ascontiguousarray(read[:, :, ::-1]).tobytes()
        return f"picture {name}"

    def _flat(self, name: str, width: int, height: int) -> Any:
        kind = self._mujoco.mjtTexture.mjTEXTURE_2D
        return self._spec.add_texture(name=name, type=kind, width=width, height=height, nchannel=3)
