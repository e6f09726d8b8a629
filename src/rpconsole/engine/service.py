"""The engine as its clients see it: reading, and orders that go into the audit with who gave them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from rpconsole.domain.action import Level
from rpconsole.domain.event import CancelOrdered, Event, ResubmitOrdered, RetryOrdered
from rpconsole.domain.evidence import SubmitEvidence
from rpconsole.domain.fault import BadData
from rpconsole.domain.looks import CommandPage, OrderPreview
from rpconsole.domain.machine import InvalidMove
from rpconsole.domain.renewal import Choice, RenewalView
from rpconsole.domain.run import FINAL_STEPS, ComponentState, Run, RunRow, RunState, Step
from rpconsole.domain.schedule import in_order
from rpconsole.domain.scratch_view import SafeFiles, ScratchView
from rpconsole.domain.session import SessionState, SessionView
from rpconsole.domain.snapshot import Alert, GateView, Snapshot
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import Advanced
from rpconsole.domain.why import WAITS_AT, reasons
from rpconsole.engine.audit import Audit
from rpconsole.engine.book import LIVE_STATES, STOPPED_STATES, as_known
from rpconsole.engine.component_commands import CommandDesk, checked_component
from rpconsole.engine.engine import EngineCore
from rpconsole.engine.facade import RunDetail
from rpconsole.engine.forecast import forecast
from rpconsole.engine.haul_desk import HaulDesk
from rpconsole.engine.haul_service import HaulService
from rpconsole.engine.login_tries import CountedLogins
from rpconsole.engine.prepare import FAILED, take_up_again
from rpconsole.engine.preview import moved_preview, reverted_preview
from rpconsole.engine.reconcile import evidence_of
from rpconsole.engine.remote_names import paths_at_site
from rpconsole.engine.renewal import IsAnyoneThere, RenewalDesk
from rpconsole.engine.run_files import paths_at_home
from rpconsole.engine.scratch_cleaning import clean, refuse_unfinished, safe_files
from rpconsole.engine.story import left_out
from rpconsole.engine.sweep import advance_label
from rpconsole.engine.views import Views
from rpconsole.engine.world import World
from rpconsole.ports.journal import Act, Owner, PastSession, StoryLine
from rpconsole.ports.run_store import ComponentChange, DefineOrder, Definition
from rpconsole.ports.sessions import Ask
from rpconsole.ports.site import Tail

#: how many failures ``why`` names before it only counts
NAMED = 10
NO_ENGINE = "no engine runs, so nothing moves by itself: 'rpconsole --daemon' or the console starts one"


class Engine:
    """Serves ``EngineFacade``; with ``run`` under way it also works, without it only reads and records."""

    def __init__(self, world: World, owner: Owner) -> None:
        self._world = world
        self._only_looks = False
        self._core = EngineCore(world, owner)
        self._audit = Audit(world)
        self._desk = CountedLogins(world, self._core.notices)
        self._commands = CommandDesk(world=world, book=self._core.results)
        self._hauls = HaulDesk(world, self._core.notices)
        self._renewals = RenewalDesk(self._core, self._desk, self._hauls)
        self._views = Views(self._core, self._desk, self._renewals, self._hauls)

    # -- life --------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work until ``stop``."""
        self._core.at_refresh = self._refresh
        self._core.at_tick = self._tick
        self._core.at_start = self._desk.resume
        self._core.at_end = self._hauls.end
        self._core.at_release = self._desk.release
        await self._core.run()

    async def _tick(self) -> None:
        await self._desk.note_changes()
        await self._hauls.tick()

    async def _refresh(self) -> None:
        await self._views.refresh()
        self._core.beside("count", self._views.count)

    def stop(self) -> None:
        """Begin an orderly stop."""
        self._core.stop()

    async def look(self) -> None:
        """Read once what ``snapshot`` shows, for an engine that does not run; writes nothing."""
        self._only_looks = True
        await self._core.gates.load()
        rows = await self._world.runs.runs([*LIVE_STATES, *STOPPED_STATES])
        known = await self._world.journal.load(rows)
        self._core.book.runs.update({row.remote_id: as_known(row, known) for row in rows})
        await self._views.refresh()
        await self._views.count()

    # -- reading -----------------------------------------------------------------------------------------------------

    @property
    def hauls(self) -> HaulService:
        """What people send and fetch by hand."""
        return HaulService(self._hauls, self._world, self._core.wake)

    def snapshot(self) -> Snapshot:
        """The present, from memory."""
        return self._views.snapshot()

    def alerts(self) -> AsyncIterator[Alert]:
        """What is said to operators from now on."""
        return self._core.notices.listen()

    async def runs(
        self, *, label: str | None = None, stage: Stage | None = None, states: Sequence[str] = ()
    ) -> list[RunRow]:
        """Runs from the database, ended ones too."""
        return await self._world.runs.runs([RunState(state) for state in states], label=label, stage=stage)

    async def run_detail(self, remote_id: int) -> RunDetail:
        """One run."""
        row = await self._row(remote_id)
        run = await self._known(row)
        sent, returned = (await self._world.ledger.bytes_of([remote_id])).get(remote_id, (0, 0))
        return RunDetail(
            row=row,
            step=str(run.step),
            why=await self._reasons(run),
            components=tuple(await self._world.runs.components(remote_id)),
            jobs=tuple(await self._world.journal.jobs(remote_id)),
            failures=tuple(await self._world.ledger.verdicts(remote_id, state="fail")),
            bytes_sent=sent,
            bytes_returned=returned,
            files=await paths_at_home(self._world, run),
            site_files=paths_at_site(run, self._world.settings.layout.remote_root),
        )

    async def story(self, remote_id: int) -> list[StoryLine]:
        """How the run got where it is."""
        await self._row(remote_id)
        return await self._world.journal.story(remote_id)

    async def why(self, remote_id: int) -> tuple[str, ...]:
        """Why the run does not move, and when its job may start; abandoned components are named."""
        run = await self._known(await self._row(remote_id))
        found = await self._reasons(run)
        foretold = await forecast(self._world, run, self._core.results.of.get(remote_id))
        return (*found, foretold) if foretold else found

    async def _reasons(self, run: Run) -> tuple[str, ...]:
        failures = await self._world.ledger.verdicts(run.remote_id, state="fail")
        named = [f"component {one.stage_id} {one.item}: {one.sentence}" for one in failures[:NAMED]]
        if len(failures) > NAMED:
            named.append(f"and {len(failures) - NAMED} more failures: 'rpconsole run show {run.remote_id}' lists them")
        told = left_out(await self._world.journal.story(run.remote_id))
        found = reasons(run, self._core.situation())
        if self._only_looks and run.step not in FINAL_STEPS:
            found = (NO_ENGINE, *(sentence for sentence in found if sentence != WAITS_AT.get(run.step)))
        return (*found, *named, *([told] if told else []))

    async def commands(
        self, remote_id: int, stage_id: int | None = None, *, failed: bool = False, offset: int = 0, limit: int = 1000
    ) -> CommandPage:
        """The commands of a run or of one component, each with what became of it."""
        run = await self._known(await self._row(remote_id))
        known = [one.stage_id for one in await self._world.runs.components(remote_id)] if stage_id is not None else []
        checked_component(stage_id, known, remote_id)
        return await self._commands.page(run, stage_id, failed=failed, offset=offset, limit=limit)

    async def preview(self, verb: str, remote_ids: Sequence[int], who: str) -> list[OrderPreview]:
        """What an order would do to each run."""
        return [await self._preview(verb, remote_id, who) for remote_id in remote_ids]

    async def _preview(self, verb: str, remote_id: int, who: str) -> OrderPreview:
        run = await self._known(await self._row(remote_id))
        if verb in ("revert", "rebundle"):
            failed = await self._world.runs.components(remote_id, FAILED)
            return reverted_preview(run, failed, rebundle=verb == "rebundle")
        return moved_preview(self._world, run, verb, who)

    async def _row(self, remote_id: int) -> RunRow:
        row = await self._world.runs.run(remote_id)
        if row is None:
            raise BadData(f"there is no run {remote_id}; 'rpconsole runs' lists them")
        return row

    async def _known(self, row: RunRow) -> Run:
        """The run as the loop has it, else as the journal has it, else as its row alone shows it."""
        if row.remote_id in self._core.book.runs:
            return self._core.book.runs[row.remote_id]
        return as_known(row, await self._world.journal.load([row]))

    async def doubtful(self, remote_id: int | None = None) -> list[SubmitEvidence]:
        """The evidence of one run, or of all that are in doubt."""
        if remote_id is not None:
            return [await evidence_of(self._world, await self._known(await self._row(remote_id)))]
        doubted = [run for run in self._core.book.live() if self._is_doubtful(run)]
        return [await evidence_of(self._world, run) for run in doubted]

    def _is_doubtful(self, run: Run) -> bool:
        unlisted = self._core.results.unlisted_since
        return run.step is Step.RECONCILE or (run.step is Step.POLL and run.remote_id in unlisted)

    # -- orders ------------------------------------------------------------------------------------------------------

    async def define(self, order: DefineOrder, who: str) -> Definition:
        """Bundle what is new into a run."""
        definition = await self._world.runs.define(order)
        if definition.remote_id is not None:
            what = f"define run {definition.remote_id}: {order.stage} of label {order.label}"
            await self._audit.note(who, what, f"of {len(definition.stage_ids)} components")
            self._core.refresh_due.wake()
            self._core.wake()
        return definition

    async def advance(self, label: str | None, stage: Stage | None, who: str) -> list[Advanced]:
        """Register what is complete for the next stage, now."""
        async with self._audit.acting(who, f"advance {stage or 'every stage'} of {label or 'every label'}") as act:
            advanced = await advance_label(self._world, label, (stage,) if stage else tuple(Stage))
            act.outcome = f"{len(advanced)} registered for the next stage"
        self._core.sweep_due.wake()
        self._core.wake()
        return advanced

    async def retry(self, remote_id: int, who: str) -> str:
        """Send a stopped run on its way, or end a waiting."""
        await take_up_again(self._world, await self._known(await self._row(remote_id)))
        return await self._order(remote_id, RetryOrdered(who=who), who, "retry")

    async def resubmit(self, remote_id: int, who: str) -> str:
        """Decide a doubtful submit for a new attempt."""
        return await self._order(remote_id, ResubmitOrdered(who=who), who, "resubmit")

    async def cancel(self, remote_id: int, who: str) -> str:
        """Record the wish to end a run."""
        return await self._order(remote_id, CancelOrdered(who=who), who, "cancel")

    async def _order(self, remote_id: int, event: Event, who: str, what: str) -> str:
        row = await self._row(remote_id)
        self._core.book.runs.setdefault(remote_id, await self._known(row))
        async with self._audit.acting(who, f"{what} run {remote_id}") as act:
            try:
                actions = await self._core.book.apply(remote_id, event)
            except InvalidMove as invalid:
                raise BadData(f"'{what}' does not fit: {invalid}") from None
            self._core.carry_out(actions)
            if isinstance(event, RetryOrdered):
                self._core.circuit.look_now()
            self._core.wake()
            run = self._core.book.runs[remote_id]
            act.outcome = f"run {remote_id} is at '{run.step}' now" + (f": {run.hold}" if run.hold else "")
        return act.outcome

    async def revert(self, remote_id: int, who: str) -> str:
        """Set failed components to 'retry', so that the next definition takes their stage runs again."""
        await self._row(remote_id)
        failed = await self._world.runs.components(remote_id, FAILED)
        changes = [ComponentChange(stage_id=one.stage_id, state=ComponentState.RETRY) for one in failed]
        async with self._audit.acting(who, f"revert {len(changes)} components of run {remote_id}") as act:
            act.outcome = f"run {remote_id} has no failed component"
            if changes:
                count = await self._world.runs.change_components(remote_id, changes)
                self._core.sweep_due.wake()
                self._core.wake()
                act.outcome = f"{count} components of run {remote_id} will be taken into the next definition"
        return act.outcome

    async def rebundle(self, remote_id: int, who: str) -> str:
        """Revert, and define at once a new run of what failed, with the old one's label and place."""
        row = await self._row(remote_id)
        said = await self.revert(remote_id, who)
        if not await self._world.runs.components(remote_id, (ComponentState.RETRY,)):
            return said
        made = await self.define(DefineOrder(stage=row.stage, label=row.label, path_base=row.path_base), who)
        if made.remote_id is None:
            return f"{said}; they are in another run already, or their label is switched off"
        return f"run {made.remote_id} was made of {len(made.stage_ids)} {row.stage} runs with label {row.label}"

    async def set_gates(self, names: Sequence[str], *, open: bool, who: str) -> tuple[GateView, ...]:
        """Open or close gates."""
        await self._core.gates.load()
        view = await self._core.gates.set(names, open=open, who=who, at=self._world.clock.now())
        await self._audit.note(who, f"{'resume' if open else 'pause'} {' '.join(names)}")
        self._core.wake()
        return view

    async def login(self, ask: Ask, *, user: str | None, hosts: Sequence[str], who: str) -> list[SessionView]:
        """Open sessions, asking a person through ``ask``."""
        what = f"login {' '.join(hosts) or 'to every front end'}" + (f" as {user}" if user else "")
        try:
            async with self._audit.acting(who, what) as act:
                views = await self._desk.login(ask, user=user, hosts=hosts, who=who)
                act.outcome = (
                    f"{sum(view.state is SessionState.OPEN for view in views)} of {len(views)} sessions are open"
                )
            return views
        finally:
            self._core.circuit.look_now()
            self._core.watch.due.wake()
            self._core.wake()

    async def renew(
        self, ask: Ask, *, user: str | None, cut: bool, who: str, is_anyone_there: IsAnyoneThere
    ) -> RenewalView:
        """The eight steps as one act."""
        async with self._audit.acting(who, "renew the sessions" + (f" as {user}" if user else "")) as act:
            view = await self._renewals.renew(ask, user=user, cut=cut, who=who, is_anyone_there=is_anyone_there)
            act.outcome = f"{view.outcome}: {view.sentence}" if view.sentence else str(view.outcome)
        return view

    async def steer_renewal(self, choice: Choice, who: str) -> RenewalView:
        """Wait on, cut transfers, or give up."""
        view = self._renewals.choose(choice, who)
        await self._audit.note(who, f"renewal: {choice}")
        return view

    async def logout(self, hosts: Sequence[str], who: str) -> None:
        """End sessions."""
        async with self._audit.acting(who, f"logout {' '.join(hosts) or 'everywhere'}"):
            await self._desk.logout(hosts)
        self._core.wake()

    async def watch_label(self, label: str, stages: Sequence[Stage], *, on: bool, who: str) -> None:
        """Define runs by itself for this label, or stop doing so."""
        words = " ".join(stages)
        async with self._audit.acting(who, f"{'watch' if on else 'stop watching'} label {label}: {words}"):
            for stage in stages:
                await self._world.operations.set_label(label, stage, on=on)
        self._core.sweep_due.wake()
        self._core.wake()

    async def labels(self) -> Sequence[tuple[str, Stage]]:
        """(label, stage) pairs that runs are defined for by themselves."""
        watched = await self._core.gates.labels(self._world.settings.labels)
        return [(one.label, stage) for one in watched for stage in one.stages]

    async def past_sessions(self, limit: int = 10) -> list[PastSession]:
        """Those that have ended."""
        return await self._desk.past(limit)

    async def acts(self, limit: int = 100) -> list[Act]:
        """The audit."""
        return await self._world.operations.acts(limit=limit)

    async def note(self, what: str, who: str) -> None:
        """What a person did that the engine had no part in."""
        self._core.notices.say(Level.NOTE, f"{who}: {what}")
        await self._audit.note(who, what)

    async def poll_now(self, who: str) -> None:
        """Wake the poll."""
        await self._audit.note(who, "poll now")
        self._core.watch.due.wake()
        self._core.wake()

    # -- scratch -----------------------------------------------------------------------------------------------------

    async def scratch(self) -> ScratchView:
        """Room, purge clocks, what waits."""
        await self._core.scratch.read(self._core.book.live())
        return self._core.scratch.view(in_order(self._core.book.live(), self._core.situation()))

    async def safe_files(self, remote_ids: Sequence[int]) -> list[SafeFiles]:
        """What may be removed."""
        return [await self._proven(row) for row in await self._full_rows(remote_ids)]

    async def _proven(self, row: RunRow) -> SafeFiles:
        return await safe_files(self._world, row, list(self._core.book.runs.values()))

    async def _full_rows(self, remote_ids: Sequence[int]) -> list[RunRow]:
        named = dict.fromkeys(remote_ids)
        return refuse_unfinished([await self._row(one) for one in named] if named else await self._left_something())

    async def _left_something(self) -> list[RunRow]:
        known = await self._world.holdings.holdings() if self._world.holdings else []
        full = {row.remote_id: row for row in await self._world.runs.runs([RunState.FULL])} if known else {}
        return [full[one.remote_id] for one in known if one.remote_id in full]

    async def clean_scratch(self, remote_ids: Sequence[int], who: str) -> list[SafeFiles]:
        """Remove it."""
        done = []
        for row in await self._full_rows(remote_ids):
            # proven right before it is removed: to remove what earlier runs left may have taken minutes
            safe = await self._proven(row)
            what = f"remove {len(safe.files)} files of run {safe.remote_id} from scratch"
            async with self._audit.acting(who, what) as act, self._core.scratch.writing:
                done.append(await clean(self._world, safe, self._world.settings.layout.remote_root))
                if not safe.kept:
                    self._core.scratch.forget(safe.remote_id)
                act.outcome = f"{done[-1].removed} were removed"
        self._core.scratch_due.wake()
        self._core.wake()
        return done

    async def tail(self, path: str, *, offset: int, limit: int) -> Tail:
        """A piece of a file at the site."""
        return await self._world.site.tail(path, offset=offset, limit=limit)
