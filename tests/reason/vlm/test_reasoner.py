"""The reasoner as a whole, against a server that speaks the protocol."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from openvoid.core import plugins
from openvoid.core.effects import Effects
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.vlm.reasoner import KEY_VARIABLE, VlmReasoner
from tests.reason.vlm.chat_server import ChatServer, Say, failing
from tests.reason.vlm.spoken import ANSWER, disc, said, shot

TRACK = disc()
CLIP = shot(TRACK)
TOLD = Say(said())


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, no proxy, a cache of its own."""
    monkeypatch.setenv("OPENVOID_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def reasoner(url: str, **options: Any) -> VlmReasoner:
    given = {"vlm_url": url, "vlm_model": "tiny", "vlm_frames": 3, **options}
    made: VlmReasoner = plugins.construct("reasoner", "vlm", given)
    if not options.get("vlm_answer"):
        made._endpoint.sleep = lambda _: None
    return made


def ask(url: str, folder: Path, **options: Any) -> tuple[Effects, Run]:
    run = Run(folder)
    return reasoner(url, **options).explain(CLIP, TRACK, run), run


def test_a_good_answer_becomes_effects_with_what_it_cost(tmp_path: Path) -> None:
    with ChatServer([TOLD]) as server:
        effects, run = ask(server.url, tmp_path, vlm_price_in=2.0, vlm_price_out=10.0)
    assert [effect.noun for effect in effects.affected] == ["shadow of the disc", "box", "cup"]
    assert effects.background == ANSWER["scene_description"]
    assert run.notes["vlm"] == {
        "model": "tiny",
        "host": f"127.0.0.1:{server.port}",
        "asked": 1,
        "tokens_in": 1000,
        "tokens_out": 200,
        "cost_usd": 0.004,
    }
    assert run.warnings == []


def test_what_is_sent_is_text_and_pictures(tmp_path: Path) -> None:
    with ChatServer([TOLD]) as server:
        ask(server.url, tmp_path)
    (message,) = server.asked[0]["messages"]
    kinds = [part["type"] for part in message["content"]]
    assert kinds == ["text"] + ["text", "image_url"] * 4
    url = message["content"][2]["image_url"]["url"]
    assert base64.b64decode(url.removeprefix("data:image/jpeg;base64,"))[:2] == b"\xff\xd8"


def test_prose_around_the_answer_does_no_harm(tmp_path: Path) -> None:
    with ChatServer([Say(f"Here you are:\n```json\n{said()}\n```\nAnything else?")]) as server:
        effects, _ = ask(server.url, tmp_path)
    assert len(effects.affected) == 3


@pytest.mark.parametrize(
    ("first", "fault"),
    [
        ("I see a disc.", "no valid JSON object"),
        (said()[:-30], "no valid JSON object"),
        (json.dumps({"grid": {"rows": 8, "columns": 14}}), "answer.object is missing"),
        (said(grid={"rows": 10, "columns": 10}), "but the pictures have 8 x 14"),
        (said(confidence=3), "answer.confidence must lie between 0 and 1"),
    ],
)
def test_a_wrong_answer_is_told_its_faults_and_mended(
    first: str, fault: str, tmp_path: Path
) -> None:
    with ChatServer([Say(first), TOLD]) as server:
        effects, run = ask(server.url, tmp_path)
    assert len(effects.affected) == 3
    assert run.notes["vlm"]["asked"] == 2
    assert run.notes["vlm"]["tokens_in"] == 2000
    question, given, repair = server.asked[1]["messages"]
    assert question == server.asked[0]["messages"][0]
    assert given["role"] == "assistant"
    assert repair["role"] == "user"
    assert fault in repair["content"]


def test_an_answer_that_was_cut_off_is_asked_for_in_fewer_words(tmp_path: Path) -> None:
    with ChatServer([Say(said()[:80], finish="length"), TOLD]) as server:
        ask(server.url, tmp_path)
    assert "cut off: be brief" in server.asked[1]["messages"][2]["content"]


def test_wrong_answers_without_end_are_one_line_and_what_they_cost_is_known(tmp_path: Path) -> None:
    run = Run(tmp_path)
    with ChatServer([Say("no")]) as server:
        with pytest.raises(OpenVoidError, match=r"tiny gave no usable answer in 2 tries; .*: no"):
            reasoner(server.url, vlm_tries=2).explain(CLIP, TRACK, run)
        assert len(server.asked) == 2
    assert run.notes["vlm"]["tokens_out"] == 400
    assert list((tmp_path / "cache").rglob("*.json")) == []


def test_a_refusal_is_not_argued_with(tmp_path: Path) -> None:
    with ChatServer([Say(refusal="People may not be removed.")]) as server:
        with pytest.raises(OpenVoidError, match=r"refuses: People may not be removed\."):
            ask(server.url, tmp_path)
        assert len(server.asked) == 1


def test_trouble_on_the_way_is_overcome_and_noted(tmp_path: Path) -> None:
    with ChatServer([failing(429, Retry_After="0"), failing(500), TOLD]) as server:
        effects, run = ask(server.url, tmp_path)
    assert len(effects.affected) == 3
    assert len(run.notes["vlm"]["trouble"]) == 2


def test_the_second_time_nobody_is_asked(tmp_path: Path) -> None:
    with ChatServer([TOLD]) as server:
        first, _ = ask(server.url, tmp_path)
        second, run = ask(server.url, tmp_path)
        assert len(server.asked) == 1
        assert run.notes["vlm"]["asked"] == 0
        assert first == second
        ask(server.url, tmp_path, vlm_again=True)
        assert len(server.asked) == 2


@pytest.mark.parametrize(
    "options", [{"vlm_model": "other"}, {"vlm_frames": 4}, {"vlm_side_px": 300}]
)
def test_another_question_or_model_is_asked_anew(options: dict[str, Any], tmp_path: Path) -> None:
    wide = disc()
    clip = shot(wide)
    with ChatServer([TOLD]) as server:
        ask(server.url, tmp_path)
        if "vlm_side_px" in options:  # the clip is smaller than the least size
            masks = [mask.repeat(4, axis=0).repeat(4, axis=1) for mask in wide]
            wide = Track.of("disc", masks)
            clip = shot_of_size(wide)
            reasoner(server.url).explain(clip, wide, Run(tmp_path))
        before = len(server.asked)
        reasoner(server.url, **options).explain(clip, wide, Run(tmp_path))
        assert len(server.asked) == before + 1


def shot_of_size(track: Track) -> Any:
    from openvoid.core.clip import clip_of

    return clip_of([(mask[..., None] * [9, 99, 199]).astype("uint8") for mask in track])


def test_a_damaged_cache_is_asked_anew(tmp_path: Path) -> None:
    with ChatServer([TOLD]) as server:
        first, _ = ask(server.url, tmp_path)
        (kept,) = (tmp_path / "cache" / "vlm").glob("*.json")
        for damage in ("{", "{}", "[" * 9000):
            kept.write_text(damage)
            assert ask(server.url, tmp_path)[0] == first
        assert len(server.asked) == 4


def test_without_a_url_nothing_is_asked_and_the_flag_is_named() -> None:
    with pytest.raises(OpenVoidError, match=r"no endpoint is given.*--vlm-url URL --vlm-model"):
        plugins.construct("reasoner", "vlm")


def test_without_a_model_the_flag_is_named() -> None:
    with pytest.raises(OpenVoidError, match=r"no model is named .*--vlm-model"):
        plugins.construct("reasoner", "vlm", {"vlm_url": "http://localhost:1/v1"})


def test_a_missing_key_names_the_variable(tmp_path: Path) -> None:
    with (
        ChatServer([failing(401, "no key")]) as server,
        pytest.raises(OpenVoidError, match=f"wants a key .*variable {KEY_VARIABLE}"),
    ):
        ask(server.url, tmp_path)


def test_the_key_comes_from_the_variable_that_is_named_and_is_never_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", " top-secret\n")
    with ChatServer([TOLD]) as server:
        _, run = ask(server.url, tmp_path, vlm_key="MY_KEY")
    assert server.heard[0]["Authorization"] == "Bearer top-secret"
    assert "top-secret" not in json.dumps(run.notes)
    kept = [path.read_text() for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert kept
    assert not any("top-secret" in text for text in kept)


def test_a_key_that_cannot_be_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "a\x07b")
    with pytest.raises(OpenVoidError, match=KEY_VARIABLE):
        reasoner("http://localhost:1/v1")


def test_nobody_there_is_one_line(tmp_path: Path) -> None:
    with ChatServer([TOLD]) as server:
        url = server.url
    with pytest.raises(OpenVoidError, match="nobody answers there"):
        ask(url, tmp_path)


def test_no_answer_in_time_is_one_line(tmp_path: Path) -> None:
    with ChatServer([Say(hang=True)]) as server:
        slow = reasoner(server.url)
        slow._endpoint.timeout_s = 0.1
        with pytest.raises(OpenVoidError, match=r"no answer within 0\.1 s"):
            slow.explain(CLIP, TRACK, Run(tmp_path))


def test_the_first_use_of_another_machine_says_what_is_sent_before_it_is(tmp_path: Path) -> None:
    heard: list[str] = []
    with ChatServer([TOLD]) as server:

        def progress(stage: str, done: int, total: int) -> None:
            heard.append(f"{stage} [{len(server.asked)}]")

        run = Run(tmp_path, progress)
        reasoner(server.far_url).explain(CLIP, TRACK, run)
        (warning,) = run.warnings
        assert f"4 pictures of the clip (0.0 MB) are sent to 0.0.0.0:{server.port}" in warning
        assert any("are sent to" in stage and "[0]" in stage for stage in heard)
        again = Run(tmp_path)
        reasoner(server.far_url, vlm_again=True).explain(CLIP, TRACK, again)
        assert again.warnings == []
        assert "are sent to" in again.notes["vlm_sent"]


def test_a_key_over_plain_http_to_another_machine_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    with ChatServer([TOLD]) as server:
        _, run = ask(server.far_url, tmp_path)
    assert any("unencrypted" in warning for warning in run.warnings)


def test_the_film_is_sent_when_it_is_asked_for(tmp_path: Path) -> None:
    with ChatServer([TOLD]) as server:
        ask(server.url, tmp_path, vlm_film="video_url")
    parts = server.asked[0]["messages"][0]["content"]
    assert parts[-1]["type"] == "video_url"
    assert "the whole clip" in parts[0]["text"]


def test_an_empty_track_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with ChatServer([TOLD]) as server:
        with pytest.raises(OpenVoidError, match="the track is empty"):
            reasoner(server.url).explain(CLIP, disc(first=99), Run(tmp_path))
        assert server.asked == []


def test_a_saved_answer_is_read_without_any_url(tmp_path: Path) -> None:
    saved = tmp_path / "answer.json"
    saved.write_text(said())
    effects, run = ask("", tmp_path, vlm_answer=str(saved))
    assert len(effects.affected) == 3
    assert "vlm" not in run.notes


@pytest.mark.parametrize("text", ["{", "{}", said(camera=3), '{"affected_subjects": []}'])
def test_a_saved_answer_that_is_wrong_is_one_line(text: str, tmp_path: Path) -> None:
    saved = tmp_path / "answer.json"
    saved.write_text(text)
    with pytest.raises(OpenVoidError, match=r"answer\.json: is no answer that can be read"):
        ask("", tmp_path, vlm_answer=str(saved))


def test_a_saved_answer_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OpenVoidError, match=r"none\.json: .*No such file"):
        ask("", tmp_path, vlm_answer=str(tmp_path / "none.json"))
