"""Doubt: how sure a silhouette is, from what was measured when it was found.

Enters: the measures of a step (`propagation.Step`), how sure the silhouette was with which it was
begun, and how far away in time that is. Leaves: a confidence, 0..1: below 0.5 is worth a look.
Knows no pictures.
"""

from __future__ import annotations

import math

from openvoid.select.classical.propagation import Step


def sureness(step: Step, begun: float, away_frames: int) -> float:
    """Confidence of one frame."""
    quality = step.kept * step.clear * step.usual
    return begun * (0.4 + 0.6 * quality) * math.exp(-away_frames / 400)
