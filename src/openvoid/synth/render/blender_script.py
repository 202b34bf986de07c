"""Draws a described scene with Blender's Cycles. Runs inside Blender, as a program of its own.

    blender -b --factory-startup -noaudio -P blender_script.py -- FOLDER
    python blender_script.py -- FOLDER        (a Python that has the module bpy)

Enters: FOLDER/scene.json and the meshes and pictures it names; then, line by line on the standard
input, the names of orders: files in FOLDER that say who is where in one frame. Leaves, for the
order N: N.png (colours as a screen shows them), N.npy (float32 [H, W, 2]: depth in metres, number
of the body; 0 is nothing), and last N.json, {"seconds": ...} or {"error": "one line"}. Ends when
its input ends. Knows nothing of the package it is shipped with and imports nothing of it but
`blender_nodes`, which stands beside it and alone as well: all that passes between them is files.

Light is as the scene says it: a sun or lamp of colour c adds c times the cosine to a white surface;
the sky adds its colour. Cycles counts W / m2, of which a white surface gives back 1 / pi.
"""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import bpy  # type: ignore[import-not-found, unused-ignore]
import numpy as np

sys.path.append(str(Path(__file__).parent))  # Blender does not look beside a script
import blender_nodes as nodes  # type: ignore[import-not-found, unused-ignore]

SCHEMA = "openvoid.blender/1"
NEAR_M, FAR_M = 0.02, 200.0
CENTRE_PX = 0.01  # the least width of a filter: the samples of depth and numbers lie so near
BOUNCES = {"max": 6, "diffuse": 3, "glossy": 4, "transmission": 4, "volume": 0}
CLAMP = 6.0  # of indirect light, against single bright pixels


