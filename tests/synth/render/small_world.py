"""A small world, how it moves, and a stand-in for Blender."""

from __future__ import annotations

import shlex
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np

from openvoid.synth.detail import BodyDetail
from openvoid.synth.physics.simulation import Motion
from openvoid.synth.render.blender_scene import Settings
from openvoid.synth.world import Body, Camera, Light, Material, World

SETTINGS = Settings(1, denoise=True, view="Standard", device="CPU", threads=0, seed=1)
FRAMES = 3
SIZE = (48, 64)


def small_world() -> World:
    """A floor, a box, a ball that comes near, a lamp on the box, a piece of cloth."""
    wood = Material("wood", ((0.5, 0.2, 0.1), (0.2, 0.1, 0.05)), 0.3, seed=4)
    bodies = (
        Body("floor", "plane", (0, 0), (0.0, 0.0, 0.0), material=Material("tiles")),
        Body("box", "box", (0.2, 0.2, 0.2), (-0.5, 0.0, 0.2), mass_kg=1.0, material=wood),
        Body("ball", "sphere", (0.3,), (0.6, 0.0, 0.3), mass_kg=1.0, material=wood),
        Body(
            "cloth",
            "cloth",
            (0.2, 0.2),
            (0.0, 0.6, 0.4),
            mass_kg=0.1,
            detail=BodyDetail(count=(2, 2)),
        ),
    )
    lights = (
        Light("sun", direction=(0.3, 0.4, -1.0), color=(0.7, 0.7, 0.7)),
        Light("sky", color=(0.3, 0.3, 0.3)),
        Light("lamp", (-0.5, 0.0, 1.2), (0.0, 0.0, -1.0), body="box", color=(0.5, 0.4, 0.2)),
        Light("lamp", (0.6, 0.0, 0.1), body="ball", casts_shadow=False),  # thrown back by it
    )
    camera = Camera("locked", ((0.0, -3.0, 1.2),) * FRAMES, ((0.0, 0.0, 0.2),) * FRAMES)
    return World(
        *("test", 5, SIZE, FRAMES, Fraction(12), bodies, (), lights, camera, ("box",)),
        *("for a test", "", ""),
    )


def motion_of(world: World, names: tuple[str, ...] = ()) -> Motion:
    """Everything stands but the ball, which rolls along x."""
    from openvoid.synth.physics.deform import rest

    there = [body for body in world.bodies if not names or body.name in names]
    poses = np.array([[[*body.position, *body.rotation] for body in there]] * world.frames)
    for row, body in enumerate(there):
        if body.name == "ball":
            poses[:, row, 0] -= np.arange(world.frames) * 0.5
    cloth = np.repeat(rest(world.body("cloth"))[None], world.frames, axis=0)
    shapes = {"cloth": cloth.astype(np.float32)}
    return Motion(tuple(body.name for body in there), poses.astype(np.float32), shapes)


def write_fake(folder: Path, manner: str) -> Path:
    program = folder / "blender"
    words = [sys.executable, str(Path(__file__).with_name("fake_blender.py")), manner]
    program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    program.chmod(0o755)
    return program
