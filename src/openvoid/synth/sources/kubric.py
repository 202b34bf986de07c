"""Kubric's and Google Scanned Objects' assets, from a copy of the user's, as worlds.

Enters: a folder of assets, each a folder or a .tar.gz of `data.json` (mass, friction, bounds; in
either of its two published layouts), `visual_geometry.obj`, `collision_geometry.obj`,
`texture.png`, and a URDF (used where data.json names no mass). Leaves: `Asset`s, and worlds of the
kind Kubric is known for: some of them on the ground, one launched at another, which is left alone
when the launched one is removed. Meshes touch by their convex hulls. Knows no simulation.

The layouts, as Kubric documents them: {"id", "asset_type": "FileBasedObject", "kwargs": {"bounds",
"mass", "friction", "render_filename": "{asset_dir}/visual_geometry.obj", ...}}, and the older
{"id", "mass", "friction", "bounds", "paths": {"visual_geometry": ["visual_geometry.obj"], ...}}.
"""

from __future__ import annotations

import math
import tarfile
import xml.etree.ElementTree as xml
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from openvoid.core import facts
from openvoid.core.errors import OpenVoidError
from openvoid.media.atomic import partial_folder
from openvoid.synth.detail import BodyDetail
from openvoid.synth.families.frame import Frame
from openvoid.synth.families.stage import camera, stage
from openvoid.synth.families.telling import Plot, tell
from openvoid.synth.families.things import Thing, article, capital, uniform
from openvoid.synth.rotation import about
from openvoid.synth.sources.folder import find_in
from openvoid.synth.sources.meshes import Solid, read_solid
from openvoid.synth.world import Body, Material, Vector, World

DENSITY = 300.0  # kg / m^3, where no mass is told: most household things are hollow
SMALLEST_M, LARGEST_M = 0.08, 0.45  # others are scaled to within
FEWEST, MOST = 3, 7
MOST_BYTES = 512 << 20  # of an unpacked archive
GAP_M = 0.002


@dataclass(frozen=True)
class Asset:
    """One thing, in metres, upright, its origin where the file has it."""

    name: str
    noun: str
    mesh: Path
    texture: Path | None
    solid: Solid
    mass_kg: float
    friction: float
    bounce: float


def find(folder: Path) -> list[Path]:
    """The assets in a folder: folders with a data.json, and archives; by name.

    Raises:
        OpenVoidError: there is no such folder, or no asset in it.
    """
    mend = "folders or .tar.gz files with a data.json are looked for"
    return find_in(folder, _is_asset, what="Kubric assets", mend=mend)


def _is_asset(path: Path) -> bool:
    return path.name.endswith((".tar.gz", ".tgz")) or (path / "data.json").is_file()


def read_asset(path: Path, into: Path) -> Asset:
    """An asset from its folder or archive; archives are unpacked below `into`, once.

    Raises:
        OpenVoidError: a file is missing or unreadable; its mesh is not closed.
    """
    folder = path if path.is_dir() else _unpacked(path, into)
    told = _told(folder / "data.json")
    name = str(told.get("id", folder.name))
    facts = {**told, **_mapping(told.get("kwargs")), **_mapping(told.get("metadata"))}
    mesh = _file(folder, told, "visual_geometry", "render_filename", "visual_geometry.obj")
    shape = _file(folder, told, "collision_geometry", "", "collision_geometry.obj")
    # a scan is often open, its collision hull never: the one that is closed is used
    solid = read_solid(mesh, closed=not shape.is_file())
    if shape.is_file():
        read_solid(shape)
    texture = _file(folder, told, "texture", "", "texture.png")
    mass = _number(facts.get("mass")) or _urdf_mass(folder, told) or 0.0
    noun = str(facts.get("category") or name)
    return Asset(
        name,
        _noun(noun),
        mesh.resolve(),
        texture.resolve() if texture.is_file() else None,
        solid,
        mass,
        _number(facts.get("friction")) or 0.5,
        min(0.9, _number(facts.get("restitution")) or 0.3),
    )


