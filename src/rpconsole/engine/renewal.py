"""The renewal of the sessions as one act: gates shut, work ended, sessions down and up again, gates as they were, runs revived."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from rpconsole.domain.action import Level
from rpconsole.domain.fault import LoginRefused, RpconsoleError, SiteRefused
from rpconsole.domain.renewal import (
    RENEWAL_GATES,
    Choice,
    Outcome,
    Outstanding,
    RenewalStep,
    RenewalView,
    begun,
    ended,
    finished,
    outstanding,
)
from rpconsole.domain.run import Run
from rpconsole.domain.session import SessionState, SessionView
from rpconsole.domain.snapshot import MoveView
from rpconsole.engine.engine import EngineCore
from rpconsole.engine.haul_desk import HaulDesk
from rpconsole.engine.logins import LIVE, LoginDesk
from rpconsole.ports.sessions import Ask

IsAnyoneThere = Callable[[], bool]


class _Abandoned(Exception):
    """A person gave the renewal up."""


class RenewalDesk:
    """Carries out one renewal at a time; its state is kept for those who look later."""

    def __init__(self, core: EngineCore, desk: LoginDesk, hauls: HaulDesk) -> None:
        self._core = core
        self._desk = desk
        self._hauls = hauls
        self._logging_in: asyncio.Task[list[SessionView]] | None = None
        #: the one under way, else the last one
        self.view: RenewalView | None = None

    async def renew(
        self, ask: Ask, *, user: str | None, cut: bool, who: str, is_anyone_there: IsAnyoneThere
    ) -> RenewalView:
        """All eight steps; the view at their end.

        Raises SiteRefused when a renewal is under way, BadConfiguration for an account that operators do not have.
        """
        if self.is_under_way:
            assert self.view is not None
            raise SiteRefused(f"{self.view.who} renews the sessions already: 'rpconsole login --renew' joins it")
        account = self._desk.account(user)
        choice = Choice.CUT if cut else Choice.WAIT
        self.view = RenewalView(who=who, account=account, began_at=self._now(), choice=choice)
        self._hauls.is_held = True
        self._core.gates.hold(RENEWAL_GATES, who=f"renewal by {who}", at=self._now())
        try:
            await self._steps(ask, account, is_anyone_there)
            self._end(Outcome.DONE, "the sessions are renewed")
        except _Abandoned:
            self._end(Outcome.ABANDONED, f"given up by {self.view.chosen_by or who}; {self._standing()}")
        except RpconsoleError as error:
            self._end(Outcome.FAILED, f"{str(error).rstrip('.')}; {self._standing()}")
        except BaseException:
            self._end(Outcome.FAILED, f"the engine stopped; {self._standing()}")
            raise
        return self.view

    @property
    def is_under_way(self) -> bool:
        """Whether a renewal has begun and not ended."""
        return self.view is not None and self.view.outcome is Outcome.RUNNING

    def choose(self, choice: Choice, who: str) -> RenewalView:
        """Wait on, cut transfers, or give up; SiteRefused where the choice does not fit the step."""
        if self.view is None or not self.is_under_way:
            raise SiteRefused("no renewal is under way: 'rpconsole login --renew' begins one")
        if choice not in self.view.choices:
            possible = ", ".join(self.view.choices) or "nothing, it goes on by itself"
            raise SiteRefused(f"'{choice}' does not fit this step of the renewal; possible: {possible}")
        self.view = replace(self.view, choice=choice, chosen_by=who)
        if choice is Choice.ABANDON and self._logging_in is not None:
            self._logging_in.cancel()
        self._core.wake()
        return self.view

    # -- the steps -----------------------------------------------------------------------------------------------------

    async def _steps(self, ask: Ask, account: str, is_anyone_there: IsAnyoneThere) -> None:
        owner = self._core.owner
        self._step(RenewalStep.ENGINE, f"the engine runs on {owner.host}, process {owner.pid}")
        live = self._live()
        count = len(self._core.world.sessions.view())
        self._step(RenewalStep.LINK, f"{len(live)} of {count} sessions are open")
        await self._drain()
        if not is_anyone_there():
            raise LoginRefused("nobody is there to answer the site, so the sessions were left as they are")
        parked = await self._down(live)
        self._step(RenewalStep.ACCOUNT, f"as {account}")
        await self._up(ask, account)
        self._core.gates.release()
        self._step(RenewalStep.GATES, _gates_again(self._core.gates.closed()))
        await self._revive(parked)

    async def _drain(self) -> None:
        """Wait for what crosses the link; nothing new starts, for the gates are shut."""
        self._begin(RenewalStep.DRAIN, f"the gates {' and '.join(RENEWAL_GATES)} are shut; what is under way ends")
        is_cut = False
        while waits := outstanding(self._core.busy):
            if self._view.choice is Choice.CUT and not is_cut:
                is_cut = True
                self._core.world.sessions.drain(on=True)
            elif self._view.choice is Choice.WAIT and is_cut:
                is_cut = False
                self._core.world.sessions.drain(on=False)
            moves = self._core.world.meter.views()
            self._show(tuple(_with_progress(one, moves.get(one.remote_id)) for one in waits))
            await self._core.next_round()
            self._stop_if_abandoned()
        self._stop_if_abandoned()
        await self._until_no_haul_moves()
        self._done(RenewalStep.DRAIN, "nothing crosses the link" + ("; transfers were cut" if is_cut else ""))

    async def _until_no_haul_moves(self) -> None:
        """A haul is never cut within a bundle, and need not be through: it goes on over the new sessions."""
        while (waits := self._hauls.outstanding()) is not None:
            self._core.world.sessions.drain(on=True)
            self._show((waits,))
            await self._core.next_round()
            self._stop_if_abandoned()

    async def _down(self, live: Sequence[SessionView]) -> list[Run]:
        """End the sessions; the runs that wait for the new ones."""
        self._begin(RenewalStep.DOWN, f"{len(live)} sessions are being ended")
        await self._desk.logout(())
        for _ in ("the round under way may have looked before the end", "the next one parks"):
            self._core.wake()
            await self._core.next_round()
        self._done(RenewalStep.DOWN, f"{len(live)} sessions ended")
        return [run for run in self._core.book.live() if run.parked]

    async def _up(self, ask: Ask, account: str) -> None:
        count = len(self._core.world.sessions.view())
        self._begin(RenewalStep.UP, f"the site asks for {count} logins, one after the other")
        self._logging_in = asyncio.ensure_future(self._desk.login(ask, user=account, hosts=(), who=self._view.who))
        try:
            views = await self._logging_in
        except asyncio.CancelledError:
            self._stop_if_abandoned()
            raise
        finally:
            self._logging_in = None
        opened = sum(view.state is SessionState.OPEN for view in views)
        self._done(RenewalStep.UP, f"{opened} of {count} sessions are open")

    async def _revive(self, parked: Sequence[Run]) -> None:
        """The loop revives what is parked; this waits until it has."""
        self._begin(RenewalStep.REVERT, "runs in 'auth' go on")
        while self._core.world.sessions.alive() and any(run.parked for run in self._core.book.live()):
            self._core.wake()
            await self._core.next_round()
        labels = sorted({run.label for run in parked})
        found = f"{len(parked)} runs of {', '.join(labels)} go on" if parked else "no run was waiting for a session"
        self._done(RenewalStep.REVERT, found)

    # -- bookkeeping ---------------------------------------------------------------------------------------------------

    @property
    def _view(self) -> RenewalView:
        assert self.view is not None
        return self.view

    def _now(self) -> float:
        return self._core.world.clock.now()

    def _live(self) -> list[SessionView]:
        return [view for view in self._core.world.sessions.view() if view.state in LIVE]

    def _begin(self, step: RenewalStep, detail: str) -> None:
        self.view = begun(self._view, step, self._now(), detail)

    def _done(self, step: RenewalStep, detail: str) -> None:
        self.view = finished(self._view, step, self._now(), detail)

    def _step(self, step: RenewalStep, detail: str) -> None:
        self._begin(step, detail)
        self._done(step, detail)

    def _show(self, waits: tuple[Outstanding, ...]) -> None:
        self.view = replace(self._view, waits=waits)

    def _stop_if_abandoned(self) -> None:
        if self._view.choice is Choice.ABANDON:
            raise _Abandoned

    def _standing(self) -> str:
        live = len(self._live())
        return f"{live} sessions are open" if live else "no session is open: 'rpconsole login' (L) opens them"

    def _end(self, outcome: Outcome, sentence: str) -> None:
        self._hauls.is_held = False
        self._core.gates.release()
        self._core.world.sessions.drain(on=False)
        self.view = ended(self._view, outcome, self._now(), sentence)
        level = Level.NOTE if outcome is Outcome.DONE else Level.WARN
        self._core.notices.say(level, f"renewal by {self.view.who}: {sentence}")
        self._core.wake()


def _gates_again(closed: frozenset[str]) -> str:
    return f"as they were; still shut by hand: {', '.join(sorted(closed))}" if closed else "as they were: all open"


def _with_progress(one: Outstanding, move: MoveView | None) -> Outstanding:
    if move is None:
        return one
    return replace(one, bytes_left=move.bytes - move.bytes_done, left_s=move.left_s)
