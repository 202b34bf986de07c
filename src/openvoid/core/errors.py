"""What went wrong, where, and what to do about it.

Every mistake that a user can make or mend raises `OpenVoidError`; the command line prints it as
one line and exits with code 2. Anything else that escapes is a defect of ours and keeps its
traceback. Not here: warnings (they go to `core.removal.Run`).
"""

from __future__ import annotations


class OpenVoidError(Exception):
    """A mistake at the boundary.

    Args:
        what: what is wrong, in a few words, with the offending value.
        where: the file, option or frame it concerns; empty where there is none.
        mend: what the person can do; empty where nothing helps.
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what, self.where, self.mend = what, where, mend
        super().__init__(self.line())

    def line(self) -> str:
        """One line for a person: `where: what (mend)`."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text} ({self.mend})" if self.mend else text


class Interrupted(Exception):
    """The person stopped the work (Ctrl-C). What was finished is kept for the next run."""
