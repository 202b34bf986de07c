"""A picture -> a file for people: PNG or JPEG, whole or not at all. Knows no clips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.errors import OpenVoidError
from openvoid.media.atomic import Joins, explained, partial_file

PICTURES = (".png", ".jpg", ".jpeg")


def write_picture(
    picture: NDArray[np.uint8],
    out: Path,
    within: Joins | None = None,
    *,
    quality: int | None = None,
) -> None:
    """RGB uint8 [H, W, 3] as .png or .jpg, whole or not at all.

    Args:
        within: a transaction in which it appears together with others.
        quality: of a JPEG, 0 to 100; None: OpenCV's 95.

    Raises:
        OpenVoidError: another kind of file, too large, or it cannot be written.
    """
    if out.suffix.lower() not in PICTURES:
        raise OpenVoidError(
            f"no picture is written as {out.suffix or 'that'}", where=str(out), mend="use .png"
        )
    settings: Sequence[int] = [] if quality is None else [cv2.IMWRITE_JPEG_QUALITY, quality]
    done, data = cv2.imencode(out.suffix, picture[:, :, ::-1], settings)
    if not done:
        raise OpenVoidError("the picture is too large", where=str(out), mend="show less")
    with partial_file(out, within) as partial, explained(out):
        partial.write_bytes(data.tobytes())
