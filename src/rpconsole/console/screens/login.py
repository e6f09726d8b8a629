"""The login series: which front ends, then one prompt of the site after another; an answer is sent once, by a person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType

from rpconsole.console.desk import Desk
from rpconsole.console.format import countdown, session_word
from rpconsole.console.screens.answering import AROUND, Answering, keys_line
from rpconsole.console.text import Line, fitted, foreign
from rpconsole.domain.fault import RpconsoleError
from rpconsole.domain.session import SessionView

if TYPE_CHECKING:
    from rpconsole.protocol.messages import ChallengeAsked

#: gates without which a login moves nothing
NEEDED = ("exec", "poll")


class Phase(Enum):
    """Where the series stands."""

    CHOOSE = auto()
    WAIT = auto()
    ASK = auto()
    END = auto()


class LoginScreen(Answering):
    """One series. Opened sessions stay open whatever comes after them."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f5", "anew", show=False)]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._left_out: set[str] = set()
        self._row = 0
        self._series: asyncio.Task[None] | None = None
        self._over = False
        #: the series was ended here to begin again
        self._anew = False

    def on_mount(self) -> None:
        super().on_mount()
        if self._barred:
            self._over = True
        else:
            self._begin_again()
        self.touch_body()

    @property
    def phase(self) -> Phase:
        """Where the series stands now."""
        if self.is_asked and not self._over:
            return Phase.ASK
        if self._over:
            return Phase.END
        return Phase.CHOOSE if self._series is None else Phase.WAIT

    # -- keys --------------------------------------------------------------------------------------------------------

    def action_go(self) -> None:
        match self.phase:
            case Phase.CHOOSE:
                self._start()
            case Phase.ASK:
                self.send()
            case Phase.END if all(self.is_open(view) for view in self.sessions()):
                self.dismiss()
            case Phase.END if not self._barred:
                self._begin_again()
        self.touch_body()

    def _begin_again(self) -> None:
        """Back to the choice of front ends; what was typed before is gone."""
        self._series, self._over, self.sentence, self.desk.prompts.sentence = None, False, "", ""
        self._left_out = {view.host for view in self.sessions() if self.is_open(view)}

    def action_next(self) -> None:
        self._move(1)

    def action_previous(self) -> None:
        self._move(-1)

    def _move(self, by: int) -> None:
        if self.phase is Phase.CHOOSE and self.sessions():
            self._row = (self._row + by) % len(self.sessions())
        else:
            self.next_field(by)
        self.touch_body()

    def action_anew(self) -> None:
        """The prompt is old or was not understood: the site is asked for another one, and nothing is sent to it."""
        if self.phase is Phase.ASK and self._series is not None:
            self._anew = True
            self.desk.prompts.decline()

    async def action_leave(self) -> None:
        """Stop here: what is open stays open, a prompt that waits is declined."""
        self.desk.prompts.decline()
        self.dismiss()

    def on_key(self, event: events.Key) -> None:
        if event.key in ("enter", "escape", "tab", "shift+tab", "up", "down", "f2", "f5"):
            return
        event.stop()
        if self.phase is Phase.CHOOSE and event.key == "space" and self.sessions():
            self._left_out ^= {self.sessions()[self._row].host}
        elif self.phase is Phase.CHOOSE and event.key == "u":
            self.next_account()
        elif self.phase is Phase.END and event.key == "g" and self._closed_gates():
            open_gates: Callable[..., None] = getattr(self.app, "set_gates")  # noqa: B009
            open_gates(self._closed_gates(), open=True)
        else:
            self.take_key(event)
        self.touch_body()

    def _closed_gates(self) -> list[str]:
        snapshot = self.desk.model.snapshot
        return [gate.name for gate in snapshot.gates if gate.name in NEEDED and not gate.open] if snapshot else []

    # -- the series --------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        hosts = [view.host for view in self.sessions() if view.host not in self._left_out]
        if not hosts:
            self.sentence = "no front end is chosen; space chooses one"
            return
        self.sentence = ""
        self._series = asyncio.create_task(self._log_in(hosts), name="login series")

    async def _log_in(self, hosts: Sequence[str]) -> None:
        chosen = {"user": self.account()} if self.account() is not None else {}
        try:
            await self.desk.link.call("login", hosts=list(hosts), **chosen)
            self.sentence = self.desk.prompts.sentence
        except RpconsoleError as error:
            told = self.desk.prompts.sentence
            self.sentence = f"{foreign(error).rstrip('.')}. Nothing is sent again by itself." + (
                f" {told}" if told else ""
            )
        anew, self._anew, self._over = self._anew, False, True
        if anew:
            self._begin_again()
            self._start()
        if self.is_mounted:
            self.touch_body()

    # -- painting ----------------------------------------------------------------------------------------------------

    def title_of(self, challenge: ChallengeAsked | None) -> tuple[str, str]:
        site = foreign(self.desk.model.snapshot.site) if self.desk.model.snapshot is not None else "the site"
        if challenge is None:
            return f"Log in to {site}", ""
        asker = "" if self._series is not None else f" (begun by {foreign(challenge.asker)})"
        return f"Log in to {site}{asker}", self.counted(challenge)

    def content(self, challenge: ChallengeAsked | None, width: int) -> list[Line]:
        below = [[], *self._below(challenge, width)]
        room = self.size.height - AROUND - len(below)
        return [*self._hosts(challenge, max(1, room)), *below]

    def _below(self, challenge: ChallengeAsked | None, width: int) -> list[Line]:
        match self.phase:
            case Phase.CHOOSE:
                keys = keys_line("enter", "asks for tokens", "space", "leaves one out", "esc", "back")
                return [*self._as_whom(), *self.said(width), keys]
            case Phase.WAIT:
                return [[("waiting for the site …", "dim")], *self.said(width), keys_line("esc", "back")]
            case Phase.ASK if challenge is not None:
                anew = ("f5", "asks anew") if self._series is not None else ()
                return self.asking(challenge, width, *anew, "esc", "stops here; what is open stays")
            case _:
                return [*self._summary(), *self.said(width), self._last_keys()]

    def _as_whom(self) -> list[Line]:
        accounts = self.accounts()
        if len(accounts) < 2:
            return []
        return [[(f"as {foreign(self.account() or accounts[0])}   ", "text"), *keys_line("u", "another account")]]

    def _summary(self) -> list[Line]:
        count = sum(self.is_open(view) for view in self.sessions())
        return [[(f"{count} of {len(self.sessions())} sessions are open", "text")]] if self.sessions() else []

    def _last_keys(self) -> Line:
        closed = self._closed_gates()
        gates = ("g", f"opens {', '.join(closed)}") if closed else ()
        if all(self.is_open(view) for view in self.sessions()):
            return keys_line("enter", "closes", *gates)
        return keys_line("enter", "a new series, with a new token", "esc", "closes", *gates)

    def _hosts(self, challenge: ChallengeAsked | None, room: int) -> list[Line]:
        """A line each; where there is no room only the one that it is about, and a count."""
        views = list(self.sessions())
        if len(views) + 1 <= room:
            return [
                [(f"  {'front end':<16} {'state':<12} left", "dim")],
                *(self._host(number, view, challenge) for number, view in enumerate(views)),
            ]
        asked = (number for number, view in enumerate(views) if challenge is not None and view.host == challenge.host)
        number = next(asked, min(self._row, len(views) - 1))
        count = sum(self.is_open(view) for view in views)
        return [[*self._host(number, views[number], challenge), (f"  of {len(views)}, {count} open", "dim")]]

    def _host(self, number: int, view: SessionView, challenge: ChallengeAsked | None) -> Line:
        glyphs, now = self.desk.look.palette.glyphs, self.desk.model.now()
        word, chooses = session_word(view, now), self.phase is Phase.CHOOSE
        asked = challenge is not None and view.host == challenge.host
        at = glyphs["cursor"] if asked or (chooses and number == self._row) else " "
        left_out = view.host in self._left_out
        choice = (
            "  left out"
            if left_out and word == "cut"
            else "  again"
            if chooses and not left_out and word != "cut"
            else ""
        )
        return [
            (f"{at} {fitted(foreign(view.host), 16)} ", "text"),
            (
                f"{glyphs[word]} {'asks' if asked else str(view.state):<10} {countdown(view.left_s(now))}",
                f"session-{word}",
            ),
            (choice, "dim"),
        ]
