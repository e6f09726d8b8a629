"""A program that asks a person on a terminal: its questions go to ``ask``, the answers back to the terminal, once each.

A secret question is known by the terminal's echo, which the program has switched off; another one by its silence behind a line
that has not ended. ssh marks its questions since release 8.4; a line without the mark may be a greeting without a line end, and
behind it the silence must be long.
"""

from __future__ import annotations

import asyncio
import os
import pty
import termios
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from rpconsole.adapters.ssh.sent_once import SentOnce
from rpconsole.adapters.ssh.target import Target
from rpconsole.ports.sessions import Ask, Challenge, Prompt

_TEXT_LIMIT = 4096
#: a line without an end that stands for so long is a question
_QUIET_S = 0.4
#: one that is not marked as a question: the site may still be about to ask
_UNMARKED_QUIET_S = 8.0
_LOOK_S = 0.02
#: what ``readpassphrase`` takes
_ANSWER_LIMIT = 1000
#: takes the terminal as the controlling one (a session leader that opens it gets it); a program that goes on in the background
#: would be hung up on when its parent, the leader, ends, so hanging up means nothing to it
_WITH_TERMINAL = 'trap "" HUP; exec 0<>"$1" 1>&0 2>&0; shift; exec "$@"'


@dataclass(kw_only=True, slots=True)
class Ending:
    """How the program came to its end, and what it said; no answer is in it."""

    code: int | None = None
    said: str = ""
    has_answered: bool = False
    was_declined: bool = False
    #: the same answer again to the same question: it was not sent
    was_repeated: bool = False
    #: it asked or was silent for longer than it may
    was_silent: bool = False
    #: why the person's answer could not be had
    failure: Exception | None = None

    @property
    def last_line(self) -> str:
        """Its last words."""
        lines = [line.strip() for line in self.said.splitlines() if line.strip()]
        return lines[-1] if lines else ""


class TtyDialogue:
    """Runs one program on a terminal of its own until it ends."""

    def __init__(self, target: Target, ask: Ask, *, patience_s: float) -> None:
        self._target = target
        self._ask = ask
        self._patience_s = patience_s
        self._sent = SentOnce()
        #: what ssh writes before a question of the site
        self._mark = f"({target.user}@{target.host}) "
        self._heard = bytearray()
        self._heard_at = 0.0
        #: where the text begins that was not shown to the person yet
        self._shown = 0
        #: an answer was typed, and the program has not taken it yet
        self._is_typed = False
        self.ending = Ending()

    async def run(self, argv: Sequence[str], environ: Mapping[str, str]) -> Ending:
        """Start it, and carry questions and answers until it ends; it is killed when the person or the time is up."""
        ours, theirs = pty.openpty()
        os.set_blocking(ours, False)
        loop = asyncio.get_running_loop()
        try:
            child = await asyncio.create_subprocess_exec(
                *("/bin/sh", "-c", _WITH_TERMINAL, "sh", os.ttyname(theirs), *argv),
                stdin=DEVNULL,
                stdout=DEVNULL,
                stderr=DEVNULL,
                env=dict(environ),
                start_new_session=True,
            )
            loop.add_reader(ours, self._read, ours)
            try:
                await self._converse(child, ours)
            finally:
                loop.remove_reader(ours)
                await _ended(child)
        finally:
            os.close(theirs)
            os.close(ours)
        self.ending.said = self._text()[-_TEXT_LIMIT:]
        return self.ending

    async def _converse(self, child: Process, terminal: int) -> None:
        loop = asyncio.get_running_loop()
        self._heard_at = loop.time()
        give_up = loop.time() + self._patience_s
        while child.returncode is None:
            question = self._question(terminal)
            if question is not None:
                answer = await self._answered(child, *question)
                if answer is None:
                    return
                self._type(terminal, answer)
                give_up = loop.time() + self._patience_s
            elif loop.time() > give_up:
                self.ending.was_silent = True
                return
            await asyncio.sleep(_LOOK_S)
        self._read(terminal)
        self.ending.code = child.returncode

    def _read(self, terminal: int) -> None:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            return
        if self._is_typed:
            # up to the line's end lies what a terminal may have echoed
            end = data.find(b"\n")
            if end < 0:
                return
            self._is_typed, data = False, data[end + 1 :]
        self._heard += data
        self._heard_at = asyncio.get_running_loop().time()

    def _question(self, terminal: int) -> tuple[str, bool] | None:
        """The question that stands there, and whether its answer may be seen."""
        if self._is_typed:
            return None
        fresh = self._text()[self._shown :]
        line = fresh.rpartition("\n")[2]
        if not line.strip():
            return None
        if not termios.tcgetattr(terminal)[3] & termios.ECHO:
            return line, False
        quiet_s = _QUIET_S if self._mark in fresh else _UNMARKED_QUIET_S
        return (line, True) if asyncio.get_running_loop().time() - self._heard_at > quiet_s else None

    async def _answered(self, child: Process, line: str, echo: bool) -> str | None:
        """The person's answer; None ends the login, and the ending says why. A program that ends withdraws its question."""
        greeting, mark, prompt = line.rpartition(self._mark)
        before = (self._text()[self._shown :].rpartition("\n")[0] + "\n" + greeting).strip()
        prompt = prompt if mark else prompt.lstrip("\r")
        self._shown = len(self._text())
        challenge = Challenge(
            host=self._target.name,
            user=self._target.user,
            position=self._target.position,
            title="",
            instructions=before[-_TEXT_LIMIT:],
            prompts=(Prompt(text=prompt[-_TEXT_LIMIT:], echo=echo),),
        )
        given = await self._given(child, challenge)
        if given is None:
            return None
        if len(given) != 1 or len(given[0]) > _ANSWER_LIMIT or any(ord(ch) < 32 for ch in given[0]):
            self.ending.failure = ValueError("one answer of one line was needed")
            return None
        if not self._sent.is_new((prompt,), given):
            self.ending.was_repeated = True
            return None
        self.ending.has_answered = True
        return given[0]

    async def _given(self, child: Process, challenge: Challenge) -> Sequence[str] | None:
        asking = asyncio.ensure_future(self._ask(challenge))
        try:
            while not asking.done():
                if child.returncode is not None:
                    self.ending.code = child.returncode
                    return None
                await asyncio.wait({asking}, timeout=0.1)
            given = asking.result()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self.ending.failure = error
            return None
        finally:
            asking.cancel()
        self.ending.was_declined = given is None
        return given

    def _type(self, terminal: int, answer: str) -> None:
        self._is_typed = True
        os.write(terminal, answer.encode("utf-8", "surrogateescape") + b"\n")

    def _text(self) -> str:
        return self._heard.decode("utf-8", "replace").replace("\r\n", "\n")


async def _ended(child: Process) -> None:
    """The program is gone when this returns."""
    if child.returncode is None:
        with suppress(ProcessLookupError):
            child.kill()
    await child.wait()
