"""Weights from the Hugging Face hub: what there is, how much, under which licence; fetched safely.

Enters: a repository, and which of its files. Leaves: files in the hub's own cache (shared with
every other program that uses it) or in a folder, each held against the size and the hash that the
hub tells. Space is checked before the first byte. An interrupted download goes on where it
stopped: the hub's client drops what it had, so the bytes are collected here, and the client only
files them. Knows nothing of what is inside the files. Importing it needs neither torch nor
huggingface_hub.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, BinaryIO

from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Progress, silent
from openvoid.media import digest
from openvoid.media.cache import at_home
from openvoid.media.connection import client, endpoint, explained
from openvoid.media.lease import leased

BLOCK = 4 << 20
Tell = Callable[[int], None]  # hears the bytes done so far of one file


@dataclass(frozen=True)
class RemoteFile:
    """One file, as the hub describes it."""

    path: str  # inside the repository
    size: int  # bytes
    sha256: str  # of large files; empty for small ones
    git_sha1: str  # of small files: the hash of git's blob

    @property
    def blob(self) -> str:
        """The file's name in the cache."""
        return self.sha256 or self.git_sha1


@dataclass(frozen=True)
class Offer:
    """What is to be had from one repository."""

    repo: str
    commit: str
    licence: str
    licence_link: str
    files: tuple[RemoteFile, ...]


# --- the cache --------------------------------------------------------------------------------


def cache_home() -> Path:
    """The hub's cache: $HF_HUB_CACHE, $HF_HOME/hub, else ~/.cache/huggingface/hub."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if given := os.environ.get(name):
            return at_home(given, name)
    if home := os.environ.get("HF_HOME"):
        return at_home(home, "HF_HOME") / "hub"
    shared = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return at_home(shared, "XDG_CACHE_HOME") / "huggingface" / "hub"


def storage(repo: str, cache: Path | None = None) -> Path:
    """A repository's folder in the cache, there or not."""
    return (cache or cache_home()) / f"models--{repo.replace('/', '--')}"


def snapshot(repo: str, cache: Path | None = None) -> Path | None:
    """The newest state of a repository in the cache: what `main` was last, else the last used."""
    home = storage(repo, cache)
    reference = home / "refs" / "main"
    if reference.is_file():
        named = home / "snapshots" / reference.read_text(encoding="utf-8").strip()
        if named.is_dir():
            return named
    held = [each for each in (home / "snapshots").glob("*") if each.is_dir()]
    return max(held, key=lambda each: each.stat().st_mtime, default=None)


def offline() -> bool:
    """Whether the person forbids the network."""
    told = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return told.upper() in {"1", "ON", "YES", "TRUE"}


# --- what there is ----------------------------------------------------------------------------


def offer(repo: str, patterns: Sequence[str], needed: Sequence[str]) -> Offer:
    """Ask the hub for the files of a repository that fit patterns, their sizes, hashes, licence.

    Raises:
        OpenVoidError: no way to the hub, no such repository, or it lacks a file that is needed.
    """
    if offline():
        raise OpenVoidError(
            "the network is switched off by HF_HUB_OFFLINE", where=repo, mend="unset it to fetch"
        )
    hub = client()
    with explained(repo):
        info = hub.HfApi(endpoint=endpoint()).model_info(repo, files_metadata=True)
    there = [_remote(each) for each in info.siblings or []]
    chosen = [each for each in there if any(fnmatchcase(each.path, p) for p in patterns)]
    missing = [name for name in needed if name not in {each.path for each in chosen}]
    if missing:
        raise OpenVoidError(f"has no {', '.join(missing)}", where=f"{endpoint()}/{repo}")
    card: dict[str, Any] = info.card_data.to_dict() if info.card_data else {}
    name = card.get("license_name") or card.get("license") or "not told"
    link = str(card.get("license_link") or "")
    if not link.startswith("http"):
        link = f"{endpoint()}/{repo}" + (f"/blob/main/{link}" if link else "")
    return Offer(repo, str(info.sha), str(name), link, tuple(chosen))


def _remote(sibling: Any) -> RemoteFile:
    sha256 = getattr(sibling.lfs, "sha256", "") if sibling.lfs else ""
    return RemoteFile(
        sibling.rfilename, int(sibling.size or 0), sha256 or "", sibling.blob_id or ""
    )


# --- fetching ---------------------------------------------------------------------------------


def pull(offered: Sequence[Offer], to: Path | None = None, progress: Progress = silent) -> None:
    """Fetch what is not there yet, into the cache or a folder, and verify it."""
    todo = [(offer, file) for offer in offered for file in missing(offer, to)]
    _check_space(sum(left(offer, file, to) for offer, file in todo), to or cache_home())
    whole = sum(file.size for _, file in todo)
    done = 0
    for offer, file in todo:
        fetched = _partial(offer, file, to)
        fetched.parent.mkdir(parents=True, exist_ok=True)

        def tell(here: int, before: int = done) -> None:
            progress("fetch (MiB)", (before + here) >> 20, max(whole >> 20, 1))

        def told(here: int, before: int = done) -> None:
            progress("verify (MiB)", (before + here) >> 20, max(whole >> 20, 1))

        with leased([fetched], what="this file"):
            _fetch(offer, file, fetched, tell)
            verify(fetched, file, told)
            _file_away(offer, file, fetched, to)
        if file.sha256:
            digest.learn(_place(offer, file, to), file.sha256)
        done += file.size
        tell(0, done)
    for offer in offered if to is None else ():
        _point(offer)


