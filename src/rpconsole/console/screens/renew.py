"""The renewal of the sessions: eight steps that run by themselves, why each waits, and what a person may choose meanwhile."""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from typing import TYPE_CHECKING

from textual import events

from rpconsole.console.desk import Desk
from rpconsole.console.format import RENEWAL_WORDS, counted, span, volume
from rpconsole.console.screens.answering import AROUND, Answering, keys_line
from rpconsole.console.screens.dialog import Choice as Way
from rpconsole.console.screens.dialog import Dialog
from rpconsole.console.text import Line, fitted, foreign, wrapped
from rpconsole.domain.fault import RpconsoleError
from rpconsole.domain.renewal import (
    RENEWAL_GATES,
    Choice,
    LineState,
    Outcome,
    Outstanding,
    RenewalLine,
    RenewalStep,
    RenewalView,
)

if TYPE_CHECKING:
    from rpconsole.protocol.messages import ChallengeAsked

#: the steps in the words of those who do them by hand
WORDS_WIDTH = 24
_CHOICE_KEYS = {"w": Choice.WAIT, "k": Choice.CUT}
_TOKENS = {
    LineState.TODO: "dim",
    LineState.DOING: "key",
    LineState.DONE: "state-full",
    LineState.SKIPPED: "dim",
    LineState.FAILED: "alarm",
}
#: what stays where there is no room for all: lower is longer
_STAYS = {LineState.DOING: 0, LineState.FAILED: 0, LineState.TODO: 2, LineState.DONE: 3, LineState.SKIPPED: 3}
_GLYPHS = {LineState.DOING: "run", LineState.DONE: "full", LineState.FAILED: "fault"}


class Phase(Enum):
    """Where it stands, as far as this dialog goes."""

    CHOOSE = auto()
    RUN = auto()
    ASK = auto()
    END = auto()


