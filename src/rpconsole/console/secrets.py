"""Where a token lives while it is typed: one buffer, in no message, no widget's value, no clipboard, no traceback."""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len

BULLET = "•"


class TokenBuffer:
    """What is being typed into one prompt; taken once, then empty."""

    __slots__ = ("_echo", "_typed")

    def __init__(self, *, echo: bool) -> None:
        self._echo = echo
        self._typed: list[str] = []

    def __len__(self) -> int:
        return len(self._typed)

    def __repr__(self) -> str:
        return "<token buffer>"

    def type(self, text: str) -> None:
        """Add what was typed or pasted, without line ends and other controls."""
        self._typed += [ch for ch in text if ch.isprintable()]

    def erase(self) -> None:
        """Take the last character back."""
        del self._typed[-1:]

    def clear(self) -> None:
        """Forget everything."""
        self._typed.clear()

    def take(self) -> str:
        """The answer, which is forgotten here."""
        answer = "".join(self._typed)
        self.clear()
        return answer

    @property
    def has_blank_ends(self) -> bool:
        """It begins or ends with a blank, as what was pasted often does."""
        return bool(self._typed) and (self._typed[0].isspace() or self._typed[-1].isspace())

    def shown(self, width: int) -> str:
        """Bullets, or the end of the text where the site lets it be seen."""
        if not self._echo:
            return BULLET * min(len(self._typed), width)
        text = "".join(self._typed)
        while cell_len(text) > width:
            text = text[1:]
        return text


class SentTokens:
    """Marks of the tokens that this console has sent: each is good once, and a second time would only burn a try at the card.

    Only keyed hashes are held, in memory.
    """

    __slots__ = ("_marks", "_salt")

    def __init__(self) -> None:
        self._salt = os.urandom(16)
        self._marks: set[bytes] = set()

    def __repr__(self) -> str:
        return "<sent tokens>"

    def may_go(self, answers: Sequence[str]) -> bool:
        """Whether none of them was sent yet, which is noted; what is refused here once may go the next time."""
        from hashlib import blake2b

        marks = {
            blake2b(answer.encode("utf-8", "surrogatepass"), key=self._salt).digest() for answer in answers if answer
        }
        if marks & self._marks:
            self._marks -= marks
            return False
        self._marks |= marks
        return True


def crash_report(error: BaseException, place: Path) -> str:
    """What is left behind when the console itself fails: the way it went, and no variable's content."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    # the error's own words may repeat what was typed, so only its kind is told
    report = f"{frames}{type(error).__module__}.{type(error).__qualname__}\n"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(report, encoding="utf-8")
        place.chmod(0o600)
        return f"the console failed ({type(error).__name__}); the engine goes on. Report: {place}"
    except OSError as problem:
        return f"the console failed ({type(error).__name__}); the engine goes on. No report could be written: {problem.strerror}"
