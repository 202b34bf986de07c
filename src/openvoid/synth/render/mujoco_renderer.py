"""The renderer `mujoco`: a take -> its frames, by MuJoCo's rasteriser off screen.

Enters: a `Take`. Leaves: one `Drawn` a frame, in order: RGB with shadows and mirror images, edges
smoothed by multisampling; where they are wanted, depth and instance numbers from a second, plain
pass, one sample in the middle of each pixel. The same take gives the same bytes on one machine.
Knows no simulation.

The model is built once for all takes of a world, and a frame that looks like one of the last few
(the counterfactual before anything happened, a scene at rest) is not drawn again: poses are rounded
to STILL, a hundredth of a pixel, for it. A sky behind walls is not drawn, which changes no pixel.
"""

from __future__ import annotations

import math
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.errors import OpenVoidError
from openvoid.core.plugins import option
from openvoid.core.removal import Run
from openvoid.synth.camera import axes
from openvoid.synth.physics.scene import load
from openvoid.synth.render import gl
from openvoid.synth.render.look import FAR_M, NEAR_M, Look, build_look, deforms, hidden_with
from openvoid.synth.render.tessellate import vertex_normals
from openvoid.synth.take import ALL, Drawn, Take
from openvoid.synth.world import Body, World

REMEMBERED = 4  # frames
SHADOWS = 1.4  # side of a shadow map by the picture's width, rounded up to a power of two
STILL = 2e-5  # metres, or parts of a quaternion: what moves less is drawn where it was
STILL_M = 1e-4  # the same of the vertices of what deforms
VISIBLE, HIDDEN = 0, 5  # geom groups


class MujocoRenderer:
    """Fast, in software or on a graphics card: shadows, mirror images, procedural textures."""

    name = "mujoco"

    @staticmethod
    def check() -> str:
        """What it would draw with.

        Raises:
            OpenVoidError: it cannot, with the command that mends it.
        """
        return f"MuJoCo {load().__version__}, OpenGL by {gl.kind()}"

    @dataclass(frozen=True)
    class Options:
        samples: int = option(4, "samples a pixel, for smooth edges", low=0, high=16)
        shadow: int = option(0, "side of a shadow map, pixels; 0: by the width", low=0, high=8192)

    def __init__(self, options: Options) -> None:
        load()
        gl.kind()
        self.options = options
        self._set: _Set | None = None

    def render(self, take: Take, run: Run) -> Iterator[Drawn]:
        """The frames of a take. Takes of one world may be drawn in turns; a new world ends them.

        Raises:
            OpenVoidError: no off-screen OpenGL (with the command that installs it); a body cannot
                be drawn; the motion is of another world.
        """
        drawn = self._set_for(take.world)
        return (drawn.draw(take, frame) for frame in range(take.world.frames))

    def close(self) -> None:
        """Give the OpenGL context back."""
        if self._set is not None:
            self._set.close()
        self._set = None

    def _set_for(self, world: World) -> _Set:
        if self._set is None or self._set.world != world:
            self.close()
            self._set = _Set(world, self.options)
        return self._set


