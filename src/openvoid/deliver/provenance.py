"""What is done, told before the work: enough to repeat it, and to know the same request again.

Enters: a request that is checked, and what was asked for beside it. Leaves: its `Provenance`, and
the key of the scratch folder in which an unfinished try of it is found. Knows no engine but its
class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from openvoid.core.clip import Clip
from openvoid.core.quadmask import Quadmask
from openvoid.core.removal import Provenance, RemovalRequest
from openvoid.deliver.report import plain
from openvoid.media.content import clip_hash
from openvoid.workspace.fingerprint import code_hash, mask_hash, request_key, versions


def provenance_of(
    request: RemovalRequest, asked: Mapping[str, Any], mask_path: Path | None
) -> Provenance:
    """Everything that is known before the work. `asked` has at least "engine"."""
    clip = request.clip
    settings = {
        **asked,
        "prompt": request.prompt,
        "range": [clip.first_frame, clip.first_frame + clip.length - 1],
        "soft_edge_px": request.soft_edge_px,
        "effects": request.effects.to_json() if request.effects else None,
    }
    if request.fates and request.fates.moving:
        settings["fates"] = request.fates.to_json()
    return Provenance(
        engine=asked["engine"],
        settings=settings,
        seed=request.seed,
        versions=versions(),
        source={"clip": clip_facts(clip), "mask": mask_facts(request.quadmask, mask_path)},
    )


def key_of(provenance: Provenance, request: RemovalRequest, plugin: type[Any]) -> str:
    """Equal for requests that make equal fills, wherever their files lie and the result goes."""
    facts = plain(vars(provenance))
    for part in facts["source"].values():
        del part["path"]
    for name in ("codec", "grow_px", "range"):  # no matter, or told by the mask and the offset
        facts["settings"].pop(name, None)
    return request_key({**facts, "offset": request.clip.offset, "code": code_hash(plugin)})


def clip_facts(clip: Clip) -> dict[str, Any]:
    """What a clip is: enough to know it again, and to see what had to survive."""
    return {
        "path": str(clip.path),
        "content": clip_hash(clip),
        "width": clip.width,
        "height": clip.height,
        "first_frame": clip.first_frame,
        "length_frames": clip.length,
        "rate": str(clip.rate),
        "pixels": clip.layout.name,
        "bits": clip.layout.bits,
        "color": asdict(clip.color),
        "input_color": clip.input_color,
        "timecode": clip.timecode,
        "audio": clip.audio is not None,
    }


def witnessed(provenance: Provenance, sha256: str | None) -> Provenance:
    """The same, once the clip's own SHA-256 is known."""
    clip = {**provenance.source["clip"], "sha256": sha256}
    return replace(provenance, source={**provenance.source, "clip": clip})


def mask_facts(mask: Quadmask, path: Path | None) -> dict[str, Any]:
    """What a quadmask says, as a whole."""
    return {
        "path": str(path) if path else None,
        "sha256": mask_hash(mask),
        "shares": {region.name.lower(): share for region, share in mask.shares().items()},
    }
