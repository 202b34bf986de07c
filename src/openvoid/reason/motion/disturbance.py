"""Disturbance: what comes to differ from how it was, from the moment something touches it.

Enters: a scene, its undisturbed look, where the object's own light is, and which moving things are
driven from outside the picture. Leaves: disturbed things by number, each a mask a frame, with the
moment it began and what touched it: the object, or a thing disturbed before (chains).

The reference is the scene as it last was, spot by spot: it follows what changes by itself and is
kept from the moment the change reaches a spot. So it is what would still be there if nothing had
happened, and the difference holds both the thing where it is and the place it left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import bounding_box
from openvoid.core.packed import PackedMask
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.motion.background import Undisturbed
from openvoid.reason.motion.by_itself import Doing, by_itself, follows
from openvoid.reason.motion.chance import shifted
from openvoid.reason.motion.change import outside
from openvoid.reason.motion.limits import COST, PRESS, SCENES, Limits, limit
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.vision.flow import Dis
from openvoid.vision.masks import grown, inner, largest, thick, tidy, touching


@dataclass(frozen=True)
class DisturbanceLimits(Limits):
    """What is a change, and where one thing ends and another begins."""

    weak: float = limit(0.016, "of white: counts where the flow says so", "four steps of 8 bits")
    faint: float = limit(0.02, "of white: a change of the mean beside a stronger one", PRESS)
    faint_px: int = limit(5, "over which that mean is taken", PRESS)
    around: float = limit(0.3, "of the short side: how far faint changes are looked for", PRESS)
    behind: float = limit(0.12, "of the short side: how far it goes on behind the object", PRESS)
    least: float = limit(0.04, "of white: a smaller change of a pixel is none", SCENES)
    noises: float = limit(3.5, "times the usual deviation of a pixel", SCENES)
    touch: float = limit(0.012, "of the short side: nearer than this is contact", SCENES)
    rim_share: float = limit(0.75, "at the object: the silhouette is off by a little", SCENES)
    jump: float = limit(0.03, "of the short side: a change farther off is another thing", SCENES)
    thing_share: float = limit(0.0004, "of the canvas: smaller is no thing of its own", SCENES)
    stable_frames: int = limit(3, "what stays the same for that long is the scene", SCENES)
    drift: float = limit(0.1, "a frame: how fast the reference follows slow light", SCENES)
    most: int = limit(60, "things", COST)


@dataclass
class Thing:
    """One disturbed thing. `cause` is another thing's number, or 0 for the object."""

    number: int
    began: int
    cause: int
    largest_px: int = 0
    _masks: dict[int, PackedMask] = field(default_factory=dict)

    def add(self, frame: int, mask: Mask) -> None:
        self.largest_px = max(self.largest_px, int(mask.sum()))
        self._masks[frame] = PackedMask.of(mask)

    @property
    def frames(self) -> tuple[int, ...]:
        return tuple(sorted(self._masks))

    def soon_px(self, frames: int) -> int:
        """How large it becomes within so many frames."""
        soon = [mask for frame, mask in self._masks.items() if frame < self.began + frames]
        return max((int(each.crop().sum()) for each in soon), default=0)

    def mask(self, frame: int, size: tuple[int, int]) -> Mask:
        """Where it differs [H, W] in a frame; nowhere where it is not disturbed."""
        if frame not in self._masks:
            return np.zeros(size, bool)
        return self._masks[frame].mask()


@dataclass
class _State:
    reference: Picture
    known: Mask
    steady: NDArray[np.uint8]  # frames for which a spot has stayed the same
    owner: NDArray[np.uint16]  # number of the thing that disturbs a spot; 0: none
    last: Picture
    driven: Mask
    itself: Mask  # other things' doing
    begun: Mask  # perhaps other things', since the frame before
    things: dict[int, Thing] = field(default_factory=dict)


@dataclass(frozen=True)
class _Contact:
    """Silhouettes in a frame, and where they touch something."""

    touched: Mask
    near: Mask  # so near that it is touched
    reach: Mask  # the same, or it was touched since the frame before
    came: Mask  # counts though it was under way before


