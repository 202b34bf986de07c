"""The way to the hub: its client, its address, and what can go wrong on the way, in one line.

Enters: the environment (HF_ENDPOINT). Leaves: huggingface_hub, silent, and faults as
`OpenVoidError`. Knows nothing of weights. Importing it needs no huggingface_hub.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from openvoid.core.errors import OpenVoidError

HOME = "https://huggingface.co"


def endpoint() -> str:
    """The hub, or the mirror that HF_ENDPOINT names."""
    return (os.environ.get("HF_ENDPOINT") or HOME).rstrip("/")


def client() -> Any:
    """huggingface_hub, if it is installed."""
    try:
        import huggingface_hub as found
    except ImportError as error:
        raise OpenVoidError(
            "huggingface_hub is not installed", mend='pip install "openvoid[void]"'
        ) from error
    hub: Any = found
    hub.logging.set_verbosity_error()  # what goes wrong is told once, and the progress is ours
    hub.utils.disable_progress_bars()
    return hub


@contextmanager
def explained(repo: str, path: str = "") -> Iterator[None]:
    """Faults of the hub and of the way to it, in one line."""
    from huggingface_hub import errors

    where = f"{endpoint()}/{repo}" + (f"/{path}" if path else "")
    again = "the same command goes on where it stopped" if path else ""
    try:
        yield
    except errors.GatedRepoError as error:
        raise OpenVoidError(
            "is gated: its owners give access to whom they choose",
            where=where,
            mend=f"ask them at {endpoint()}/{repo}, then: hf auth login",
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise OpenVoidError("there is no such repository", where=where) from error
    except errors.EntryNotFoundError as error:
        raise OpenVoidError("there is no such file", where=where) from error
    except errors.HfHubHTTPError as error:
        code = error.response.status_code
        raise OpenVoidError(f"the hub answered {code}", where=where, mend=again) from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's fault, not the hub's
        if not isinstance(error, OSError) and not type(error).__module__.startswith("http"):
            raise
        raise OpenVoidError(
            f"cannot be reached: {error or type(error).__name__}",
            where=where,
            mend=again or "check the connection, or set HF_ENDPOINT to a mirror",
        ) from error
