"""The command `openvoid`: reads the words after it, runs one verb, and answers with an exit code.

Enters: the arguments. Leaves: 0 done; 2 a mistake of the person, told in one line; 130 stopped by
Ctrl-C; 143 stopped by SIGTERM; 129 when its terminal was closed; 1 a defect of ours, with its
traceback. Knows no verb's work: each verb is a module of its own and imports what is heavy when it
runs, so that help is quick.
"""

from __future__ import annotations

import errno
import json
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from openvoid.cli import streams

if TYPE_CHECKING:
    import typer

CONTINUES = dict.fromkeys(
    ("remove", "demo", "evaluate", "synth", "weights"), "the same command continues it"
)

# What the world does to us: told in one line. Any other OSError is a defect until proven otherwise.
WORLDLY = {
    errno.ENOSPC: "no space left on the disk",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the disk is read-only",
    errno.ENOENT: "no such file or folder",
    errno.ENOTDIR: "not a folder",
    errno.EISDIR: "a folder, where a file is expected",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EFBIG: "the file grows beyond what is allowed here",
    errno.EIO: "the disk cannot be read or written",
    errno.ESTALE: "the disk that it lay on is gone, or was changed",
    errno.ENODEV: "there is no such device",
    errno.ENXIO: "there is no such device",
    errno.ETIMEDOUT: "the disk does not answer",
    errno.EBUSY: "something else holds it",
    errno.ELOOP: "links that lead in a circle",
    errno.EMFILE: "too many files are open: raise the limit (ulimit -n)",
    errno.ENFILE: "too many files are open on this machine",
    errno.ENOLCK: "locks cannot be had on this disk",
    errno.ENOMEM: "not enough memory",
}


def program() -> NoReturn:
    """What the command is: `main` in a process of its own."""
    streams.prepare()
    code = main()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is done: Ctrl-C cannot make it undone
    sys.exit(streams.flushed(code))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    with _stopped_by_signals() as stopped:
        try:
            code = _run(words or ["--help"])
        except KeyboardInterrupt:
            code = 130
        if code == 130:
            more = CONTINUES.get(words[0], "nothing was left behind") if words else ""
            print(f"openvoid: stopped; {more}", file=sys.stderr)
            return 128 + stopped[0] if stopped else 130
        return code


def build(words: Sequence[str] = ()) -> typer.Typer:
    """The whole command line. The words say which plug-ins' options are flags."""
    import typer

    from openvoid.cli import (
        compare,
        demo,
        doctor,
        engines,
        evaluate,
        explain,
        foretell,
        mask,
        reason,
        remove,
        scenes,
        select,
        synth,
        version,
        weights,
    )

    app = typer.Typer(
        name="openvoid",
        help="Remove an object from a video together with everything it did to the scene.",
        epilog="Every verb has its own page with examples: openvoid VERB --help",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(version.version)
    remove.register(app, words)
    select.register(app, words)
    reason.register(app, words)
    foretell.register(app, words)
    explain.register(app)
    scenes.register(app)
    mask.register(app)
    compare.register(app)
    evaluate.register(app)
    synth.register(app)
    demo.register(app)
    doctor.register(app)
    engines.register(app)
    weights.register(app)
    return app


def _run(words: list[str]) -> int:
    from typer import TyperException
    from typer.main import get_command

    from openvoid.core.errors import Interrupted, OpenVoidError

    try:
        code = get_command(build(words)).main(words, prog_name="openvoid", standalone_mode=False)
        return int(code or 0)
    except OpenVoidError as error:
        return _mistake(words, error.what, error.where, error.mend)
    except TyperException as error:
        return _mistake(words, error.format_message().rstrip("."), "", _help_of(error))
    except Interrupted:
        return 130
    except OSError as error:
        if error.errno not in WORLDLY:
            return _defect()
        return _mistake(words, WORLDLY[error.errno], str(error.filename or ""), "")
    except Exception:
        return _defect()


def _mistake(words: Sequence[str], what: str, where: str, mend: str) -> int:
    """Tell a mistake in one line, to machines as JSON too."""
    from openvoid.core.errors import OpenVoidError

    line = " ".join(OpenVoidError(what, where=where, mend=mend).line().split())
    print(f"openvoid: error: {line}", file=sys.stderr)
    if "--json" in words:
        with suppress(OSError):  # standard output may be what is wrong
            print(json.dumps({"error": {"what": what, "where": where, "mend": mend}}), flush=True)
    return 2


def _help_of(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return f"see: {context.command_path} --help" if context else ""


def _defect() -> int:
    kind, error, _ = sys.exc_info()
    print(f"openvoid: defect: {kind.__name__ if kind else ''}: {error}", file=sys.stderr)
    traceback.print_exc()
    return 1


@contextmanager
def _stopped_by_signals() -> Iterator[list[int]]:
    """SIGTERM and SIGHUP end the work as Ctrl-C does, so that what is half done is cleaned up."""
    stopped: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        stopped.append(number)
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    numbers = [getattr(signal, name) for name in names]
    wanted = [each for each in numbers if signal.getsignal(each) != signal.SIG_IGN]  # nohup
    try:
        before = {number: signal.signal(number, stop) for number in wanted}
    except ValueError:  # not in the main thread: whoever started us handles signals
        yield stopped
        return
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    program()
