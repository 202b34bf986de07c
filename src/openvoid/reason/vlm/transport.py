"""One request to a server that may be slow, broken or hostile, with one deadline over all of it.

Enters: an address, a key, a body. Leaves: the bytes that came back; or `Busy`, which may go better
in a while, or `Refused`, which will not. Connecting, headers, body: whatever the server dribbles,
the deadline ends it, from a thread that waits while another one reads. The key is masked in
whatever comes back. Never follows a redirect (the key would go along), and goes through no proxy to
this machine itself. Knows nothing of what is asked.
"""

from __future__ import annotations

import http.client
import json
import queue
import re
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from openvoid.core.errors import OpenVoidError
from openvoid.reason.vlm.schema import plain

LARGEST_ANSWER = 16 << 20  # bytes: no answer of a page or two is as large
LARGEST_ERROR = 1 << 16  # bytes: of a page of errors the first lines are shown
# RFC 9110: timeout, conflict, bad gateway...; 425 RFC 8470, 429 RFC 6585; 529 overloaded
BUSY = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
URL_FLAG = "--vlm-url"
MASK = "***"


class Busy(Exception):
    """May go better in a while; `wait_s` is what the server asks for."""

    def __init__(self, what: str, wait_s: float | None = None) -> None:
        super().__init__(what)
        self.wait_s = wait_s


