"""Where base and VOID files lie: in the hub's cache, or in a folder in any sensible arrangement.

Enters: a folder, or none for the cache. Leaves: the base's folder and the VOID files.
Opens nothing.
"""

from __future__ import annotations

from pathlib import Path

from openvoid.core.errors import OpenVoidError
from openvoid.media import hub
from openvoid.void.model import released


def base_in(root: Path | None) -> Path:
    """The base model's folder: the folder itself, one in it, or one beside it."""
    if root is None:
        cached = hub.snapshot(released.BASE_REPO)
        if cached is None or not _is_base(cached):
            raise OpenVoidError("the weights are not here yet", mend=released.PULL)
        return cached
    named = [
        root,
        *(each for home in (root, root.parent) for each in _homes(home, released.BASE_REPO)),
    ]
    for folder in named:
        if _is_base(folder):
            return folder
    other = [each for each in sorted(root.iterdir()) if each.is_dir() and _is_base(each)]
    if len(other) > 1:
        names = ", ".join(each.name for each in other)
        raise OpenVoidError(f"holds several models: {names}", where=str(root), mend="name one")
    if not other:
        raise OpenVoidError(
            f"holds no base model ({released.BASE_NAME}: "
            "transformer, vae, text_encoder, tokenizer)",
            where=str(root),
            mend=f"{released.PULL} --to {root}",
        )
    return other[0]


def _is_base(folder: Path) -> bool:
    return any((folder / part / "config.json").is_file() for part in ("transformer", "vae"))


def void_in(root: Path | None, base: Path, number: int) -> Path | None:
    """The VOID file of a pass: in the base folder, beside it, or under the hub's names."""
    name = released.void_file(number)
    if root is None:
        cached = hub.snapshot(released.VOID_REPO)
        folders = [cached] if cached else []
    else:
        homes = dict.fromkeys((root, base, base.parent))
        folders = [each for home in homes for each in (home, *_homes(home, released.VOID_REPO))]
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def _homes(home: Path, repo: str) -> list[Path]:
    """Where a repository may lie in a folder: `NAME`, `OWNER/NAME`, or as in the hub's cache."""
    cached = hub.snapshot(repo, home)
    return [home / repo.rpartition("/")[2], home / repo, *([cached] if cached else [])]
