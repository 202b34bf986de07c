"""`openvoid doctor`: what is installed, what is missing, and the exact command for it.

Enters: nothing but this machine. Leaves: a table, or JSON. Reads what is needed from the
package's own metadata, so it cannot disagree with `pyproject.toml`. Mends nothing itself.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import re
import shlex
import shutil
import sys
from importlib import metadata
from typing import Any

import typer

from openvoid.cli.console import AsJson, tell_json, tell_rows
from openvoid.media.cache import cache_folder
from openvoid.media.codecs import CODECS

IMPORTED_AS = {"opencv-python-headless": "cv2"}  # where it differs from the name
DECODERS = {  # FFmpeg's name -> what it is for; the encoders stand in `media.codecs`
    "h264": "read H.264",
    "hevc": "read H.265",
    "prores": "read ProRes",
    "dnxhd": "read DNxHD",
    "libdav1d": "read AV1",
}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("doctor")(doctor)


def doctor(as_json: AsJson = False) -> None:
    """Tell what is installed, what is missing, and the command that installs it.

    The exit code is 1 where something is broken that everything needs, else 0.

    Examples:

      openvoid doctor
      openvoid doctor --json
    """
    facts = examine()
    if as_json:
        tell_json(facts)
    else:
        tell_rows(_rows(facts))
    if not facts["sound"]:
        raise typer.Exit(1)


def examine() -> dict[str, Any]:
    """Everything that is known about this installation."""
    core = {name: _core_package(name) for name in requirements()[""]}
    codecs = _codecs()
    return {
        "sound": all(found["works"] for found in core.values()),
        "python": {"version": platform.python_version(), "path": sys.executable},
        "core": core,
        "extras": {extra: _extra(extra) for extra in sorted(requirements()) if extra},
        "codecs": codecs,
        "engines": _plugins(),
        "segmenters": _segmenters(),
        "renderers": _renderers(),
        "machine": _machine(),
    }


def requirements() -> dict[str, list[str]]:
    """Extra -> names of the packages it needs; "" is the core. Extras in extras are unfolded."""
    direct: dict[str, list[str]] = {"": []}
    for line in metadata.requires("openvoid") or []:
        need, _, condition = line.partition(";")
        extra = re.search(r"extra\s*==\s*[\"']([\w-]+)[\"']", condition)
        direct.setdefault(extra[1] if extra else "", []).append(need.strip())

    def names(extra: str) -> list[str]:
        found: list[str] = []
        for need in direct.get(extra, []):
            nested = re.match(r"openvoid\[([\w,\s-]+)\]", need)
            more = nested[1].replace(" ", "").split(",") if nested else []
            found += [name for each in more for name in names(each)]
            found += [] if nested else [re.split(r"[^\w.-]", need, maxsplit=1)[0]]
        return list(dict.fromkeys(found))

    return {extra: names(extra) for extra in direct}


def install_line(extra: str = "") -> str:
    """The command that installs an extra into this very Python, from wherever we came."""
    target = _source_folder() or "openvoid"
    target += f"[{extra}]" if extra else ""
    editable = "-e " if _source_folder() else ""
    return f"{shlex.quote(sys.executable)} -m pip install {editable}{shlex.quote(target)}"


def _source_folder() -> str:
    """The source tree of an editable installation, else empty."""
    try:
        text = metadata.distribution("openvoid").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return ""
    url = json.loads(text or "{}")
    editable = url.get("dir_info", {}).get("editable", False)
    return str(url["url"]).removeprefix("file://") if editable else ""


def _core_package(name: str) -> dict[str, Any]:
    try:
        importlib.import_module(IMPORTED_AS.get(name, name))
    except Exception as error:  # a broken binary raises anything
        return {"works": False, "why": f"{type(error).__name__}: {error}", "mend": install_line()}
    return {"works": True, "version": _version(name)}


def _extra(extra: str) -> dict[str, Any]:
    missing = [name for name in requirements()[extra] if not _version(name)]
    return {"installed": not missing, "missing": missing} | (
        {"mend": install_line(extra)} if missing else {}
    )


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _codecs() -> dict[str, dict[str, Any]]:
    try:
        from av import codecs_available as available
    except Exception:  # told as a broken core package already
        available = set()
    titles: dict[str, list[str]] = {}
    for codec in CODECS.values():
        if codec.encoder:
            titles.setdefault(codec.encoder, []).append(codec.title)
    encoders = {name: f"write {', '.join(written)}" for name, written in titles.items()}
    uses = encoders | DECODERS
    return {name: {"for": use, "found": name in available} for name, use in uses.items()}


def _plugins() -> dict[str, Any]:
    try:
        from openvoid.cli.engines import describe
        from openvoid.core import plugins
    except ImportError:  # told as a broken core package already
        return {}
    return {
        name: {key: value for key, value in describe("engine", name).items() if key != "options"}
        for name in plugins.names("engine")
    }


def _segmenters() -> dict[str, Any]:
    """Those that `--segmenter auto` chooses from, the best first; what each lacks here."""
    try:
        from openvoid.choosing import MEASURED, PREFERRED, choose
        from openvoid.core import plugins
        from openvoid.core.errors import OpenVoidError
    except ImportError:  # told as a broken core package already
        return {}
    found: dict[str, Any] = {}
    for name in PREFERRED:
        try:
            plugin: Any = plugins.find("segmenter", name)
        except OpenVoidError as error:
            found[name] = {"works": False, "measured": MEASURED[name], "mend": error.line()}
            continue
        needs = plugin.needs(plugin.Options()) if issubclass(plugin, plugins.HasNeeds) else ""
        found[name] = {"works": not needs, "measured": MEASURED[name]}
        found[name] |= {"mend": needs} if needs else {}
    return found | {"auto": {"works": True, "measured": f"is {choose().name} here"}}


def _renderers() -> dict[str, Any]:
    """What each would draw with; where it cannot, why, and the command that mends it."""
    try:
        from openvoid.core import plugins
        from openvoid.core.errors import OpenVoidError
    except ImportError:  # told as a broken core package already
        return {}
    found: dict[str, Any] = {}
    for name in plugins.names("renderer"):
        try:
            plugin = plugins.find("renderer", name)
            drawn_with = plugin.check() if issubclass(plugin, plugins.HasCheck) else "found"
            found[name] = {"works": True, "with": drawn_with}
        except ImportError as error:
            found[name] = {"works": False, "why": f"{error.name} is missing", "mend": "see extras"}
        except OpenVoidError as error:
            found[name] = {"works": False, "why": error.what, "mend": error.mend}
    return found


def _machine() -> dict[str, Any]:
    scratch = cache_folder()
    existing = next(folder for folder in (scratch, *scratch.parents) if folder.exists())
    return {
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gib": _memory_gib(),
        "scratch": str(scratch),
        "scratch_free_gib": round(shutil.disk_usage(existing).free / 2**30, 1),
        "system": platform.platform(terse=True),
    }


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, OSError, ValueError):
        return None


def _rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    machine = facts["machine"]
    rows = [("python", f"{facts['python']['version']}  {facts['python']['path']}")]
    for name, found in facts["core"].items():
        broken = "" if found["works"] else f"BROKEN: {found['why']}; {found['mend']}"
        rows.append((name, broken or found["version"]))
    for name, found in facts["engines"].items():
        rows.append((f"engine {name}", found["summary"]))
    for name, found in facts["segmenters"].items():
        lack = "" if found["works"] else f"; to have it: {found['mend']}"
        rows.append((f"segmenter {name}", found["measured"] + lack))
    for name, found in facts["renderers"].items():
        lack = f"cannot draw: {found.get('why')}; {found.get('mend')}"
        rows.append((f"renderer {name}", found["with"] if found["works"] else lack))
    lacking = [
        f"{name} ({each['for']})" for name, each in facts["codecs"].items() if not each["found"]
    ]
    rows.append(("codecs", f"missing: {', '.join(lacking)}" if lacking else "all found"))
    memory = f", {machine['memory_gib']} GiB memory" if machine["memory_gib"] else ""
    rows.append(("machine", f"{machine['cores']} cores{memory}, {machine['system']}"))
    rows.append(("scratch", f"{machine['scratch_free_gib']} GiB free in {machine['scratch']}"))
    for name, found in facts["extras"].items():
        lack = f"lacks {', '.join(found['missing'])}: {found.get('mend', '')}"
        rows.append((f"extra {name}", "installed" if found["installed"] else lack))
    return rows
