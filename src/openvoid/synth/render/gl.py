"""Off-screen OpenGL: which kind there is on this machine, and a context of it.

Enters: nothing but this machine and MUJOCO_GL. Leaves: a current context, or one line that says
what to install. EGL is taken where a graphics device is, else OSMesa, which draws in software; a
person's MUJOCO_GL goes before both. Knows no world. The software rasteriser is kept to one thread:
workers share the cores better, and more threads make a small picture hardly faster. It takes the
nearest size of a texture instead of blending two: a sixth less time, and nobody sees it.
"""

from __future__ import annotations

import ctypes.util
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from openvoid.core.errors import OpenVoidError

INSTALL = "sudo apt-get install libosmesa6"
_MESA = {"LP_NUM_THREADS": "0", "LP_PERF": "no_mip_linear"}
_LIBRARIES = {"osmesa": "OSMesa", "egl": "EGL"}


def kind() -> str:
    """ "egl", "osmesa", "glfw" or "cgl": what pictures will be drawn with.

    Raises:
        OpenVoidError: there is none (with the command that installs it).
    """
    asked = os.environ.get("MUJOCO_GL", "").lower().strip()
    if asked in ("disable", "disabled", "off", "false", "0"):
        raise OpenVoidError(f"MUJOCO_GL={asked} forbids drawing", mend="unset MUJOCO_GL")
    if asked in ("egl", "osmesa"):
        return _there(asked)
    if asked == "glfw" or sys.platform == "win32":
        return "glfw"
    if sys.platform == "darwin":
        return "cgl"
    if _graphics_device() and ctypes.util.find_library("EGL"):
        return "egl"
    return _there("osmesa")


def open_context(width: int, height: int) -> Any:
    """A context, current in this thread; `free()` ends it.

    Raises:
        OpenVoidError: it cannot be had.
    """
    chosen = kind()
    if chosen == "osmesa":
        for name, value in _MESA.items():  # read by Mesa when the context is made
            os.environ.setdefault(name, value)
    try:
        context = import_module(f"mujoco.{chosen}").GLContext(width, height)
        context.make_current()
    except (ImportError, AttributeError, RuntimeError, OSError) as error:
        if getattr(error, "name", "") == "mujoco":
            raise
        raise OpenVoidError(
            f"OpenGL by {chosen} cannot be had: {str(error).splitlines()[0] if str(error) else ''}",
            mend=f"{INSTALL}, then MUJOCO_GL=osmesa",
        ) from error
    return context


def _there(chosen: str) -> str:
    if not ctypes.util.find_library(_LIBRARIES[chosen]):
        mend = INSTALL if chosen == "osmesa" else "sudo apt-get install libegl1"
        raise OpenVoidError(f"no off-screen OpenGL: lib{_LIBRARIES[chosen]} is missing", mend=mend)
    return chosen


def _graphics_device() -> bool:
    nodes = [*Path("/dev").glob("nvidia[0-9]*"), *Path("/dev/dri").glob("renderD*")]
    return any(os.access(node, os.R_OK | os.W_OK) for node in nodes)
