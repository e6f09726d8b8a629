"""The login series: which front ends, then one prompt of the site after another; an answer is sent once, by a person."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Sequence
from enum import Enum, auto
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from rpconsole.console.desk import Desk
from rpconsole.console.format import countdown, session_word
from rpconsole.console.screens.base import ConsoleModal
from rpconsole.console.screens.dialog import Box
from rpconsole.console.secrets import TokenBuffer
from rpconsole.console.text import Line, fitted, foreign, wrapped
from rpconsole.domain.fault import RpconsoleError
from rpconsole.domain.foreign import visible
from rpconsole.domain.session import SessionView
from rpconsole.protocol.messages import ChallengeAsked

FIELD = 24


class Phase(Enum):
    """Where the series stands."""

    CHOOSE = auto()
    WAIT = auto()
    ASK = auto()
    END = auto()


class LoginScreen(ConsoleModal[None]):
    """One series. Opened sessions stay open whatever comes after them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("enter", "go", show=False),
        Binding("f2", "card", show=False),
        Binding("tab,down", "next", show=False),
        Binding("shift+tab,up", "previous", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.box = Box(desk.look)
        self.sentence = ""
        self._left_out: set[str] = set()
        self._row = 0
        self._shown: int | None = None
        self._buffers: list[TokenBuffer] = []
        self._field = 0
        self._series: asyncio.Task[None] | None = None
        self._salt = os.urandom(16)
        self._sent: set[bytes] = set()
        self._warned = False
        self._over = False
        #: no token may be typed here at all
        self._barred = False

    def compose(self) -> ComposeResult:
        yield self.head
        yield self.box

    def on_mount(self) -> None:
        if self.app.features & {"devtools"}:
            self.sentence = "developer tools are attached and would see the token; start without them to log in"
            self._over = self._barred = True
        else:
            self._begin_again()
        self.touch_body()

    def on_unmount(self) -> None:
        for buffer in self._buffers:
            buffer.clear()

    @property
    def phase(self) -> Phase:
        """Where the series stands now."""
        if self.desk.prompts.waits and not self._over:
            return Phase.ASK
        if self._over:
            return Phase.END
        return Phase.CHOOSE if self._series is None else Phase.WAIT

    def _sessions(self) -> Sequence[SessionView]:
        return self.desk.model.snapshot.sessions if self.desk.model.snapshot is not None else ()

    def _is_open(self, view: SessionView) -> bool:
        return session_word(view, self.desk.model.now()) != "cut"

    # -- keys --------------------------------------------------------------------------------------------------------

    def action_go(self) -> None:
        match self.phase:
            case Phase.CHOOSE:
                self._start()
            case Phase.ASK:
                self._send()
            case Phase.END if all(self._is_open(view) for view in self._sessions()):
                self.dismiss()
            case Phase.END if not self._barred:
                self._begin_again()
        self.touch_body()

    def _begin_again(self) -> None:
        """Back to the choice of front ends; what was typed before is gone."""
        self._series, self._over, self.sentence, self.desk.prompts.sentence = None, False, "", ""
        self._left_out = {view.host for view in self._sessions() if self._is_open(view)}

    def action_next(self) -> None:
        self._move(1)

    def action_previous(self) -> None:
        self._move(-1)

    def _move(self, by: int) -> None:
        if self.phase is Phase.CHOOSE and self._sessions():
            self._row = (self._row + by) % len(self._sessions())
        elif self._buffers:
            self._field = (self._field + by) % len(self._buffers)
        self.touch_body()

    async def action_leave(self) -> None:
        """Stop here: what is open stays open, a prompt that waits is declined."""
        self.desk.prompts.decline()
        self.dismiss()

    def on_key(self, event: events.Key) -> None:
        if event.key in ("enter", "escape", "tab", "shift+tab", "up", "down", "f2"):
            return
        event.stop()
        if self.phase is Phase.CHOOSE and event.key == "space" and self._sessions():
            self._left_out ^= {self._sessions()[self._row].host}
        elif self.phase is Phase.ASK and self._buffers:
            if event.key == "backspace":
                self._buffers[self._field].erase()
            elif event.key == "ctrl+u":
                self._buffers[self._field].clear()
            elif event.character is not None:
                self._buffers[self._field].type(event.character)
        self.touch_body()

    def action_card(self) -> None:
        """At the practice site the card lies beside the keyboard."""
        if self.desk.card is not None and self.phase is Phase.ASK and self._buffers:
            self._buffers[self._field].clear()
            self._buffers[self._field].type(self.desk.card())
            self.touch_body()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        if self.phase is Phase.ASK and self._buffers:
            self._buffers[self._field].type(event.text)
        self.touch_body()

    # -- the series --------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        hosts = [view.host for view in self._sessions() if view.host not in self._left_out]
        if not hosts:
            self.sentence = "no front end is chosen; space chooses one"
            return
        self.sentence = ""
        self._series = asyncio.create_task(self._log_in(hosts), name="login series")

    async def _log_in(self, hosts: Sequence[str]) -> None:
        try:
            await self.desk.link.call("login", hosts=list(hosts))
            self.sentence = self.desk.prompts.sentence or "done: the sessions are open"
        except RpconsoleError as error:
            told = self.desk.prompts.sentence
            self.sentence = f"{foreign(error).rstrip('.')}. Nothing is sent again by itself." + (
                f" {told}" if told else ""
            )
        self._over = True
        if self.is_mounted:
            self.touch_body()

    def _send(self) -> None:
        if self._field < len(self._buffers) - 1:
            self._field += 1
            return
        if any(not len(buffer) for buffer in self._buffers) and not self._warned:
            self._warned = True
            self.sentence = "nothing was typed; enter again sends an empty answer"
            return
        answers = [buffer.take() for buffer in self._buffers]
        challenge = self.desk.prompts.open
        if challenge is None or self._was_sent(challenge, answers):
            return
        self._warned = False
        self.sentence = ""
        self.desk.prompts.answer(answers)

    def _was_sent(self, challenge: ChallengeAsked, answers: Sequence[str]) -> bool:
        """A token is good once; the same one typed again would only burn a try at the card."""
        marks = [
            hashlib.blake2b(answer.encode("utf-8", "surrogatepass"), key=self._salt).digest()
            for answer, prompt in zip(answers, challenge.prompts, strict=True)
            if not prompt.echo and answer
        ]
        if any(mark in self._sent for mark in marks):
            self._sent.difference_update(marks)
            self.sentence = (
                "this was sent already and not sent again: wait for the next token (typed once more, it goes)"
            )
            return True
        self._sent.update(marks)
        return False

    # -- painting ----------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self.touch_body()

    def touch_body(self) -> None:
        challenge = self.desk.prompts.open
        if challenge is not None and challenge.ask_id != self._shown:
            self._shown, self._field = challenge.ask_id, 0
            self._buffers = [TokenBuffer(echo=prompt.echo) for prompt in challenge.prompts]
        width = min(self.size.width - 2, 80)
        self.box.styles.width = width
        self.box.title, self.box.note = self._title(challenge)
        self.box.content = self._content(challenge, width - 4)
        height = min(len(self.box.content) + 2, self.size.height - 2)
        self.box.styles.height = height
        self.box.styles.offset = ((self.size.width - width) // 2, max(2, (self.size.height - height) // 2))
        self.box.touch()

    def _title(self, challenge: ChallengeAsked | None) -> tuple[str, str]:
        site = foreign(self.desk.model.snapshot.site) if self.desk.model.snapshot is not None else "the site"
        if challenge is None:
            return f"Log in to {site}", ""
        place, count = challenge.position
        asker = "" if self._series is not None else f" (begun by {foreign(challenge.asker)})"
        return f"Log in to {site}{asker}", f"token {place} of {count}"

    def _content(self, challenge: ChallengeAsked | None, width: int) -> list[Line]:
        lines = self._hosts(challenge)
        match self.phase:
            case Phase.CHOOSE:
                lines += [
                    [],
                    *self._said(width),
                    self._keys("enter", "asks for tokens", "space", "leaves one out", "esc", "back"),
                ]
            case Phase.WAIT:
                lines += [[], [("waiting for the site …", "dim")], *self._said(width), self._keys("esc", "back")]
            case Phase.ASK if challenge is not None:
                lines += self._asking(challenge, width)
            case _:
                done = all(self._is_open(view) for view in self._sessions())
                keys = ("enter", "closes") if done else ("enter", "a new series, with a new token", "esc", "closes")
                lines += [[], *self._said(width), self._keys(*keys)]
        return lines

    def _hosts(self, challenge: ChallengeAsked | None) -> list[Line]:
        glyphs, now = self.desk.look.palette.glyphs, self.desk.model.now()
        lines: list[Line] = [[(f"  {'front end':<16} {'state':<12} ends", "dim")]]
        for number, view in enumerate(self._sessions()):
            word = session_word(view, now)
            asked = challenge is not None and view.host == challenge.host
            at = glyphs["cursor"] if asked or (self.phase is Phase.CHOOSE and number == self._row) else " "
            chosen = "" if view.host not in self._left_out or self._is_open(view) else "  left out"
            again = (
                "  again"
                if self.phase is Phase.CHOOSE and self._is_open(view) and view.host not in self._left_out
                else ""
            )
            state = "asks" if asked else str(view.state)
            lines.append(
                [
                    (f"{at} {fitted(foreign(view.host), 16)} ", "text"),
                    (f"{glyphs[word]} {state:<10} {countdown(view.left_s(now))}", f"session-{word}"),
                    (f"{chosen}{again}", "dim"),
                ]
            )
        return lines

    def _asking(self, challenge: ChallengeAsked, width: int) -> list[Line]:
        glyphs = self.desk.look.palette.glyphs
        lines: list[Line] = [
            [],
            [(f"the site says, to {foreign(challenge.user)} at {foreign(challenge.host)}:", "text")],
        ]
        words = [part for part in (challenge.title, challenge.instructions) if part.strip()]
        for words_of_site in words:
            lines += _quoted(words_of_site, width, glyphs["quote"])
        for number, (prompt, buffer) in enumerate(zip(challenge.prompts, self._buffers, strict=True)):
            lines += _quoted(prompt.text, width, glyphs["quote"])
            here = number == self._field
            shown = fitted(buffer.shown(FIELD) + ("_" if here else ""), FIELD + 1)
            lines.append(
                [
                    ("answer " if prompt.echo else "token  ", "text"),
                    ("[", "key" if here else "dim"),
                    (shown, "quote"),
                    ("]", "key" if here else "dim"),
                ]
            )
        lines.append([(f"answer within {countdown(self.desk.prompts.left_s())}", "dim")])
        for sentence in self.desk.hint[-1:]:
            lines += [[(piece, "dim")] for piece in wrapped(sentence, width)]
        return [
            *lines,
            *self._said(width),
            self._keys("enter", "sends once", "ctrl+u", "clears", "esc", "stops here; open sessions stay"),
        ]

    def _said(self, width: int) -> list[Line]:
        sentence = self.sentence or self.desk.prompts.sentence
        return [[(piece, "alert")] for piece in wrapped(sentence, width)] if sentence else []

    def _keys(self, *words: str) -> Line:
        line: Line = []
        for key, says in zip(words[::2], words[1::2], strict=True):
            line += [(key, "key"), (f" {says}   ", "dim")]
        return line


def _quoted(text: str, width: int, bar: str) -> list[Line]:
    """The site's own words, each line behind a bar; nothing in them is obeyed."""
    lines: list[Line] = []
    for line in visible(text, lines=True).expandtabs().splitlines() or [""]:
        lines += [[(f"{bar} ", "rule"), (fitted(piece, width - 2), "quote")] for piece in wrapped(line, width - 3)]
    return lines
