"""The mover `rigid`: things fall, roll on and knock about what stands in their way, by MuJoCo.

Enters: clip, track and effects. Leaves: fates. What becomes of each thing is said as by `plain`;
then the scene is set up in the world (`setting`): what goes on keeps the course it came on until it
meets something, what was borne falls, what is kept stands in the way and stays until it is hit. The
object is not there. It is simulated several times, with what is only guessed drawn anew; of these
courses the one nearest to all others is told, with how far the others are off. The same request
gives the same courses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip
from openvoid.core.effects import PERSON, Effects
from openvoid.core.fates import End, Fate, FateKind, Fates, Pose
from openvoid.core.plugins import option
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.physics import mechanics, word
from openvoid.physics.actor import Actor
from openvoid.physics.mechanics import Laws, Motion
from openvoid.physics.plain import Said, Shot, held, pose_in, told
from openvoid.physics.posing import posed
from openvoid.physics.setting import Setting, set_up
from openvoid.physics.stage import build
from openvoid.physics.view import View
from openvoid.vision.working import FOLLOW, prepare

Points = NDArray[np.float64]

GUESSES = 9  # courses, the first without any noise
FRICTION, BOUNCE, LEAN_DEG = 1.4, 0.1, 3.0  # times and more or less; degrees at most
STIRS = 0.15  # of its size: what is moved less stays as it is
RESTS = 0.02  # of its size a frame
CLOSE = 1.0  # times both sizes together: nearer, what comes may hide it
MOVES_PX = 1.0
WITHIN = 0.8  # of the guesses
DOUBT = 0.5  # of the confidence is lost where the guesses lie a size apart
HEIGHT_M = 3.0  # of the picture: what `plain` takes; here the camera's height tells


class RigidMover:
    """Things fall, roll on and knock about what stands in their way."""

    name: ClassVar[str] = "rigid"

    @dataclass(frozen=True)
    class Options(word.Options):
        """What a person may set."""

        camera_m: float = option(
            1.3,
            "how high the camera is above what things stand on, in metres",
            low=0.01,
            high=1000.0,
        )

    def __init__(self, options: Options) -> None:
        self.options = options
        mechanics.load()

    def foretell(self, clip: Clip, track: Track, effects: Effects, run: Run) -> Fates:
        """See `core.plugins.Mover`."""
        said = Said.of(self.options.fate, self.options.path, effects, clip.length)
        found = said.things(effects, track)
        if not found:
            return Fates()
        with prepare(clip, FOLLOW, run) as working:
            stage = build(clip, working, track, HEIGHT_M, self.options.slow_motion, run)
            shot = Shot(stage, working, track, clip.length)
            plain = list(told(found, said, shot, run))
            with run.timed("scene"):
                setting = set_up(plain, shot, self.options.camera_m)
            with run.timed("mechanics"):
                fates = _foretold(setting, shot) if setting is not None else {}
        if setting is not None and fates:
            _tell(setting.view, self.options.camera_m, run)
        actors = setting.actors if setting is not None and fates else ()
        parts = {number for actor in actors for number in actor.parts}
        own = [
            fates.get(number, fate) for number, (_, fate) in enumerate(plain) if number not in parts
        ]
        hit = [fate for number, fate in fates.items() if number >= len(plain)]
        told_by = {}
        if setting is not None and fates:
            told_by = {"horizon": round(setting.view.horizon_px / shot.stage.height, 4)}
        return Fates(tuple(_signed(each) for each in (*own, *hit)), told_by)


def _tell(view: View, camera_m: float, run: Run) -> None:
    run.note("mover.camera_m", camera_m)
    run.note("mover.pitch_deg", round(float(np.rad2deg(view.pitch)), 1))
    run.note("mover.horizon_px", round(view.horizon_px, 1))
    run.warn(
        f"how fast things fall and stop follows from a guess: the camera is {camera_m:g} m above "
        "what they stand on (--camera-m)"
    )


def _signed(fate: Fate) -> Fate:
    return fate if fate.source == PERSON else replace(fate, source=RigidMover.name)


def _foretold(setting: Setting, shot: Shot) -> dict[int, Fate]:
    """New fates by number: those of the plain ones, then those that are hit."""
    runs = list(_guesses(setting, shot))
    if not runs:
        return {}
    courses = np.stack([course for course, _ in runs])  # [K, T, N, 4]
    sides = np.array([actor.side_px for actor in setting.actors])
    off = np.hypot(*np.moveaxis(courses[:, None, ..., :2] - courses[None, ..., :2], -1, 0)) / sides
    best = int(np.minimum(off, 3.0).mean(axis=(1, 2, 3)).argmin())
    spread = np.quantile(off[best], WITHIN, axis=0)  # [T, N] sizes
    course, motion = runs[best]
    found: dict[int, Fate] = {}
    for at, actor in enumerate(setting.actors):
        begins = motion.hit[at]
        if actor.fate is None and begins >= 0:
            begins = _near(course, at, begins, sides)
        fate = _fate(actor, course[:, at], spread[:, at], begins, setting, shot)
        if fate is not None:
            found[actor.number] = fate
    return found


def _near(course: Points, at: int, hit: int, sides: Points) -> int:
    """The frame from which on a thing that is hit in another is drawn: what comes near it may hide
    it before, or its place may be filled on the way."""
    frames = np.arange(hit + 1)
    away = np.hypot(*np.moveaxis(course[frames, :, :2] - course[frames, at, None, :2], -1, 0))
    near = away < CLOSE * (sides + sides[at])
    near[:, at] = False
    moves = np.abs(course[frames, :, :2] - course[0, :, :2]).max(axis=(0, 2)) > MOVES_PX
    coming = (near & moves).any(axis=1)
    return int(coming.argmax()) if coming.any() else hit


def _guesses(setting: Setting, shot: Shot) -> list[tuple[Points, Motion]]:
    """Courses in the picture [T, N, 4], with the motions that they show."""
    rng = np.random.default_rng(0)
    lean = min(setting.view.pitch_error, float(np.deg2rad(LEAN_DEG)))
    found = []
    for number in range(GUESSES):
        noise = rng.standard_normal(3) * (number > 0)
        view = replace(setting.view, pitch=setting.view.pitch + lean * float(noise[0]))
        seen = setting.seen_by(view)
        if seen is None:
            continue
        laws = Laws(
            mechanics.FRICTION * FRICTION ** float(noise[1]),
            float(np.clip(mechanics.BOUNCE + BOUNCE * noise[2], 0.01, 0.9)),
        )
        moving, kept = seen
        scene = mechanics.Scene(moving, kept, setting.fixed)
        motion = mechanics.rollout(scene, setting.length, shot.stage.frame_s, laws)
        if motion is None:
            continue
        course = [
            posed(body, motion.position[:, at], motion.rotation[:, at], view)
            for at, body in enumerate(scene.bodies)
        ]
        found.append((np.stack(course, axis=1), motion))
    return found


def _fate(
    actor: Actor, course: Points, spread: Points, hit: int, setting: Setting, shot: Shot
) -> Fate | None:
    """What a course makes of a thing; None where it is left as it was said."""
    before = actor.fate
    if before is not None and before.kind is FateKind.GO_ON:
        return _knocking(actor, before, course, spread, hit, setting, shot)
    if before is None and hit < 0:
        return None
    start = before.from_frame if before is not None else setting.first + hit
    off = np.hypot(course[:, 0] - course[0, 0], course[:, 1] - course[0, 1]) / actor.side_px
    turned = np.abs(np.deg2rad(course[:, 2]))
    if max(off.max(), turned.max()) < STIRS:
        return None if before is None else held(actor.seen)
    poses, end = _poses(actor, course, spread, range(start, setting.stop), setting.first, shot)
    base = before if before is not None else actor.blank(start, shot.stage)
    kind = FateKind.FALL if before is not None else FateKind.KNOCKED
    why = "what bore it is gone" if before is not None else "it stands in the way of what goes on"
    return _ended(replace(base, kind=kind, why=why, from_frame=start), poses, end, spread)


def _knocking(
    actor: Actor,
    before: Fate,
    course: Points,
    spread: Points,
    hit: int,
    setting: Setting,
    shot: Shot,
) -> Fate:
    """As it came, until it meets something; from there as it was knocked."""
    if hit < 0:
        return before
    frame = setting.first + hit
    own = [pose for pose in before.poses if pose.frame <= frame]
    last = own[-1].scale if own else 1.0
    poses, end = _poses(actor, course, spread, range(frame + 1, setting.stop), setting.first, shot)
    near = next((pose.scale for pose in poses), 1.0)
    later = [replace(pose, scale=pose.scale * last / near) for pose in poses]
    why = f"{before.why}; in frame {frame} it meets what stands in its way"
    return _ended(replace(before, why=why), [*own, *later], end, spread)


def _ended(fate: Fate, poses: Sequence[Pose], end: End, spread: Points) -> Fate:
    """With its poses, and the less sure the wider the guesses lie."""
    sure = 1 / (1 + DOUBT * float(spread[-1]))
    return replace(fate, poses=tuple(poses), end=end, confidence=fate.confidence * sure)


def _poses(
    actor: Actor, course: Points, spread: Points, frames: range, first: int, shot: Shot
) -> tuple[list[Pose], End]:
    """One a frame, as long as it is in the picture."""
    poses: list[Pose] = []
    for frame in frames:
        x, y, angle, size = course[frame - first]
        pose, inside = pose_in(frame, float(x), float(y), float(size), actor.look, shot.stage)
        if not inside:
            return poses, End.LEAVES
        share = float(spread[frame - first]) * actor.side_px / shot.stage.height
        poses.append(replace(pose, angle_deg=round(float(angle), 3), spread=min(1.0, share)))
    steps = np.hypot(*np.diff(course[-3:, :2], axis=0).T)
    rests = bool((steps < RESTS * actor.side_px).all()) and len(steps) > 1
    return poses, End.RESTS if rests else End.OPEN
