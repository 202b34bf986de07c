"""`openvoid weights`: fetch the released weights, tell what is here, hold them against the layout.

Enters: a name or a folder. Leaves: files in the Hugging Face cache or a folder, or what is known
about them. Knows nothing of models: `media.hub` fetches, `void.model.checkpoint`,
`select.sam.model` and `cli.weights_isnet` check.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from openvoid.cli import weights_isnet
from openvoid.cli.console import AsJson, Quiet, tell_json, tell_rows, tell_table
from openvoid.core.errors import OpenVoidError
from openvoid.media import hub
from openvoid.select.isnet import weights as isnet
from openvoid.select.sam import weights

NAMES = "void, isnet, sam2, sam2-base-plus, sam2-small, sam2-tiny, sam3"
Passes = Annotated[str, typer.Option("--pass", help="Which passes: 1, 2 or 1,2.")]


def register(app: typer.Typer) -> None:
    """Add the verb with its own verbs."""
    verbs = typer.Typer(
        help="Fetch the released weights, tell what is here, check a folder of them.",
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )
    verbs.command("pull")(pull)
    verbs.command("list")(list_)
    verbs.command("check")(check)
    verbs.command("add")(weights_isnet.add)
    app.add_typer(verbs, name="weights")


def pull(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"What to fetch: {NAMES}.")],
    passes: Passes = "1,2",
    to: Annotated[
        Path | None,
        typer.Option(help="A folder of your own, instead of the Hugging Face cache."),
    ] = None,
    whole_base: Annotated[
        bool,
        typer.Option("--whole-base", help="The base's own transformer too (11 GB; for training)."),
    ] = False,
    repo: Annotated[
        str, typer.Option(help="Of isnet: another repository on the hub.")
    ] = isnet.REPO,
    file: Annotated[str, typer.Option(help="Of isnet: which .onnx file of it.")] = isnet.FILE,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Fetch weights from the Hugging Face hub: VOID's are about 32 GB, 21 GB with one pass.

    Space is checked first. Stopped or cut off, the same command goes on.
    The cache is the one other programs use: HF_HOME moves it, HF_ENDPOINT names a mirror.

    Examples (they need the network):

      $ openvoid weights pull void
      $ openvoid weights pull void --pass 1 --to weights
      $ openvoid weights pull sam2
      $ openvoid weights pull isnet
    """
    from openvoid.cli.progress import told
    from openvoid.void.model import released

    _known(name)
    if name == isnet.NAME:
        offered = isnet.offers(repo, file)
    elif name in weights.RELEASED:
        offered = weights.offers(name)
    else:
        offered = released.offers(_passes(passes), whole_base=whole_base)
    todo = [(offer, file) for offer in offered for file in hub.missing(offer, to)]
    facts = _offer_facts(offered, to) | {"fetched_files": len(todo)}
    if not quiet and not as_json:
        rows = [(offer.repo, f"licence {offer.licence}, {offer.licence_link}") for offer in offered]
        size = sum(hub.left(offer, file, to) for offer, file in todo)
        work = f"{len(todo)} files, {hub.gigabytes(size)}" if todo else "nothing: all is here"
        tell_rows([*rows, ("to", facts["folder"]), ("to fetch", work)])
    with told(quiet) as progress:
        hub.pull(offered, to, progress)
    if name == isnet.NAME:
        isnet.pulled(offered[0], file, to)
    if as_json:
        tell_json(facts)
    elif not quiet and todo:
        print(f"fetched and verified; next: openvoid weights check {_fetched(name, to)}".rstrip())


