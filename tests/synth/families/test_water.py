"""What is told of a pool."""

from __future__ import annotations

from fractions import Fraction

from openvoid.synth.families import describe


def test_captions_tell_of_still_water() -> None:
    for seed in range(6):
        world = describe("water", seed, size=(48, 84), frames=4, rate=Fraction(12))
        assert 33 <= len(world.caption.split()) <= 52
        assert len(world.short.split()) < 12
        assert "still" in world.caption
        assert not any(noun in world.caption for noun in ("splash", "drops into"))