class Refused(Exception):
    """Will not go better."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message

    @property
    def about_shape(self) -> bool:
        asked = re.search(r"response_?format|schema|grammar|structured", self.message, re.I)
        return self.status in (200, 400, 415, 422, 501) and asked is not None


@dataclass(frozen=True)
class Transport:
    """The way to one address.

    Args:
        address: an http or https URL without secrets.
        host: how it is told to a person.
        key: sent as a bearer token; empty: none is sent.
        timeout_s: from the first byte sent to the last one read.
        proxied: whether the system's proxies may be used.
        clock: the time of day in seconds; for tests.
    """

    address: str
    host: str
    key: str = field(repr=False)
    timeout_s: float
    proxied: bool
    clock: Callable[[], float] = time.time

    def post(self, body: bytes) -> bytes:
        """What the server answers.

        Raises:
            Busy: no answer in time, a broken connection, or a server in trouble.
            Refused: any other status than 200.
            OpenVoidError: it cannot be reached, or its answer does not end.
        """
        call = _Call()
        outcome: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()

        def run() -> None:
            try:
                outcome.put(self._exchanged(body, call))
            except Exception as error:
                outcome.put(error)

        threading.Thread(target=run, name="ask", daemon=True).start()
        try:
            came = outcome.get(timeout=self.timeout_s)
        except queue.Empty:
            raise self._late() from None
        finally:
            call.cancel()
        if isinstance(came, Exception):
            raise came
        return came

    def masked(self, text: str) -> str:
        """Without the key, which some servers repeat."""
        return text.replace(self.key, MASK) if self.key else text

    def _exchanged(self, body: bytes, call: _Call) -> bytes:
        headers = {"Content-Type": "application/json", "User-Agent": "openvoid"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(self.address, body, headers, method="POST")
        proxies = [] if self.proxied else [urllib.request.ProxyHandler({})]
        opener = urllib.request.build_opener(_NoRedirect(), _Plain(call), _Secure(call), *proxies)
        try:
            with opener.open(request, timeout=self.timeout_s) as response:
                return self._drained(response)
        except urllib.error.HTTPError as error:
            with error:
                raise self._failed(error) from None
        except urllib.error.URLError as error:
            raise self._unreached(error.reason) from error
        except TimeoutError:
            raise self._late() from None
        except (OSError, http.client.HTTPException) as error:
            raise Busy(f"the connection broke ({type(error).__name__})") from error

    def _late(self) -> Busy:
        return Busy(f"no answer within {self.timeout_s:g} s")

    def _drained(self, response: Any) -> bytes:
        parts, size = [], 0
        while part := response.read1(1 << 16):
            parts.append(part)
            size += len(part)
            if size > LARGEST_ANSWER:
                raise OpenVoidError("the answer does not end", where=self.host)
        if response.length:  # bytes that were announced and did not come
            raise http.client.IncompleteRead(b"")
        return b"".join(parts)

    def _failed(self, error: urllib.error.HTTPError) -> Exception:
        """An error status as what it means."""
        try:
            message = self.masked(message_of(error.read(LARGEST_ERROR)))
        except (OSError, http.client.HTTPException):
            message = ""
        spent = "insufficient_quota" in message or "billing" in message
        if error.code in BUSY and not spent:
            what = "too many requests" if error.code == 429 else "the server is in trouble"
            wished = self._wished(error.headers.get("Retry-After") or "")
            return Busy(f"{what} ({error.code})", wished)
        return Refused(error.code, message)

    def _wished(self, told: str) -> float | None:
        """Retry-After in seconds, which may be told as a date (RFC 9110, 10.2.3)."""
        text = told.strip()
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
            return float(text)
        try:
            when = parsedate_to_datetime(text)
            when = when if when.tzinfo else when.replace(tzinfo=UTC)
            return max(0.0, when.timestamp() - self.clock())
        except (TypeError, ValueError, OverflowError, OSError):
            return None

    def _unreached(self, reason: Any) -> Exception:
        if isinstance(reason, TimeoutError):
            return self._late()
        if isinstance(reason, ConnectionRefusedError):
            what, mend = "nobody answers there", f"is the server running? {URL_FLAG}"
        elif isinstance(reason, socket.gaierror):
            what, mend = "there is no such host, or no network", f"check {URL_FLAG}"
        elif isinstance(reason, ssl.SSLError):
            what, mend = f"no secure connection ({plain(reason, 160)})", f"check {URL_FLAG}"
        elif isinstance(reason, ConnectionError):
            return Busy(f"the connection broke ({type(reason).__name__})")
        else:
            what, mend = f"cannot be reached ({plain(reason, 160)})", f"check {URL_FLAG}"
        return OpenVoidError(what, where=self.host, mend=mend)


class _Call:
    """The sockets of one exchange, so that another thread can end it."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._over = False

    def add(self, connected: socket.socket) -> None:
        self._sockets.append(connected)
        if self._over:
            self.cancel()

    def cancel(self) -> None:
        """Whoever reads from it reads no more."""
        self._over = True
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class _Told:
    """A connection that tells its call of the socket, once there is one."""

    def __init__(self, call: _Call, host: str, **named: Any) -> None:
        super().__init__(host, **named)  # type: ignore[call-arg]
        self._call = call

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self._call.add(self.sock)  # type: ignore[attr-defined]


class _PlainConnection(_Told, http.client.HTTPConnection):
    pass


class _SecureConnection(_Told, http.client.HTTPSConnection):
    pass


class _Plain(urllib.request.HTTPHandler):
    def __init__(self, call: _Call) -> None:
        super().__init__()
        self._call = call

    def http_open(self, request: Any) -> Any:
        return self.do_open(partial(_PlainConnection, self._call), request)


class _Secure(urllib.request.HTTPSHandler):
    def __init__(self, call: _Call) -> None:
        super().__init__()
        self._call = call

    def https_open(self, request: Any) -> Any:
        context = ssl.create_default_context()
        made = partial(_SecureConnection, self._call)
        return self.do_open(made, request, context=context)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


def message_of(body: bytes) -> str:
    """What an error body says; servers differ in how they wrap it."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return plain(re.sub(r"<[^<>]*>", " ", body.decode("utf-8", "replace")), 300)
    if isinstance(data, list) and data:
        data = data[0]
    if isinstance(data, dict):
        inner = data.get("error", data)
        if isinstance(inner, dict):
            parts = (inner.get(name) for name in ("message", "detail", "code", "type"))
            return plain(" ".join(str(part) for part in parts if isinstance(part, str)))
        return plain(inner)
    return plain(data)