def missing(offer: Offer, to: Path | None = None) -> list[RemoteFile]:
    """The offered files that are not in the cache or the folder, whole."""
    return [
        file
        for file in offer.files
        if not (there := _place(offer, file, to)).is_file() or there.stat().st_size != file.size
    ]


def left(offer: Offer, file: RemoteFile, to: Path | None = None) -> int:
    """Bytes still to be fetched of a file, of which a part may lie here already."""
    partial = _partial(offer, file, to)
    return max(file.size - (partial.stat().st_size if partial.is_file() else 0), 0)


def verify(path: Path, file: RemoteFile, tell: Tell = lambda here: None) -> None:
    """Hold a fetched file against the hub's size and hash; one that differs is deleted."""
    size, done = path.stat().st_size, 0
    if file.sha256:
        found, wanted = hashlib.sha256(), file.sha256
    else:
        found = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
        wanted = file.git_sha1
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            found.update(block)
            done += len(block)
            tell(done)
    if size != file.size or (wanted and found.hexdigest() != wanted):
        path.unlink()
        raise OpenVoidError(
            "what arrived is not what the hub announced (size or hash differ); it was deleted",
            where=file.path,
            mend="the same command fetches it again",
        )


def folder_of(repo: str, to: Path) -> Path:
    """Where a repository's files go in a folder of the person's own."""
    return to / repo.rpartition("/")[2]


def _place(offer: Offer, file: RemoteFile, to: Path | None) -> Path:
    if to is not None:
        return folder_of(offer.repo, to) / file.path
    return storage(offer.repo) / "snapshots" / offer.commit / file.path


def _partial(offer: Offer, file: RemoteFile, to: Path | None) -> Path:
    """Where a file's bytes are collected; the same in every try of the same version."""
    if to is not None:
        place = _place(offer, file, to)
        return place.with_name(f".{place.name}.{file.blob[:12]}.partial")
    return storage(offer.repo) / "blobs" / f"{file.blob}.openvoid.incomplete"


def _fetch(offer: Offer, file: RemoteFile, partial: Path, tell: Tell) -> None:
    """Collect the bytes that are still missing; what arrived stays, however this ends."""
    from huggingface_hub.file_download import http_get

    hub = client()
    headers = hub.utils.build_hf_headers(library_name="openvoid") | {"Accept-Encoding": "identity"}
    url = hub.hf_hub_url(offer.repo, file.path, revision=offer.commit, endpoint=endpoint())
    partial.touch()
    with partial.open("r+b") as stream:
        have = stream.seek(0, os.SEEK_END)
        if have > file.size:
            have = stream.truncate(stream.seek(0))
        tell(have)
        if have == file.size:
            return
        with explained(offer.repo, file.path):
            http_get(
                url,
                _Counted(stream, tell),  # type: ignore[arg-type]  # the four methods it needs
                resume_size=have,
                headers=headers,
                expected_size=file.size,
            )


class _Counted:
    """A file that tells how long it has become."""

    def __init__(self, stream: BinaryIO, tell: Tell) -> None:
        self._stream, self._tell = stream, tell
        self.seek, self.tell, self.truncate = stream.seek, stream.tell, stream.truncate

    def write(self, block: bytes) -> int:
        written = self._stream.write(block)
        self._tell(self._stream.tell())
        return written


def _file_away(offer: Offer, file: RemoteFile, fetched: Path, to: Path | None) -> None:
    """Into its place; in the cache by the hub's own client, which finds the blob there."""
    if to is not None:
        fetched.replace(_place(offer, file, to))
        return
    fetched.replace(fetched.with_name(file.blob))
    hub = client()
    with explained(offer.repo, file.path):
        hub.hf_hub_download(
            offer.repo,
            file.path,
            revision=offer.commit,
            cache_dir=cache_home(),
            endpoint=endpoint(),
        )


def _point(offer: Offer) -> None:
    """`main` of the cache is the commit that was fetched."""
    from openvoid.media.atomic import partial_file

    reference = storage(offer.repo) / "refs" / "main"
    if reference.is_file() and reference.read_text(encoding="utf-8").strip() == offer.commit:
        return  # nothing to write: the cache may be read-only
    reference.parent.mkdir(parents=True, exist_ok=True)
    with partial_file(reference) as partial:
        partial.write_text(offer.commit, encoding="utf-8")


def _check_space(needed: int, home: Path) -> None:
    existing = next(folder for folder in (home, *home.absolute().parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise OpenVoidError(
            f"{gigabytes(needed)} are needed, {gigabytes(free)} are free",
            where=str(home),
            mend="free some space, or choose another disk: --to DIR, or HF_HOME=DIR",
        )


def gigabytes(count: int) -> str:
    """A number of bytes as the hub's pages tell it."""
    return f"{count / 1e9:.1f} GB" if count >= 5e7 else f"{count / 1e6:.1f} MB"
