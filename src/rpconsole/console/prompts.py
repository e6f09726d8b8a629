"""The site's prompts at this console: the open one, its answer, and how it was closed. No Textual."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rpconsole.console.secrets import SentTokens
from rpconsole.console.text import foreign

if TYPE_CHECKING:
    from rpconsole.protocol.messages import Answered, ChallengeAsked, Rejected


class Prompts:
    """Serves the client's ``Dialogue``; answers pass through a future and nowhere else."""

    def __init__(self, *, changed: Callable[[], None], monotonic: Callable[[], float]) -> None:
        self._changed = changed
        self._monotonic = monotonic
        self.open: ChallengeAsked | None = None
        #: by the monotonic clock: when the engine stops waiting
        self.until = 0.0
        #: what became of the last prompt, or why an answer was not passed on; a sentence
        self.sentence = ""
        self.sent = SentTokens()
        self._answer: asyncio.Future[Sequence[str] | None] | None = None

    async def ask(self, challenge: ChallengeAsked) -> Sequence[str] | None:
        """Wait for the person at this console."""
        answer: asyncio.Future[Sequence[str] | None] = asyncio.get_running_loop().create_future()
        if self.open is None or self.open.ask_id != challenge.ask_id:
            self.until = self._monotonic() + challenge.answer_within_s
        self.open, self._answer = challenge, answer
        self._changed()
        try:
            given: Sequence[str] | None = await answer
        except asyncio.CancelledError:
            # the engine is gone, or waits no longer: nothing asks any more
            if self.open is challenge and self._answer is answer:
                self.open = None
                self._changed()
            raise
        return given

    def answer(self, answers: Sequence[str]) -> None:
        """Send what was typed, once."""
        if self._answer is not None and not self._answer.done():
            self.sentence = ""
            self._answer.set_result(answers)

    def decline(self) -> None:
        """This person will not answer."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(None)
        self.open = None

    @property
    def waits(self) -> bool:
        """Whether a prompt waits for an answer of this console."""
        return self.open is not None and self._answer is not None and not self._answer.done()

    def left_s(self) -> float:
        """How long an answer is still waited for."""
        return max(0.0, self.until - self._monotonic())

    def closed(self, answered: Answered) -> None:
        """The engine has an answer, or waits no longer."""
        if self.open is not None and self.open.ask_id == answered.ask_id:
            own = self._answer is not None and self._answer.done() and not self._answer.cancelled()
            self.sentence = _end(answered, own=own)
            self.open = None
        self._changed()

    def rejected(self, rejected: Rejected) -> None:
        """The engine did not pass the answer on."""
        self.sentence = f"not sent to the site: {foreign(rejected.sentence)}"
        self._changed()


def _end(answered: Answered, *, own: bool) -> str:
    by = foreign(answered.by)
    match answered.outcome:
        case "answered":
            return "" if own else f"{by} was faster: the answer of {by} was sent, nothing of yours"
        case "expired":
            return "no answer in time: nothing was sent to the site"
        case _:
            return f"declined{f' by {by}' if by else ''}: nothing was sent to the site"
