"""Shot: what a person gave to remove from, opened.

Enters: a clip and a quadmask, as paths or opened, or a shot folder. Leaves: both with the prompt,
and the request that they make. Knows no engine and no deliverable.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import repeat
from pathlib import Path

from openvoid.core.clip import Clip
from openvoid.core.effects import Effects
from openvoid.core.errors import OpenVoidError
from openvoid.core.fates import Fates
from openvoid.core.quadmask import Quadmask
from openvoid.core.removal import RemovalRequest
from openvoid.core.request import request_of
from openvoid.media.content import files_of
from openvoid.media.masks import by_number, open_quadmask
from openvoid.media.open import open_clip
from openvoid.media.outputs import files_at
from openvoid.media.shotdir import is_shot, read_shot

NO_MASK = "give its quadmask (--mask), or point at the object (--point X,Y@FRAME)"


@dataclass(frozen=True)
class Shot:
    """What a person gave, opened."""

    clip: Clip
    quadmask: Quadmask
    prompt: str
    mask_path: Path | None

    def request(
        self,
        numbers: tuple[int, int] | None,
        grow_px: int,
        seed: int,
        soft_edge_px: int | None,
        effects: Effects | None,
        fates: Fates | None = None,
    ) -> RemovalRequest:
        """Checked, cut to its range, its mask grown."""
        return request_of(
            self.clip,
            self.quadmask,
            prompt=self.prompt,
            numbers=numbers,
            grow_px=grow_px,
            seed=seed,
            soft_edge_px=soft_edge_px,
            effects=effects,
            fates=fates,
        )

    def files(self) -> list[Path]:
        """Those that no deliverable may replace."""
        return [*files_of(self.clip), *files_at(self.mask_path)]


def open_shot(
    clip: str | Path | Clip,
    mask: str | Path | Quadmask | None,
    prompt: str | None,
    rate: Fraction | None,
    input_color: str,
    from_matte: bool | None = None,
    still: bool = False,
) -> Shot:
    """Open what was given; a shot folder brings along what was not.

    Args:
        from_matte: the mask is a white on black matte; False: it is none, whatever it looks like.
        still: its one frame is meant for the whole clip.

    Raises:
        OpenVoidError: no mask; a file that cannot be read; a rate or colour for an opened clip;
            a mask that looks like a matte, has other frames than the clip, or is no single one.
    """
    if isinstance(clip, Clip) and rate is not None:
        mend = f"it has {clip.rate}: give none, or the path of its files"
        raise OpenVoidError("an opened clip takes no other rate", where=str(clip.path), mend=mend)
    if isinstance(clip, Clip) and input_color != "auto":
        mend = "give the path of its files, or open it with that colour"
        raise OpenVoidError("an opened clip takes no colour", where=str(clip.path), mend=mend)
    if not isinstance(clip, Clip) and is_shot(Path(clip)):
        shot = read_shot(Path(clip))
        clip, mask = shot.clip, shot.quadmask if mask is None else mask
        prompt = shot.prompt if prompt is None else prompt
    if mask is None:
        where = str(clip.path if isinstance(clip, Clip) else clip)
        raise OpenVoidError("no mask was given", where=where, mend=NO_MASK)
    path = None if isinstance(mask, Quadmask) else Path(mask)
    footage = (
        clip if isinstance(clip, Clip) else open_clip(clip, rate=rate, input_color=input_color)
    )
    if isinstance(mask, Quadmask):
        quadmask = mask
    else:
        quadmask = open_quadmask(mask, matte=from_matte is True, sure=from_matte is False)
    if path is not None and len(quadmask) > 1:
        quadmask = by_number(quadmask, path, footage)
    return Shot(footage, _lasting(quadmask, footage, still), prompt or "", path)


def _lasting(quadmask: Quadmask, clip: Clip, still: bool) -> Quadmask:
    """A mask of one frame for the whole clip, where that is meant."""
    if still and len(quadmask) != 1:
        raise OpenVoidError(f"the mask has {len(quadmask)} frames", where="--still", mend="one")
    return Quadmask.from_labels(repeat(quadmask[0], clip.length)) if still else quadmask
