"""Track files <-> Track.

Enters: a lossless matte (white where the thing is), and beside it what a picture cannot say: label
and confidence, as JSON under the same name. Leaves: a `Track`; or both files, whole or not at all.
A matte without JSON, from any other program, is a track that is sure of itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from openvoid.core import facts
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import split
from openvoid.core.track import Track
from openvoid.media.atomic import Joins, write_json
from openvoid.media.masks import open_quadmask, write_mattes
from openvoid.media.transaction import Transaction

SCHEMA = "openvoid.track/1"


def facts_path(path: Path) -> Path:
    """Where label and confidence of a track are."""
    return path.with_name((path.stem if path.suffix else path.name) + ".json")


def open_track(path: str | Path, *, label: str = "object") -> Track:
    """The track stored at `path`: a black and white video or folder of images.

    Raises:
        OpenVoidError: unreadable, empty, or beside it a JSON file that does not fit.
    """
    path = Path(path)
    matte = open_quadmask(path, matte=True)
    said, sure = _read_facts(facts_path(path), label)
    masks = (split(labels)[0] for labels in matte)
    try:
        found = Track.of(said, masks, sure)
    except OpenVoidError as error:
        if error.where:
            raise  # the matte's own fault
        what = "does not fit the track beside it"
        raise OpenVoidError(what, where=str(facts_path(path))) from error
    if not found.seen:
        raise OpenVoidError("the track is empty: the object is in no frame", where=str(path))
    return found


def write_track(
    track: Track,
    out: Path,
    rate: Fraction,
    extra: Mapping[str, Any] | None = None,
    within: Joins | None = None,
) -> None:
    """Store a track without loss; `extra` goes into the JSON (how it was made).

    Both files appear together, or with all else `within` a transaction.

    Raises:
        OpenVoidError: it cannot be written, or as a kind of file that holds no mask.
    """
    told = {"schema": SCHEMA, "label": track.label, **(extra or {})}
    told["confidence"] = [round(each, 4) for each in track.confidence]
    path = facts_path(out)
    with ExitStack() as stack:
        joined = within or stack.enter_context(Transaction(out))
        masks = (np.where(mask, 255, 0).astype(np.uint8) for mask in track)
        write_mattes(masks, out, rate, joined)
        write_json(told, path, joined)


def _read_facts(path: Path, label: str) -> tuple[str, list[float] | None]:
    """Label and confidences; those that are not told are `label` and None."""
    if not path.exists():
        return label, None
    found = facts.read(path)
    if "schema" not in found or found.at("schema").value != SCHEMA:
        return label, None  # somebody else's file that happens to have this name
    sure = found.at("confidence", None)
    told = None if sure.value is None else [each.number(0, 1) for each in sure.rows()]
    return found.at("label", label).text(), told
