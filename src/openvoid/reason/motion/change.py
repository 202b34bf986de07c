"""Change: what of each frame is not as usual, and how much of that is mere light.

Enters: a scene and its undisturbed look. Leaves: per frame, where the picture differs from the
undisturbed one, and the part of it that only the light changed: the surface's own pattern is still
there, brighter or darker by a smooth factor (the ratio picture of shadow removal; Horprasert 1999
for chromaticity), and it hangs together with the object; and what of it is followed from frame to
frame. What the object never leaves is not seen here. Knows no causes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.track import Track
from openvoid.reason.motion import background, parallax
from openvoid.reason.motion.background import Undisturbed, distance_px
from openvoid.reason.motion.blobs import BlobLimits, Course, Follower, blobs_of
from openvoid.reason.motion.evidence import Evidence, once
from openvoid.reason.motion.limits import SCENES, WORKING, Limits, limit
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.vision.masks import grown, inner, largest, opened, smallest, thick, tidy, touching


@dataclass(frozen=True)
class ChangeLimits(Limits):
    """What is a change, and what only light can do."""

    faint: float = limit(0.018, "of white: a change of the mean that can be seen", SCENES)
    plain: float = limit(0.06, "of white: a change of a pixel that can be seen", SCENES)
    noises: float = limit(3.0, "times the usual deviation of a pixel", SCENES)
    blur_px: int = limit(5, "over which the mean is taken", WORKING)
    fades: float = limit(0.3, "of the short side away light must be twice as strong", SCENES)
    gain_px: int = limit(9, "over which light's factor is taken", WORKING)
    darkest: float = limit(0.12, "the least factor: the sky still lights a shadow", SCENES)
    brightest: float = limit(2.2, "the largest factor", SCENES)
    tint: float = limit(1.5, "times: one channel changes by so much more than another", SCENES)
    pattern: float = limit(0.05, "of white: the pattern is off, the factor taken out", SCENES)
    spreads: float = limit(2.0, "of the object: light that is larger is exposure", SCENES)
    most_share: float = limit(0.08, "of the picture: so is this", SCENES)
    close: float = limit(0.3, "of the object's size: where it may be its own all the same", SCENES)
    gap: float = limit(0.012, "of the short side: so far a shadow begins from it", WORKING)
    least_share: float = limit(0.0004, "of the canvas: smaller blobs are not followed", SCENES)


@dataclass(frozen=True)
class Change:
    """How one frame differs from the undisturbed look."""

    differs: Mask  # a thing is here that is not always
    light: Mask  # only the light is different, right beside the object
    apart: Mask  # only the light is darker, away from the object
    darker: bool  # most of the light is a shadow


@dataclass(frozen=True)
class Changes:
    """How a whole clip differs, frame by frame."""

    light: Track  # beside the object; nowhere beside one that stays, where nothing else is known
    darker: tuple[bool, ...]
    things: tuple[Course, ...]
    shades: tuple[Course, ...]  # darker spots away from the object


@once
def changes(evidence: Evidence) -> Changes:
    """Compare every frame with the undisturbed look; follow what is there."""
    limits = evidence.limits(ChangeLimits)
    scene, usual, unknown = evidence.scene, background.usual(evidence), parallax.stays(evidence)
    followed = evidence.limits(BlobLimits)
    things, shades, darker = Follower(followed), Follower(followed), []
    least = max(12, round(limits.least_share * scene.size[0] * scene.size[1]))

    def lights() -> Iterator[Mask]:
        for index in evidence.run.track("compare", range(scene.length), scene.length):
            here = change(scene, usual, index, limits)
            darker.append(here.darker)
            seen, picture = scene.seen(index), scene.picture(index)
            edge = seen & ~inner(seen)
            blobs = blobs_of(here.differs, index, picture, least, edge)
            things.add(index, blobs)
            shades.add(index, blobs_of(here.apart, index, picture, least, edge))
            masks = {"things": here.differs, "light": here.light, "shades": here.apart}
            for name, mask in masks.items():
                evidence.record(f"change.{name}", index, mask.mean())
            evidence.record("change.blobs", index, len(blobs))
            yield here.light & (not unknown)

    light = Track.of("light", lights())
    return Changes(light, tuple(darker), tuple(things.courses), tuple(shades.courses))


def change(scene: Scene, usual: Undisturbed, index: int, limits: ChangeLimits) -> Change:
    """Compare one frame. The object itself, and what is unknown, count as the same."""
    picture, seen = scene.picture(index), scene.seen(index)
    object_ = grown(scene.object[index], 2)
    free = seen & usual.known & ~object_
    weights = free.astype(np.float32)
    picture = picture / exposure(picture, usual.picture, free)
    difference = (picture - usual.picture) * weights[..., None]
    window = limits.blur_px, limits.blur_px
    norm = np.maximum(cv2.blur(weights, window), 1e-3)[..., None]
    smooth = largest(np.abs(cv2.blur(difference, window) / norm))
    noise = limits.noises * np.asarray(cv2.blur(usual.noise, window), np.float32)
    faint = (smooth > np.maximum(limits.faint, noise / 2)) & free
    strong = smooth > np.maximum(2 * limits.faint, noise)
    plain = outside(picture, usual.picture, np.maximum(limits.plain, noise), scene) & free
    like_light = _same_pattern(picture, usual.picture, weights, scene, limits) & free
    farther = 1 + distance_px(scene, index) / (limits.fades * scene.scale_px)
    hanging = faint & like_light & (smooth > limits.faint * farther)
    light = _hanging(hanging, object_, scene, limits)
    light |= grown(light, 3) & faint & _same_hue(picture, usual.picture)
    if light.sum() > limits.spreads * max(1, object_.sum()) or light.mean() > limits.most_share:
        close = limits.close * np.sqrt(object_.sum())
        light &= distance_px(scene, index) < close  # the rest is exposure
    dark = cv2.blur(difference, window).sum(axis=-1) < 0
    apart = tidy(faint & like_light & dark & strong & ~light) & free
    differs = tidy(plain | (faint & ~like_light & strong)) & ~light & ~apart
    if not scene.locked:
        differs = thick(differs)
    darker = bool(difference[light].sum() < 0) if light.any() else True
    return Change(differs & free, light & free, apart, darker)


def exposure(picture: Picture, usual: Picture, free: Mask) -> NDArray[np.float32]:
    """How much brighter the whole frame is than usual, per channel."""
    some = np.zeros_like(free)
    some[::4, ::4] = free[::4, ::4]
    if some.sum() < 50:
        return np.ones(3, np.float32)
    ratio = np.median((picture[some] + 0.02) / (usual[some] + 0.02), axis=0)
    return np.clip(ratio, 0.8, 1.25).astype(np.float32)


def outside(
    picture: Picture, reference: Picture, threshold: NDArray[np.float32] | float, scene: Scene
) -> Mask:
    """Where a picture is none of the colours that the reference has right around there.

    What the camera model leaves over shifts edges by a pixel or so: that is no change.
    """
    side = 3 if scene.spread_px < 0.4 else 5
    around = np.ones((side, side), np.uint8)
    low, high = cv2.erode(reference, around), cv2.dilate(reference, around)
    off = largest(np.maximum(low - picture, picture - high))
    return np.asarray(off > threshold)


def _same_pattern(
    picture: Picture,
    usual: Picture,
    weights: NDArray[np.float32],
    scene: Scene,
    limits: ChangeLimits,
) -> Mask:
    window = (limits.gain_px, limits.gain_px)
    norm = np.maximum(cv2.blur(weights, window), 1e-3)[..., None]
    now = cv2.blur(picture * weights[..., None], window) / norm
    before = cv2.blur(usual * weights[..., None], window) / norm
    gain = (now + 0.02) / (before + 0.02)
    lawful = (smallest(gain) > limits.darkest) & (largest(gain) < limits.brightest)
    lawful &= largest(gain) < limits.tint * smallest(gain)
    off = largest(np.abs(picture - usual * gain))
    off = cv2.blur(np.asarray(off * weights, np.float32), (limits.blur_px, limits.blur_px))
    return np.asarray(lawful & (off < limits.pattern))


def _same_hue(picture: Picture, usual: Picture) -> Mask:
    """Pixels that are darker by about the same factor in all channels: a shadow's hard edge."""
    ratio = (picture + 0.03) / (usual + 0.03)
    return np.asarray((largest(ratio) < 1) & (largest(ratio) < 1.35 * smallest(ratio)))


def _hanging(mask: Mask, object_: Mask, scene: Scene, limits: ChangeLimits) -> Mask:
    """The parts of a mask that begin at the object, small gaps bridged."""
    if not object_.any():
        return np.zeros_like(mask)
    joined = cv2.morphologyEx(
        (mask | object_).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)
    )
    near = grown(object_, max(2, round(limits.gap * scene.scale_px)))
    return opened(touching(joined > 0, near) & ~object_)