class Stage:
    """The scene in Blender, built once; `show` puts everything where an order says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told = json.loads((folder / "scene.json").read_text(encoding="utf-8"))
        if self.told.get("schema") != SCHEMA:
            raise ValueError(f"schema {self.told.get('schema')!r}, {SCHEMA!r} is expected")
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.scene = bpy.context.scene
        self.bodies = [self._body(body) for body in self.told["bodies"]]
        self.lights = [self._light(light) for light in self.told["lights"]]
        self._camera()
        self.scene.world = nodes.sky(self.told["sky"], folder)
        self.plain = nodes.plain()
        _settings(self.scene, self.told)

    def _body(self, told: dict[str, Any]) -> Any:
        with np.load(self.folder / told["mesh"]) as arrays:
            mesh = _mesh(told["name"], dict(arrays))
        mesh.materials.append(nodes.material(told, self.folder))
        made = bpy.data.objects.new(told["name"], mesh)
        made.rotation_mode, made.pass_index = "QUATERNION", told["index"]
        self.scene.collection.objects.link(made)
        return made

    def _light(self, told: dict[str, Any]) -> Any:
        sun = told["kind"] == "sun"
        wide = told["cutoff_deg"] >= 90
        kind = "SUN" if sun else "POINT" if wide else "SPOT"
        light = bpy.data.lights.new("light", kind)
        strength = max(max(told["color"]), 1e-9)
        light.color = [part / strength for part in told["color"]]
        light.use_shadow = told["casts_shadow"]
        if sun:
            light.energy, light.angle = math.pi * strength, told["angle"]
        else:
            light.energy, light.shadow_soft_size = 4 * math.pi**2 * strength, told["radius"]
            nodes.falloff(light, told["range_m"])
        if kind == "SPOT":
            light.spot_size, light.spot_blend = math.radians(2 * told["cutoff_deg"]), 0.6
        made = bpy.data.objects.new("light", light)
        made.rotation_mode = "QUATERNION"
        self.scene.collection.objects.link(made)
        return made

    def _camera(self) -> None:
        camera = bpy.data.cameras.new("camera")
        camera.sensor_fit, camera.angle = "VERTICAL", math.radians(self.told["fov_deg"])
        camera.clip_start, camera.clip_end = NEAR_M, FAR_M
        self.camera = bpy.data.objects.new("camera", camera)
        self.camera.rotation_mode = "QUATERNION"
        self.scene.collection.objects.link(self.camera)
        self.scene.camera = self.camera

    def show(self, order: dict[str, Any]) -> None:
        """Bodies, lights and camera as in one frame; who is not shown is not in the scene."""
        for made, shown, pose in zip(self.bodies, order["shown"], order["poses"], strict=True):
            made.hide_render = not shown
            made.location, made.rotation_quaternion = pose[:3], pose[3:]
            shape = order.get(f"shape {made.pass_index}")
            if shape is not None:
                made.data.vertices.foreach_set("co", np.ascontiguousarray(shape).ravel())
                made.data.update()
        for made, lit, pose in zip(self.lights, order["lit"], order["light_poses"], strict=True):
            made.hide_render = not lit
            made.location, made.rotation_quaternion = pose[:3], pose[3:]
        self.camera.location = order["camera"][:3]
        self.camera.rotation_quaternion = order["camera"][3:]

    def draw(self, number: str) -> None:
        """One frame: the picture, then depth and numbers at the centres of pixels."""
        scene, settings = self.scene, self.told["settings"]
        scene.view_layers[0].material_override = None
        scene.render.film_transparent = False
        scene.cycles.samples, scene.cycles.use_denoising = settings["samples"], settings["denoise"]
        scene.cycles.filter_width, scene.cycles.max_bounces = 1.5, BOUNCES["max"]
        _encode(scene, "PNG", settings["view"])
        scene.render.filepath = str(self.folder / f"{number}.png")
        bpy.ops.render.render(write_still=True)
        self._draw_plain(number)

    def _draw_plain(self, number: str) -> None:
        """Every body in a colour that says how far and who; one sample a pixel, no light."""
        scene, file = self.scene, self.folder / f"{number}.exr"
        scene.view_layers[0].material_override = self.plain
        scene.render.film_transparent = True  # the sky is no colour
        scene.cycles.samples, scene.cycles.use_denoising = 1, False
        scene.cycles.filter_width, scene.cycles.max_bounces = CENTRE_PX, 0
        _encode(scene, "OPEN_EXR", "Raw")
        scene.render.filepath = str(file)
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(str(file))
        image.colorspace_settings.name = "Non-Color"
        width, height = image.size
        pixels = np.empty((height, width, 4), np.float32)
        image.pixels.foreach_get(pixels.ravel())
        bpy.data.images.remove(image)
        file.unlink()
        np.save(self.folder / f"{number}.npy", pixels[::-1, :, :2])


def _mesh(name: str, arrays: dict[str, Any]) -> Any:
    mesh = bpy.data.meshes.new(name)
    faces = arrays["faces"]
    mesh.from_pydata(arrays["vertices"].tolist(), [], faces.tolist())
    mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), bool))
    corners = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    mesh.uv_layers.new().data.foreach_set("uv", np.ascontiguousarray(arrays["uv"][corners]).ravel())
    if "normals" in arrays:
        mesh.normals_split_custom_set_from_vertices(arrays["normals"].tolist())
    mesh.update()
    return mesh


# --- settings -----------------------------------------------------------------------------------


def _settings(scene: Any, told: dict[str, Any]) -> None:
    settings, cycles = told["settings"], scene.cycles
    scene.render.engine = "CYCLES"
    scene.render.resolution_y, scene.render.resolution_x = told["size"]
    scene.render.resolution_percentage = 100
    scene.render.dither_intensity = 0.0
    scene.render.use_persistent_data = True
    scene.render.use_compositing = scene.render.use_sequencer = False
    scene.render.threads_mode = "FIXED" if settings["threads"] else "AUTO"
    scene.render.threads = settings["threads"] or 1
    cycles.use_adaptive_sampling = cycles.use_light_tree = cycles.use_animated_seed = False
    cycles.seed = settings["seed"] % 2**31
    cycles.pixel_filter_type = "BLACKMAN_HARRIS"
    cycles.caustics_reflective, cycles.caustics_refractive = True, False  # mirrors throw light
    cycles.blur_glossy = 1.0
    cycles.sample_clamp_indirect = CLAMP
    cycles.denoiser, cycles.denoising_use_gpu = "OPENIMAGEDENOISE", False
    cycles.denoising_input_passes, cycles.denoising_prefilter = "RGB_ALBEDO_NORMAL", "FAST"
    for kind, count in BOUNCES.items():
        setattr(cycles, f"{kind}_bounces", count)
    if settings["device"] != "CPU":
        _use_device(scene, settings["device"])


def _use_device(scene: Any, kind: str) -> None:
    chosen = bpy.context.preferences.addons["cycles"].preferences
    chosen.compute_device_type = kind
    chosen.refresh_devices()
    found = [device for device in chosen.devices if device.type == kind]
    if not found:
        raise ValueError(f"Blender finds no {kind} device")
    for device in chosen.devices:
        device.use = device.type == kind
    scene.cycles.device = "GPU"


def _encode(scene: Any, format: str, view: str) -> None:
    """How the next picture is written."""
    settings = scene.render.image_settings
    settings.file_format = format
    settings.color_mode = "RGB" if format == "PNG" else "RGBA"
    settings.color_depth = "8" if format == "PNG" else "32"
    scene.view_settings.view_transform = view


# --- orders -------------------------------------------------------------------------------------


def answer(folder: Path, number: str, told: dict[str, Any]) -> None:
    """The last file of an order, there at once or not at all."""
    part = folder / f"{number}.part"
    part.write_text(json.dumps(told), encoding="utf-8")
    part.replace(folder / f"{number}.json")


def one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def main(words: list[str]) -> int:
    folder = Path(words[words.index("--") + 1])
    try:
        stage = Stage(folder)
    except Exception as error:  # whatever it is, the one who waits is told
        answer(folder, "start", {"error": one_line(error)})
        return 1
    answer(folder, "start", {"version": bpy.app.version_string})
    for line in sys.stdin:
        number, begun = line.strip(), time.perf_counter()
        try:
            with np.load(folder / f"{number}.npz") as order:
                stage.show(dict(order))
            stage.draw(number)
        except Exception as error:
            answer(folder, number, {"error": one_line(error)})
            return 1
        answer(folder, number, {"seconds": time.perf_counter() - begun})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
