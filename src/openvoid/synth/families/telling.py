"""A story's parts -> a `World`: bodies in order, and a caption of about forty words.

Enters: the stage, the things, the camera, who is removed and why, and sentences about what is there
and what happens after the removal. Leaves: the `World`. Knows no story of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from openvoid.synth.families.frame import Frame
from openvoid.synth.families.stage import Stage
from openvoid.synth.families.things import Thing
from openvoid.synth.world import Body, Camera, Light, Weld, World

CAMERA_WORDS = {
    "locked": "The camera does not move.",
    "handheld": "The camera is handheld and sways a little.",
    "pan": "The camera pans slowly.",
    "dolly": "The camera glides slowly.",
}
MORE = (
    "Everything else stays as it is.",
    "Shadows fall softly on the ground.",
    "Colours are natural and the picture is sharp.",
)
FEWEST_WORDS = 34


def tell(
    frame: Frame,
    stage: Stage,
    camera: Camera,
    *,
    things: Iterable[Thing] = (),
    bodies: Iterable[Body] = (),
    lights: Iterable[Light] = (),
    welds: Iterable[Weld] = (),
    removed: Iterable[str],
    why: str,
    after: str,
    short: str,
    detail: Mapping[str, Any] | None = None,
) -> World:
    """The world; `after` is what is there and happens without the removed, in sentences."""
    stood = [*stage.bodies, *bodies, *(body for thing in things for body in thing.bodies)]
    return World(
        family=frame.family,
        seed=frame.seed,
        size=frame.size,
        frames=frame.frames,
        rate=frame.rate,
        bodies=tuple(stood),
        welds=tuple(welds),
        lights=(*stage.lights, *lights),
        camera=camera,
        removed=tuple(removed),
        why=why,
        caption=caption(after, stage, camera),
        short=short,
        backdrop=stage.backdrop,
        detail={"across_m": stage.across_m, **(detail or {})},
    )


def caption(after: str, stage: Stage, camera: Camera) -> str:
    """About forty words: what is there and happens, where, in what light, seen how."""
    sentences = [
        after,
        f"The scene is set on {stage.words}, in {stage.light_words}.",
        CAMERA_WORDS[camera.path],
    ]
    for more in MORE:
        if sum(len(sentence.split()) for sentence in sentences) >= FEWEST_WORDS:
            break
        sentences.append(more)
    return " ".join(sentences)
