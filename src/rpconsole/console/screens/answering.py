"""What every dialog has in which the site's prompts are answered: fields for a token, sent once, by a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from rpconsole.console.desk import Desk
from rpconsole.console.format import countdown, session_word
from rpconsole.console.screens.base import ConsoleModal
from rpconsole.console.screens.dialog import Box
from rpconsole.console.secrets import TokenBuffer
from rpconsole.console.text import Line, fitted, foreign, wrapped
from rpconsole.domain.foreign import visible
from rpconsole.domain.session import SessionView, front_end_of

if TYPE_CHECKING:
    from rpconsole.protocol.messages import ChallengeAsked

FIELD = 24
#: header and status rows that stay in sight, and the frame
AROUND = 5


class Answering(ConsoleModal[None]):
    """Takes answers for the prompt that is open, whoever began the login."""

    takes_tokens = True
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
        self._shown: int | None = None
        self._buffers: list[TokenBuffer] = []
        self._field = 0
        self._warned = ""
        self._account = 0
        self._tallest = 0
        #: no token may be typed here at all
        self._barred = False

    def compose(self) -> ComposeResult:
        yield self.head
        yield self.box

    def on_mount(self) -> None:
        if self.app.features & {"devtools"}:
            self.sentence = "developer tools are attached and would see the token; start without them to log in"
            self._barred = True
        self.touch_body()

    def on_unmount(self) -> None:
        self._forget()

    def _forget(self) -> None:
        for buffer in self._buffers:
            buffer.clear()

    # -- the present -------------------------------------------------------------------------------------------------

    @property
    def is_asked(self) -> bool:
        """Whether a prompt waits for an answer that may be typed here."""
        return self.desk.prompts.waits and not self._barred

    def counted(self, challenge: ChallengeAsked) -> str:
        """Which of the logins it is; the gateway's own is one of them, though it opens no session."""
        place, count = challenge.position
        known = {name for view in self.sessions() for name in (view.host, front_end_of(view.host))}
        return f"token {place} of {count}" + ("" if not known or challenge.host in known else ", for the gateway")

    def sessions(self) -> Sequence[SessionView]:
        """Every front end."""
        return self.desk.model.snapshot.sessions if self.desk.model.snapshot is not None else ()

    def is_open(self, view: SessionView) -> bool:
        """Whether its session lives."""
        return session_word(view, self.desk.model.now()) != "cut"

    def accounts(self) -> Sequence[str]:
        """Accounts at the site, the proposed one first."""
        return self.desk.model.snapshot.accounts if self.desk.model.snapshot is not None else ()

    def account(self) -> str | None:
        """The account that was chosen; None = the proposed one."""
        return self.accounts()[self._account] if 0 < self._account < len(self.accounts()) else None

    def next_account(self) -> None:
        """Choose the next one."""
        self._account = (self._account + 1) % max(1, len(self.accounts()))

    # -- answers -----------------------------------------------------------------------------------------------------

    def take_key(self, event: events.Key) -> None:
        """A key that is part of an answer."""
        if not self.is_asked or not self._buffers:
            return
        if event.key == "backspace":
            self._buffers[self._field].erase()
        elif event.key == "ctrl+u":
            self._buffers[self._field].clear()
        elif event.character is not None:
            self._buffers[self._field].type(event.character)

    def action_card(self) -> None:
        """At the practice site the card lies beside the keyboard."""
        if self.desk.card is not None and self.is_asked and self._buffers:
            self._buffers[self._field].clear()
            self._buffers[self._field].type(self.desk.card())
            self.touch_body()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        if self.is_asked and self._buffers:
            self._buffers[self._field].type(event.text)
        self.touch_body()

    def next_field(self, by: int) -> None:
        """To another field of the same challenge."""
        if self._buffers:
            self._field = (self._field + by) % len(self._buffers)

    def send(self) -> None:
        """Send what was typed, once; what would be sent twice, empty, or as the last try needs a second word."""
        if self._field < len(self._buffers) - 1:
            self._field += 1
            return
        challenge = self.desk.prompts.open
        warning = self._warning(challenge)
        if challenge is None or (warning and self._warned != warning):
            self._warned = self.sentence = warning
            return
        answers = [buffer.take() for buffer in self._buffers]
        hidden = [answer for answer, prompt in zip(answers, challenge.prompts, strict=True) if not prompt.echo]
        if not self.desk.prompts.sent.may_go(hidden):
            self.sentence = (
                "this was sent already and not sent again: wait for the next token (typed once more, it goes)"
            )
            return
        self._warned = self.sentence = ""
        self.desk.prompts.answer(answers)

    def _warning(self, challenge: ChallengeAsked | None) -> str:
        if any(not len(buffer) for buffer in self._buffers):
            return "nothing was typed; enter again sends an empty answer"
        if any(buffer.has_blank_ends for buffer in self._buffers):
            return "a blank stands before or behind what was typed; enter again sends it with the blank"
        if challenge is not None and challenge.tries_left == 1:
            return f"if this is wrong the site may lock {foreign(challenge.user)} out; enter again sends it"
        return ""

    # -- painting ----------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self.touch_body()

    def touch_body(self) -> None:
        challenge = self.desk.prompts.open
        if challenge is None:
            self._forget()
        elif challenge.ask_id != self._shown:
            self._forget()
            self._shown, self._field, self._warned = challenge.ask_id, 0, ""
            self._buffers = [TokenBuffer(echo=prompt.echo) for prompt in challenge.prompts]
        width = min(self.size.width - 2, 80)
        self.box.styles.width = width
        self.box.title, self.box.note = self.title_of(challenge)
        self.box.content = self.content(challenge, width - 4)
        height = min(len(self.box.content) + 2, self.size.height - 2)
        self.box.styles.height = height
        self._tallest = min(max(self._tallest, height), self.size.height - 2)
        # the frame's upper edge stays where it is when the next step needs fewer lines
        top = max(2, (self.size.height - self._tallest) // 2)
        self.box.styles.offset = ((self.size.width - width) // 2, top)
        self.box.touch()

    def title_of(self, challenge: ChallengeAsked | None) -> tuple[str, str]:
        """What stands in the frame, left and right."""
        return "", ""

    def content(self, challenge: ChallengeAsked | None, width: int) -> list[Line]:
        """What stands in the box."""
        return []

    def asking(self, challenge: ChallengeAsked, width: int, *keys: str) -> list[Line]:
        """The site's words and the fields for the answers."""
        glyphs = self.desk.look.palette.glyphs
        lines: list[Line] = [[(f"the site says, to {foreign(challenge.user)} at {foreign(challenge.host)}:", "text")]]
        for words_of_site in (challenge.title, challenge.instructions):
            if words_of_site.strip():
                lines += quoted(words_of_site, width, glyphs["quote"])
        for number, (prompt, buffer) in enumerate(zip(challenge.prompts, self._buffers, strict=True)):
            lines += quoted(prompt.text, width, glyphs["quote"])
            here = number == self._field
            shown = fitted(buffer.shown(FIELD) + ("_" if here else ""), FIELD + 1)
            bracket = "key" if here else "dim"
            name = "answer " if prompt.echo else "token  "
            lines.append([(name, "text"), ("[", bracket), (shown, "quote"), ("]", bracket)])
        lines.append(self._limits(challenge))
        for sentence in self.desk.hint[-1:]:
            lines += [[(piece, "dim")] for piece in wrapped(sentence, width)]
        return [*lines, *self.said(width), keys_line("enter", "sends once", "ctrl+u", "clears", *keys)]

    def _limits(self, challenge: ChallengeAsked) -> Line:
        line: Line = [(f"answer within {countdown(self.desk.prompts.left_s())}", "dim")]
        if challenge.tries_left is not None:
            token = "alarm" if challenge.tries_left <= 1 else "dim"
            count = f"{challenge.tries_left} {'try' if challenge.tries_left == 1 else 'tries'}"
            line.append((f"   {count} left before the site locks {foreign(challenge.user)} out", token))
        return line

    def said(self, width: int) -> list[Line]:
        """What became of the last answer."""
        sentence = self.sentence or self.desk.prompts.sentence
        return [[(piece, "alert")] for piece in wrapped(sentence, width)] if sentence else []


def keys_line(*words: str) -> Line:
    """Keys with what they do: ``enter``, ``sends once``, …"""
    line: Line = []
    for key, says in zip(words[::2], words[1::2], strict=True):
        line += [(key, "key"), (f" {says}   ", "dim")]
    return line


def quoted(text: str, width: int, bar: str) -> list[Line]:
    """The site's own words, each line behind a bar; nothing in them is obeyed."""
    lines: list[Line] = []
    for line in visible(text, lines=True).expandtabs().splitlines() or [""]:
        lines += [[(f"{bar} ", "rule"), (fitted(piece, width - 2), "quote")] for piece in wrapped(line, width - 3)]
    return lines
