"""LoRA adapters, fused into the weights while these are loaded.

Enters: `path:0.8` and the layout of the model. Leaves: for each adapted weight, what is added to
it: strength x alpha / rank x up @ down. Reads three ways of naming: diffusers and peft
(`lora_A`, `lora_B`, `transformer.` before it), older diffusers (`lora.down`), and kohya's
(`lora_unet_transformer_blocks_0_attn1_to_q.lora_down`, alpha beside it), which CogVideoX-Fun
trains. A key that is none of these, or fits no weight, is named and nothing is loaded; so is one
whose numbers no training left.

Importing it needs no torch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from openvoid.core import facts
from openvoid.core.errors import OpenVoidError
from openvoid.media.cache import at_home
from openvoid.void.model.header import read_header, read_metadata
from openvoid.void.model.layout import Layout
from openvoid.void.model.tensors import read

if TYPE_CHECKING:
    from torch import Tensor

KEY = re.compile(
    r"(?P<stem>.+?)\.(?:lora_(?P<side>A|B|down|up)(?:\.default)?\.weight"
    r"|lora\.(?P<old>down|up)\.weight|(?P<alpha>alpha))"
)
BEFORE = re.compile(r"^(base_model\.model\.)?(transformer\.|diffusion_model\.|lora_unet_+)?")
TEXT = re.compile(r"^(base_model\.model\.)?(text_encoder\.|lora_te\d?_+)")
DOWN = ("A", "down")
MOST_ALPHA = 1e5  # trained ones have 1 to 1024; beyond it the weights are only overwritten
MOST_ADDED = 65504.0  # to one weight: the largest half float; trained factors are far below 1


@dataclass(frozen=True)
class Pair:
    """The keys of one adapted weight in an adapter's file."""

    down: str
    up: str
    alpha: str  # empty where the file has none


def parse(text: str) -> tuple[Path, float]:
    """`style.safetensors:0.8` -> path and strength; without a number the strength is 1."""
    before, colon, after = text.rpartition(":")
    try:
        path, strength = (before, float(after)) if colon else (text, 1.0)
    except ValueError:  # the colon belongs to the path
        path, strength = text, 1.0
    if not -10 <= strength <= 10:
        raise OpenVoidError(
            f"{strength:g} is no strength", where=f"--lora {text}", mend="for example: path:0.8"
        )
    return _file(at_home(str(path), "--lora")), strength


def pairs(path: Path, part: str, layouts: Mapping[str, Layout]) -> dict[str, Pair]:
    """Weight -> keys of the adapter, for one part ("transformer" or "text_encoder").

    `layouts` holds both parts, so that a key is unknown only where it fits neither.
    """
    header, unknown = read_header(path), []
    _scales(path)  # settings that would stop the fusing are told before anything is loaded
    sides: dict[str, dict[str, str]] = {}
    flat = {p: {_stem(n).replace(".", "_"): n for n in keys} for p, keys in layouts.items()}
    for key in header:
        found = KEY.fullmatch(key)
        owner, target = _target(found["stem"], flat) if found else ("", "")
        if not found or not target:
            unknown.append(key)
        elif owner == part:
            side = found["side"] or found["old"] or "alpha"
            kind = "down" if side in DOWN else "alpha" if side == "alpha" else "up"
            sides.setdefault(target, {})[kind] = key
    _refuse(path, unknown, f"of {len(header)} keys are unknown")
    half = [name for name, keys in sides.items() if not {"down", "up"} <= set(keys)]
    _refuse(path, half, "weights have only one half")
    found_pairs = {n: Pair(k["down"], k["up"], k.get("alpha", "")) for n, k in sides.items()}
    wrong = []
    for name, pair in found_pairs.items():
        up, down, shape = header[pair.up].shape, header[pair.down].shape, layouts[part][name]
        one_alpha = not pair.alpha or math.prod(header[pair.alpha].shape) == 1
        fits = len(up) == len(down) == 2 and up[1] == down[0] > 0 and (up[0], down[1]) == shape
        if not (fits and one_alpha):
            wrong.append(f"{name} (up {list(up)}, down {list(down)}, weight {list(shape)})")
    _refuse(path, wrong, "weights have another shape")
    return found_pairs