class _Set:
    """One world's model in one OpenGL context."""

    def __init__(self, world: World, options: MujocoRenderer.Options) -> None:
        self.mujoco, self.world = load(), world
        shadow_px = options.shadow or 1 << math.ceil(math.log2(max(256, SHADOWS * world.size[1])))
        self.look: Look = build_look(world, world.size, options.samples, shadow_px)
        self.model = self.look.model
        self.data = self.mujoco.MjData(self.model)
        self.mujoco.mj_forward(self.model, self.data)
        height, width = world.size
        self.context = gl.open_context(width, height)
        self.drawing = self.mujoco.MjrContext(
            self.model, int(self.mujoco.mjtFontScale.mjFONTSCALE_50)
        )
        self.model.vis.quality.offsamples = self.model.vis.quality.shadowsize = 0
        self.marking = self.mujoco.MjrContext(  # with one sample a pixel, in half the time
            self.model, int(self.mujoco.mjtFontScale.mjFONTSCALE_50)
        )
        self.marking.readDepthMap = int(self.mujoco.mjtDepthMap.mjDEPTH_ZEROFAR)
        self.scene = self.mujoco.MjvScene(self.model, maxgeom=len(world.bodies) + 64)
        self.scene.flags[self.mujoco.mjtRndFlag.mjRND_SHADOW] = True
        self.scene.flags[self.mujoco.mjtRndFlag.mjRND_REFLECTION] = True
        self.scene.flags[self.mujoco.mjtRndFlag.mjRND_HAZE] = False
        self.looks = self.mujoco.MjvOption()
        self.looks.geomgroup[HIDDEN] = 0
        self.camera = self.mujoco.MjvCamera()
        self.camera.type, self.camera.fixedcamid = self.mujoco.mjtCamera.mjCAMERA_FIXED, 0
        self._end = weakref.finalize(  # at exit, too
            self, _free, self.context, self.drawing, self.marking
        )
        self.rect = self.mujoco.MjrRect(0, 0, width, height)
        self.recent: OrderedDict[bytes, Drawn] = OrderedDict()
        self.shapes: dict[str, int] = {}  # how often each mesh that deforms has changed,
        self.uploaded: dict[tuple[str, bool], int] = {}  # and what each context knows of it
        self.sky: tuple[object, bool] = (None, True)
        self.numbers: dict[frozenset[str], NDArray[np.uint16]] = {}

    def close(self) -> None:
        self._end()

    def draw(self, take: Take, frame: int) -> Drawn:
        """One frame; a picture drawn lately is not drawn again."""
        gone = hidden_with(self.world, take.hidden)
        shown = frozenset(take.motion.names) - gone
        key = self._key(take, shown, frame)
        drawn = self.recent.get(key)
        lacking = take.wanted - (_parts(drawn) if drawn is not None else frozenset())
        if drawn is None or lacking:
            self.context.make_current()
            seen = self._pose(take, shown, frame)
            drawn = self._drawn(seen, take.wanted, drawn)
            self.recent[key] = drawn
        self.recent.move_to_end(key)
        while len(self.recent) > REMEMBERED:
            self.recent.popitem(last=False)
        return drawn

    def _key(self, take: Take, shown: frozenset[str], frame: int) -> bytes:
        """Everything that a picture depends on."""
        motion, camera = take.motion, self.world.camera
        parts = [repr((camera.positions[frame], camera.targets[frame])).encode()]
        for row, name in enumerate(motion.names):
            if name in shown:
                parts += [name.encode(), _still(motion.poses[frame, row], STILL).tobytes()]
        shapes = (motion.shapes[name][frame] for name in sorted(motion.shapes) if name in shown)
        parts += [_still(shape, STILL_M).tobytes() for shape in shapes]
        return b"\0".join(parts)

    def _pose(self, take: Take, shown: frozenset[str], frame: int) -> frozenset[str]:
        """Puts all in its place; gives what there is to draw."""
        seen = set(shown)
        look, motion, data = self.look, take.motion, self.data
        for name, geom in look.geoms.items():
            self.model.geom_group[geom] = VISIBLE if name in shown else HIDDEN
        for light, owner in look.lights.items():
            self.model.light_active[light] = owner in shown
        for row, name in enumerate(motion.names):
            mocap = look.mocaps.get(name)
            if mocap is None:
                raise OpenVoidError(f"the motion has {name!r}, the world has not")
            pose = _still(motion.poses[frame, row], STILL)
            if name in look.deforming:
                pose = np.array([0, 0, 0, 1, 0, 0, 0])
                if name in shown:
                    shape = _still(motion.shapes[name][frame], STILL_M)
                    if (shape == shape[0]).all():  # drops before they fly: nothing to be seen
                        self.model.geom_group[look.geoms[name]] = HIDDEN
                        seen.discard(name)
                    else:
                        self._deform(name, shape)
            data.mocap_pos[mocap], data.mocap_quat[mocap] = pose[:3], pose[3:]
        self.mujoco.mj_kinematics(self.model, data)
        self.mujoco.mj_camlight(self.model, data)
        data.cam_xpos[0] = self.world.camera.positions[frame]
        data.cam_xmat[0] = axes(self.world.camera, frame).T.ravel()
        return frozenset(seen)

    def _deform(self, name: str, shape: NDArray[np.float32]) -> None:
        """Vertices of a mesh as they are in this frame, in the world's own coordinates."""
        mesh = self.look.deforming[name]
        vertices = np.asarray(shape, np.float32)
        model = self.model
        at, count = int(model.mesh_vertadr[mesh.mesh]), int(model.mesh_vertnum[mesh.mesh])
        if len(vertices) != count:
            raise OpenVoidError(f"{name} has {count} vertices, its motion {len(vertices)}")
        if (model.mesh_vert[at : at + count] == vertices).all():
            return
        self.shapes[name] = self.shapes.get(name, 0) + 1
        model.mesh_vert[at : at + count] = vertices
        at = int(model.mesh_normaladr[mesh.mesh])
        model.mesh_normal[at : at + count] = vertex_normals(vertices, mesh.faces)

    def _drawn(self, shown: frozenset[str], wanted: frozenset[str], before: Drawn | None) -> Drawn:
        """As posed; its picture is the one before, if there is one."""
        rgb = before.rgb if before is not None else self._picture(shown)
        ids, depth = np.zeros((0, 0), np.uint16), np.zeros((0, 0), np.float32)
        if wanted:
            self._arrange()
            ids, depth = self._marked(shown, "depth" in wanted)
        drawn = Drawn(rgb, depth, ids)
        for array in (drawn.rgb, drawn.depth, drawn.ids):
            array.setflags(write=False)  # the same frame may be given twice
        return drawn

    def _picture(self, shown: frozenset[str]) -> NDArray[np.uint8]:
        """[H, W, 3], with light."""
        self.scene.flags[self.mujoco.mjtRndFlag.mjRND_SKYBOX] = self._sky_seen(shown)
        self._arrange()
        rgb = np.empty((*self.world.size, 3), np.uint8)
        self._pass(rgb, None, marks=False)
        return np.ascontiguousarray(rgb[::-1])

    def _sky_seen(self, shown: frozenset[str]) -> bool:
        """Whether walls and floor leave any of the sky to be seen; drawn for nothing, it would take
        a tenth of a picture's time. Told by what never moves, so once for all takes of a frame."""
        fixed = frozenset(body.name for body in self.world.bodies if _hides(body)) & shown
        view = self.data.cam_xpos[0].tobytes(), self.data.cam_xmat[0].tobytes(), fixed
        if self.sky[0] != view:
            groups = self.model.geom_group.copy()
            for name, geom in self.look.geoms.items():
                if name not in fixed:
                    self.model.geom_group[geom] = HIDDEN
            self._arrange()
            marks = np.empty((*self.world.size, 3), np.uint8)
            self._pass(marks, None, marks=True)
            self.model.geom_group[:] = groups
            self.sky = view, not (marks[..., 0] | marks[..., 1]).all()
        return self.sky[1]

    def _arrange(self) -> None:
        """The scene as it is posed."""
        every = int(self.mujoco.mjtCatBit.mjCAT_ALL)
        self.mujoco.mjv_updateScene(
            self.model, self.data, self.looks, None, self.camera, every, self.scene
        )

    def _pass(
        self, rgb: NDArray[np.uint8], depth: NDArray[np.float32] | None, *, marks: bool
    ) -> None:
        """Draw the scene, bottom row first: its picture, or the numbers of its parts."""
        mujoco, context = self.mujoco, self.marking if marks else self.drawing
        for name, version in self.shapes.items():
            if self.uploaded.get((name, marks)) != version:
                mujoco.mjr_uploadMesh(self.model, context, self.look.deforming[name].mesh)
                self.uploaded[name, marks] = version
        for flag in (mujoco.mjtRndFlag.mjRND_SEGMENT, mujoco.mjtRndFlag.mjRND_IDCOLOR):
            self.scene.flags[flag] = marks
        mujoco.mjr_setBuffer(int(mujoco.mjtFramebuffer.mjFB_OFFSCREEN), context)
        mujoco.mjr_render(self.rect, self.scene, context)
        mujoco.mjr_readPixels(rgb, depth, self.rect, context)

    def _marked(
        self, shown: frozenset[str], deep: bool
    ) -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
        """Instance numbers and depth of the scene, in a pass without light."""
        scene, (height, width) = self.scene, self.world.size
        marks = np.empty((height, width, 3), np.uint8)
        buffer = np.empty((height, width), np.float32) if deep else None
        self._pass(marks, buffer, marks=True)
        table = self._numbers(shown)
        number = np.ascontiguousarray(marks[::-1, :, 0])
        if scene.ngeom < 1 << 8:  # the first byte tells it all
            ids = np.asarray(cv2.LUT(number, table[: 1 << 8]), np.uint16)
        else:
            ids = table[number | marks[::-1, :, 1].astype(np.uint16) << 8]
        if buffer is None:
            return ids, np.zeros((0, 0), np.float32)
        return ids, metric_depth(buffer[::-1], ids)

    def _numbers(self, shown: frozenset[str]) -> NDArray[np.uint16]:
        """Segment colour -> instance number, the same for all frames that show the same bodies."""
        if shown not in self.numbers:
            bodies = {self.look.geoms[name]: i + 1 for i, name in enumerate(self.world.names)}
            table = np.zeros(1 << 16, np.uint16)
            for index in range(self.scene.ngeom):
                geom = self.scene.geoms[index]
                if geom.segid >= 0:
                    table[geom.segid + 1] = bodies.get(geom.objid, 0)
            self.numbers[shown] = table
        return self.numbers[shown]


def _parts(drawn: Drawn) -> frozenset[str]:
    """What it holds beside its picture."""
    return frozenset(name for name in ALL if getattr(drawn, name).size)


def _hides(body: Body) -> bool:
    """What never moves, and cannot be looked through."""
    return body.fixed and not deforms(body) and body.detail.alpha >= 1


def _still(values: NDArray[np.float32], step: float) -> NDArray[np.float32]:
    """In whole steps: what rests trembles in its last digits, and need not be drawn again."""
    steps = np.rint(values.astype(np.float64) / step)
    return (steps * step + 0.0).astype(np.float32)  # -0.0 is 0.0


def _free(context: Any, *drawings: Any) -> None:
    context.make_current()
    for drawing in drawings:
        drawing.free()
    context.free()


def metric_depth(buffer: NDArray[np.float32], ids: NDArray[np.uint16]) -> NDArray[np.float32]:
    """A depth buffer with 1 at the near plane and 0 at the far one -> metres along the view axis.

    The inverse of glFrustum's mapping, its sense reversed.
    """
    inverse = buffer.astype(np.float64) * (1 / NEAR_M - 1 / FAR_M) + 1 / FAR_M
    return np.where(ids > 0, 1 / inverse, np.inf).astype(np.float32)
