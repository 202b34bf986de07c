"""Every built-in plug-in beside the Protocol of its kind: mypy reads this and holds the one to the
other. `test_promises` looks that none is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from openvoid.core.plugins import (
    Closes,
    Engine,
    HasBetter,
    HasCandidates,
    HasCheck,
    HasNeeds,
    HasNoise,
    HasOutlook,
    HasWeights,
    Metric,
    Mover,
    ReadsWords,
    Reasoner,
    Renderer,
    Segmenter,
)
from openvoid.evaluate.fidelity import Psnr, Ssim
from openvoid.evaluate.flicker import Flicker
from openvoid.evaluate.lpips import Lpips
from openvoid.evaluate.trajectory import Trajectory
from openvoid.evaluate.vmaf import Vmaf
from openvoid.physics.plain import PlainMover
from openvoid.physics.rigid import RigidMover
from openvoid.plate.engine import PlateEngine
from openvoid.reason.motion.reasoner import MotionReasoner
from openvoid.reason.vlm.reasoner import VlmReasoner
from openvoid.select.classical.segmenter import ClassicalSegmenter
from openvoid.select.isnet.segmenter import IsnetSegmenter
from openvoid.select.sam.segmenter import Sam2Segmenter, Sam3Segmenter
from openvoid.synth.render.blender_renderer import BlenderRenderer
from openvoid.synth.render.mujoco_renderer import MujocoRenderer
from openvoid.synth.take import Drawn, Take
from openvoid.void.engine import VoidEngine

Makes = Sequence[Callable[..., Any]]

engines: Sequence[Callable[..., Engine]] = (PlateEngine, VoidEngine)
segmenters: Sequence[Callable[..., Segmenter]] = (
    ClassicalSegmenter,
    IsnetSegmenter,
    Sam2Segmenter,
    Sam3Segmenter,
)
reasoners: Sequence[Callable[..., Reasoner]] = (MotionReasoner, VlmReasoner)
movers: Sequence[Callable[..., Mover]] = (PlainMover, RigidMover)
renderers: Sequence[Callable[..., Renderer[Take, Drawn]]] = (BlenderRenderer, MujocoRenderer)
metrics: Sequence[Callable[..., Metric]] = (Flicker, Lpips, Psnr, Ssim, Trajectory, Vmaf)

weighted: Sequence[type[HasWeights]] = (VoidEngine, IsnetSegmenter, Sam2Segmenter, Sam3Segmenter)
needy: Sequence[type[HasNeeds]] = (IsnetSegmenter, Sam2Segmenter, Sam3Segmenter)
foretelling: Sequence[Callable[..., HasOutlook]] = (VoidEngine,)
reading: Sequence[Callable[..., ReadsWords]] = (Sam3Segmenter,)
offering: Sequence[Callable[..., HasCandidates]] = (ClassicalSegmenter, IsnetSegmenter)
checked: Sequence[type[HasCheck]] = (BlenderRenderer, MujocoRenderer)
noisy: Sequence[Callable[..., HasNoise]] = (BlenderRenderer,)
closing: Sequence[Callable[..., Closes]] = (BlenderRenderer, MujocoRenderer)
bettered: Sequence[Callable[..., HasBetter]] = (Flicker, Lpips, Psnr, Ssim, Trajectory, Vmaf)

OF_KIND: dict[str, Makes] = {
    "engine": engines,
    "segmenter": segmenters,
    "reasoner": reasoners,
    "mover": movers,
    "renderer": renderers,
    "metric": metrics,
}
BESIDES: dict[str, Makes] = {  # the member -> who has it
    "weights": weighted,
    "needs": needy,
    "outlook": foretelling,
    "words": reading,
    "candidates": offering,
    "check": checked,
    "threshold_levels": noisy,
    "close": closing,
    "better": bettered,
}
