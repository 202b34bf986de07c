"""Motion: what moves with the object, and what with the camera.

Enters: two frames and where the object is (or may be) in the first. Leaves: optical flow, and
log-odds that a pixel goes where the object goes rather than where the camera takes the scene.
Knows no marks.

The evidence is not the flow itself,
which is soft at edges, but the two hypotheses held against the pictures: which of them explains
what the other frame shows at the place that it predicts. Plain ground says nothing.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.vision.flow import Displacement, fetched, pixel_grid

Map = NDArray[Any]  # [h, w] float32
AGAINST = 3.0  # log-odds: what goes another way is not the object
FOR = 1.0  # what goes along may be something that it pushes
NOISE = 5.0  # colour difference that is worth one unit of log-odds
PROOF = 0.4  # mean log-odds on the object itself from which its motion tells something
STILL = 1.1  # how much better a moving camera must explain the scene than a locked one
COARSER = 4  # the object's motion is smooth: it is spread at a quarter of the size
TRUST = 0.02  # of its mean motion, far away from it
ALIKE, ALIKE_FAR = 60.0, 20.0  # colour difference (sum over Lab) that still is a match
ONES: NDArray[Any] = np.ones((1, 3), np.float32)
ROUNDS = 6  # of reweighted least squares


def camera_flow(flow: Displacement, away: Map) -> Displacement:
    """The affine motion that most of the frame follows; `away` weighs what may count.

    Geman-McClure weights from the median on, so that things that move for themselves drop out.
    """
    height, width = flow.shape[:2]
    step = max(1, min(height, width) // 60)
    y, x = np.mgrid[:height:step, :width:step].astype(np.float64)
    seen = flow[::step, ::step].reshape(-1, 2).astype(np.float64)
    base = away[::step, ::step].ravel().astype(np.float64) + 1e-6
    terms = np.stack([np.ones(x.size), x.ravel() / width - 0.5, y.ravel() / height - 0.5], 1)
    fit = np.zeros((3, 2))
    fit[0] = np.median(seen[base > 0.5], 0) if (base > 0.5).sum() > 10 else np.median(seen, 0)
    for _ in range(ROUNDS):
        error = ((seen - terms @ fit) ** 2).sum(1)
        scale = max(0.1, float(np.median(error))) * 2
        weight = (base / (1 + error / scale) ** 2)[:, None]
        fit = np.linalg.solve(
            terms.T @ (weight * terms) + 1e-6 * np.eye(3), terms.T @ (weight * seen)
        )
    columns, rows = pixel_grid(height, width)
    across, along = columns / width - 0.5, rows / height - 0.5
    parts = [fit[0, i] + fit[1, i] * across + fit[2, i] * along for i in (0, 1)]
    return np.stack(parts, -1).astype(np.float32)


def object_flow(flow: Displacement, inside: Map) -> Displacement:
    """The object's motion, carried on smoothly around it."""
    height, width = inside.shape
    small = (max(1, width // COARSER), max(1, height // COARSER))
    weight = cv2.resize(inside, small, interpolation=cv2.INTER_AREA)
    weight = weight + 1e-6 * float(weight.max() + 1e-6)
    flow = np.asarray(cv2.resize(flow, small, interpolation=cv2.INTER_LINEAR), np.float32)
    sigma = 0.06 * min(small)
    mass = cv2.GaussianBlur(weight, (0, 0), sigma)
    mean = (flow * weight[..., None]).sum((0, 1)) / float(weight.sum())
    near = cv2.GaussianBlur(flow * weight[..., None], (0, 0), sigma)
    own = ((near + TRUST * mean) / (mass + TRUST)[..., None]).astype(np.float32)
    return cv2.resize(own, (width, height), interpolation=cv2.INTER_LINEAR)


def differs(lab: NDArray[Any], other: NDArray[Any], flow: Displacement) -> Map:
    """How badly the other frame, fetched along a flow, matches: mean over a small patch."""
    return cv2.blur(summed(cv2.absdiff(lab, fetched(other, flow))), (5, 5))


def summed(picture: NDArray[Any]) -> Map:
    """The sum of the three channels, float32."""
    return cv2.transform(picture.astype(np.float32), ONES)


def squared_length(flow: Displacement) -> Map:
    x, y = flow[..., 0], flow[..., 1]
    return np.asarray(x * x + y * y)


def follows(
    lab: NDArray[Any], other: NDArray[Any], flow: Displacement, inside: Map
) -> tuple[Map, Map]:
    """Log-odds [h, w] that a pixel goes with the object and not with the camera; and the mismatch.

    The second tells how badly either explains it; where a pixel is hidden in the other frame, both
    fail, and a frame on the other side in time knows better.
    """
    camera = _simplest(lab, other, camera_flow(flow, 1 - np.minimum(1, inside)), inside)
    own = object_flow(flow, inside)
    by_camera, by_object = differs(lab, other, camera), differs(lab, other, own)
    odds = np.clip((by_camera - by_object) / NOISE, -AGAINST, AGAINST)
    proof = float((odds * inside).sum() / max(1e-6, float(inside.sum())))
    trust = float(np.clip((proof - PROOF) / PROOF, 0, 1))  # none where it stands still
    return (trust * np.minimum(odds, FOR)).astype(np.float32), np.minimum(by_camera, by_object)


def _simplest(
    lab: NDArray[Any], other: NDArray[Any], camera: Displacement, inside: Map
) -> Displacement:
    """No motion of the camera at all, unless the fitted one explains the scene clearly better.

    Water, leaves and crowds move in ways that no camera does, and would bend the fit.
    """
    away = inside < 0.5
    if not away.any():
        return camera
    still = np.zeros_like(camera)
    without, fitted = (
        float(np.median(differs(lab, other, each)[away])) for each in (still, camera)
    )
    return still if without <= STILL * fitted + 0.2 else camera


def lasting(found: list[tuple[Map, Map]]) -> tuple[Map, Map]:
    """Evidence against several frames on one side in time: what holds for all of them."""
    odds = sum((each for each, _ in found[1:]), found[0][0]) / len(found)
    return odds.astype(np.float32), np.maximum.reduce([mismatch for _, mismatch in found])


def together(found: list[tuple[Map, Map]]) -> Map:
    """Evidence against frames on both sides in time: that of the better match for each pixel."""
    odds, least = found[0]
    for more, mismatch in found[1:]:
        odds = np.where(mismatch < least, more, odds)
        least = np.minimum(mismatch, least)
    return odds.astype(np.float32)


def trusted(
    back: Displacement,
    ahead: Displacement,
    old: NDArray[Any],
    new: NDArray[Any],
    alike: float = ALIKE,
) -> Map:
    """How far the flow may be believed [h, w], 0..1: it comes back to where it began, and fits."""
    error = squared_length(back + fetched(ahead, back))
    allowed = 0.5 + 0.02 * squared_length(back)
    unlike = cv2.blur(summed(cv2.absdiff(new, fetched(old, back))), (5, 5))
    return np.exp(-error / (2 * allowed) - (unlike / alike) ** 2).astype(np.float32)
