"""One conversation with an OpenAI-compatible chat endpoint, over plain HTTP.

Enters: messages and the shape of the answer. Leaves: the answer's text and what it cost. Busy and
broken servers are asked again, as long as they wish to be waited for; what a person can mend is
one clear line. The key is masked in all that comes back. Knows nothing of what is asked.
"""

from __future__ import annotations

import ipaddress
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from openvoid.core.errors import OpenVoidError
from openvoid.reason.vlm.schema import plain
from openvoid.reason.vlm.transport import URL_FLAG, Busy, Refused, Transport, message_of

TRIES = 4  # of one request, while the server is busy or broken: seven seconds of waiting in all
FIRST_WAIT_S = 1.0  # then twice as long each time, unless the server says how long
LONGEST_WAIT_S = 120.0  # a server that asks for more is out of order: limits are told by the minute
MODEL_FLAG = "--vlm-model"


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
        timeout_s: for one answer, from connecting to its last byte.
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

    @property
    def _way(self) -> Transport:
        at = urlunsplit(self._at)
        return Transport(at, self.host, self.key, self.timeout_s, not self.local, self.clock)

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
            except Refused as refused:
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
                return self._way.post(body)
            except Busy as busy:
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

    def _explained(self, refused: Refused) -> OpenVoidError:
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
                raise Refused(200, self._way.masked(message_of(body)))
            choice = data["choices"][0]
            message, usage = choice["message"], data.get("usage") or {}
            text = self._way.masked(_text(message.get("content")))
            tokens_in = _count(usage.get("prompt_tokens"))
            tokens_out = _count(usage.get("completion_tokens"))
            cost = usage.get("cost")
            refusal = self._way.masked(str(message.get("refusal") or ""))
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
        cut_off = choice.get("finish_reason") == "length"
        return Reply(text, cut_off, tokens_in, tokens_out, _dollars(cost))


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
    path = quote(at.path, safe="/%:@!$&'()*+,;=~-._").rstrip("/")  # as RFC 3986 has it
    if not path.endswith("/chat/completions"):
        path += "/chat/completions"
    return at._replace(path=path, query=quote(at.query, safe="/%:@!$&'()*+,;=~-._?"), fragment="")


def _count(told: Any) -> int:
    """Tokens; 0 where no sensible number is told."""
    return min(int(told), 10**12) if isinstance(told, int | float) and 0 <= told < 1e300 else 0


def _dollars(told: Any) -> float | None:
    """What it cost; None where no sensible number is told."""
    return float(told) if isinstance(told, int | float) and 0 <= told < 1e9 else None


def _text(content: Any) -> str:
    """Text, or parts of which some are text."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content if part.get("type") == "text")
