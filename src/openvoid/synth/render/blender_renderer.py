"""The renderer `blender`: a take -> its frames, photographic, by Blender's Cycles.

Enters: a `Take`. Leaves: one `Drawn` a frame, in order, as soon as each is drawn: light is traced,
so shadows are soft, colour bleeds and mirrors show what is there; depth and instance numbers are
those at the centre of each pixel. Blender is a program of its own, started once a world; `blender_
program` talks to it, `blender_scene` says what it draws. Knows no simulation.

Noise: every frame is drawn with the same random numbers (the world's seed), so what is equal in two
takes is drawn alike; but the denoiser looks far, and light that was thrown about by what moved goes
everywhere. `threshold_levels` is what two takes may differ by where nothing happened.
"""

from __future__ import annotations

import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvoid.core.plugins import option
from openvoid.core.removal import Run
from openvoid.synth.render.blender_program import Program, find_program, version
from openvoid.synth.render.blender_scene import Settings, order, write_scene
from openvoid.synth.render.photographs import Photographs
from openvoid.synth.take import Drawn, Take
from openvoid.synth.world import World

REMEMBERED = 6  # frames
DENOISED_LEVELS, NOISY_LEVELS = 6, 16  # measured with 16 samples, see docs/synth.md
DEVICES = ("CPU", "CUDA", "OPTIX", "HIP", "ONEAPI", "METAL")
VIEWS = ("Standard", "AgX", "Filmic", "Khronos PBR Neutral")


class BlenderRenderer:
    """Photographic, slow: traced light, a user's own surfaces and panoramas."""

    name = "blender"

    @dataclass(frozen=True)
    class Options:
        samples: int = option(16, "light paths a pixel", low=1, high=4096)
        denoise: bool = option(True, "smooth the noise that is left")
        environment: str = option("", "panorama (.hdr, .exr) that lights it, or a folder of them")
        gain: float = option(1.0, "factor of the panorama's brightness", low=0.0, high=100.0)
        textures: str = option("", "folder of pictures named after materials: wood_1.png")
        view: str = option("Standard", "how light becomes a picture", choices=VIEWS)
        program: str = option("", "Blender, or a Python with bpy; else OPENVOID_BLENDER, PATH")
        device: str = option("CPU", "what it computes on", choices=DEVICES)
        threads: int = option(0, "at most; 0: as many as there are", low=0, high=1024)

    def __init__(self, options: Options) -> None:
        self.options = options
        self._words = find_program(options.program)
        self._photographs = Photographs.found(options.textures, options.environment, options.gain)
        self._set: _Set | None = None

    @property
    def threshold_levels(self) -> int:
        """Of 255: by how much two takes may differ where nothing happened, in any channel."""
        return DENOISED_LEVELS if self.options.denoise else NOISY_LEVELS

    @staticmethod
    def check() -> str:
        """What would draw: "Blender 5.0.1, /usr/bin/blender".

        Raises:
            OpenVoidError: nothing would (with how to get it).
        """
        words = find_program()
        return f"{version(words)}, {words[0]}"

    def render(self, take: Take, run: Run) -> Iterator[Drawn]:
        """The frames of a take. Takes of one world may be drawn in turns; a new world ends them.

        Raises:
            OpenVoidError: Blender is missing, ended, or met a mistake; a body cannot be drawn; the
                motion is of another world.
        """
        drawn = self._set_for(take.world)
        frames = range(take.world.frames)
        return (drawn.draw(take, frame) for frame in run.track("render", frames, len(frames)))

    def close(self) -> None:
        """End the program."""
        if self._set is not None:
            self._set.close()
        self._set = None

    def _set_for(self, world: World) -> _Set:
        if self._set is None or self._set.world != world or self._set.ended:
            self.close()
            self._set = _Set(world, self.options, self._words, self._photographs)
        return self._set


class _Set:
    """One world in one running program, and the folder they share."""

    def __init__(
        self,
        world: World,
        options: BlenderRenderer.Options,
        words: list[str],
        photographs: Photographs,
    ) -> None:
        self.world, self.ended = world, False
        self.recent: OrderedDict[bytes, Drawn] = OrderedDict()
        self._folder = tempfile.TemporaryDirectory(prefix="openvoid-blender-")
        try:
            chosen = (options.samples, options.denoise, options.view, options.device)
            settings = Settings(*chosen, threads=options.threads, seed=world.seed)
            write_scene(world, Path(self._folder.name), settings, photographs)
            self._program = Program(words, Path(self._folder.name))
        except BaseException:
            self._folder.cleanup()
            raise

    def close(self) -> None:
        """End the program; its folder goes."""
        if not self.ended:
            self._program.close()
        self._end()

    def _end(self) -> None:
        self.ended = True
        self._program.kill()
        self._folder.cleanup()

    def draw(self, take: Take, frame: int) -> Drawn:
        """One frame; a picture drawn lately is not drawn again."""
        arrays = order(take, frame)
        key = _key(arrays)
        if key in self.recent:
            self.recent.move_to_end(key)
            return self.recent[key]
        try:
            drawn = Drawn(*self._program.take(self._program.ask(arrays), self.world.size))
        except BaseException:  # Ctrl-C too: it is not to go on alone
            self._end()
            raise
        for array in (drawn.rgb, drawn.depth, drawn.ids):
            array.setflags(write=False)  # the same frame may be given twice
        self.recent[key] = drawn
        while len(self.recent) > REMEMBERED:
            self.recent.popitem(last=False)
        return drawn


def _key(arrays: dict[str, NDArray[Any]]) -> bytes:
    """Everything that a picture depends on."""
    return b"\0".join(
        part
        for name in sorted(arrays)
        for part in (name.encode(), np.ascontiguousarray(arrays[name]).tobytes())
    )
