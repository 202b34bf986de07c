"""The HTTP conversation, against a real server on this machine."""

from __future__ import annotations

import json
import socket
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.reason.vlm.endpoint import TRIES, Endpoint
from tests.reason.vlm.chat_server import ChatServer, Say, failing

HELLO = [{"role": "user", "content": "hello"}]
SHAPE = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def endpoint(server: ChatServer, **settings: Any) -> tuple[Endpoint, list[float]]:
    """An endpoint that does not wait, and the waits it would have taken."""
    waited: list[float] = []
    made = Endpoint(server.url, "tiny", timeout_s=5, sleep=waited.append, **settings)
    return made, waited


def test_an_answer_comes_with_its_tokens() -> None:
    with ChatServer([Say("hi")]) as server:
        reply = endpoint(server)[0].ask(HELLO, SHAPE)
    assert (reply.text, reply.tokens_in, reply.tokens_out) == ("hi", 1000, 200)
    assert reply.cost_usd is None
    assert server.paths == ["/v1/chat/completions"]
    sent = server.asked[0]
    assert sent["model"] == "tiny"
    assert sent["messages"] == HELLO
    assert sent["response_format"]["json_schema"]["schema"] == SHAPE


def test_the_key_goes_along_as_a_bearer_token_and_none_without_one() -> None:
    with ChatServer([Say("hi")]) as server:
        endpoint(server, key="secret")[0].ask(HELLO, SHAPE)
        endpoint(server)[0].ask(HELLO, SHAPE)
    assert server.heard[0]["Authorization"] == "Bearer secret"
    assert "Authorization" not in server.heard[1]


def test_text_in_parts_is_joined_and_a_told_cost_is_kept() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "other"}, {"type": "text", "text": "b"}]
    with ChatServer([Say(parts, usage={"cost": 0.25})]) as server:
        reply = endpoint(server)[0].ask(HELLO, SHAPE)
    assert (reply.text, reply.cost_usd, reply.tokens_in) == ("ab", 0.25, 0)


def test_a_full_url_and_a_query_are_kept() -> None:
    with ChatServer([Say("hi")]) as server:
        for tail in ("/v1/chat/completions", "/v1/", "/v1?version=3"):
            Endpoint(f"http://localhost:{server.port}{tail}", "tiny").ask(HELLO, SHAPE)
    path = "/v1/chat/completions"
    assert server.paths == [path, path, f"{path}?version=3"]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_server_in_trouble_is_asked_again_after_longer_and_longer_waits(status: int) -> None:
    trouble = failing(status, "not now")
    with ChatServer([trouble, trouble, Say("hi")]) as server:
        asked, waited = endpoint(server)
        assert asked.ask(HELLO, SHAPE).text == "hi"
    assert waited == [1, 2]
    assert len(asked.told) == 2
    assert str(status) in asked.told[0]


def test_retry_after_is_obeyed_in_seconds_and_as_a_date() -> None:
    now = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
    later = format_datetime(now.replace(second=7), usegmt=True)
    script = [
        failing(429, Retry_After="3"),
        failing(429, Retry_After=later),
        failing(503, Retry_After="soon"),
        Say("hi"),
    ]
    with ChatServer(script) as server:
        asked, waited = endpoint(server, clock=now.timestamp)
        assert asked.ask(HELLO, SHAPE).text == "hi"
    assert waited == [3, 7, 4]


def test_a_wait_of_an_hour_is_told_not_waited() -> None:
    with ChatServer([failing(429, Retry_After="3600")]) as server:
        asked, waited = endpoint(server)
        with pytest.raises(OpenVoidError, match=r"too many requests \(429\).*wait 3600 s"):
            asked.ask(HELLO, SHAPE)
    assert waited == []


def test_a_spent_quota_is_not_asked_again() -> None:
    with ChatServer([failing(429, "insufficient_quota: check your plan")]) as server:
        asked, waited = endpoint(server)
        with pytest.raises(OpenVoidError, match="insufficient_quota"):
            asked.ask(HELLO, SHAPE)
    assert waited == []


def test_trouble_without_end_is_one_line() -> None:
    with ChatServer([failing(500)]) as server:
        asked, _ = endpoint(server)
        with pytest.raises(OpenVoidError, match=rf"in trouble \(500\), {TRIES} times"):
            asked.ask(HELLO, SHAPE)
        assert len(server.asked) == TRIES


