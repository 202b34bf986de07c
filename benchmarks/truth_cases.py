"""The cases of the truth benchmark, a row each: what moves where, before which footage.

Places are pixels of the footage after cropping and reducing, of a rendered world or of footage that
moves itself those of the picture; times run from 0 to 1 over the clip. The footage of the first
cases is used as it is, at its own length (46 to 62 frames); the others are small, so that each
takes well under a minute.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from depth_world import Sheet, walking
from impostor import Impostor
from motions import line, stop_half_way, swing, to_and_fro, wander
from truth_scene import Case

from openvoid.core.errors import OpenVoidError

NATIVE_4K = (60, 100, 1700, 1100)  # a part of the 4K picture, at its own density
SMALL = (270, 480)
DEPTH_DB = 38.0  # rendered: what there is to see is exact
PARKOUR_DB = 30.0  # real, handheld, with depth

GROUND = Sheet("slabs", (-9, 1.3, 8), (18, 0, 0), (0, 0, -7.5), seed=1)
WALL = Sheet("bricks", (-9, -4, 8), (18, 0, 0), (0, 5.3, 0), seed=2)
YARD = (  # a wall, a house's corner, a fence and a post before them
    WALL,
    GROUND,
    Sheet("plaster", (-4.6, -2.6, 5.2), (3.0, 0, 0), (0, 3.9, 0), seed=3),
    Sheet("boards", (1.6, -0.4, 6.2), (2.4, 0, 0.4), (0, 1.7, 0), seed=4),
    Sheet("rails", (-2.2, 0.2, 4.0), (5.5, 0, 0), (0, 1.1, 0), seed=5),
    Sheet("post", (0.75, -2.5, 3.0), (0.12, 0, 0), (0, 3.8, 0), seed=6),
)
ROOM = (  # surfaces that run away from the camera, without a near thing
    Sheet("plaster", (-4, -2.2, 7), (8, 0, 0), (0, 3.5, 0), seed=7),
    Sheet("bricks", (-2.6, -2.2, 1.2), (0, 0, 5.8), (0, 3.5, 0), seed=8),
    Sheet("boards", (2.8, -2.2, 7), (0, 0, -5.8), (0, 3.5, 0), seed=9),
    Sheet("slabs", (-4, 1.3, 7), (8, 0, 0), (0, 0, -6.4), seed=10),
    Sheet("plaster", (-0.4, 0.1, 4.6), (1.5, 0, 0), (0, 1.2, 0), seed=11),
)

FOOTAGE = (
    Case(
        "small-fast",
        "a small ball crosses fast",
        Impostor(radius_px=30),
        line((-60, 330), (1020, 420), (0.1, 0.7)),
    ),
    Case(
        "large-slow",
        "a large walker crosses slowly",
        Impostor("figure", 150, hue=0.6, seed=1),
        line((-160, 300), (1120, 330)),
    ),
    Case(
        "back-and-forth",
        "a ball rolls to and fro twice",
        Impostor(radius_px=62, hue=0.3, seed=2),
        swing((420, 350), (290, 18), 2.0),
    ),
    Case(
        "stops",
        "a ball stops for half the clip",
        Impostor(radius_px=70, hue=0.8, seed=3),
        stop_half_way((-150, 390), (330, 360), (1110, 330)),
    ),
    Case(
        "never-uncovers",
        "a ball swings less than its width: its middle hides one place always",
        Impostor(radius_px=85, hue=0.1, seed=4),
        swing((300, 330), (48, 6), 1.5),
    ),
    Case(
        "motion-blur",
        "a fast ball under a half-open shutter",
        Impostor(radius_px=52, hue=0.45, seed=5),
        swing((430, 360), (400, 0), 1.25),
        shutter=0.5,
    ),
    Case(
        "exposure-drift",
        "the exposure rises by 10 % and falls again",
        Impostor("figure", 120, hue=0.0, seed=6),
        line((-80, 330), (1040, 350)),
        gain=lambda time: 1.0 + 0.05 * (1.0 - np.cos(6.2832 * time)),
    ),
    Case(
        "grain",
        "film grain of 1.5 levels a frame",
        Impostor(radius_px=75, hue=0.7, seed=7),
        line((-140, 400), (1100, 330)),
        grain_levels=1.5,
    ),
    Case(
        "rough-matte",
        "the matte's outline is wrong by up to 3 pixels",
        Impostor("figure", 130, hue=0.2, seed=8),
        line((-90, 310), (1050, 340)),
        matte_error_px=3.0,
    ),
    Case(
        "lime",
        "a ball before blurred depth and a wooden bar, the camera all but still",
        Impostor(radius_px=62, hue=0.5, seed=9),
        line((1050, 260), (-100, 450)),
        source="lime",
    ),
    Case(
        "ducky",
        "a ball falls before a pool and its far edge",
        Impostor(radius_px=55, hue=0.9, seed=10),
        line((850, -120), (840, 660)),
        source="ducky-float",
    ),
    Case(
        "bigben",
        "a ball flies along a facade full of detail",
        Impostor(radius_px=34, penumbra_px=14, hue=0.95, seed=11),
        line((-60, 165), (610, 150)),
        source="BigBen",
        width=544,
    ),
    Case(
        "handheld",
        "handheld, a walker crosses before the table's front edge",
        Impostor("figure", 165, hue=0.3, seed=12),
        line((120, 800), (1420, 790)),
        width=1920,
        camera=wander((760, 735), (260, 30), 13, 1.2),
    ),
    Case(
        "pan-walker",
        "the camera pans after a walker, at the density of 4K",
        Impostor("figure", 190, hue=0.55, seed=13),
        line((420, 360), (1240, 380)),
        crop=NATIVE_4K,
        width=1700,
        camera=wander((840, 440), (520, 80), 10, 1.5, (0.95, 1.0)),
    ),
    Case(
        "roll-zoom-tilt",
        "roll, zoom and a little perspective, before the table's far edge and the sofa",
        Impostor("figure", 140, hue=0.75, seed=14),
        line((340, 260), (1330, 240)),
        width=1920,
        camera=wander((830, 350), (200, 40), 10, 2.5, (1.0, 0.86), tilt=0.05),
    ),
    Case(
        "handheld-never",
        "handheld, the object hardly moves: its middle hides one place always",
        Impostor(radius_px=95, hue=0.15, seed=15),
        swing((520, 850), (40, 8), 1.5),
        width=1920,
        camera=wander((700, 730), (120, 40), 12, 1.2),
    ),
    Case(
        "handheld-drift",
        "handheld, motion blur and a drift of the exposure",
        Impostor(radius_px=80, hue=0.4, seed=16),
        swing((760, 860), (420, 10), 1.0),
        width=1920,
        camera=wander((740, 720), (140, 50), 12, 1.2),
        shutter=0.5,
        gain=lambda time: 1.0 + 0.05 * (1.0 - np.cos(6.2832 * time)),
    ),
    Case(
        "handheld-bigben",
        "handheld before a facade full of detail, sky and water moving",
        Impostor(radius_px=34, penumbra_px=14, hue=0.95, seed=17),
        line((100, 165), (440, 150)),
        source="BigBen",
        width=544,
        camera=wander((270, 175), (70, 14), 4, 0.8, window=(270, 400)),
        window=(270, 400),
    ),
)


DEPTH = (
    Case(
        "depth-dolly",
        "rendered: the camera travels along a fence and a post before a wall",
        Impostor("figure", 62, penumbra_px=8, hue=0.3, seed=21),
        line((60, 150), (430, 150)),
        world=YARD,
        travel=walking((0.9, 0, 0.15), 0.004, 0.3),
    ),
    Case(
        "depth-handheld",
        "rendered: the same, handheld, the object slower",
        Impostor("figure", 62, penumbra_px=8, hue=0.6, seed=22),
        line((130, 155), (400, 150)),
        world=YARD,
        travel=walking((0.45, 0.05, 0.5), 0.03, 1.0, 4.0),
    ),
    Case(
        "depth-room",
        "rendered: walking into a room, its walls and floor run towards the camera",
        Impostor(radius_px=34, penumbra_px=8, hue=0.8, seed=23),
        line((110, 190), (390, 170)),
        world=ROOM,
        travel=walking((0.25, 0, 0.9), 0.012, 0.6),
    ),
    Case(
        "depth-rolling",
        "rendered: a rolling shutter, shaken",
        Impostor("figure", 62, penumbra_px=8, hue=0.1, seed=24),
        line((420, 150), (70, 155)),
        world=YARD,
        travel=walking((-0.6, 0, 0.1), 0.012, 1.0),
        readout=0.8,
    ),
)
SOFT = (  # what is behind is blurred more in one frame than in the next
    Case(
        "quick-pan",
        "pans to and fro, the shutter open all the time: sharp where it turns, smeared between",
        Impostor(radius_px=80, hue=0.4, seed=43),
        swing((760, 860), (420, 10), 1.0),
        width=1920,
        camera=to_and_fro((760, 735), 140, 1.0),
        camera_shutter=0.9,
        length=40,
    ),
    Case(
        "focus-pull",
        "handheld, the focus goes off and comes back",
        Impostor("figure", 165, hue=0.3, seed=44),
        line((120, 800), (1420, 790)),
        width=1920,
        camera=wander((760, 735), (200, 30), 8, 0.8),
        focus=lambda time: 2.5 * abs(np.sin(6.2832 * time)),
        length=40,
    ),
)
BEHIND = (  # locked, and something moves behind the object
    Case(
        "ball-behind",
        "locked: a ball crosses before the ball that rolls the other way",
        Impostor(radius_px=55, hue=0.6, seed=40),
        line((640, 205), (140, 205)),
        length=14,
    ),
    Case(
        "press-behind",
        "locked: a ball crosses before a press that comes down",
        Impostor(radius_px=60, hue=0.35, seed=41),
        line((-90, 260), (1050, 250)),
        source="ducky-float",
        first=10,
        length=40,
    ),
    Case(
        "hand-behind",
        "all but locked: a walker crosses before hands at work",
        Impostor("figure", 130, hue=0.3, seed=42),
        line((1060, 200), (-90, 190)),
        source="lime",
    ),
)
FILMED = (
    Case(
        "parkour-walker",
        "handheld with depth; what runs before it is not measured",
        Impostor("figure", 60, penumbra_px=8, hue=0.35, seed=31),
        line((40, 150), (440, 150)),
        source="parkour",
        moves="object",
        first=30,
        least_db=PARKOUR_DB,
    ),
    Case(
        "parkour-ball",
        "the same, another part of it",
        Impostor(radius_px=36, penumbra_px=8, hue=0.7, seed=32),
        line((430, 190), (60, 170)),
        source="parkour",
        moves="object",
        first=0,
        least_db=PARKOUR_DB,
    ),
    Case(
        "kite-surfer",
        "a ball crosses before the surfer who moves behind",
        Impostor(radius_px=32, penumbra_px=8, hue=0.5, seed=33),
        line((-130, 0), (130, 0)),
        source="kite-walk",
        moves="other",
        follow=True,
    ),
    Case(
        "camel-second",
        "a ball crosses before the animal behind",
        Impostor(radius_px=32, penumbra_px=8, hue=0.1, seed=34),
        line((-130, 0), (130, 0)),
        source="camel",
        moves="other",
        follow=True,
    ),
    Case(
        "beach-waves",
        "a ball crosses before waves and sand, handheld",
        Impostor(radius_px=34, penumbra_px=8, hue=0.9, seed=35),
        line((430, 90), (60, 110)),
        source="boys-beach",
        moves="other",
    ),
    Case(
        "beach-boy",
        "a ball crosses before the other boy, who moves",
        Impostor(radius_px=30, penumbra_px=8, hue=0.3, seed=36),
        line((-110, 0), (110, 0)),
        source="boys-beach",
        moves="other",
        follow=True,
    ),
    Case(
        "beach-passer",
        "a walker crosses before the other boy in the clip's second half",
        Impostor("figure", 48, penumbra_px=8, hue=0.55, seed=37),
        line((120, 10), (-120, 0)),
        source="boys-beach",
        moves="other",
        first=40,
        follow=True,
    ),
)
CASES = (
    *FOOTAGE,
    *BEHIND,
    *SOFT,
    *(replace(case, length=40, window=SMALL, least_db=DEPTH_DB) for case in DEPTH),
    *(replace(case, length=40, width=480) for case in FILMED),
)


def find(name: str) -> Case:
    """The case of that name."""
    known = {case.name: case for case in CASES}
    if name not in known:
        raise OpenVoidError(f"unknown case {name!r}", mend=f"known: {', '.join(known)}")
    return known[name]
