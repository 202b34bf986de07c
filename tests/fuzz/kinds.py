"""What is damaged, how, and what is asked for then: one row a kind of input.

Enters: a kind's name. Leaves: the files of which one is damaged, the way of it, and the commands
of which one is run; all as they stand in the folder that `sound` makes. What a command writes has a
name that begins with "out". Judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from numpy.random import Generator

from tests.fuzz.mutations import (
    mutated,
    mutated_json,
    mutated_pickle,
    mutated_tensors,
    mutated_word,
)
from tests.fuzz.sound import POINT

Change = Callable[[bytes, Generator], bytes]
BASE = "weights/CogVideoX-Fun-V1.5-5b-InP"
READ_HUMOTO, READ_KUBRIC = "read-humoto", "read-kubric"
"""No verbs: `synth import` also draws what it has read, which takes OpenGL and seconds."""


@dataclass(frozen=True)
class Kind:
    """A sort of input."""

    files: tuple[str, ...]
    change: Change
    verbs: tuple[str, ...]  # words with blanks between
    needs: tuple[str, ...] = ()  # files and folders besides


def _as_it_is(data: bytes, rng: Generator) -> bytes:
    """JSON as JSON, anything else as bytes."""
    return (mutated_json if data[:1] == b"{" else mutated)(data, rng)


def _pictures(suffix: str) -> Kind:
    verbs = tuple(verb.format(clip=suffix) for verb in CLIP)
    if suffix == "exr":  # no video holds floating point
        verbs = (verbs[0], verbs[1].replace("out.mkv", "out.%04d.exr"), *verbs[2:])
    names = tuple(f"{suffix}/000{number}.{suffix}" for number in (0, 2, 5))
    return Kind(names, mutated, verbs, (suffix, "mask.mkv", "track.mkv", "track.json"))


CLIP = (
    "compare {clip} {clip} --mask mask.mkv --quiet",
    "remove {clip} --mask mask.mkv --out out.mkv --rate 25 --quiet",
    f"select {{clip}} --point {POINT} --out out.mkv --save-marks out_marks.json --rate 25 --quiet",
    "reason {clip} --track track.mkv --out out.mkv --rate 25 --quiet",
    "compare {clip} {clip} --mode side --out out.mp4 --quiet",
)
MASK = (
    "mask inspect {mask}",
    "mask grow {mask} --by 2 --out out.mkv --rate 25",
    "remove clip.mkv --mask {mask} --out out.mkv --quiet",
    "mask convert {mask} --size 32x24 --out out --rate 25",
)
SELECT = "select clip.mkv --marks {marks} --out out.mkv --quiet"
EFFECTS = (
    "reason clip.mkv --track track.mkv --effects {effects} --reasoner none --out out.mkv --quiet",
    "remove clip.mkv --mask mask.mkv --effects {effects} --out out.mkv --quiet",
    "explain clip.mkv --track track.mkv --effects {effects} --out out.png",
)
SPOKEN = (
    "reason disc.mkv --track disc_track.mkv --reasoner vlm --vlm-answer {answer} --out out.mkv -q"
)
KEPT = "out.mkv.marks"
EVALUATE = "evaluate shots --engine= --made good=good --metric psnr,trajectory -q --out out_results"
WEIGHTS = "weights check weights --pass 1 --quiet"
SHOT = ("shots", "good")

KINDS: dict[str, Kind] = {
    **{
        suffix: Kind(
            (f"clip.{suffix}",),
            mutated,
            tuple(verb.format(clip=f"clip.{suffix}") for verb in CLIP),
            ("mask.mkv", "track.mkv", "track.json"),
        )
        for suffix in ("mkv", "mp4", "mov")
    },
    **{suffix: _pictures(suffix) for suffix in ("png", "exr", "dpx", "tif", "jpg")},
    **{
        f"quadmask {suffix}": Kind(
            (f"mask.{suffix}",),
            mutated,
            tuple(verb.format(mask=f"mask.{suffix}") for verb in MASK),
            ("clip.mkv",),
        )
        for suffix in ("mkv", "mp4")
    },
    "quadmask png": Kind(
        ("masks/0000.png", "masks/0004.png"),
        mutated,
        tuple(verb.format(mask="masks") for verb in MASK),
        ("masks", "clip.mkv"),
    ),
    "marks": Kind(
        ("marks.json",), mutated_json, (SELECT.format(marks="marks.json"),), ("clip.mkv",)
    ),
    "segmentation_info": Kind(
        ("segmentation_info.json",),
        mutated_json,
        (SELECT.format(marks="segmentation_info.json"),),
        ("clip.mkv",),
    ),
    **{
        name: Kind(
            (f"{name}.json",),
            mutated_json,
            tuple(verb.format(effects=f"{name}.json") for verb in EFFECTS),
            ("clip.mkv", "mask.mkv", "track.mkv", "track.json"),
        )
        for name in ("effects", "effects_old")
    },
    "track": Kind(
        ("track.json", "track.mkv"),
        _as_it_is,
        (
            "reason clip.mkv --track track.mkv --effects effects.json --reasoner none "
            "-o out.mkv -q",
            "explain clip.mkv --track track.mkv --out out.png",
        ),
        ("clip.mkv", "track.mkv", "track.json", "effects.json"),
    ),
    "marks folder": Kind(
        tuple(
            f"{KEPT}/{name}"
            for name in (
                *("made_by.json", "effects.json", "selection.json", "track.json"),
                *("track.mkv", "quadmask.mkv"),
            )
        ),
        _as_it_is,
        (
            f"remove clip.mkv --point {POINT} --out out.mkv --overwrite --quiet",
            f"explain clip.mkv --marks {KEPT} --out out.png",
        ),
        ("clip.mkv", KEPT),
    ),
    "prompt": Kind(
        ("shot/prompt.json",),
        mutated_json,
        ("remove shot --out out.mkv --quiet",),
        ("shot",),
    ),
    **{
        name: Kind(
            (f"{name.replace(' ', '_')}.json",),
            mutated_json,
            (SPOKEN.format(answer=f"{name.replace(' ', '_')}.json"),),
            ("disc.mkv", "disc_track.mkv", "disc_track.json"),
        )
        for name in ("answer", "answer old")
    },
    "evaluate facts": Kind(
        tuple(f"shots/one/{name}.json" for name in ("world", "tracks", "prompt")),
        mutated_json,
        (EVALUATE,),
        SHOT,
    ),
    "evaluate scores": Kind(
        ("out_results/runs/good/one/scores.json",),
        mutated_json,
        (EVALUATE,),
        (*SHOT, "out_results"),
    ),
    "evaluate films": Kind(
        (
            *(f"shots/one/{name}.mkv" for name in ("truth", "ids", "input_video", "quadmask_0")),
            "good/one.mkv",
        ),
        mutated,
        (EVALUATE,),
        SHOT,
    ),
    "study": Kind(
        ("answers.json", "out_results/results.json"),
        mutated_json,
        (
            "evaluate tally out_results --answers answers.json",
            "evaluate study out_results --out out.html --quiet",
        ),
        ("answers.json", "out_results"),
    ),
    "weights config": Kind(
        (
            *(f"{BASE}/{part}/config.json" for part in ("transformer", "vae", "text_encoder")),
            f"{BASE}/text_encoder/model.safetensors.index.json",
            f"{BASE}/scheduler/scheduler_config.json",
            f"{BASE}/tokenizer/tokenizer_config.json",
        ),
        mutated_json,
        (WEIGHTS,),
        ("weights",),
    ),
    "weights data": Kind(
        (
            "weights/void_pass1.safetensors",
            f"{BASE}/vae/diffusion_pytorch_model.safetensors",
            f"{BASE}/text_encoder/model-00001-of-00002.safetensors",
        ),
        mutated_tensors,
        (WEIGHTS,),
        ("weights",),
    ),
    "lora": Kind(
        ("lora.safetensors",),
        mutated_tensors,
        (f"{WEIGHTS} --lora lora.safetensors:0.8",),
        ("weights",),
    ),
    "lora config": Kind(
        ("adapter/adapter_config.json",),
        mutated_json,
        (f"{WEIGHTS} --lora adapter/pytorch_lora_weights.safetensors",),
        ("weights", "adapter"),
    ),
    "humoto pickle": Kind(
        ("hum/carrying_a_box/carrying_a_box.pkl",), mutated_pickle, (READ_HUMOTO,), ("hum",)
    ),
    "humoto files": Kind(
        (
            "hum/carrying_a_box/carrying_a_box.yaml",
            "hum/humoto_objects/box/box.obj",
            "hum/roles.json",
        ),
        _as_it_is,
        (READ_HUMOTO,),
        ("hum",),
    ),
    "kubric": Kind(
        (
            *(f"assets/a/{name}" for name in ("data.json", "visual_geometry.obj", "object.urdf")),
            "assets/a/texture.png",
            "assets/b.tar.gz",
        ),
        _as_it_is,
        (READ_KUBRIC,),
        ("assets",),
    ),
    "values": Kind(
        (),
        mutated,  # no file: a word after a flag is changed
        (
            f"select clip.mkv --point {POINT} --not 4,40@0 --rate 25 -o out.mkv -q",
            "select clip.mkv --box 6,8,40,34@0 --input-color auto --segmenter classical "
            "-o out.mkv -q",
            "remove clip.mkv --mask mask.mkv --range 1-4 --grow 2 --soft-edge 2 --seed 3 "
            "-o out.mkv -q",
            "remove clip.mkv --mask mask.mkv --prompt street --rate 25 --codec ffv1 -o out.mkv -q",
            f"remove clip.mkv --point {POINT} --grid 8 --min-confidence 0.5 --engine plate "
            "-o out.mkv -q",
            "mask grow mask.mkv --by 2 --rate 24000/1001 -o out.mkv",
            "mask snap mask.mkv --cells 8 -o out.mkv",
            "mask convert mask.mkv --size 32x24 --rate 23.976 -o out.mkv",
            "compare clip.mkv clip.mkv --frames 3 --width 64 --gain 4 --range 0-5 -o out.png -q",
            "reason clip.mkv --track track.mkv --grid 8 --reasoner motion --rate 25 -o out.mkv -q",
            "explain clip.mkv --track track.mkv --frames 3 --width 160 -o out.png",
            "evaluate shots --engine= --made good=good --metric psnr --limit 1 -q "
            "--out out_results",
        ),
        ("clip.mkv", "mask.mkv", "track.mkv", "track.json", *SHOT),
    ),
}  # fmt: skip


def damaged_word(words: list[str], rng: Generator) -> list[str]:
    """One value after a flag, not of what names files, is another."""
    kept = ("-o", "--out", "--mask", "--track")
    flags = [at for at, word in enumerate(words) if word.startswith("--") and word not in kept]
    at = flags[int(rng.integers(len(flags)))]
    if "=" in words[at] or at + 1 == len(words):
        name, _, value = words[at].partition("=")
        return [*words[:at], f"{name}={mutated_word(value, rng)}", *words[at + 1 :]]
    return [*words[: at + 1], mutated_word(words[at + 1], rng), *words[at + 2 :]]


def known() -> list[str]:
    """The kinds that can be tried with what is installed."""
    lacking = set()
    if not find_spec("torch"):
        lacking |= {name for name, kind in KINDS.items() if "weights" in kind.needs}
    if not find_spec("OpenImageIO"):
        lacking |= {"exr", "dpx", "tif", "jpg"}
    return [name for name in KINDS if name not in lacking]
