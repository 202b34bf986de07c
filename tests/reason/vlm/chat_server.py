"""A model of our own making: a real HTTP server that speaks the OpenAI chat protocol.

What it says is a script, one entry a request; the last one is said from then on. It remembers
every request as it came.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass
class Say:
    """One response."""

    text: Any = ""  # what the model says: a string, or parts
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None  # instead of a completion
    refusal: str = ""
    finish: str = "stop"
    usage: Mapping[str, Any] = field(
        default_factory=lambda: {"prompt_tokens": 1000, "completion_tokens": 200}
    )
    hang: bool = False  # never answers
    cut: bool = False  # announces more than it sends
    drips: bytes = b""  # sent once, raw, and then the last byte of it again and again


def failing(status: int, message: str = "", **headers: str) -> Say:
    """An error as OpenAI's servers wrap it."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Say(status=status, body={"error": {"message": message}}, headers=told)


@dataclass
class ChatServer:
    """Says what stands in its script."""

    script: list[Say]
    asked: list[dict[str, Any]] = field(default_factory=list)  # bodies
    heard: list[Mapping[str, str]] = field(default_factory=list)  # headers
    paths: list[str] = field(default_factory=list)

    def __enter__(self) -> ChatServer:
        chat = self
        self.over = threading.Event()

        class Handler(_Handler):
            owner = chat

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
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def far_url(self) -> str:
        """The same server by an address that is no loopback address."""
        return f"http://0.0.0.0:{self.port}/v1"


class _Handler(BaseHTTPRequestHandler):
    owner: ChatServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_GET(self) -> None:
        self._answer(Say(status=405, body={"error": "only POST"}))

    def do_POST(self) -> None:
        owner = self.owner
        owner.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        owner.heard.append(dict(self.headers))
        owner.paths.append(self.path)
        self._answer(owner.script[min(len(owner.asked), len(owner.script)) - 1])

    def _answer(self, say: Say) -> None:
        if say.hang:
            self.owner.over.wait(10)
            self.close_connection = True
            return
        if say.drips:
            self.wfile.write(say.drips)
            self.close_connection = True
            with suppress(OSError):
                while not self.owner.over.wait(0.05):
                    self.wfile.write(say.drips[-1:])
            return
        body = say.body
        if body is None:
            message = {"role": "assistant", "content": say.text, "refusal": say.refusal or None}
            choice = {"index": 0, "message": message, "finish_reason": say.finish}
            body = {"object": "chat.completion", "choices": [choice], "usage": dict(say.usage)}
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(say.status)
        length = len(data) + (100 if say.cut else 0)
        for key, value in {"Content-Length": str(length), **say.headers}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(data)
        if say.cut:
            self.close_connection = True