def list_(as_json: AsJson = False) -> None:
    """Tell which weights there are, under which licence, and which are on this machine.

    Asks nobody: it looks into the Hugging Face cache.

    Examples:

      openvoid weights list
      openvoid weights list --json
    """
    from openvoid.void.model import released

    held = [_held(*row) for row in KNOWN] + [weights_isnet.held_row()]
    held += [_held_sam(name) for name in weights.RELEASED]
    if as_json:
        tell_json({"cache": hub.cache_home(), "weights": held})
        return
    table = [
        (each["what"], each["repository"], each["licence"], each["size"], each["state"])
        for each in held
    ]
    tell_table(("weights", "repository", "licence", "size", "here"), table)
    print(f"cache: {hub.cache_home()}")
    if not all(each["state"] == "yes" for each in held[: len(KNOWN)]):
        print(f"to fetch what is missing: {released.PULL}")
    lacking = [each["what"] for each in held[len(KNOWN) :] if each["state"] != "yes"]
    if lacking:
        print(f"the segmenters have theirs by: openvoid weights pull {lacking[0]}")


def check(
    folder: Annotated[
        str,
        typer.Argument(
            metavar="DIR",
            help="The folder, or isnet, its .onnx file, or a name of SAM weights; "
            "else VOID's in the cache.",
        ),
    ] = "",
    passes: Annotated[
        str, typer.Option("--pass", help="Which passes: 1, 2 or 1,2; default: those there.")
    ] = "",
    lora: Annotated[
        list[str] | None, typer.Option(help="An adapter to check with them: path:0.8")
    ] = None,
    hashes: Annotated[bool, typer.Option("--hashes", help="Tell every file's SHA-256.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Hold every key, shape and type of a checkpoint against the layout the engine expects.

    No number may be NaN or infinite: VOID's files are read for that, once until
    they change; SAM's are loaded. What is odd is named; the exit code is 2.

    Examples (on your own folder):

      $ openvoid weights check weights
      $ openvoid weights check weights --lora style.safetensors:0.8 --hashes
    """
    from openvoid.cli.progress import told
    from openvoid.void.model import checkpoint, released

    if weights_isnet.is_file(folder):
        weights_isnet.check(folder, hashes=hashes, quiet=quiet, as_json=as_json)
        return
    if sam := _sam_in(folder):
        _check_sam(sam, folder, hashes=hashes, quiet=quiet, as_json=as_json)
        return
    found = checkpoint.locate(folder, lora or ())
    numbers = _passes(passes) if passes else tuple(found.passes) or released.PASSES[:1]
    _need_torch()
    remarks = checkpoint.notes(found)
    with told(quiet) as progress:
        parts = checkpoint.check(found, numbers, progress)
        digests = checkpoint.hashes(found, numbers, progress) if hashes else {}
    if as_json:
        tell_json({"base": found.base, "parts": parts, "notes": remarks, "hashes": digests})
        return
    if quiet:
        return
    rows = [
        (
            part.name,
            str(part.weights),
            f"{part.parameters:,}",
            part.stored,
            hub.gigabytes(part.size),
        )
        for part in parts
    ]
    tell_table(("part", "weights", "parameters", "stored", "size"), rows)
    for name, digest in digests.items():
        print(f"{digest}  {name}")
    for remark in remarks:
        print(remark)
    print("all fit")


# What is released; sizes as the hub's pages told them.
KNOWN = (
    ("base", "alibaba-pai/CogVideoX-Fun-V1.5-5b-InP", "CogVideoX (other)", "10 GB", ""),
    ("pass 1", "netflix/void-model", "Apache-2.0", "11 GB", "void_pass1.safetensors"),
    ("pass 2", "netflix/void-model", "Apache-2.0", "11 GB", "void_pass2.safetensors"),
)


def _held(what: str, repo: str, licence: str, size: str, path: str) -> dict[str, Any]:

    cached = hub.snapshot(repo)
    here = cached is not None and (cached / path).exists() and (path or _whole_base())
    begun = any((hub.storage(repo) / "blobs").glob("*.openvoid.incomplete"))
    return {
        "what": what,
        "repository": repo,
        "licence": licence,
        "size": f"about {size}",
        "state": "yes" if here else "begun" if begun or (cached and not path) else "no",
        "path": cached / path if here and cached else None,
    }


def _held_sam(name: str) -> dict[str, Any]:
    released = weights.RELEASED[name]
    whole = weights.held(name)
    begun = any((hub.storage(released.repo) / "blobs").glob("*.openvoid.incomplete"))
    return {
        "what": name,
        "repository": released.repo,
        "licence": released.licence + (" (gated)" if released.gated else ""),
        "size": f"about {released.size}",
        "state": "yes" if whole else "begun" if begun else "no",
        "path": weights.locate(name) if whole else None,
    }


def _sam_in(folder: str) -> str:
    """The name of the SAM weights that are meant, or that lie in a folder; empty: VOID's."""
    if not Path(folder or ".").is_dir():
        return folder if folder in weights.RELEASED else ""
    kind = weights.kind_of(Path(folder)) if folder else ""
    return next((name for name, each in weights.RELEASED.items() if each.kind == kind), "")


def _check_sam(name: str, folder: str, *, hashes: bool, quiet: bool, as_json: bool) -> None:
    _need_torch("sam", ("torch", "transformers", "safetensors"))
    from openvoid.select.sam import model as sam_model

    place = weights.locate(name, "" if folder == name else folder)
    load = sam_model.load_sam3 if name == "sam3" else sam_model.load_sam2
    model = load(place, "cpu", "float32")
    count = sum(each.numel() for each in model.network.parameters())
    digests = weights.hashes(place)
    if as_json:
        facts = {"folder": place, "kind": weights.kind_of(place), "parameters": count}
        tell_json(facts | {"hashes": digests if hashes else {}})
    elif not quiet:
        tell_rows([("folder", str(place)), ("parameters", f"{count:,}")])
        for path, digest in digests.items() if hashes else ():
            print(f"{digest}  {path}")
        print("all fit")


def _whole_base() -> bool:
    """Whether every file of the base that a removal reads is in the cache."""
    from openvoid.void.model import checkpoint

    try:
        found = checkpoint.locate()
        for part in ("vae", "text_encoder"):
            checkpoint.shards(found.base / part, checkpoint.MODEL_FILES[part])
    except OpenVoidError:
        return False
    return True


def _fetched(name: str, to: Path | None) -> str:
    """What `check` is to be told of weights that have just come."""
    if name == isnet.NAME:
        return name
    if name in weights.RELEASED:
        return str(hub.folder_of(weights.RELEASED[name].repo, to)) if to else name
    return str(to or "")


def _offer_facts(offered: Any, to: Path | None) -> dict[str, Any]:

    return {
        "folder": str(to or hub.cache_home()),
        "sources": [
            {
                "repository": offer.repo,
                "commit": offer.commit,
                "licence": offer.licence,
                "licence_link": offer.licence_link,
                "files": [
                    {"path": file.path, "size": file.size, "sha256": file.sha256}
                    for file in offer.files
                ],
            }
            for offer in offered
        ],
    }


def _known(name: str) -> None:
    if name not in ("void", isnet.NAME, *weights.RELEASED):
        raise OpenVoidError(f"no weights are called {name!r}", mend=f"known: {NAMES}")


def _passes(text: str) -> tuple[int, ...]:
    """`1,2` -> (1, 2)"""
    words = [word.strip() for word in text.split(",")]
    if not words or any(word not in ("1", "2") for word in words):
        raise OpenVoidError(f"{text!r} is no choice of passes", where="--pass", mend="1, 2 or 1,2")
    return tuple(sorted({int(word) for word in words}))


def _need_torch(
    extra: str = "void", names: Sequence[str] = ("torch", "diffusers", "transformers")
) -> None:
    from importlib.util import find_spec

    from openvoid.cli.doctor import install_line

    lacking = [name for name in names if find_spec(name) is None]
    if lacking:
        raise OpenVoidError(f"not installed: {', '.join(lacking)}", mend=install_line(extra))
