"""One conversation with an OpenAI-compatible chat endpoint, over plain HTTP.

Enters: messages and the shape of the answer. Leaves: the answer's text and what it cost. Busy and
broken servers are asked again, as long as they wish to be waited for; what a person can mend is
one clear line. Never follows a redirect (the key would go along), and goes through no proxy to
this machine itself. Knows nothing of what is asked.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from openvoid.core.errors import OpenVoidError
from openvoid.reason.vlm.schema import plain

TRIES = 4  # of one request, while the server is busy or broken
FIRST_WAIT_S = 1.0  # then twice as long each time, unless the server says how long
LONGEST_WAIT_S = 120.0
LARGEST_ANSWER = 16 << 20  # bytes
BUSY = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
URL_FLAG, MODEL_FLAG = "--vlm-url", "--vlm-model"


@dataclass(frozen=True)
class Reply:
    """What came back. `cost_usd` is None where the endpoint does not tell it."""

    text: str
    cut_off: bool
    tokens_in: int
    tokens_out: int
    cost_usd: float | None


@dataclass
class Endpoint:
    """A model behind a URL.

    Args:
        url: the base, as "http://localhost:11434/v1"; "/chat/completions" may be there already.
        key: sent as a bearer token; empty: none is sent.
        key_name: the environment variable that holds it, for messages.
        timeout_s: for one answer.
        sleep, clock: how to wait, and the time of day in seconds; for tests.
    """

    url: str
    model: str
    key: str = ""
    key_name: str = "the key"
    timeout_s: float = 300.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    told: list[str] = field(default_factory=list)  # what had to be tried again, and why
    _shaped: bool = True  # until the server says that it knows no schemas

    def __post_init__(self) -> None:
        self._at = _checked(self.url)
        handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
        if self.local:
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    @property
    def host(self) -> str:
        """Host and port, without anything that could be secret."""
        return self._at.netloc

    @property
    def local(self) -> bool:
        """Whether it is this machine."""
        name = self._at.hostname or ""
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return name == "localhost" or name.endswith(".localhost")

    @property
    def secure(self) -> bool:
        return self._at.scheme == "https"

    def ask(self, messages: Sequence[Mapping[str, Any]], shape: Mapping[str, Any]) -> Reply:
        """The model's answer.

        Raises:
            OpenVoidError: unreachable, too slow, too busy, refused (key, model, size, content).
        """
        while True:
            shaped = self._shaped
            try:
                return self._read(self._send(self._body(messages, shape if shaped else None)))
            except _Refused as refused:
                if shaped and refused.about_shape:
                    self._shaped = False
                    self.told.append("the endpoint takes no schema; asked without")
                    continue
                raise self._explained(refused) from None

    def _body(
        self, messages: Sequence[Mapping[str, Any]], shape: Mapping[str, Any] | None
    ) -> bytes:
        body: dict[str, Any] = {"model": self.model, "messages": list(messages), "stream": False}
        if shape is not None:
            schema = {"name": "effects", "strict": True, "schema": shape}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return json.dumps(body).encode()

    def _send(self, body: bytes) -> bytes:
        """Post it, again where that may help."""
        wait_s, trouble = FIRST_WAIT_S, ""
        for attempt in range(TRIES):
            try:
                return self._post(body)
            except _Busy as busy:
                trouble = str(busy)
                wished = busy.wait_s
            if wished is not None and wished > LONGEST_WAIT_S:
                raise OpenVoidError(
                    f"{trouble}, and asks to wait {wished:.0f} s",
                    where=self.host,
                    mend="try again later",
                )
            if attempt + 1 < TRIES:
                pause_s = wait_s if wished is None else wished
                self.told.append(f"{trouble}; asked again after {pause_s:g} s")
                self.sleep(pause_s)
                wait_s *= 2
        mend = "--vlm-timeout-s gives it more time" if "no answer" in trouble else "try again later"
        raise OpenVoidError(f"{trouble}, {TRIES} times", where=self.host, mend=mend)

    def _post(self, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json", "User-Agent": "openvoid"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(urlunsplit(self._at), body, headers, method="POST")
        ends = time.monotonic() + self.timeout_s
        try:
            with self._opener.open(request, timeout=self.timeout_s) as response:
                return self._drained(response, ends)
        except urllib.error.HTTPError as error:
            with error:
                raise self._failed(error) from None
        except urllib.error.URLError as error:
            raise self._unreached(error.reason) from error
        except TimeoutError:
            raise _Busy(f"no answer within {self.timeout_s:g} s") from None
        except (OSError, http.client.HTTPException) as error:
            raise _Busy(f"the connection broke ({type(error).__name__})") from error

    def _drained(self, response: Any, ends: float) -> bytes:
        parts, size = [], 0
        while part := response.read1(1 << 16):
            parts.append(part)
            size += len(part)
            if size > LARGEST_ANSWER:
                raise OpenVoidError("the answer does not end", where=self.host)
            if time.monotonic() > ends:
                raise TimeoutError
        if response.length:  # bytes that were announced and did not come
            raise http.client.IncompleteRead(b"")
        return b"".join(parts)

    def _failed(self, error: urllib.error.HTTPError) -> Exception:
        """An error status as what it means."""
        try:
            message = _message(error.read(1 << 16))
        except (OSError, http.client.HTTPException):
            message = ""
        if self.key:
            message = message.replace(self.key, "***")
        spent = "insufficient_quota" in message or "billing" in message
        if error.code in BUSY and not spent:
            what = "too many requests" if error.code == 429 else "the server is in trouble"
            return _Busy(
                f"{what} ({error.code})", self._wished(error.headers.get("Retry-After") or "")
            )
        return _Refused(error.code, message)

    def _wished(self, told: str) -> float | None:
        """Retry-After in seconds, which may be told as a date (RFC 9110, 10.2.3)."""
        text = told.strip()
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return float(text)
        try:
            when = parsedate_to_datetime(text)
        except (TypeError, ValueError):
            return None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return max(0.0, when.timestamp() - self.clock())

    def _unreached(self, reason: Any) -> Exception:
        if isinstance(reason, TimeoutError):
            return _Busy(f"no answer within {self.timeout_s:g} s")
        if isinstance(reason, ConnectionRefusedError):
            what, mend = "nobody answers there", f"is the server running? {URL_FLAG}"
        elif isinstance(reason, socket.gaierror):
            what, mend = "there is no such host, or no network", f"check {URL_FLAG}"
        elif isinstance(reason, ssl.SSLError):
            what, mend = f"no secure connection ({plain(reason, 160)})", f"check {URL_FLAG}"
        elif isinstance(reason, ConnectionError):
            return _Busy(f"the connection broke ({type(reason).__name__})")
        else:
            what, mend = f"cannot be reached ({plain(reason, 160)})", f"check {URL_FLAG}"
        return OpenVoidError(what, where=self.host, mend=mend)

    def _explained(self, refused: _Refused) -> OpenVoidError:
        said = f": {plain(refused.message, 300)}" if refused.message else ""
        what, mend = f"refuses the request ({refused.status}){said}", ""
        key_named = refused.status in (401, 403) or re.search(r"api.?key", refused.message, re.I)
        if key_named and not self.key:
            what, mend = f"wants a key ({refused.status}){said}", f"set {self.key_name}"
        elif key_named:
            what, mend = f"does not take the key ({refused.status}){said}", f"see {self.key_name}"
        elif refused.status == 404:
            mend = f"check {URL_FLAG}, which often ends in /v1, and {MODEL_FLAG}"
        elif 300 <= refused.status < 400:
            what, mend = f"sends us elsewhere ({refused.status})", f"give the new {URL_FLAG}"
        elif refused.status == 413:
            mend = "send less: --vlm-side-px, --vlm-frames"
        return OpenVoidError(what, where=self.host, mend=mend)

    def _read(self, body: bytes) -> Reply:
        """The first choice of a chat completion."""
        try:
            data = json.loads(body)
            if data.get("error") and not data.get("choices"):
                raise _Refused(200, _message(body))
            choice = data["choices"][0]
            message, usage = choice["message"], data.get("usage") or {}
            text = _text(message.get("content"))
            tokens_in = int(usage.get("prompt_tokens") or 0)
            tokens_out = int(usage.get("completion_tokens") or 0)
            cost = usage.get("cost")
            refusal = message.get("refusal") or ""
        except (
            ValueError,
            KeyError,
            IndexError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:
            raise OpenVoidError(
                "the answer is no chat completion", where=self.host, mend=f"check {URL_FLAG}"
            ) from error
        if refusal or choice.get("finish_reason") == "content_filter":
            said = plain(refusal or text, 300) or "its filter stopped the answer"
            raise OpenVoidError(f"the model refuses: {said}", where=self.host)
        cost_usd = float(cost) if isinstance(cost, int | float) else None
        return Reply(text, choice.get("finish_reason") == "length", tokens_in, tokens_out, cost_usd)


class _Busy(Exception):
    """May go better in a while; `wait_s` is what the server asks for."""

    def __init__(self, what: str, wait_s: float | None = None) -> None:
        super().__init__(what)
        self.wait_s = wait_s


class _Refused(Exception):
    """Will not go better."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message

    @property
    def about_shape(self) -> bool:
        asked = re.search(r"response_?format|schema|grammar|structured", self.message, re.I)
        return self.status in (200, 400, 415, 422, 501) and asked is not None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


