"""A hub of our own: a real HTTP server that speaks the Hugging Face hub's protocol.

Large files are answered as the real one does: a redirect that carries size and hash, then a
content server that honours byte ranges. Faults are set per file: cut off, damaged, gone.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "c0ffee" + "0" * 34
LARGE = 4096  # bytes; from here on a file is "LFS"


@dataclass
class Fault:
    """What goes wrong with a file."""

    cut_after: int = 0  # bytes, then the connection breaks
    times: int = 10**9  # so often
    status: int = 0
    code: str = ""  # what the hub calls it, beside the status
    then: int = 0  # the status once `times` are over
    damage: bool = False
    slow_s: float = 0.0  # between two pieces
    claims: int = 0  # bytes, in the listing


@dataclass
class Hub:
    """Serves repositories that lie in folders; remembers what was asked."""

    repos: Mapping[str, Path]
    cards: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)  # path -> fault
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, range
    sent: dict[str, int] = field(default_factory=dict)  # path -> bytes

    def __enter__(self) -> Hub:
        hub = self

        class Handler(_Handler):
            owner = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def listing(self, repo: str) -> dict[str, Any]:
        home = self.repos[repo]
        files = sorted(path for path in home.rglob("*") if path.is_file())
        return {
            "_id": "1",
            "id": repo,
            "sha": COMMIT,
            "cardData": dict(self.cards.get(repo, {})),
            "siblings": [self._sibling(home, path) for path in files],
        }

    def _sibling(self, home: Path, path: Path) -> dict[str, Any]:
        name, data = path.relative_to(home).as_posix(), path.read_bytes()
        claimed = self.faults.get(name, Fault()).claims or len(data)
        facts: dict[str, Any] = {"rfilename": name, "size": claimed, "blobId": git_sha1(data)}
        if len(data) >= LARGE:
            digest = hashlib.sha256(data).hexdigest()
            facts["lfs"] = {"sha256": digest, "size": claimed, "pointerSize": 130}
        return facts


def git_sha1(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    owner: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.owner.asked.append((self.command, path, self.headers.get("Range", "")))
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(/revision/.+)?", path):
            if found[1] not in self.owner.repos:
                return self._answer(404, {"X-Error-Code": "RepoNotFound"})
            return self._answer(200, {}, json.dumps(self.owner.listing(found[1])).encode())
        if found := re.fullmatch(r"/(cdn/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            return self._file(bool(found[1]), found[2], found[4])
        return self._answer(404, {})

    def _file(self, content: bool, repo: str, name: str) -> None:
        path = self.owner.repos[repo] / name
        fault = self.owner.faults.get(name, Fault())
        if not path.is_file():
            return self._answer(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        status = fault.status or (fault.then if fault.times <= 0 else 0)
        if status and self.command == "GET":
            return self._answer(status, {"X-Error-Code": fault.code} if fault.code else {})
        data = path.read_bytes()
        large = len(data) >= LARGE
        etag = hashlib.sha256(data).hexdigest() if large else git_sha1(data)
        told = {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
        if large and not content:
            told |= {"X-Linked-Etag": f'"{etag}"', "X-Linked-Size": str(len(data))}
            told["Location"] = f"{self.owner.url}/cdn{self.path}"
            return self._answer(302, told)
        return self._send(name, data, told, fault)

    def _send(self, name: str, data: bytes, told: dict[str, str], fault: Fault) -> None:
        first, status = 0, 200
        if found := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            first, status = int(found[1]), 206
            told["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        body = data[first:]
        if fault.damage:
            body = bytes([body[0] ^ 1]) + body[1:]
        if self.command == "HEAD":
            return self._answer(200, told | {"Content-Length": str(len(data))})
        self.send_response(status)
        for key, value in (told | {"Content-Length": str(len(body))}).items():
            self.send_header(key, value)
        self.end_headers()
        cut = fault.cut_after if fault.cut_after and fault.times > 0 else len(body)
        fault.times -= 1
        self._pieces(name, body[:cut], fault.slow_s)
        if cut < len(body):
            self.close_connection = True
        return None

    def _pieces(self, name: str, body: bytes, slow_s: float) -> None:
        step = 65536
        for start in range(0, len(body), step):
            try:
                self.wfile.write(body[start : start + step])
                self.wfile.flush()
            except OSError:  # the other side went away
                self.close_connection = True
                return
            self.owner.sent[name] = self.owner.sent.get(name, 0) + len(body[start : start + step])
            time.sleep(slow_s)

    def _answer(self, status: int, told: Mapping[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for key, value in ({"Content-Length": str(len(body))} | dict(told)).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