def disturbed(
    scene: Scene,
    usual: Undisturbed,
    light: Track,
    free: Callable[[int], Mask],
    run: Run,
    limits: DisturbanceLimits,
    only: Callable[[int], Mask] | None = None,
    touching: Track | None = None,
) -> dict[int, Thing]:
    """Go through the clip once, in order.

    `free(t)` moves by itself there, not to be blamed on the object even where they meet. With
    `only`, nothing but that is disturbed by the object, though it came by itself: one that stays
    pushes nothing. With `touching`, what is asked is what changes where these silhouettes are, the
    object itself left out, whosoever doing it is.
    """
    state = _begin(scene, usual, light)
    for index in run.track("causes", range(scene.length), scene.length):
        touched = scene.object[index] if touching is None else touching[index]
        there = arriving(scene.object, index) if touching is None else touched
        wide = 2 + max(2, round(limits.touch * scene.scale_px))
        here = np.True_ if only is None else only(index)
        came = np.full(scene.size, touching is not None) if only is None else only(index)
        near, reach = grown(touched, wide) & here, grown(there, wide) & here
        contact = _Contact(touched, near, reach, came)
        _step(scene, state, usual, light, free(index), contact, index, limits)
    return state.things


def arriving(track: Track, index: int) -> Mask:
    """Where it is in a frame, and where it would be had nothing stopped it since the frame before:
    the contact that does may come between the two."""
    if index < 2 or not (track[index - 2].any() and track[index - 1].any()):
        return track[index]
    (y0, x0), (y1, x1) = (np.mean(np.nonzero(track[t]), axis=1) for t in (index - 2, index - 1))
    return track[index] | shifted(track[index - 1], (round(x1 - x0), round(y1 - y0)))


def _begin(scene: Scene, usual: Undisturbed, light: Track) -> _State:
    first = scene.picture(0)
    strange = grown(scene.object[0], 2) | grown(light[0], 3) | ~scene.seen(0)
    reference = np.where(strange[..., None], usual.picture, first).astype(np.float32)
    known = usual.known | ~strange
    zero = np.zeros(scene.size, np.uint8)
    none = zero > 0
    return _State(reference, known, zero, zero.astype(np.uint16), first, none, none, none)


def _step(
    scene: Scene,
    state: _State,
    usual: Undisturbed,
    light: Track,
    free: Mask,
    contact: _Contact,
    index: int,
    limits: DisturbanceLimits,
) -> None:
    picture, seen = scene.picture(index), scene.seen(index)
    touched, reach = contact.touched, contact.reach
    hidden = grown(touched | scene.object[index], 2) | grown(light[index], 2) | ~seen
    threshold = np.maximum(limits.least, limits.noises * usual.noise)
    differs = outside(picture, state.reference, threshold, scene) & state.known & ~hidden
    differs = tidy(differs)
    if not scene.locked:
        differs = thick(differs)
    there = largest(np.abs(picture - usual.picture)) > threshold  # not only gone from there
    state.driven = _driven(state, differs & ~hidden, seen & ~inner(seen) & there)
    jump_px, least_px = limits.jump * scene.scale_px, _least_px(scene, limits)
    before = Doing(state.itself, state.begun, state.owner > 0)
    apart = differs & ~free & ~hidden & ~contact.came
    far = round(limits.around * scene.scale_px)
    doing = by_itself(apart, before, reach, jump_px=jump_px, least_px=least_px, around_px=far)
    free = free | state.driven | doing.itself
    hot = (reach | grown(state.owner > 0, 3)) & differs & ~free & ~hidden
    if hot.any():
        around = grown(hot, round(limits.around * scene.scale_px)) & state.known
        weak = _moved(scene, state, usual, picture, around, limits)
        weak |= _faint(state, usual, picture, limits) & around
        differs |= weak & ~(follows(before, jump_px) & ~contact.came)
    differs &= ~hidden
    owner = _owned(state, scene, differs & ~free, contact, index, limits)
    behind = grown(touched, 2) & seen
    _hide(state, scene, owner, behind, index, limits)
    _follow(state, picture, threshold, hidden | (owner > 0), seen, differs, limits)
    state.owner = np.where(hidden & seen & (owner == 0), state.owner, owner)
    goes_on = hidden & seen & _goes_on(state.itself | doing.itself, scene, limits)
    state.itself, state.begun = (doing.itself | goes_on) & (state.owner == 0), doing.begun
    state.last = picture


def _least_px(scene: Scene, limits: DisturbanceLimits) -> int:
    return max(12, round(limits.thing_share * scene.size[0] * scene.size[1]))


def _goes_on(mask: Mask, scene: Scene, limits: DisturbanceLimits) -> Mask:
    """Where what is beside the object may be behind it."""
    return grown(mask, round(limits.behind * scene.scale_px))


def _driven(state: _State, differs: Mask, edge: Mask) -> Mask:
    """What reaches in from beyond the picture and was not disturbed before: an arm, a machine. It
    is moved from there, wherever it touches the object."""
    return touching(differs & ~grown(state.owner > 0, 2), edge)


