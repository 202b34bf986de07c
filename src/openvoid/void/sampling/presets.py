"""Presets: every number of a pass in one row, with where it comes from.

`reference-*` repeat the released scripts, faults that matter to their numbers included; `pass1` and
`pass2` are ours; `fast` and `quality` change what the time goes into. Enters, leaves: names and
numbers. Knows no model.
"""

from __future__ import annotations

from dataclasses import dataclass

from openvoid.core.errors import OpenVoidError


@dataclass(frozen=True)
class PassSettings:
    """How one pass is sampled."""

    steps: int
    guidance: float  # scale of classifier-free guidance; 1 is without
    sampler: str  # diffusers' scheduler, a key of `denoise.SAMPLERS`
    cache: float  # threshold of the first-block cache; 0 is without
    levels: int  # of the mask: 4, 3 (overlap is remove), 2 (affected is remove too)
    sigma: float  # of the noise added to the video before it is encoded
    as_reference: bool  # masks averaged and quantised, stepped latents faded, last window cut off


# The numbers: 30 steps without guidance in the released script of pass 1, 50 steps at scale 6 in
# that of pass 2; sigma 0.0563 in the base model's configuration; three levels in the training of
# both passes (numerics: "Condition", "Sampling"). What `fast` costs in quality and `quality` gains
# has not been measured on the released weights; the cache's threshold is diffusers' advice.
#
#                                steps  guid  sampler           cache  levels sigma   as reference
PRESETS = {
    "reference-pass1": PassSettings(30, 1.0, "ddim",            0.00,  3,     0.0563, True),
    "reference-pass2": PassSettings(50, 6.0, "cogvideox-ddim",  0.00,  3,     0.0563, True),
    "pass1":           PassSettings(30, 1.0, "ddim",            0.00,  3,     0.0563, False),
    "pass2":           PassSettings(50, 6.0, "ddim",            0.00,  3,     0.0563, False),
    "fast-pass1":      PassSettings(15, 1.0, "ddim",            0.05,  3,     0.0563, False),
    "fast-pass2":      PassSettings(20, 6.0, "ddim",            0.05,  3,     0.0563, False),
    "quality-pass1":   PassSettings(50, 1.0, "ddim",            0.00,  3,     0.0563, False),
    "quality-pass2":   PassSettings(80, 6.0, "ddim",            0.00,  3,     0.0563, False),
}  # fmt: skip

NAMES = ("standard", "fast", "quality", "reference")


def settings_of(preset: str, number: int) -> PassSettings:
    """The row of a pass (1 or 2): "standard" is ours, "fast", "quality", "reference" say so.

    Raises:
        OpenVoidError: no such preset.
    """
    row = f"pass{number}" if preset == "standard" else f"{preset}-pass{number}"
    if row not in PRESETS:
        raise OpenVoidError(f"unknown preset {preset!r}", mend=f"one of: {', '.join(NAMES)}")
    return PRESETS[row]