class RenewScreen(Answering):
    """Begins a renewal, or shows the one that is under way. It goes on when the dialog is left."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._begun: asyncio.Task[None] | None = None
        self._steering: asyncio.Task[None] | None = None
        #: the renewal that had ended before this dialog was opened is not what it shows
        view = self._view()
        self._old = view.began_at if view is not None and view.outcome is not Outcome.RUNNING else None

    def _view(self) -> RenewalView | None:
        return self.desk.model.snapshot.renewal if self.desk.model.snapshot is not None else None

    def shown(self) -> RenewalView | None:
        """The renewal that this dialog is about; None before there is one."""
        view = self._view()
        return None if view is None or view.began_at == self._old else view

    @property
    def phase(self) -> Phase:
        """Where it stands now."""
        view = self.shown()
        if view is None:
            return Phase.CHOOSE if self._begun is None else Phase.RUN
        if view.outcome is not Outcome.RUNNING:
            return Phase.END
        return Phase.ASK if self.is_asked else Phase.RUN

    # -- keys --------------------------------------------------------------------------------------------------------

    def action_go(self) -> None:
        match self.phase:
            case Phase.CHOOSE if not self._barred:
                self._begin(cut=False)
            case Phase.ASK:
                self.send()
            case Phase.END:
                self.dismiss()
            case _:
                pass
        self.touch_body()

    def action_next(self) -> None:
        self.next_field(1)
        self.touch_body()

    def action_previous(self) -> None:
        self.next_field(-1)
        self.touch_body()

    def action_leave(self) -> None:
        """Close the dialog; what is under way goes on, and the alert row tells of it."""
        self.dismiss()

    def on_key(self, event: events.Key) -> None:
        if event.key in ("enter", "escape", "tab", "shift+tab", "up", "down", "f2"):
            return
        event.stop()
        match self.phase:
            case Phase.ASK:
                self._abandon() if event.key == "ctrl+x" else self.take_key(event)
            case Phase.CHOOSE if event.key == "u":
                self.next_account()
            case Phase.CHOOSE if event.key == "k" and not self._barred:
                self._begin(cut=True)
            case Phase.RUN if event.key in ("a", "ctrl+x"):
                self._abandon()
            case Phase.RUN if event.key in _CHOICE_KEYS:
                self._choose(_CHOICE_KEYS[event.key])
            case _:
                pass
        self.touch_body()

    # -- orders ------------------------------------------------------------------------------------------------------

    def _begin(self, *, cut: bool) -> None:
        if self._begun is None:
            self.sentence = ""
            self._begun = asyncio.create_task(self._renew(cut=cut), name="renewal")

    async def _renew(self, *, cut: bool) -> None:
        chosen = {"user": self.account()} if self.account() is not None else {}
        try:
            await self.desk.link.call("renew", cut=cut, **chosen)
        except RpconsoleError as error:
            self.sentence = foreign(error)
            self._begun = None
        if self.is_mounted:
            self.touch_body()

    def _choose(self, choice: Choice) -> None:
        self._steering = asyncio.create_task(self._steer(choice), name="renewal choice")

    async def _steer(self, choice: Choice) -> None:
        try:
            await self.desk.link.call("renewal", choice=str(choice))
            self.sentence = ""
        except RpconsoleError as error:
            self.sentence = foreign(error)
        if self.is_mounted:
            self.touch_body()

    def _abandon(self) -> None:
        view = self.shown()
        down = view is not None and view.step is RenewalStep.UP
        means = "the old sessions are ended already: none is open then" if down else "the sessions stay as they are"
        dialog = Dialog(
            self.desk,
            title="Abandon the renewal?",
            sentences=[(f"Gates are set as they were, and {means}.", "text")],
            choices=[Way(key="y", says="abandon it", value="yes")],
            no="goes on",
        )
        self.app.push_screen(dialog, lambda answer: self._choose(Choice.ABANDON) if answer else None)

    # -- painting ----------------------------------------------------------------------------------------------------

    def title_of(self, challenge: ChallengeAsked | None) -> tuple[str, str]:
        view = self.shown()
        note = ""
        if self.phase is Phase.ASK and challenge is not None:
            note = self.counted(challenge)
        elif view is not None:
            note = f"{view.outcome} {span((view.ended_at or self.desk.model.now()) - view.began_at)}"
        by = f", begun by {foreign(view.who)}" if view is not None else ""
        return f"Renew the sessions{by}", note

    def content(self, challenge: ChallengeAsked | None, width: int) -> list[Line]:
        view, phase = self.shown(), self.phase
        if phase is Phase.CHOOSE:
            return self._plan(width)
        if view is None:
            return [[("asking the engine …", "dim")], *self.said(width), keys_line("esc", "closes; it goes on")]
        if phase is Phase.ASK and challenge is not None:
            below = self.asking(challenge, width, "ctrl+x", "abandons", "esc", "closes")
        elif phase is Phase.END:
            below = [*self._ending(view, width), keys_line("enter", "closes")]
        else:
            below = [[], *self.said(width), keys_line(*_choices(view), "esc", "closes; it goes on")]
        room = self.size.height - AROUND - len(below)
        return [*self._steps(view, width, max(1, room)), *below]

    def _plan(self, width: int) -> list[Line]:
        accounts = self.accounts()
        account = foreign(self.account() or (accounts[0] if accounts else "the configured account"))
        gates = " and ".join(RENEWAL_GATES)
        hosts = counted(len(self.sessions()), "session")
        details = {
            RenewalStep.DRAIN: f"{gates}; what crosses the link ends first, each with its reason",
            RenewalStep.ACCOUNT: account,
            RenewalStep.UP: f"{hosts}; the site asks for tokens",
        }
        lines = [
            self._step(number, RenewalLine(step=step, detail=details.get(step, "")), width)
            for number, step in enumerate(RenewalStep, start=1)
        ]
        more = ("u", "account") if len(accounts) > 1 else ()
        keys = keys_line("enter", "begins", "k", "begins, cuts transfers", *more, "esc", "back")
        return [*lines, [], *self.said(width), [] if self._barred else keys]

    def _steps(self, view: RenewalView, width: int, room: int) -> list[Line]:
        """The checklist; where there is no room the step under way and its waits stay longest, what is done goes first."""
        waits = [self._waiting(one, width) for one in view.waits]
        if len(waits) >= room:
            waits = [*waits[: max(0, room - 2)], _more(len(waits) - max(0, room - 2))]
        lines: list[tuple[int, Line]] = []
        for number, line in enumerate(view.lines, start=1):
            lines.append((_STAYS.get(line.state, 2), self._step(number, line, width)))
            if line.state is LineState.DOING:
                lines += [(1, wait) for wait in waits]
        kept = sorted(range(len(lines)), key=lambda place: (lines[place][0], place))[:room]
        return [lines[place][1] for place in sorted(kept)]

    def _step(self, number: int, line: RenewalLine, width: int) -> Line:
        glyphs = self.desk.look.palette.glyphs
        token = _TOKENS[line.state]
        mark = glyphs[_GLYPHS[line.state]] if line.state in _GLYPHS else " "
        age = ""
        if line.state is LineState.DOING and line.began_at is not None:
            age = f" {span(self.desk.model.now() - line.began_at)}"
        head = f"{mark} {number} {fitted(RENEWAL_WORDS[line.step], WORDS_WIDTH)} "
        room = max(0, width - len(head) - len(age))
        return [(head, token), (fitted(foreign(line.detail), room), "text"), (age, "key")]

    def _waiting(self, one: Outstanding, width: int) -> Line:
        run = self.desk.model.runs.get(one.remote_id)
        moved = ""
        if run is not None and one.action in ("ship", "retrieve"):
            moved = f", {volume(run.bytes_sent if one.action == 'ship' else run.bytes_returned)} so far"
        left = "" if one.left_s is None else f", about {span(one.left_s)} left"
        cut = "" if one.cuttable else ", not cut"
        text = f"      {one.subject} {one.action}: {foreign(one.sentence)}{moved}{left}{cut}"
        return [(fitted(text, width), "alert")]

    def _ending(self, view: RenewalView, width: int) -> list[Line]:
        token = "state-full" if view.outcome is Outcome.DONE else "alarm"
        return [[], *([(piece, token)] for piece in wrapped(foreign(view.sentence), width))]


def _choices(view: RenewalView) -> list[str]:
    words: list[str] = []
    if Choice.WAIT in view.choices and view.choice is not Choice.WAIT:
        words += ["w", "waits"]
    if Choice.CUT in view.choices and view.choice is not Choice.CUT:
        words += ["k", "cuts at the next bundle border"]
    if Choice.ABANDON in view.choices:
        words += ["a", "abandons"]
    return words


def _more(count: int) -> Line:
    return [(f"      and {count} more", "alert")]
