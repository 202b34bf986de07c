"""Reasoner `vlm`: asks a vision-language model, hosted or local, what the object affects.

Enters: clip and track. Leaves: `Effects`. The question is put by `question`, carried by
`endpoint`, read by `schema`, made into regions by `answer`. A wrong answer is told what is wrong
with it and asked for again; a right one is kept, under the hash of all that was sent. Nothing
leaves the machine unless a URL is given.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openvoid.core import facts
from openvoid.core.clip import Clip
from openvoid.core.effects import Effects
from openvoid.core.errors import OpenVoidError
from openvoid.core.plugins import option
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.media.atomic import partial_file
from openvoid.media.cache import cache_folder
from openvoid.reason.vlm.effects import effects_of
from openvoid.reason.vlm.endpoint import Endpoint, Reply
from openvoid.reason.vlm.question import Question, key_frames, question_of
from openvoid.reason.vlm.reference_answer import is_legacy, read_legacy
from openvoid.reason.vlm.schema import SHAPE, Answer, Grid, WrongAnswer, plain, read_answer

KEY_VARIABLE = "OPENVOID_VLM_KEY"
NAMES = frozenset(SHAPE["required"]) - {"confidence"}  # that only a whole answer has
LEAST_READ = 1 << 20  # letters that may be read in vain of any answer, however short
TRY = 16  # letters that a try in vain counts as, besides those it read: to begin costs time too
LINES = 256  # `json` counts the lines before a fault: so many of their letters count as one read


@dataclass(frozen=True)
class VlmOptions:
    """Which model, and how it is asked."""

    vlm_url: str = option("", "OpenAI-compatible endpoint, as http://localhost:11434/v1")
    vlm_model: str = option("", "name of the model there")
    vlm_key: str = option(KEY_VARIABLE, "environment variable that holds the key, if one is needed")
    vlm_frames: int = option(10, "key frames sent while the object is seen", low=2, high=40)
    vlm_side_px: int = option(1024, "longer side of each picture sent", low=256, high=4096)
    vlm_film: str = option(
        "none",
        "send a small film of the whole clip too, as a part of this kind (Gemini: image_url)",
        choices=("none", "image_url", "video_url"),
    )
    vlm_tries: int = option(3, "how often a wrong answer is asked for", low=1, high=10)
    vlm_timeout_s: float = option(300.0, "time for one answer", low=1.0, high=7200.0)
    vlm_price_in: float = option(
        0.0, "dollars a million tokens sent, to tell the cost", low=0.0, high=1e6
    )
    vlm_price_out: float = option(0.0, "dollars a million tokens answered", low=0.0, high=1e6)
    vlm_again: bool = option(False, "ask again though the answer is known")
    vlm_answer: str = option("", "read this saved answer (JSON) instead of asking")


class VlmReasoner:
    """Asks a vision-language model behind any OpenAI-compatible URL, hosted or local."""

    name = "vlm"
    Options = VlmOptions

    def __init__(self, options: VlmOptions) -> None:
        self.options = options
        if options.vlm_answer:
            return
        if not options.vlm_url:
            raise OpenVoidError(
                "no endpoint is given, and nothing is sent anywhere without one",
                where="reasoner vlm",
                mend="--vlm-url URL --vlm-model NAME",
            )
        if not options.vlm_model:
            mend = "--vlm-model NAME, one that sees pictures"
            raise OpenVoidError("no model is named", where="reasoner vlm", mend=mend)
        self._endpoint = Endpoint(
            options.vlm_url,
            options.vlm_model,
            _key(options.vlm_key),
            f"the environment variable {options.vlm_key}",
            options.vlm_timeout_s,
        )

    def explain(self, clip: Clip, track: Track, run: Run) -> Effects:
        """What the model says, as regions in every frame.

        Raises:
            OpenVoidError: the track is empty; the endpoint fails; no try gave a usable answer.
        """
        if self.options.vlm_answer:
            answer = _saved(Path(self.options.vlm_answer), clip, track, self.options.vlm_frames)
            return effects_of(answer, track, self.name)
        question = question_of(
            clip,
            track,
            run,
            frames=self.options.vlm_frames,
            side_px=self.options.vlm_side_px,
            film=self.options.vlm_film,
        )
        kept = cache_folder() / "vlm" / f"{self._digest(question)}.json"
        answer_known = None if self.options.vlm_again else _known(kept, question)
        if answer_known is not None:
            run.note("vlm", {**self._where(), "asked": 0, "cached": str(kept)})
            return effects_of(answer_known, track, self.name)
        data, answer = self._asked(question, run)
        _keep(kept, data)
        return effects_of(answer, track, self.name)

    def _asked(self, question: Question, run: Run) -> tuple[Any, Answer]:
        """The answer, as it came and as it was read; wrong ones are sent back with their faults."""
        self._tell(question, run)
        messages, replies = question.messages(), list[Reply]()
        wrong: tuple[str, ...] = ()
        stage = f"ask {plain(self._endpoint.host, 60)}"
        run.progress(stage, 0, 1)
        for _ in range(self.options.vlm_tries):
            try:
                with run.timed("ask the model"):
                    replies.append(self._endpoint.ask(messages, SHAPE))
            finally:
                run.note("vlm", self._account(replies))
            text, cut_off = replies[-1].text, replies[-1].cut_off
            try:
                data = json_in(text, NAMES)
                answer = read_answer(data, question.grid, question.length, question.keys)
            except WrongAnswer as error:
                wrong = ("it was cut off: be brief", *error.faults) if cut_off else error.faults
                messages = [*question.messages(), *_repair(text, wrong)]
            else:
                run.progress(stage, 1, 1)
                return data, answer
        raise OpenVoidError(
            f"{self.options.vlm_model} gave no usable answer in {len(replies)} tries; "
            f"the last: {plain(wrong[0], 200)}",
            where=self._endpoint.host,
            mend="try a larger model, or more --vlm-tries",
        )

    def _tell(self, question: Question, run: Run) -> None:
        """Before anything is sent to another machine for the first time: what, and where to."""
        endpoint = self._endpoint
        if endpoint.local:
            return
        what = f"{len(question.pictures)} pictures"
        what += " and a small film of the clip" if question.film else " of the clip"
        text = f"{what} ({question.size / 1e6:.1f} MB) are sent to {endpoint.host}"
        run.note("vlm_sent", text)
        if endpoint.key and not endpoint.secure:
            run.warn(f"the key goes to {endpoint.host} unencrypted: use https")
        told = cache_folder() / "vlm" / "told" / hashlib.sha256(endpoint.host.encode()).hexdigest()
        if told.exists():
            return
        run.warn(f"{text}; answers are kept in {told.parents[1]}")
        run.progress(text, 0, 1)  # is shown at once, warnings only at the end
        run.progress(text, 1, 1)
        _write(told, endpoint.host)

    def _where(self) -> dict[str, Any]:
        return {"model": self.options.vlm_model, "host": self._endpoint.host}

    def _account(self, replies: list[Reply]) -> dict[str, Any]:
        """What asking cost so far; plain values."""
        tokens_in = sum(reply.tokens_in for reply in replies)
        tokens_out = sum(reply.tokens_out for reply in replies)
        known = [reply.cost_usd for reply in replies if reply.cost_usd is not None]
        account = {
            **self._where(),
            "asked": len(replies),
            "tokens_in": tokens_in,
            "tokens_out": tokens_out,
        }
        price_in, price_out = self.options.vlm_price_in, self.options.vlm_price_out
        if known:
            account["cost_usd"] = round(sum(known), 6)
        elif price_in or price_out:
            cost = (tokens_in * price_in + tokens_out * price_out) / 1e6
            account["cost_usd"] = round(cost, 6)
        if self._endpoint.told:
            account["trouble"] = list(self._endpoint.told)
        return account

    def _digest(self, question: Question) -> str:
        """The hash of all that is sent, and whom to."""
        sent = [self.options.vlm_url, self.options.vlm_model, question.messages(), SHAPE]
        return hashlib.sha256(json.dumps(sent).encode()).hexdigest()


def json_in(text: str, names: Collection[str]) -> Any:
    """The JSON object in an answer that has any of these names: alone, fenced, or amid prose.

    Where there are several the longest counts; parts of a broken one have none of the names. The
    time is linear in the text: what was read in vain is counted, and reading ends once that is as
    much as the text is long.

    Raises:
        WrongAnswer: there is none.
    """
    text = text.rpartition("</think>")[2]
    decoder, best, longest, broken = json.JSONDecoder(), None, 0, ""
    at, in_vain = text.find("{"), 0
    while at >= 0 and in_vain <= len(text) + LEAST_READ:
        try:
            data, end = decoder.raw_decode(text, at)
        except ValueError as error:
            broken, end = broken or f" ({plain(error, 80)})", at + 1
            in_vain += getattr(error, "pos", len(text)) - at + TRY + at // LINES
        except RecursionError:
            broken, end = broken or " (nested too deep)", at + 1
            in_vain += len(text) - at
        else:
            if end - at > longest and any(name in data for name in names):
                best, longest = data, end - at
        at = text.find("{", end)
    if best is None:
        begins = f"begins: {plain(text[:1000], 120)}" if text.strip() else "is empty"
        raise WrongAnswer([f"the answer holds no valid JSON object{broken}; it {begins}"])
    return best


def _repair(text: str, wrong: tuple[str, ...]) -> list[dict[str, Any]]:
    faults = "\n".join(f"- {fault}" for fault in wrong)
    asked = (
        f"This answer cannot be used:\n{faults}\n"
        "Answer again, with the whole JSON object, mended, and nothing else."
    )
    return [{"role": "assistant", "content": text or "(empty)"}, {"role": "user", "content": asked}]


def _key(variable: str) -> str:
    """The key, without what a shell or an editor may have left around it."""
    key = os.environ.get(variable, "").strip()
    if not key.isascii() or not key.isprintable():
        raise OpenVoidError("holds characters that no key has", where=f"variable {variable}")
    return key


def _known(kept: Path, question: Question) -> Answer | None:
    """The answer of an earlier run; a damaged one counts as none."""
    try:
        data = facts.read(kept).value
        return read_answer(data, question.grid, question.length, question.keys)
    except (OpenVoidError, WrongAnswer):
        return None


def _keep(kept: Path, data: Any) -> None:
    _write(kept, json.dumps(data, indent=1))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with partial_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _saved(path: Path, clip: Clip, track: Track, frames: int) -> Answer:
    """An answer from a file, of our shape or the older one."""
    keys = key_frames(track, frames)
    try:
        data = facts.read(path).value
    except OpenVoidError as error:
        what = f"is no answer that can be read: {error.what}"
        raise OpenVoidError(what, where=str(path)) from error
    try:
        if is_legacy(data):
            return read_legacy(data, track.seen[0])
        return read_answer(data, Grid.over(*clip.size), clip.length, keys)
    except WrongAnswer as error:
        said = plain(error, 300)
        raise OpenVoidError(f"is no answer that can be read: {said}", where=str(path)) from error