def worlds(
    folder: Path,
    into: Path,
    *,
    count: int = 1,
    first: int = 0,
    seed: int = 0,
    size: tuple[int, int] = (384, 672),
    frames: int = 60,
    rate: Fraction = Fraction(12),
    passed_over: dict[Path, OpenVoidError] | None = None,
) -> Iterator[World]:
    """So many worlds of the assets in a folder, from number `first` on.

    Args:
        passed_over: gets the assets that cannot be used, and why; they are not tried again.

    Raises:
        OpenVoidError: fewer than two assets can be used: why the last one cannot.
    """
    passed_over = {} if passed_over is None else passed_over
    paths = find(folder)
    for index in range(first, first + count):
        rng = np.random.default_rng([seed + index, *b"kubric"])
        number = int(rng.integers(FEWEST, MOST + 1))
        assets = _usable((paths[int(each)] for each in rng.permutation(len(paths))), number, into,
                         passed_over)  # fmt: skip
        yield launched(rng, assets, Frame("kubric", seed + index, size, frames, rate))


def _usable(
    paths: Iterable[Path], number: int, into: Path, passed_over: dict[Path, OpenVoidError]
) -> list[Asset]:
    assets: list[Asset] = []
    for path in paths:
        if len(assets) == number:
            break
        if path not in passed_over:
            try:
                assets.append(read_asset(path, into))
            except OpenVoidError as error:
                passed_over[path] = error
    if len(assets) >= 2:
        return assets
    if passed_over:
        raise next(reversed(passed_over.values()))
    raise OpenVoidError("one asset alone", mend="a world needs two at least")


def launched(rng: np.random.Generator, assets: list[Asset], frame: Frame) -> World:
    """A world in which the first asset is launched at the second, and the others stand around."""
    unit = max(max(_half(asset, _scale(asset))) for asset in assets[:2])
    across = 9.0 * unit
    place = stage(rng, across)
    goal = (uniform(rng, -0.5, 1.0) * unit, uniform(rng, 0.0, 1.0) * unit)
    start = (-4.2 * unit, goal[1] + uniform(rng, -0.8, 0.8) * unit)
    target = _put(assets[1], "target", goal, uniform(rng, 0, 6), rng)
    way = (goal[0] - start[0], goal[1] - start[1])
    far = math.hypot(*way)
    speed = math.sqrt((1.4 * math.sqrt(9.81 * unit)) ** 2 + 2 * 9.81 * assets[0].friction * far)
    velocity = (way[0] / far * speed, way[1] / far * speed, 0.0)
    mover = _put(assets[0], "launched", start, uniform(rng, 0, 6), rng).change(velocity=velocity)
    around: list[Thing] = []
    taken = [start, goal]
    for index, asset in enumerate(assets[2:]):
        for _ in range(40):
            spot = (uniform(rng, -4, 4) * unit, uniform(rng, 1.5, 4.5) * unit)
            if all(math.dist(spot, other) > 2.6 * unit for other in taken):
                around.append(_put(asset, f"other {index + 1}", spot, uniform(rng, 0, 6), rng))
                taken.append(spot)
                break
    view = camera(rng, frame, across, centre=(0.0, 0.6 * unit, 0.8 * unit))
    plot = Plot(
        things=(target, mover),
        removed=mover.names,
        why=f"it hits the {target.noun}",
        after=f"{capital(article(target.noun))} rests on the ground. Nothing touches it, and it "
        "stays where it is.",
        short=f"{article(target.noun)} rests untouched",
    )
    return tell(frame, place, view, plot, around)


def _put(
    asset: Asset, name: str, spot: tuple[float, float], turn: float, rng: np.random.Generator
) -> Thing:
    """On the ground, turned about the vertical, at the size of `_scale`."""
    scale = _scale(asset)
    rotation = about((0, 0, 1), turn)
    middle = (asset.solid.low + asset.solid.high) / 2 * scale
    c, s = math.cos(turn), math.sin(turn)
    at: Vector = (
        spot[0] - (c * middle[0] - s * middle[1]),
        spot[1] - (s * middle[0] + c * middle[1]),
        GAP_M - float(asset.solid.low[2]) * scale,
    )
    volume = float(np.prod(asset.solid.high - asset.solid.low)) * 0.5
    mass = (asset.mass_kg or DENSITY * volume) * scale**3
    shade = uniform(rng, 0.3, 0.7)
    detail = BodyDetail(noun=asset.noun)
    if asset.texture is not None:
        detail = detail.but(texture=str(asset.texture))
    body = Body(
        name,
        "mesh",
        (scale, scale, scale),
        at,
        rotation,
        mass_kg=max(mass, 0.02),
        friction=asset.friction,
        bounce=asset.bounce,
        material=Material("plain", ((shade, shade, shade),), roughness=0.6),
        mesh=str(asset.mesh),
        detail=detail,
    )
    return Thing((body,), asset.noun, _half(asset, scale))


