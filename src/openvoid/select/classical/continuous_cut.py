"""Cut: the cheapest boundary between object and rest, for any evidence a pixel.

Enters: log-odds a pixel (positive: object) and a price for each unit of boundary there. Leaves: a
labelling u in 0..1; over 0.5 is object. Knows nothing of where the evidence comes from.

It is the minimum cut in its continuous form, min_u sum g |grad u| - u * odds with u in [0, 1]:
convex, and thresholding u gives a global optimum (Chan, Esedoglu, Nikolova 2006; Unger et al.,
"TVSeg", BMVC 2008). No axis is preferred, as a cut on a pixel grid would. Solved by the
primal-dual method of Chambolle and Pock (2011), Algorithm 1, from coarse to fine.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.select.classical.motion import summed

Map = NDArray[Any]  # [h, w] float32
CERTAIN = 50.0  # log-odds of a pixel that a person marked
STEP = np.float32(0.353)  # sigma = tau = 1 / sqrt(8): |grad|^2 <= 8
COARSEST_PX = 48


def boundary_price(picture: NDArray[Any], price: float, least: float = 0.06) -> Map:
    """What a unit of boundary costs: `price` on plain ground, little on an edge.

    The contrast term of Boykov and Jolly (2001): exp(-d^2 / 2 <d^2>), d the colour difference of
    neighbours in [h, w, 3]. What counts as an edge is judged locally, half by the neighbourhood.
    """
    down = cv2.copyMakeBorder(picture, 0, 1, 0, 1, cv2.BORDER_REPLICATE)
    across = cv2.absdiff(down[:-1, 1:], picture).astype(np.float32)
    along = cv2.absdiff(down[1:, :-1], picture).astype(np.float32)
    squared = np.maximum(summed(across * across), summed(along * along))
    side = 2 * (max(8, min(squared.shape) // 8) // 2) + 1
    local = cv2.blur(squared, (side, side), borderType=cv2.BORDER_REFLECT_101)
    usual = 0.5 * local + 0.5 * float(squared.mean()) + 2.0
    return (price * (least + (1 - least) * np.exp(-squared / (2 * usual)))).astype(np.float32)


def cut(odds: Map, price: Map, *, rounds: int = 120, guess: Map | None = None) -> Map:
    """The labelling u [h, w], 0..1, of least cost."""
    height, width = odds.shape
    if min(height, width) >= 2 * COARSEST_PX:
        half = ((width + 1) // 2, (height + 1) // 2)
        coarse_odds = 4 * cv2.resize(odds, half, interpolation=cv2.INTER_AREA)
        coarse_price = 2 * cv2.resize(price, half, interpolation=cv2.INTER_AREA)
        coarse_guess = None if guess is None else cv2.resize(guess, half)
        coarse = cut(
            np.clip(coarse_odds, -4 * CERTAIN, 4 * CERTAIN),
            coarse_price,
            rounds=rounds,
            guess=coarse_guess,
        )
        guess = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
        rounds = max(20, rounds // 2)
    start = (odds > 0).astype(np.float32) if guess is None else guess
    return _solve(odds, price, start, rounds)


def _solve(odds: Map, price: Map, start: Map, rounds: int) -> Map:
    """Chambolle and Pock, Algorithm 1; scaled so that data and boundary are of like size."""
    scale = np.float32(1 / max(1.0, float(price.mean())))
    pull, limit = odds * (STEP * scale), price * scale
    u, fresh, ahead = start.copy(), np.empty_like(start), STEP * start
    right, down = np.zeros_like(u), np.zeros_like(u)  # the dual field
    long = np.empty_like(u)
    for _ in range(rounds):
        right[:, :-1] += ahead[:, 1:]
        right[:, :-1] -= ahead[:, :-1]
        down[:-1] += ahead[1:]
        down[:-1] -= ahead[:-1]
        cv2.magnitude(right, down, long)
        np.divide(long, limit, out=long)
        np.maximum(long, 1, out=long)
        right /= long
        down /= long
        np.add(right, down, out=fresh)  # the divergence
        fresh[:, 1:] -= right[:, :-1]
        fresh[1:] -= down[:-1]
        fresh *= STEP
        fresh += u
        fresh += pull
        np.clip(fresh, 0, 1, out=fresh)
        np.multiply(fresh, 2, out=ahead)
        ahead -= u
        ahead *= STEP
        u, fresh = fresh, u
    return u
