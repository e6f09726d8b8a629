"""A whole engine in memory: it keeps what it is told, and its site takes the tokens it was given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rpconsole.domain.action import Level
from rpconsole.domain.evidence import SubmitEvidence, recommended
from rpconsole.domain.fault import BadConfiguration, BadData, LoginRefused, NoSession, RpconsoleError, SiteRefused
from rpconsole.domain.haul import Haul, HaulState, HaulView, Way
from rpconsole.domain.looks import CommandPage, CommandView, OrderPreview
from rpconsole.domain.renewal import Choice, Outcome, RenewalStep, RenewalView, begun, ended
from rpconsole.domain.run import Component, ComponentState, RunRow, RunState, Step
from rpconsole.domain.scratch import Holding, Room
from rpconsole.domain.scratch_view import HoldingView, SafeFile, SafeFiles, ScratchView, Waiting
from rpconsole.domain.session import SessionState, SessionView
from rpconsole.domain.snapshot import GATES, Alert, GateView, RunView, Snapshot
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import Advanced
from rpconsole.engine.facade import RunDetail
from rpconsole.engine.haul_bench import BenchCell, HaulPlan
from rpconsole.ports.hauls import FileLine
from rpconsole.ports.journal import Act, JobRecord, PastSession, StoryLine, Verdict
from rpconsole.ports.run_store import DefineOrder, Definition
from rpconsole.ports.sessions import Ask, Challenge, Prompt
from rpconsole.ports.site import Tail
from rpconsole.ports.site_files import Reach

NOON = 1_400_000_000.0
FRONT_ENDS = ("fe1", "fe2")


def a_run_row(remote_id: int = 7, **changes: object) -> RunRow:
    """A run that is at the site."""
    row = RunRow(
        remote_id=remote_id,
        state=RunState.RUN,
        stage=Stage.CHIP,
        label="DEMO.A",
        path_base="/data/remote/DEMO.A",
        job_id=4711,
        last_poll=NOON,
        fault=0,
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def view_of(row: RunRow) -> RunView:
    """The row as it is shown."""
    return RunView(
        remote_id=row.remote_id,
        stage=row.stage,
        label=row.label,
        state=row.state,
        step=Step.POLL,
        job=f"moab.{row.job_id}",
        attempts=1,
        tries=0,
        next_try_at=None,
        why=("its job waits in the queue",),
        fault=row.fault,
        components={ComponentState.PREP_DONE: 3, ComponentState.FAIL: 1},
        tasks_done=5,
        tasks=8,
    )


class FakeHauls:
    """Serves HaulFacade from memory."""

    def __init__(self, asked: list[tuple[str, tuple[object, ...], str]]) -> None:
        self._asked = asked
        self.known: dict[int, Haul] = {}
        self.lines: list[FileLine] = []
        self.reached: list[Reach] = []

    async def order(self, way: Way, sources: Sequence[str], target: str, who: str) -> Haul:
        self._asked.append(("haul", (way, tuple(sources), target), who))
        number = len(self.known) + 1
        haul = Haul(number=number, way=way, sources=tuple(sources), target=target, who=who, ordered_at=NOON)
        self.known[number] = haul
        return haul

    async def stop(self, number: int, who: str) -> Haul:
        return self._changed(number, HaulState.STOPPED, "stopped by a person")

    async def resume(self, number: int, who: str) -> Haul:
        return self._changed(number, HaulState.WAITING, "its turn comes next")

    def _changed(self, number: int, state: HaulState, sentence: str) -> Haul:
        if number not in self.known:
            raise BadData(f"there is no haul {number}; 'rpconsole transfer list' lists them")
        self.known[number] = replace(self.known[number], state=state, sentence=sentence)
        return self.known[number]

    async def all(self, limit: int = 100) -> list[HaulView]:
        return [HaulView(haul=haul) for haul in self.known.values()][-limit:]

    async def files(
        self, *, haul: int | None = None, remote_id: int | None = None, state: str | None = None, limit: int = 1000
    ) -> list[FileLine]:
        return self.lines[:limit]

    async def plan(self, way: Way, sources: Sequence[str], target: str) -> HaulPlan:
        return HaulPlan(
            files=3, bytes=6_000_000, files_there=1, largest=sources[0], largest_bytes=4_000_000, free_bytes=None,
            rate=2_000_000.0, expected_s=2.0, doubts=("it does not fit",),
        )  # fmt: skip

    async def bench(self, *, size: int, total: int, front_ends: int, streams: int, who: str) -> BenchCell:
        rate = 1e6 * front_ends * streams
        return BenchCell(
            size=size, files=total // size, front_ends=front_ends, streams=streams, rate_out=rate, rate_in=rate / 2
        )

    async def reach(self) -> list[Reach]:
        return list(self.reached)

    async def learned(self) -> Mapping[str, Any]:
        return {}


class FakeEngine:
    """Serves EngineFacade and RunningEngine from memory."""

    def __init__(self, *, rows: Sequence[RunRow] = (), token: str = "123456") -> None:
        self.rows = {row.remote_id: row for row in rows}
        self.token = token
        self.asked: list[tuple[str, tuple[object, ...], str]] = []
        self.challenge = Challenge(
            host="gate",
            user="operator",
            position=(1, 1),
            title="Card login",
            instructions="Use your card.",
            prompts=(Prompt(text="Enter PASSCODE: ", echo=False),),
        )
        self.tail_text = "line 1\nline 2\n"
        self.looked = False
        self.hauls = FakeHauls(self.asked)
        self._tokens_seen: list[Sequence[str] | None] = []
        self._labels: list[tuple[str, Stage]] = []
        self._listeners: list[asyncio.Queue[Alert]] = []
        self._stopped = asyncio.Event()
        self._snapshot = Snapshot(
            at=NOON,
            sequence=1,
            site="practice",
            database="gpc1",
            owner="operator@here",
            sessions=tuple(SessionView(host=host, state=SessionState.CLOSED) for host in FRONT_ENDS),
            gates=tuple(GateView(name=name, open=True) for name in GATES),
            runs=tuple(view_of(row) for row in rows),
            alerts=(),
        )

    @property
    def tokens_seen(self) -> list[Sequence[str] | None]:
        """Every answer that reached the site."""
        return self._tokens_seen

    async def run(self) -> None:
        await self._stopped.wait()

    async def look(self) -> None:
        self.looked = True

    def stop(self) -> None:
        self._stopped.set()

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def change(self, **changes: object) -> None:
        """Move the present on."""
        self._snapshot = replace(self._snapshot, sequence=self._snapshot.sequence + 1, **changes)  # type: ignore[arg-type]

    def say(self, sentence: str, level: Level = Level.WARN) -> None:
        """Say something to the operators."""
        alert = Alert(at=NOON, level=level, sentence=sentence)
        self.change(alerts=(*self._snapshot.alerts, alert))
        for listener in self._listeners:
            listener.put_nowait(alert)

    async def alerts(self) -> AsyncIterator[Alert]:
        listener: asyncio.Queue[Alert] = asyncio.Queue()
        self._listeners.append(listener)
        try:
            while True:
                yield await listener.get()
        finally:
            self._listeners.remove(listener)

    async def runs(
        self, *, label: str | None = None, stage: Stage | None = None, states: Sequence[str] = ()
    ) -> list[RunRow]:
        return [
            row
            for row in self.rows.values()
            if label in (None, row.label) and stage in (None, row.stage) and (not states or row.state in states)
        ]

    async def run_detail(self, remote_id: int) -> RunDetail:
        row = self._row(remote_id)
        return RunDetail(
            row=row,
            step=Step.POLL,
            why=("its job waits in the queue",),
            components=(
                Component(remote_id=remote_id, stage_id=31, jobs=4, state=ComponentState.PREP_DONE, path_base="/p"),
            ),
            jobs=(
                JobRecord(
                    remote_id=remote_id, number=1, nonce="ab", intended_at=NOON, job="moab.4711", state="accepted"
                ),
            ),
            failures=(
                Verdict(remote_id=remote_id, stage_id=31, item="XY11", state="fail", sentence="no product x.fits"),
            ),
            bytes_sent=2048,
            bytes_returned=0,
            files={"manifest": "/data/remote/manifest.jsonl"},
        )

    async def story(self, remote_id: int) -> list[StoryLine]:
        self._row(remote_id)
        return [
            StoryLine(
                at=NOON + n, remote_id=remote_id, event=event, before=before, after=after, detail="as it should be"
            )
            for n, (event, before, after) in enumerate((("Prepared", "prepare", "ship"), ("Shipped", "ship", "submit")))
        ]

    async def why(self, remote_id: int) -> tuple[str, ...]:
        self._row(remote_id)
        return ("its job waits in the queue", "component 32 was abandoned after 3 tries")

    async def commands(
        self, remote_id: int, stage_id: int | None = None, *, failed: bool = False, offset: int = 0, limit: int = 1000
    ) -> CommandPage:
        self._row(remote_id)
        found = (
            CommandView(task=1, stage_id=31, item="XY01", command="ppImage --threads 2", state="pass", attempts=1),
            CommandView(
                task=2, stage_id=31, item="XY11", command="ppImage --threads 2", state="fail", code=3, attempts=3
            ),
        )
        kept = tuple(one for one in found if not failed or one.state == "fail")
        return CommandPage(commands=kept[offset : offset + limit], count=len(kept))

    async def preview(self, verb: str, remote_ids: Sequence[int], who: str) -> list[OrderPreview]:
        return [OrderPreview(remote_id=one, site=(f"canceljob {one}",), then="it ends") for one in remote_ids]

    async def rebundle(self, remote_id: int, who: str) -> str:
        return self._ordered("rebundle", remote_id, who)

    async def doubtful(self, remote_id: int | None = None) -> list[SubmitEvidence]:
        plain = SubmitEvidence(
            remote_id=remote_id or 17, step="reconcile", attempt=2, name="rp17.2.ab12", intended_at=NOON
        )
        if remote_id is not None:
            self._row(remote_id)
        asked = replace(plain, is_asked=True, is_claimed=True, claim_age_s=1200.0, is_queue_heard=True)
        return [recommended(asked, receipt_s=900.0)]

    async def define(self, order: DefineOrder, who: str) -> Definition:
        self._note("define", who, order)
        return Definition(remote_id=None if order.pretend else 12, stage_ids=(1, 2, 3))

    async def advance(self, label: str | None, stage: Stage | None, who: str) -> list[Advanced]:
        self._note("advance", who, label, stage)
        return [Advanced(stage=Stage.CHIP, stage_id=31, next_id=41)]

    async def retry(self, remote_id: int, who: str) -> str:
        return self._ordered("retry", remote_id, who)

    async def resubmit(self, remote_id: int, who: str) -> str:
        return self._ordered("resubmit", remote_id, who)

    async def cancel(self, remote_id: int, who: str) -> str:
        return self._ordered("cancel", remote_id, who)

    async def revert(self, remote_id: int, who: str) -> str:
        return self._ordered("revert", remote_id, who)

    async def set_gates(self, names: Sequence[str], *, open: bool, who: str) -> tuple[GateView, ...]:
        self._note("gates", who, tuple(names), open)
        gates = tuple(
            GateView(name=gate.name, open=open, who=who, at=NOON) if gate.name in names else gate
            for gate in self._snapshot.gates
        )
        self.change(gates=gates)
        return gates

    async def login(self, ask: Ask, *, user: str | None, hosts: Sequence[str], who: str) -> list[SessionView]:
        wanted = list(hosts) or list(FRONT_ENDS)
        strange = [host for host in wanted if host not in FRONT_ENDS]
        if strange:
            raise BadConfiguration(f"'{strange[0]}' is not a front end")
        self._note("login", who, user, tuple(hosts))
        for place, host in enumerate(wanted, start=1):
            answers = await ask(replace(self.challenge, host=host, position=(place, len(wanted))))
            self._tokens_seen.append(answers)
            if answers is None:
                raise NoSession("nobody answered the site's prompt")
            if list(answers) != [self.token] * len(self.challenge.prompts):
                raise LoginRefused("the site refused the answer: Access denied")
            self._open(host, user or "operator", who)
        return list(self._snapshot.sessions)

    async def renew(self, ask: Ask, *, user, cut, who, is_anyone_there) -> RenewalView:
        self._note("renew", who, user, cut)
        view = RenewalView(who=who, account=user or "operator", began_at=NOON + 1)
        view = begun(view, RenewalStep.DRAIN, NOON + 1, "what is under way ends")
        self.change(renewal=view)
        await asyncio.sleep(0)
        try:
            await self.login(ask, user=user, hosts=(), who=who)
        except RpconsoleError as error:
            view = ended(view, Outcome.FAILED, NOON + 2, str(error))
        else:
            view = ended(view, Outcome.DONE, NOON + 2, "the sessions are renewed")
        self.change(renewal=view)
        return view

    async def steer_renewal(self, choice: Choice, who: str) -> RenewalView:
        self._note("renewal", who, choice)
        if self._snapshot.renewal is None:
            raise SiteRefused("no renewal is under way")
        return self._snapshot.renewal

    async def logout(self, hosts: Sequence[str], who: str) -> None:
        self._note("logout", who, tuple(hosts))
        self.change(sessions=tuple(SessionView(host=host, state=SessionState.CLOSED) for host in FRONT_ENDS))

    async def watch_label(self, label: str, stages: Sequence[Stage], *, on: bool, who: str) -> None:
        self._note("label", who, label, tuple(stages), on)
        pairs = [(label, stage) for stage in stages]
        self._labels = [pair for pair in self._labels if pair not in pairs] + (pairs if on else [])

    async def labels(self) -> Sequence[tuple[str, Stage]]:
        return list(self._labels)

    async def acts(self, limit: int = 100) -> list[Act]:
        return [Act(at=NOON, who=who, what=verb) for verb, _, who in self.asked][-limit:]

    async def past_sessions(self, limit: int = 10) -> list[PastSession]:
        past = [
            PastSession(host="fe1", user=user, opened_by=who, opened_at=NOON - start, ended_at=NOON - end, end=how)
            for user, who, start, end, how in (
                ("ann", "anna", 90_000, 46_800, "cut by the site"),
                ("bob", "robert", 46_000, 3_600, "closed by us"),
            )
        ]
        return past[len(past) - min(limit, len(past)) :]

    async def note(self, what: str, who: str) -> None:
        self._note("note", who, what)

    async def poll_now(self, who: str) -> None:
        self._note("poll", who)

    async def scratch(self) -> ScratchView:
        held = Holding(
            remote_id=7, stage=Stage.CHIP, label="DEMO.A", files=240, bytes=5 << 30, oldest=NOON, looked_at=NOON
        )
        return ScratchView(
            at=NOON,
            room=Room(used=80 * 10**12, total=100 * 10**12, at=NOON, source="quota"),
            purge_days=14.0,
            purge_by="access",
            throttle=0.85,
            holdings=(HoldingView(holding=held, purge_at=NOON + 14 * 86400, readers=(8,)),),
            waiting=(Waiting(remote_id=9, sentence="scratch would overflow"),),
            promised=10**12,
        )

    async def safe_files(self, remote_ids: Sequence[int]) -> list[SafeFiles]:
        rows = [self._row(one) for one in remote_ids or [7]]
        file = SafeFile(remote="/scratch/a.trace", bytes=2048, kind="intermediate")
        return [SafeFiles(remote_id=row.remote_id, files=(file,), kept=("2 components failed",)) for row in rows]

    async def clean_scratch(self, remote_ids: Sequence[int], who: str) -> list[SafeFiles]:
        self._note("scratch_clean", who, tuple(remote_ids))
        return [replace(one, removed=1) for one in await self.safe_files(remote_ids)]

    async def tail(self, path: str, *, offset: int, limit: int) -> Tail:
        size = len(self.tail_text)
        return Tail(text=self.tail_text, offset=size, size=size)

    def _row(self, remote_id: int) -> RunRow:
        if remote_id not in self.rows:
            raise BadData(f"there is no run {remote_id}")
        return self.rows[remote_id]

    def _ordered(self, verb: str, remote_id: int, who: str) -> str:
        self._row(remote_id)
        self._note(verb, who, remote_id)
        return f"{verb} of run {remote_id} was recorded"

    def _note(self, verb: str, who: str, *args: object) -> None:
        self.asked.append((verb, args, who))

    def _open(self, host: str, user: str, who: str) -> None:
        opened = SessionView(
            host=host, state=SessionState.OPEN, user=user, opened_at=NOON, ends_at=NOON + 43200, opened_by=who
        )
        self.change(sessions=tuple(opened if view.host == host else view for view in self._snapshot.sessions))