def _checked(url: str) -> SplitResult:
    """The address to post to."""
    try:
        at = urlsplit(url.strip())
        fits = at.scheme in ("http", "https") and bool(at.hostname) and (at.port or 1) > 0
    except ValueError:
        fits = False
    if not fits:
        raise OpenVoidError(
            f"{plain(url, 120)!r} is no URL", where=URL_FLAG, mend="as http://localhost:11434/v1"
        )
    if at.username or at.password or re.search(r"(key|token|secret|sig)\w*=", at.query, re.I):
        raise OpenVoidError(
            "the URL holds a password or a key",
            where=URL_FLAG,
            mend="keys go into the environment",
        )
    path = at.path.rstrip("/")
    if not path.endswith("/chat/completions"):
        path += "/chat/completions"
    return at._replace(path=path, fragment="")


def _message(body: bytes) -> str:
    """What an error body says; servers differ in how they wrap it."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return plain(re.sub(r"<[^>]*>", " ", body.decode("utf-8", "replace")), 300)
    if isinstance(data, list) and data:
        data = data[0]
    if isinstance(data, dict):
        inner = data.get("error", data)
        if isinstance(inner, dict):
            parts = (inner.get(name) for name in ("message", "detail", "code", "type"))
            return plain(" ".join(str(part) for part in parts if isinstance(part, str)))
        return plain(inner)
    return plain(data)


def _text(content: Any) -> str:
    """Text, or parts of which some are text."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content if part.get("type") == "text")