def test_no_answer_in_time_is_told_with_the_flag_that_gives_more() -> None:
    with ChatServer([Say(hang=True)]) as server:
        asked = Endpoint(server.url, "tiny", timeout_s=0.1, sleep=lambda _: None)
        with pytest.raises(OpenVoidError, match=r"no answer within 0.1 s.*--vlm-timeout-s"):
            asked.ask(HELLO, SHAPE)


def test_a_connection_that_breaks_in_the_middle_is_asked_again() -> None:
    with ChatServer([Say("half", cut=True), Say("whole")]) as server:
        asked, waited = endpoint(server)
        assert asked.ask(HELLO, SHAPE).text == "whole"
    assert waited == [1]


def test_nobody_there_is_told_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(OpenVoidError, match=r"nobody answers there .*--vlm-url"):
            Endpoint(url, "tiny", sleep=lambda _: pytest.fail("waited")).ask(HELLO, SHAPE)


def test_a_host_that_does_not_exist_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **settings: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(OpenVoidError, match=r"models\.invalid: there is no such host"):
        Endpoint("http://models.invalid/v1", "tiny").ask(HELLO, SHAPE)


@pytest.mark.parametrize(
    ("status", "message", "key", "says"),
    [
        (401, "missing", "", r"wants a key \(401\): missing \(set OUR_KEY\)"),
        (401, "bad key abcdef", "abcdef", r"does not take the key \(401\): bad key \*\*\* \(see"),
        (400, "API key not valid", "abcdef", "does not take the key"),
        (404, "model 'tiny' not found", "", "'tiny' not found .*--vlm-model"),
        (413, "too large", "", "--vlm-side-px"),
        (400, "pictures are not supported", "", "pictures are not supported"),
    ],
)
def test_what_a_person_can_mend_is_said(status: int, message: str, key: str, says: str) -> None:
    with ChatServer([failing(status, message)]) as server:
        asked, waited = endpoint(server, key=key, key_name="OUR_KEY")
        with pytest.raises(OpenVoidError, match=says):
            asked.ask(HELLO, SHAPE)
    assert waited == []
    assert len(server.asked) == 1


def test_a_redirect_is_not_followed_for_the_key_would_go_along() -> None:
    with ChatServer([Say("hi")]) as other:
        there = {"Location": f"{other.url}/chat/completions"}
        with ChatServer([Say(status=307, body="", headers=there)]) as server:
            asked, _ = endpoint(server, key="secret")
            with pytest.raises(OpenVoidError, match=r"elsewhere \(307\)"):
                asked.ask(HELLO, SHAPE)
        assert other.asked == []


def test_a_server_without_schemas_is_asked_without_and_remembered() -> None:
    script = [failing(400, "unknown field response_format"), Say("hi")]
    with ChatServer(script) as server:
        asked, _ = endpoint(server)
        assert asked.ask(HELLO, SHAPE).text == "hi"
        asked.ask(HELLO, SHAPE)
    assert ["response_format" in body for body in server.asked] == [True, False, False]
    assert "without" in asked.told[0]


@pytest.mark.parametrize(
    "say", [Say(refusal="I will not"), Say("I will not", finish="content_filter")]
)
def test_a_refusal_is_told_in_the_models_words(say: Say) -> None:
    with ChatServer([say]) as server:
        asked, waited = endpoint(server)
        with pytest.raises(OpenVoidError, match="the model refuses: I will not"):
            asked.ask(HELLO, SHAPE)
    assert waited == []


@pytest.mark.parametrize(
    "body",
    ["<html>hello</html>", "[]", "{}", {"choices": []}, {"choices": [{}]}, "[" * 5000, "null"],
)
def test_what_is_no_chat_completion_is_told(body: Any) -> None:
    with ChatServer([Say(body=body)]) as server:
        asked, _ = endpoint(server)
        with pytest.raises(OpenVoidError, match=r"no chat completion \(check --vlm-url"):
            asked.ask(HELLO, SHAPE)


def test_an_error_that_comes_as_a_success_is_told() -> None:
    with ChatServer([Say(body={"error": {"message": "no such model"}})]) as server:
        asked, _ = endpoint(server)
        with pytest.raises(OpenVoidError, match="no such model"):
            asked.ask(HELLO, SHAPE)


