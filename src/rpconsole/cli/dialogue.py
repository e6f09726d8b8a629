"""The login dialogue in a plain shell: the site's words as they came, a person's answers sent once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rpconsole.cli.lines import LineSource, silent
from rpconsole.domain.fault import BadConfiguration
from rpconsole.domain.foreign import visible
from rpconsole.protocol.messages import Answered, ChallengeAsked, PromptText, Rejected


class ShellDialogue:
    """Shows challenges and reads answers; one challenge at a time, as the engine asks them."""

    def __init__(self, source: LineSource, descriptor_in: int, descriptor_out: int, *, is_script: bool = False) -> None:
        self._source, self._in, self._out = source, descriptor_in, descriptor_out
        self._is_script = is_script
        #: whether a script's answers are meant for what somebody else began, too
        self._joins: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def ask(self, challenge: ChallengeAsked) -> Sequence[str] | None:
        """Ask for every prompt; the end of the input declines. A script's answers are not for another login than its own."""
        if self._is_script and not challenge.yours and not await asyncio.shield(self._joins):
            return None
        self._show(challenge)
        answers = []
        for prompt in challenge.prompts:
            answer = await self._answer(prompt)
            if answer is None:
                self._write("declined\n")
                return None
            answers.append(answer)
        return answers

    def joins(self, *, others: bool) -> None:
        """Whether this command takes part in what somebody else began."""
        if not self._joins.done():
            self._joins.set_result(others)

    def closed(self, answered: Answered) -> None:
        """Say who ended the challenge."""
        match answered.outcome:
            case "answered":
                self._write(f"answered by {visible(answered.by)}\n")
            case "expired":
                self._write("\nno answer in time: nothing was sent\n")
            case "declined":
                self._write(f"\ndeclined{f' by {visible(answered.by)}' if answered.by else ''}: nothing was sent\n")

    def rejected(self, rejected: Rejected) -> None:
        """Say why the answer was not passed on."""
        self._write(f"not sent: {visible(rejected.sentence)}\n")

    def _show(self, challenge: ChallengeAsked) -> None:
        place, count = challenge.position
        who = f"{visible(challenge.user)} at {visible(challenge.host)}"
        begun = "" if challenge.yours else f"begun by {visible(challenge.asker)}, "
        self._write(f"login {place} of {count}: {who} says ({begun}answer within {challenge.answer_within_s:.0f} s)\n")
        for words in (challenge.title, challenge.instructions):
            for line in visible(words, lines=True).splitlines():
                self._write(f"  | {line}\n")

    async def _answer(self, prompt: PromptText) -> str | None:
        """One answer; a secret that would cost a try at the card for nothing is asked for once more."""
        answer = await self._read(prompt)
        if answer == "" and not prompt.echo:
            self._write("nothing was typed; an empty line again sends an empty answer\n")
            return await self._read(prompt)
        # the next line of a script is another answer
        if answer is not None and answer != answer.strip() and not prompt.echo and not self._is_script:
            self._write("a blank stands before or behind what was typed; the same again sends it with the blank\n")
            return await self._read(prompt)
        return answer

    async def _read(self, prompt: PromptText) -> str | None:
        self._write(f"  | {visible(prompt.text, lines=True)}")
        if prompt.echo:
            return await self._source.read_line()
        with silent(self._in):
            answer = await self._source.read_line()
        self._write("\n")
        return answer

    def _write(self, text: str) -> None:
        os.write(self._out, text.encode(errors="backslashreplace"))


@contextmanager
def shell_dialogue(*, from_stdin: bool) -> Iterator[ShellDialogue]:
    """At the terminal whatever stdin is; or, for scripts, answers as lines on stdin and questions on stderr."""
    if from_stdin:
        yield ShellDialogue(LineSource(0), 0, 2, is_script=True)
        return
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        raise BadConfiguration("there is no terminal to ask at; scripts give the answers with --stdin") from None
    try:
        yield ShellDialogue(LineSource(terminal), terminal, terminal)
    finally:
        os.close(terminal)