def _moved(
    scene: Scene,
    state: _State,
    usual: Undisturbed,
    picture: Picture,
    around: Mask,
    limits: DisturbanceLimits,
) -> Mask:
    """Where what little differs is because the reference has moved: planks, cloth, flat colours."""
    box = bounding_box(around)
    before, now = state.reference[box.slices], picture[box.slices]
    if min(box.height, box.width) < 24:
        return np.zeros_like(around)
    weak = np.maximum(limits.weak, limits.noises / 2 * usual.noise[box.slices])
    differs = largest(np.abs(now - before)) > weak
    way = Dis("fast").between_gray(_gray(before), _gray(now))
    limit = max(0.4, 2 * scene.spread_px)
    found = np.zeros_like(around)
    found[box.slices] = differs & (np.hypot(way[..., 0], way[..., 1]) > limit)
    found &= state.known & around
    return tidy(found)


def _faint(state: _State, usual: Undisturbed, picture: Picture, limits: DisturbanceLimits) -> Mask:
    """Where the mean of a few pixels differs by little: shading, folds, fine patterns."""
    window = (limits.faint_px, limits.faint_px)
    smooth = largest(np.abs(cv2.blur(picture - state.reference, window)))
    return np.asarray(
        smooth > np.maximum(limits.faint, limits.noises / 2 * cv2.blur(usual.noise, window))
    )


def _gray(picture: Picture) -> NDArray[np.uint8]:
    return cv2.cvtColor((np.clip(picture, 0, 1) * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY)  # type: ignore[return-value]


def _hide(
    state: _State,
    scene: Scene,
    owner: NDArray[np.uint16],
    behind: Mask,
    index: int,
    limits: DisturbanceLimits,
) -> None:
    """Behind the object nothing is seen: what was disturbed there still is, and what is disturbed
    beside it may go on there."""
    numbers = [int(number) for number in np.unique(owner[owner > 0])]
    for number in numbers:
        near = grown(owner == number, round(limits.behind * scene.scale_px)) & behind
        owner[near & (owner == 0)] = number
    lasting = behind & (owner == 0)
    owner[lasting] = state.owner[lasting]
    for number in np.unique(owner[owner > 0]):
        state.things[int(number)].add(index, owner == number)


def _owned(
    state: _State,
    scene: Scene,
    differs: Mask,
    contact: _Contact,
    index: int,
    limits: DisturbanceLimits,
) -> NDArray[np.uint16]:
    """Which thing each changed spot belongs to; new things begin at contact."""
    before = state.owner
    reach = contact.reach
    hot = reach | grown(before > 0, 3)
    differs = touching(differs, hot)
    owner = np.zeros(scene.size, np.uint16)
    if not differs.any():
        return owner
    fresh = differs
    halo = grown(contact.near, 2)
    least = _least_px(scene, limits)
    if (before > 0).any():
        nearest, off = _nearest(before)
        fresh = differs & (off > limits.jump * scene.scale_px)
        owner[differs] = nearest[differs]
    count, parts, stats, _ = cv2.connectedComponentsWithStats(fresh.astype(np.uint8))
    for part in range(1, count):
        spots = parts == part
        rim = (
            spots & halo
        ).sum() > limits.rim_share * spots.sum()  # the silhouette is off by a little
        if rim or stats[part][cv2.CC_STAT_AREA] < least or len(state.things) >= limits.most:
            if not (before > 0).any():
                owner[spots] = 0
            continue
        cause = 0 if (spots & reach).any() or not owner[spots].any() else int(owner[spots][0])
        number = len(state.things) + 1
        state.things[number] = Thing(number, index, cause)
        owner[spots] = number
    return owner


def _nearest(owner: NDArray[np.uint16]) -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
    """The owner nearest to each spot, and how far it is."""
    empty = (owner == 0).astype(np.uint8)
    off, labels = cv2.distanceTransformWithLabels(
        empty, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros(int(labels.max()) + 1, np.uint16)
    table[labels[empty == 0]] = owner[empty == 0]
    return table[labels], np.asarray(off, np.float32)


def _follow(
    state: _State,
    picture: Picture,
    threshold: NDArray[np.float32],
    fixed: Mask,
    seen: Mask,
    differs: Mask,
    limits: DisturbanceLimits,
) -> None:
    """The reference follows what nobody disturbs."""
    same = largest(np.abs(picture - state.last)) < threshold
    state.steady = np.where(same & seen, np.minimum(state.steady, 250) + 1, 0).astype(np.uint8)
    settled = differs & ~fixed & (state.steady >= limits.stable_frames)
    cv2.copyTo(picture, settled.astype(np.uint8), state.reference)
    calm = seen & ~fixed & ~differs
    cv2.accumulateWeighted(picture, state.reference, limits.drift, calm.astype(np.uint8))
    state.known |= calm
