"""OpenVOID: remove an object from a video together with everything it did to the scene.

The public names, loaded when first used; importing this imports no codec and no model.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openvoid.core.clip import Clip as Clip
    from openvoid.core.effects import Effects as Effects
    from openvoid.core.errors import OpenVoidError as OpenVoidError
    from openvoid.core.quadmask import Quadmask as Quadmask
    from openvoid.core.quadmask import Region as Region
    from openvoid.core.removal import RemovalRequest as RemovalRequest
    from openvoid.core.removal import RemovalResult as RemovalResult
    from openvoid.core.selection import Selection as Selection
    from openvoid.core.track import Track as Track
    from openvoid.media.masks import open_quadmask as open_quadmask
    from openvoid.media.open import open_clip as open_clip
    from openvoid.removal import remove as remove

__version__ = "0.1.0"

_PUBLIC = {
    "Clip": "openvoid.core.clip",
    "Effects": "openvoid.core.effects",
    "OpenVoidError": "openvoid.core.errors",
    "Quadmask": "openvoid.core.quadmask",
    "Region": "openvoid.core.quadmask",
    "RemovalRequest": "openvoid.core.removal",
    "RemovalResult": "openvoid.core.removal",
    "Selection": "openvoid.core.selection",
    "Track": "openvoid.core.track",
    "open_clip": "openvoid.media.open",
    "open_quadmask": "openvoid.media.masks",
    "remove": "openvoid.removal",
}

__all__ = ["__version__", *sorted(_PUBLIC)]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'openvoid' has no attribute {name!r}")
