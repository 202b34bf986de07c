"""The help pages of every verb as one Markdown page: `python -m openvoid.cli.reference`.

Enters: nothing. Leaves: `docs/cli.md` on standard output, at a fixed width and without colours,
so that a test can hold the stored page against it.
"""

from __future__ import annotations

import contextlib
import io
import os

os.environ |= dict.fromkeys(("TERMINAL_WIDTH", "COLUMNS"), "80")  # read at import
os.environ |= {"NO_COLOR": "1", "TERM": "dumb"}
for _name in ("FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS"):
    os.environ.pop(_name, None)

PAGES = (
    "",
    "remove",
    "remove --engine void",
    "remove --mover plain",
    "select",
    "select --segmenter isnet",
    "reason",
    "foretell",
    "explain",
    "scenes",
    "mask",
    "mask inspect",
    "mask convert",
    "mask grow",
    "mask snap",
    "compare",
    "evaluate",
    "evaluate run",
    "evaluate study",
    "evaluate tally",
    "synth",
    "synth make",
    "synth preview",
    "synth import",
    "demo",
    "doctor",
    "engines",
    "weights",
    "weights pull",
    "weights list",
    "weights check",
    "weights add",
)
HEAD = """# The command line

Made by `python -m openvoid.cli.reference > docs/cli.md`; a test holds it against the command.

Exit codes: 0 done, 1 a defect of ours (with its traceback) or a broken installation, 2 a mistake
told in one line, 130 stopped by Ctrl-C, 143 stopped by SIGTERM. A stopped removal goes on with the
same command. With `--json` one JSON object goes to standard output, progress to standard error.
"""


def page() -> str:
    """The whole Markdown page."""
    parts = [HEAD]
    for words in PAGES:
        title = f"openvoid {words}".strip()
        parts.append(f"## {title}\n\n```text\n{help_of(words.split())}\n```\n")
    return "\n".join(parts)


def help_of(words: list[str]) -> str:
    """What `openvoid WORDS --help` prints."""
    from openvoid.cli.main import main

    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        code = main([*words, "--help"])
    assert code == 0, f"openvoid {words} has no help page"
    return "\n".join(line.rstrip() for line in told.getvalue().strip("\n").splitlines()).strip()


if __name__ == "__main__":
    print(page(), end="")
