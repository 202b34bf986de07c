"""Overlay: a frame with what was concluded about it drawn in.

Enters: a frame (uint8 RGB), its quadmask labels if there are any, the effects. Leaves: a picture
as large as the frame: the object tinted red, each effect outlined in a colour of its own, solid
where it is and dashed where it would go, its noun beside it; what is not applied is dotted in gray,
with a question mark; below, a legend with kind, cause and reason. Knows no files.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.effects import Effect, EffectKind, Effects, Place
from openvoid.core.quadmask import Labels, Region

Panel = NDArray[np.uint8]
Colour = tuple[int, int, int]

COLOURS: tuple[Colour, ...] = (  # told apart by most eyes (after Okabe and Ito 2008)
    (86, 180, 233),
    (240, 228, 66),
    (0, 200, 140),
    (230, 159, 0),
    (204, 121, 167),
    (120, 150, 255),
)
OBJECT: Colour = (255, 60, 40)
ASKED: Colour = (190, 190, 190)  # of what is not applied
TINT = 0.35  # of the colour, inside a region
PAPER, INK = (20, 20, 20), (240, 240, 240)
FONT = cv2.FONT_HERSHEY_SIMPLEX
LEGEND_LINES = 9  # the legend holds no more: the surest effects come first


def overlay(frame: Panel, labels: Labels | None, effects: Effects, index: int) -> Panel:
    """Frame `index` with its effects drawn in, and a legend below of those seen in it."""
    drawn = np.array(frame, order="C")
    scale = max(0.7, min(frame.shape[:2]) / 720)
    if labels is not None:
        _tint(drawn, (labels == Region.PRIMARY) | (labels == Region.OVERLAP), OBJECT)
    shown: list[tuple[int, Effect]] = []
    for number, effect in enumerate(effects.affected):
        now, goes = (_here(places, index) for places in (effect.now, effect.goes))
        if now or goes:
            if effect.applied:
                _draw(drawn, now, goes, _colour(number, effect), scale)
            else:
                _dot(drawn, [*now, *goes], scale)
            shown.append((number, effect))
    for number, effect in shown:
        here = _here(effect.now, index) or _here(effect.goes, index)
        text = f"{number + 1}{'' if effect.applied else '?'} {effect.noun}"
        _word(drawn, text, here[0], _colour(number, effect), scale)
    return np.concatenate([drawn, _legend(shown, drawn.shape[1], scale)], axis=0)


def _here(places: Sequence[Place], index: int) -> list[Place]:
    return [place for place in places if place.frame == index]


def _colour(number: int, effect: Effect) -> Colour:
    return COLOURS[number % len(COLOURS)] if effect.applied else ASKED


def _points(place: Place, shape: tuple[int, ...]) -> NDArray[np.int32]:
    corners = np.array(place.corners) * [shape[1], shape[0]] - 0.5
    return np.rint(corners).astype(np.int32).reshape(-1, 1, 2)


def _tint(drawn: Panel, mask: NDArray[np.bool_], colour: Colour) -> None:
    mixed = drawn[mask] * np.float32(1 - TINT) + np.array(colour, np.float32) * np.float32(TINT)
    drawn[mask] = mixed.astype(np.uint8)


def _draw(
    drawn: Panel, now: Sequence[Place], goes: Sequence[Place], colour: Colour, scale: float
) -> None:
    width = max(1, round(2 * scale))
    cover = np.zeros(drawn.shape[:2], np.uint8)
    for place in now:
        cv2.fillPoly(cover, [_points(place, drawn.shape)], 1)
    _tint(drawn, cover > 0, colour)
    for place in now:
        cv2.polylines(drawn, [_points(place, drawn.shape)], True, colour, width, cv2.LINE_AA)
    for place in goes:
        points = _points(place, drawn.shape)
        cv2.polylines(drawn, [points], True, PAPER, width + 1, cv2.LINE_AA)
        _dashed(drawn, points.reshape(-1, 2), colour, width + 1)


def _dot(drawn: Panel, places: Sequence[Place], scale: float) -> None:
    """What is only asked about: nothing of the picture below is changed."""
    width = max(1, round(scale))
    for place in places:
        points = _points(place, drawn.shape).reshape(-1, 2)
        _dashed(drawn, points, PAPER, width + 1, 2.0)
        _dashed(drawn, points, ASKED, width, 2.0)


def _dashed(
    drawn: Panel, points: NDArray[np.int32], colour: Colour, width: int, dashes: float = 6.0
) -> None:
    dash = dashes * width
    along = 0.0
    for start, end in zip(points, np.roll(points, -1, axis=0), strict=True):
        length = float(np.hypot(*(end - start)))
        steps = max(1, round(length / dash * 2))
        for step in range(steps):
            if int((along + length * step / steps) / dash) % 2 == 0:
                a, b = (
                    start + (end - start) * share for share in (step / steps, (step + 1) / steps)
                )
                first, last = ((round(float(x)), round(float(y))) for x, y in (a, b))
                cv2.line(drawn, first, last, colour, width, cv2.LINE_AA)
        along += length


def _word(drawn: Panel, text: str, place: Place, colour: Colour, scale: float) -> None:
    size = 0.6 * scale
    (wide, high), _ = cv2.getTextSize(text, FONT, size, max(1, round(scale)))
    points = _points(place, drawn.shape).reshape(-1, 2)
    left, top = points.min(axis=0)
    x = int(np.clip(left, 2, max(2, drawn.shape[1] - wide - 4)))
    y = int(np.clip(top - 4, high + 4, drawn.shape[0] - 4))
    cv2.rectangle(drawn, (x - 2, y - high - 3), (x + wide + 2, y + 4), PAPER, -1)
    cv2.putText(drawn, text, (x, y), FONT, size, colour, max(1, round(scale)), cv2.LINE_AA)


def _letters(text: str, width: int, size: float) -> int:
    """So many letters of a text fit into a line."""
    (wide, _), _ = cv2.getTextSize(text, FONT, size, 1)
    return max(20, int(0.95 * width * len(text) / max(1, wide)))


def _legend(shown: Sequence[tuple[int, Effect]], width: int, scale: float) -> Panel:
    size = 0.5 * scale
    lines: list[tuple[str, Colour]] = []
    for number, effect in sorted(shown, key=lambda each: -each[1].confidence):
        kind = "artefact" if effect.kind is EffectKind.ARTEFACT else "physical"
        head = f"{number + 1} {effect.noun}: {kind}, {effect.cause}, {effect.confidence:.0%} sure. "
        head += "" if effect.applied else f"Not applied; accept with --accept {number + 1}. "
        wrapped = textwrap.wrap(head + effect.why, _letters(head + effect.why, width, size))
        colour = _colour(number, effect)
        lines += [(line, colour if k == 0 else INK) for k, line in enumerate(wrapped)]
    lines = lines[:LEGEND_LINES] or [("nothing else is affected in this frame", INK)]
    step = max(12, round(22 * scale))
    paper = np.full((step * LEGEND_LINES + step // 2, width, 3), PAPER, np.uint8)
    for row, (line, colour) in enumerate(lines):
        spot = (max(4, step // 3), step * (row + 1))
        cv2.putText(paper, line, spot, FONT, size, colour, max(1, round(scale)), cv2.LINE_AA)
    return paper
