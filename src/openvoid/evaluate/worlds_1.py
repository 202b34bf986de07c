"""The worlds of the standard set `worlds-1`: ten a family, and the first 16 digits of the SHA-256
of each one's description. Printed by `python benchmarks/evaluate.py --digests`. Never change a
row: a new set gets a new name.
"""

from __future__ import annotations

WORLDS_1: dict[tuple[str, int], str] = {}
