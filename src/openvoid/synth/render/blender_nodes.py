"""Node trees of Blender's Cycles: surfaces, lights and skies, as scene.json describes them.

Runs inside Blender, imported by `blender_script` from beside it. Enters: what the scene tells of a
body, a light, the sky. Leaves: Blender's material or world. Knows nothing of the package it is
shipped with and imports nothing of it.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import bpy  # type: ignore[import-not-found, unused-ignore]
import numpy as np

STEEP = 0.9  # how much more light comes from above than from the horizon


def _tree(owner: Any) -> Any:
    """An empty node tree of a material, a light or a world."""
    if not owner.node_tree:
        owner.use_nodes = True
    owner.node_tree.nodes.clear()
    return owner.node_tree


def _node(tree: Any, kind: str, **inputs: Any) -> Any:
    """A new node; an input is a number or the output of another node."""
    node = tree.nodes.new(f"ShaderNode{kind}")
    for name, value in inputs.items():
        socket = node.inputs[int(name[1:]) if name.startswith("_") else name.replace("_", " ")]
        if isinstance(value, bpy.types.NodeSocket):
            tree.links.new(value, socket)
        else:
            socket.default_value = value
    return node


def material(told: dict[str, Any], folder: Path) -> Any:
    """A surface: its picture as colour and fine relief, its gloss, its mirror image, its glow."""
    made = bpy.data.materials.new(told["name"])
    tree = _tree(made)
    picture = _node(tree, "TexImage")
    picture.image = bpy.data.images.load(str(folder / told["tile"]), check_existing=True)
    color = picture.outputs["Color"]
    surface = _node(
        tree, "BsdfPrincipled", Base_Color=color, Roughness=told["roughness"], Alpha=told["alpha"]
    )
    surface.inputs["Specular IOR Level"].default_value = told["specular"]
    tree.links.new(color, surface.inputs["Emission Color"])
    surface.inputs["Emission Strength"].default_value = told["emission"]
    normal = None
    if told["bevel_m"] > 0:
        bevel = _node(tree, "Bevel", Radius=told["bevel_m"])
        bevel.samples = 4
        normal = bevel.outputs["Normal"]
    if told["relief_m"] > 0:
        gray = _node(tree, "RGBToBW", Color=color).outputs[0]
        bump = _node(tree, "Bump", Height=gray, Distance=told["relief_m"], Strength=0.6)
        if normal is not None:
            tree.links.new(normal, bump.inputs["Normal"])
        normal = bump.outputs["Normal"]
    if normal is not None:
        tree.links.new(normal, surface.inputs["Normal"])
    surface.inputs["Coat Weight"].default_value = told["coat"]
    surface.inputs["Coat Roughness"].default_value = 0.3 * told["roughness"]
    shader = surface.outputs[0]
    if told["reflectance"] > 0:
        mirror = _node(tree, "BsdfAnisotropic", Roughness=0.1 * told["roughness"])
        shader = _node(
            tree, "MixShader", Fac=told["reflectance"], _1=shader, _2=mirror.outputs[0]
        ).outputs[0]
    _node(tree, "OutputMaterial", Surface=shader)
    return made


def plain() -> Any:
    """The colour (depth, number, 1), for whatever it covers."""
    made = bpy.data.materials.new("plain")
    tree = _tree(made)
    depth = _node(tree, "CameraData").outputs["View Z Depth"]
    number = _node(tree, "ObjectInfo").outputs["Object Index"]
    color = _node(tree, "CombineXYZ", X=depth, Y=number, Z=1.0).outputs[0]
    glow = _node(tree, "Emission", Color=color, Strength=1.0)
    _node(tree, "OutputMaterial", Surface=glow.outputs[0])
    made.cycles.emission_sampling = "NONE"
    return made


# --- light --------------------------------------------------------------------------------------


def falloff(light: Any, range_m: float) -> None:
    """Strength 1 / (1 + (d / range)^2); without a range it never falls off."""
    tree = _tree(light)
    square = range_m**2 if range_m > 0 else 1.0
    fading = _node(tree, "LightFalloff", Strength=square, Smooth=square if range_m > 0 else 0.0)
    strength = fading.outputs["Quadratic" if range_m > 0 else "Constant"]
    glow = _node(tree, "Emission", Color=(1, 1, 1, 1), Strength=strength)
    _node(tree, "OutputLight", Surface=glow.outputs[0])


def sky(told: dict[str, Any], folder: Path) -> Any:
    """What the camera and mirrors see far away, and the light that comes from everywhere."""
    world = bpy.data.worlds.new("sky")
    tree = _tree(world)
    place = _node(tree, "TexCoord").outputs["Generated"]
    if told["picture"]:
        turned = _node(tree, "Mapping", Vector=place, Rotation=(0, 0, told["turn"]))
        picture = _node(tree, "TexEnvironment", Vector=turned.outputs[0])
        picture.image = bpy.data.images.load(told["picture"])
        seen = _node(tree, "Background", Color=picture.outputs[0], Strength=_gain(picture, told))
        _node(tree, "OutputWorld", Surface=seen.outputs[0])
        return world
    world.cycles.sampling_method = "NONE"  # even light: rays find it by themselves
    height = _node(tree, "SeparateXYZ", Vector=place).outputs["Z"]
    ramp = _node(tree, "ValToRGB", Fac=height)
    for element, color in zip(
        ramp.color_ramp.elements, (told["horizon"], told["zenith"]), strict=True
    ):
        element.color = (*color, 1)
    ramp.color_ramp.elements[1].position = 0.7
    seen = _node(tree, "Background", Color=ramp.outputs[0], Strength=1.0)
    upward = _node(tree, "Math", _0=height, _1=0.0)
    upward.operation = "MAXIMUM"
    strength = _node(tree, "Math", _0=upward.outputs[0], _1=STEEP, _2=1 - STEEP * 2 / 3)
    strength.operation = "MULTIPLY_ADD"  # a floor gets what an even sky would give it
    shade = _node(tree, "Background", Color=(*told["shade"], 1), Strength=strength.outputs[0])
    path = _node(tree, "LightPath")
    diffuse = path.outputs["Is Diffuse Ray"]
    mixed = _node(tree, "MixShader", Fac=diffuse, _1=seen.outputs[0], _2=shade.outputs[0])
    _node(tree, "OutputWorld", Surface=mixed.outputs[0])
    return world


def _gain(picture: Any, told: dict[str, Any]) -> float:
    """What brings the upper half of a panorama to the sky's brightness, if that is wanted."""
    width, height = picture.image.size
    pixels = np.empty(height * width * picture.image.channels, np.float32)
    picture.image.pixels.foreach_get(pixels)
    upper = pixels.reshape(height, width, -1)[height // 2 :, :, :3].clip(0, 10)
    high = np.sin((np.arange(len(upper)) + 0.5) / len(upper) * math.pi / 2)
    weights = np.sqrt(1 - high**2)[:, None]  # what a row covers of the sphere
    mean = float((upper.mean(axis=2) * weights).sum() / (weights.sum() * width))
    return float(told["gain"] * np.mean(told["shade"]) / max(mean, 1e-6))