def check(path: Path, strength: float, part: str, layouts: Mapping[str, Layout]) -> None:
    """Look at every number of an adapter as fusing does, without the weights.

    Raises:
        OpenVoidError: keys that fit nothing, numbers that are not finite or that no training left.
    """
    for _ in _changes(path, strength, part, layouts):
        pass


def fuse(
    state: dict[str, Tensor],
    path: Path,
    strength: float,
    part: str,
    layouts: Mapping[str, Layout],
) -> None:
    """Add an adapter to the weights, in float32.

    Raises:
        OpenVoidError: as `check`.
    """
    for name, scale, up, down in _changes(path, strength, part, layouts):
        added = scale * (up @ down)
        state[name] = (state[name].float() + added).to(state[name].dtype)


def _changes(
    path: Path, strength: float, part: str, layouts: Mapping[str, Layout]
) -> Iterator[tuple[str, float, Tensor, Tensor]]:
    """Weight, scale, up [rows, rank], down [rank, columns]: each looked at before it is given."""
    named = pairs(path, part, layouts)
    scale_of = _scales(path)
    held = dict(read(path))
    for name, pair in named.items():
        down, up = held[pair.down].float(), held[pair.up].float()
        rank = down.shape[0]
        alpha = float(held[pair.alpha]) if pair.alpha else 0.0
        if abs(alpha) > MOST_ALPHA:
            _too_much(path, pair.alpha, f"is {alpha:g}", f"at most {MOST_ALPHA:g}")
        scale = strength * (alpha / rank if alpha else scale_of(rank))  # kohya: no alpha means rank
        most = abs(scale) * rank * float(up.abs().max()) * float(down.abs().max())
        if not most <= MOST_ADDED:
            what = f"may add {most:.3g} to a weight, with strength {strength:g}"
            _too_much(path, pair.up, what, f"at most {MOST_ADDED:g}")
        yield name, scale, up, down


def _too_much(path: Path, key: str, what: str, wanted: str) -> NoReturn:
    mend = f"{wanted}; is it damaged, or its strength too high?"
    raise OpenVoidError(f"{key} {what}", where=str(path), mend=mend)


def _scales(path: Path) -> Callable[[int], float]:
    """rank -> alpha / rank, as peft's settings say, in the file or beside it; else 1.

    Raises:
        OpenVoidError: settings that cannot be read, or that are not followed here.
    """
    beside = path.parent / "adapter_config.json"
    inside = read_metadata(path).get("lora_adapter_metadata", "{}")
    told = facts.loads(inside, f"{path}, lora_adapter_metadata").fields()
    settings = {key.rpartition(".")[2]: value for key, value in told.items()}
    if not settings and beside.is_file():
        settings = facts.read(beside).fields()
    if any(name in settings and settings[name].value for name in ("alpha_pattern", "use_dora")):
        raise OpenVoidError("adapters with alpha_pattern or DoRA are not read", where=str(path))
    given = settings.get("lora_alpha")
    alpha = given.number(0, MOST_ALPHA) if given and given.value is not None else 0.0
    root = bool(settings["use_rslora"].value) if "use_rslora" in settings else False
    return lambda rank: alpha / rank ** (0.5 if root else 1) if alpha else 1.0


def _target(stem: str, flat: Mapping[str, Mapping[str, str]]) -> tuple[str, str]:
    """The part and the weight that an adapter's name means; empty where there is none."""
    text = TEXT.match(stem)
    part = "text_encoder" if text else "transformer"
    before = text or BEFORE.match(stem)
    name = stem[before.end() :] if before else stem
    return part, flat.get(part, {}).get(name.strip("_").replace(".", "_"), "")


def _stem(name: str) -> str:
    return name.removesuffix(".weight")


def _refuse(path: Path, names: Sequence[str], what: str) -> None:
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise OpenVoidError(
            f"{len(names)} {what}: {', '.join(names[:3])}{more}",
            where=str(path),
            mend="is it an adapter for CogVideoX 5B?",
        )


def _file(path: Path) -> Path:
    """The adapter's file; a folder may stand for the one it holds."""
    if path.is_dir():
        held = sorted(path.glob("*.safetensors"))
        if len(held) != 1:
            raise OpenVoidError(f"holds {len(held)} safetensors files", where=str(path))
        return held[0]
    if not path.is_file():
        raise OpenVoidError("there is no such LoRA file", where=str(path))
    return path
