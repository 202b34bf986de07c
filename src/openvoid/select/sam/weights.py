"""The weights of SAM 2 and SAM 3: what is released, where it lies, whether it is whole.

Enters: a name ("sam2", "sam2-tiny", "sam3"), or a folder. Leaves: what the hub offers (`media.hub`
fetches it), the folder with config and weights, their hashes. Opens no model; needs no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openvoid.core import facts
from openvoid.core.errors import OpenVoidError
from openvoid.core.limits import NAME_LETTERS, WEIGHTS_HEADER_BYTES
from openvoid.core.removal import Progress, silent
from openvoid.media import digest, hub
from openvoid.media.cache import at_home

PULL = "openvoid weights pull"
# Beside the safetensors the repositories hold the authors' own .pt files of the same weights.
FILES = ("LICENSE*", "README.md", "*.json", "*.safetensors", "merges.txt", "vocab.txt")
NEEDED = ("config.json", "model.safetensors")
INDEX = "model.safetensors.index.json"


@dataclass(frozen=True)
class Released:
    """A model that can be fetched. Licence and size are as the hub's pages told them."""

    name: str
    repo: str
    kind: str  # `model_type` in its config.json
    licence: str
    size: str
    gated: bool = False

    @property
    def fetch(self) -> str:
        """The command that fetches it, and what must be done before."""
        first = f"; gated: ask first at https://huggingface.co/{self.repo}, then: hf auth login"
        return f"{PULL} {self.name}" + (first if self.gated else "")


def _sam2(name: str, size: str, heavy: str) -> Released:
    return Released(name, f"facebook/sam2.1-hiera-{size}", "sam2_video", "Apache-2.0", heavy)


RELEASED = {
    each.name: each
    for each in (
        _sam2("sam2", "large", "0.9 GB"),
        _sam2("sam2-base-plus", "base-plus", "0.3 GB"),
        _sam2("sam2-small", "small", "0.2 GB"),
        _sam2("sam2-tiny", "tiny", "0.2 GB"),
        Released("sam3", "facebook/sam3", "sam3_video", "SAM License", "3.4 GB", gated=True),
    )
}


def offers(name: str) -> tuple[hub.Offer, ...]:
    """Ask the hub for files, sizes, hashes and licence."""
    return (hub.offer(RELEASED[name].repo, FILES, ("config.json",)),)


def locate(name: str, folder: str = "") -> Path:
    """The folder with config and weights: in the hub's cache, or in a folder of one's own.

    Raises:
        OpenVoidError: they are not there, not whole, or those of another model.
    """
    released = RELEASED[name]
    if not folder:
        cached = hub.snapshot(released.repo)
        if cached is None:
            raise OpenVoidError(
                f"the weights of {name} are not here yet ({released.licence}, {released.size})",
                mend=released.fetch,
            )
        found, mend = cached, released.fetch
    else:
        root = at_home(folder, "the weights")
        if not root.is_dir():
            what = "is a file, not a folder" if root.is_file() else "there is no such folder"
            raise OpenVoidError(what, where=folder, mend=f"the folder that holds {name}")
        found = next((each for each in _homes(root, released.repo) if _begun(each)), root)
        mend = f"{PULL} {name} --to {folder}"
    _check(found, released, mend)
    return found


def held(name: str) -> bool:
    """Whether it lies whole in the hub's cache."""
    try:
        locate(name)
    except OpenVoidError:
        return False
    return True


def kind_of(folder: Path) -> str:
    """`model_type` of what lies in a folder; empty where there is no config."""
    if not (folder / "config.json").is_file():
        return ""
    return str(_json(folder / "config.json").get("model_type", ""))


def hashes(folder: Path, progress: Progress = silent) -> dict[str, str]:
    """File name -> SHA-256 of all weights in a folder."""
    return {path.name: digest.sha256(path, progress) for path in _parts(folder)}


def _homes(root: Path, repo: str) -> list[Path]:
    """Where a repository may lie in a folder: itself, `NAME`, `OWNER/NAME`, as in the cache."""
    cached = hub.snapshot(repo, root)
    return [root, root / repo.rpartition("/")[2], root / repo, *([cached] if cached else [])]


def _begun(folder: Path) -> bool:
    return (folder / "config.json").is_file()


def _check(folder: Path, released: Released, mend: str) -> None:
    if not _begun(folder):
        raise OpenVoidError("lacks config.json", where=str(folder), mend=mend)
    kind = kind_of(folder)
    if kind != released.kind:
        raise OpenVoidError(
            f"holds a model of kind {kind!r}, not {released.kind!r}", where=str(folder), mend=mend
        )
    paths = _parts(folder)
    lost = [path.name for path in paths if not path.is_file()]
    if lost:
        raise OpenVoidError(f"lacks {', '.join(lost)}", where=str(folder), mend=mend)
    for path in paths:
        _check_length(path, mend)


def _parts(folder: Path) -> Sequence[Path]:
    """The files of the weights: one, or those that an index lists."""
    if not (folder / INDEX).is_file():
        return [folder / NEEDED[1]]
    listed = facts.read(folder / INDEX).at("weight_map", {}).fields().values()
    if not listed:
        raise OpenVoidError("lists no weights", where=str(folder / INDEX))
    return [folder / name for name in sorted({each.text(NAME_LETTERS) for each in listed})]


def _check_length(path: Path, mend: str) -> None:
    """A safetensors file is as long as its own header says: one cut short is told here."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        try:
            held = stream.read(length) if 0 < length < min(size, WEIGHTS_HEADER_BYTES) else b"{}"
            header = facts.loads(held, most_bytes=WEIGHTS_HEADER_BYTES).fields()
            tensors = [each for name, each in header.items() if name[:2] != "__"]
            ends = [each.at("data_offsets").rows(2, 2)[1].whole(0, 1 << 50) for each in tensors]
        except OpenVoidError:
            ends = []
    if not ends:
        raise OpenVoidError("is not a safetensors file", where=str(path), mend=mend)
    if 8 + length + max(ends) != size:
        what = f"is damaged: {size} bytes, {8 + length + max(ends)} expected"
        raise OpenVoidError(what, where=str(path), mend=f"delete it, then: {mend}")


def _json(path: Path) -> dict[str, Any]:
    found = facts.read(path)
    found.fields()
    return dict(found.value)
