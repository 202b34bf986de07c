"""Watch: numbers are looked at where they arise, so that none that is not finite goes on.

Enters: tensors of a run, with the place they come from. Leaves: the same tensors, or the one line
that says where the model first failed and what can be done. Costs a reading of what is looked at,
always small beside what made it. Knows no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openvoid.core.errors import OpenVoidError
from openvoid.void.model.tensors import finite

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Watch:
    """What a person can do about numbers that are not finite."""

    mend: str = "openvoid weights check"

    @staticmethod
    def of(loras: Sequence[object], dtype: str, storage: str) -> Watch:
        """For a run with these adapters, type of computation, and type of stored weights."""
        ways = ["are the weights right? openvoid weights check"]
        if loras:
            ways.append("leave out --lora or lower its strength")
        if storage != dtype:
            ways.append(f"give more --vram, so that weights are {dtype}, not {storage}")
        return Watch("; ".join(ways))

    def held(self, values: Tensor, where: str, who: str = "the model") -> Tensor:
        """The tensor (on the CPU, of any shape) itself.

        Args:
            where: "pass 1, step 3 of 30".
            who: gave it.

        Raises:
            OpenVoidError: some are not finite.
        """
        if not finite(values):
            what = f"{who} gave numbers that are not finite"
            raise OpenVoidError(what, where=where, mend=self.mend)
        return values