@pytest.mark.parametrize("url", ["localhost:1234", "ftp://a/v1", "http://", "http://a:b/v1", "x"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(OpenVoidError, match=r"--vlm-url: .* is no URL"):
        Endpoint(url, "tiny")


@pytest.mark.parametrize("url", ["https://me:hidden@host/v1", "https://host/v1?api_key=hidden"])
def test_a_secret_in_the_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(OpenVoidError, match="password or a key") as caught:
        Endpoint(url, "tiny")
    assert "hidden" not in caught.value.line()


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:1/v1", True),
        ("http://127.3.2.1/v1", True),
        ("http://[::1]:8/v1", True),
        ("http://localhost.example.com/v1", False),
        ("http://192.168.1.2/v1", False),
        ("https://example.com/v1", False),
    ],
)
def test_this_machine_is_told_from_others(url: str, local: bool) -> None:
    assert Endpoint(url, "tiny").local is local


def test_this_machine_is_reached_past_any_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with ChatServer([Say("wrong")]) as proxy, ChatServer([Say("right")]) as server:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert endpoint(server)[0].ask(HELLO, SHAPE).text == "right"
        assert proxy.asked == []


def test_the_body_is_plain_json() -> None:
    with ChatServer([Say("hi")]) as server:
        endpoint(server)[0].ask(HELLO, SHAPE)
    assert server.heard[0]["Content-Type"] == "application/json"
    assert json.loads(json.dumps(server.asked[0]))["stream"] is False


DRIPS = {
    "headers": b"HTTP/1.1 200 OK\r\nX: a",
    "body": b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n ",
    "error": b"HTTP/1.1 400 Bad\r\nContent-Length: 60000\r\n\r\na",
    "chunk extension": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x",
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
}


@pytest.mark.parametrize("where", DRIPS)
def test_whatever_is_dribbled_the_deadline_ends_it(where: str) -> None:
    with ChatServer([Say(drips=DRIPS[where])]) as server:
        made = Endpoint(server.url, "tiny", timeout_s=0.5, sleep=lambda _: None)
        begun = time.monotonic()
        with pytest.raises(OpenVoidError) as raised:
            made.ask(HELLO, SHAPE)
        assert time.monotonic() - begun < TRIES * 0.5 + 5
    assert "no answer" in raised.value.line() or "connection broke" in raised.value.line()


KEY = "sk-SECRETKEY-abcdef123456"


@pytest.mark.parametrize(
    "say",
    [
        Say(body={"error": {"message": f"bad key {KEY}"}}),
        failing(401, f"bad key {KEY}"),
        Say(refusal=f"not with {KEY}"),
        Say(body=f"<html>{KEY}</html>", status=400),
        Say(body=[KEY]),
    ],
)
def test_a_key_that_the_server_repeats_is_told_to_nobody(say: Say) -> None:
    with ChatServer([say]) as server, pytest.raises(OpenVoidError) as raised:
        endpoint(server, key=KEY)[0].ask(HELLO, SHAPE)
    assert KEY not in raised.value.line() + repr(raised.value)


def test_a_key_in_an_answer_is_masked() -> None:
    with ChatServer([Say(f"the key is {KEY}")]) as server:
        made = endpoint(server, key=KEY)[0]
        assert made.ask(HELLO, SHAPE).text == "the key is ***"
        assert KEY not in repr(made._way)


@pytest.mark.parametrize("told", [10**400, -1, "many", None, [], True, 1e308])
def test_senseless_numbers_of_tokens_and_dollars_are_none(told: Any) -> None:
    usage = {"prompt_tokens": told, "completion_tokens": told, "cost": told}
    with ChatServer([Say("hi", usage=usage)]) as server:
        reply = endpoint(server)[0].ask(HELLO, SHAPE)
    assert reply.tokens_in <= 1
    assert reply.cost_usd in (None, 1.0)


def test_infinite_tokens_and_a_year_beyond_the_calendar_are_taken_calmly() -> None:
    usage = '"usage": {"prompt_tokens": 1e400, "cost": 1e400}'
    body = '{"choices": [{"message": {"content": "hi"}}], ' + usage + "}"
    never = failing(429, "slow down", Retry_After="Mon, 01 Jan 99999999999 00:00:00 GMT")
    with ChatServer([never, Say(body=body)]) as server:
        assert endpoint(server)[0].ask(HELLO, SHAPE).text == "hi"


def test_letters_beyond_ascii_in_the_url_are_escaped() -> None:
    with ChatServer([Say("hi")]) as server:
        Endpoint(f"http://127.0.0.1:{server.port}/g\u00f6\u00f6d", "tiny").ask(HELLO, SHAPE)
    assert server.paths == ["/g%C3%B6%C3%B6d/chat/completions"]