def _scale(asset: Asset) -> float:
    """1, but for things too small or too large to share a scene."""
    largest = float((asset.solid.high - asset.solid.low).max())
    return min(max(largest, SMALLEST_M), LARGEST_M) / largest


def _half(asset: Asset, scale: float) -> Vector:
    x, y, z = (asset.solid.high - asset.solid.low) / 2 * scale
    return (float(x), float(y), float(z))


def _noun(text: str) -> str:
    """What a caption calls it: of an id like "Threshold_Bead_Cardigan_2" the first words."""
    words = [word for word in text.replace("_", " ").replace("-", " ").split() if word.isalpha()]
    return " ".join(words[:3]).lower() or "thing"


# --- files --------------------------------------------------------------------------------------


def _unpacked(path: Path, into: Path) -> Path:
    """The folder of an archive's files: they lie at its top, or in one folder of the asset's name.

    Nothing outside the folder is written, no links or devices (Python's filter "data").
    """
    name = path.name.removesuffix(".gz").removesuffix(".tar").removesuffix(".tgz")
    home = into / name
    if not home.is_dir():
        into.mkdir(parents=True, exist_ok=True)
        try:
            with tarfile.open(path, "r:gz") as archive, partial_folder(home) as partial:
                if sum(member.size for member in archive.getmembers()) > MOST_BYTES:
                    raise OpenVoidError("unpacks to more than 512 MB", where=str(path))
                archive.extractall(partial, filter="data")
        except (OSError, EOFError, tarfile.TarError) as error:
            raise OpenVoidError(f"not a readable archive: {error}", where=str(path)) from error
    inner = [home, *sorted(each for each in home.iterdir() if each.is_dir())]
    for each in inner:
        if (each / "data.json").is_file():
            return each
    raise OpenVoidError("holds no data.json", where=str(path))


def _told(path: Path) -> dict[str, Any]:
    read = facts.read(path)
    if not isinstance(read.value, dict):
        raise OpenVoidError("not the facts of an asset", where=str(path))
    return read.value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: Any) -> float:
    """A positive number, else 0."""
    fine = isinstance(value, (int, float)) and math.isfinite(value) and value > 0
    return float(value) if fine else 0.0


def _file(folder: Path, told: Mapping[str, Any], key: str, kwarg: str, usual: str) -> Path:
    """A file of the asset by either layout's name for it, never outside its folder."""
    named = _mapping(told.get("paths")).get(key)
    name = named[0] if isinstance(named, list) and named else named
    name = name or _mapping(told.get("kwargs")).get(kwarg) or usual
    path = folder / str(name).replace("{asset_dir}/", "")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise OpenVoidError(f"{name} lies outside the asset", where=str(folder / "data.json"))
    return path


def _urdf_mass(folder: Path, told: Mapping[str, Any]) -> float:
    """The mass in the URDF, 0 without one."""
    path = _file(folder, told, "urdf", "simulation_filename", "object.urdf")
    if not path.is_file():
        return 0.0
    try:
        text = path.read_text(encoding="utf-8")
        if "<!" in text.replace("<!--", ""):
            raise OpenVoidError("a URDF with a document type, which is not read", where=str(path))
        found = xml.fromstring(text).find(".//mass")
    except (OSError, UnicodeDecodeError, xml.ParseError) as error:
        raise OpenVoidError(f"not a readable URDF: {error}", where=str(path)) from error
    try:
        return float(found.get("value", "0")) if found is not None else 0.0
    except ValueError:
        return 0.0
