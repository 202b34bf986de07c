"""A plot, staged -> a `World`: bodies in order, and a caption of about forty words.

Enters: the stage, the camera, and a `Plot`: who is there, who is removed and why, and sentences
about what is there and what happens after the removal. Leaves: the `World`. Knows no story of its
own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from openvoid.synth.detail import WorldDetail
from openvoid.synth.families.frame import Frame
from openvoid.synth.families.stage import Stage
from openvoid.synth.families.things import Thing, capital, listing
from openvoid.synth.world import Body, Camera, Light, Weld, World

CAMERA_WORDS = {
    "locked": "The camera stays still.",
    "handheld": "The handheld camera sways a little.",
    "pan": "The camera pans slowly.",
    "dolly": "The camera glides slowly.",
}
MORE = (
    "Everything else stays as it is.",
    "Shadows fall softly on the ground.",
    "Colours are natural and the picture is sharp.",
)
FEWEST_WORDS, MOST_WORDS = 36, 48


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Who is there, who is removed and why, and what becomes of the rest.

    A family that has to place more around it adds what it must know for that.
    """

    bodies: tuple[Body, ...] = ()
    things: tuple[Thing, ...] = ()
    welds: tuple[Weld, ...] = ()
    lights: tuple[Light, ...] = ()
    removed: tuple[str, ...]  # names of bodies
    why: str
    after: str  # what is there and happens without the removed, in sentences
    short: str
    detail: WorldDetail = field(default_factory=WorldDetail)


def tell(
    frame: Frame, stage: Stage, camera: Camera, plot: Plot, besides: Sequence[Thing] = ()
) -> World:
    """The world; `besides`: things that only stand around, named where the caption has room."""
    placed = [*plot.things, *besides]
    stood = [*stage.bodies, *plot.bodies, *(body for thing in placed for body in thing.bodies)]
    return World(
        family=frame.family,
        seed=frame.seed,
        size=frame.size,
        frames=frame.frames,
        rate=frame.rate,
        bodies=tuple(stood),
        welds=plot.welds,
        lights=(*stage.lights, *plot.lights),
        camera=camera,
        removed=plot.removed,
        why=plot.why,
        caption=caption(plot.after, besides, stage, camera),
        short=plot.short,
        backdrop=stage.backdrop,
        detail=WorldDetail(across_m=stage.across_m).but(**plot.detail.told()),
    )


def caption(after: str, besides: Sequence[Thing], stage: Stage, camera: Camera) -> str:
    """About forty words: what is there and happens, where, in what light, seen how."""
    setting = f"The setting is {stage.words}, in {stage.light_words}."
    sentences = [after, setting, CAMERA_WORDS[camera.path]]
    if sum(len(sentence.split()) for sentence in sentences) > MOST_WORDS:
        sentences.pop()
    for more in (*_around(besides), *MORE):
        words = sum(len(sentence.split()) for sentence in sentences)
        wanted = more not in MORE or words < FEWEST_WORDS
        if wanted and words + len(more.split()) <= MOST_WORDS:
            sentences.insert(1, more)
            break
    return " ".join(sentences)


def _around(things: Sequence[Thing]) -> list[str]:
    """Sentences to choose from, the fullest first."""
    if not things:
        return []
    verb = "stands" if len(things) == 1 else "stand"
    named = f"{capital(listing([each.noun for each in things]))} {verb} nearby."
    count = ("One thing", "Two things", "Three things", "Four things", "Five things")
    return [named, f"{count[min(len(things), 5) - 1]} {verb} nearby."]
