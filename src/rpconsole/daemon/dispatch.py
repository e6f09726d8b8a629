"""Verbs of the protocol to calls of the engine: arguments checked, results as versioned plain objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from rpconsole.daemon.haul_verbs import HAUL_VERBS, haul_table
from rpconsole.daemon.run_verbs import run_table
from rpconsole.daemon.verbs import (
    VERBS,
    ActsArgs,
    AdvanceArgs,
    Args,
    BatonArgs,
    CleanArgs,
    CommandsArgs,
    DefineArgs,
    FindRunsArgs,
    GatesArgs,
    LabelArgs,
    LoginArgs,
    LogoutArgs,
    NoArgs,
    PreviewArgs,
    ReconcileArgs,
    RenewalArgs,
    RenewArgs,
    RunArgs,
    RunsArgs,
    ScratchArgs,
    SessionArgs,
    StoryArgs,
    TailArgs,
)
from rpconsole.domain.fault import ExitCode, FaultKind, RpconsoleError
from rpconsole.domain.filters import parse
from rpconsole.domain.nearest import nearest
from rpconsole.domain.ranges import ranges_of
from rpconsole.domain.run_facts import FILTER_KEYS, in_order
from rpconsole.domain.scratch_view import SafeFiles
from rpconsole.domain.snapshot import GATES, STAGE_GATES, Snapshot, gates_of
from rpconsole.domain.stage import Stage
from rpconsole.domain.standstill import queue_reasons
from rpconsole.engine.facade import EngineFacade
from rpconsole.patience import patience
from rpconsole.ports.run_store import DefineOrder
from rpconsole.ports.sessions import Ask
from rpconsole.protocol.codec import plain, result, sentence_of
from rpconsole.protocol.errors import BadRequest

Result = dict[str, Any]


class NoOneToAsk(RpconsoleError):
    """A login needs the engine that goes on living: start it with 'rpconsole --daemon'."""

    kind = FaultKind.NEEDS_LOGIN
    exit_code = ExitCode.LOGIN_NEEDED


class LoginUnderWay(RpconsoleError):
    """A login is under way: logins go one at a time, because tokens that are counted burn each other."""

    kind = FaultKind.REFUSED
    exit_code = ExitCode.SYSTEM


@dataclass(frozen=True, kw_only=True, slots=True)
class Asker:
    """The way to the people who can answer the site."""

    ask: Ask
    is_anyone_there: Callable[[], bool]


class Dispatch:
    """Carries out one request after another, or several at once, for any number of clients."""

    def __init__(self, engine: EngineFacade, *, present: Callable[[], Snapshot] | None = None) -> None:
        self._engine = engine
        #: who logs in or renews just now, as a clause
        self._login: str | None = None
        self._present = present or engine.snapshot
        self._table: dict[str, Callable[[Any, str], Awaitable[Result]]] = {
            "status": self._status,
            "session": self._session,
            "runs": self._runs,
            "find_runs": self._find_runs,
            "queues": self._queues,
            "story": self._story,
            "commands": self._commands,
            "preview": self._preview,
            "why": self._why,
            "acts": self._acts,
            "labels": self._labels,
            "tail": self._tail,
            "scratch": self._scratch,
            "scratch_safe": self._scratch_safe,
            "scratch_clean": self._scratch_clean,
            "define": self._define,
            "advance": self._advance,
            "retry": self._ordered(engine.retry),
            "reconcile": self._reconcile,
            "resubmit": self._ordered(engine.resubmit),
            "cancel": self._ordered(engine.cancel),
            "revert": self._ordered(engine.revert),
            "rebundle": self._ordered(engine.rebundle),
            "gates": self._gates,
            "label": self._label,
            "renewal": self._renewal,
            "logout": self._logout,
            "poll": self._poll,
            "baton": self._no_baton,
            **haul_table(engine),
            **run_table(engine),
        }

    async def carry_out(self, verb: str, args: dict[str, Any], *, who: str, asker: Asker | None = None) -> Result:
        """What became of it; BadRequest for an unknown verb or argument, else whatever the engine says."""
        checked = checked_args(verb, args)
        if isinstance(checked, LoginArgs):
            return await self._logged_in(checked, who, asker)
        if isinstance(checked, RenewArgs):
            return await self._renewed(checked, who, asker)
        return await self._table[verb](checked, who)

    async def _status(self, args: NoArgs, who: str) -> Result:
        return result(**plain(self._present()))

    async def _session(self, args: SessionArgs, who: str) -> Result:
        snapshot = self._engine.snapshot()
        return result(
            at=snapshot.at,
            site=snapshot.site,
            sessions=snapshot.sessions,
            accounts=snapshot.accounts,
            renewal=snapshot.renewal,
            past=await self._engine.past_sessions(args.past),
        )

    async def _runs(self, args: RunsArgs, who: str) -> Result:
        return result(runs=await self._engine.runs(label=args.label, stage=args.stage, states=args.states))

    async def _find_runs(self, args: FindRunsArgs, who: str) -> Result:
        snapshot = self._present()
        kept = parse(args.filter, FILTER_KEYS)
        with patience(kept):
            order = in_order(snapshot.runs, kept, args.by, snapshot.at, backwards=args.backwards)
        return result(runs=ranges_of(order))

    async def _queues(self, args: NoArgs, who: str) -> Result:
        snapshot = self._present()
        return result(queues={str(stage): queue_reasons(stage, snapshot.runs, snapshot) for stage in Stage})

    async def _story(self, args: StoryArgs, who: str) -> Result:
        story = await self._engine.story(args.remote_id)
        return result(remote_id=args.remote_id, story=story[-args.limit :])

    async def _commands(self, args: CommandsArgs, who: str) -> Result:
        page = await self._engine.commands(
            args.remote_id, args.stage_id, failed=args.failed, offset=args.offset, limit=args.limit
        )
        return result(remote_id=args.remote_id, stage_id=args.stage_id, **plain(page))

    async def _preview(self, args: PreviewArgs, who: str) -> Result:
        return result(order=args.order, runs=await self._engine.preview(args.order, args.remote_ids, who))

    async def _why(self, args: RunArgs, who: str) -> Result:
        return result(remote_id=args.remote_id, why=await self._engine.why(args.remote_id))

    async def _reconcile(self, args: ReconcileArgs, who: str) -> Result:
        return result(runs=await self._engine.doubtful(args.remote_id))

    async def _acts(self, args: ActsArgs, who: str) -> Result:
        return result(acts=await self._engine.acts(args.limit))

    async def _labels(self, args: NoArgs, who: str) -> Result:
        pairs = await self._engine.labels()
        return result(labels=[{"label": label, "stage": stage} for label, stage in pairs])

    async def _tail(self, args: TailArgs, who: str) -> Result:
        tail = await self._engine.tail(args.path, offset=args.offset, limit=args.limit)
        return result(path=args.path, **plain(tail))

    async def _define(self, args: DefineArgs, who: str) -> Result:
        order = DefineOrder(
            stage=args.stage,
            label=args.label,
            path_base=args.path_base,
            set_label=args.set_label,
            limit=args.limit,
            pretend=args.pretend,
            explain=True,
        )
        made = await self._engine.define(order, who)
        return result(remote_id=made.remote_id, stage_ids=made.stage_ids, pretend=args.pretend, why=made.why)

    async def _scratch(self, args: NoArgs, who: str) -> Result:
        return result(**plain(await self._engine.scratch()))

    async def _scratch_safe(self, args: ScratchArgs, who: str) -> Result:
        return result(runs=[_safe(one, args.limit) for one in await self._engine.safe_files(args.remote_ids)])

    async def _scratch_clean(self, args: CleanArgs, who: str) -> Result:
        return result(runs=[_safe(one, 0) for one in await self._engine.clean_scratch(args.remote_ids, who)])

    async def _advance(self, args: AdvanceArgs, who: str) -> Result:
        return result(advanced=await self._engine.advance(args.label, args.stage, who))

    def _ordered(self, order: Callable[[int, str], Awaitable[str]]) -> Callable[[RunArgs, str], Awaitable[Result]]:
        """A verb that orders something for one run and answers with a sentence."""

        async def carry_out(args: RunArgs, who: str) -> Result:
            return result(remote_id=args.remote_id, sentence=await order(args.remote_id, who))

        return carry_out

    async def _gates(self, args: GatesArgs, who: str) -> Result:
        return result(
            gates=await self._engine.set_gates(gate_names(args.names, open=args.open), open=args.open, who=who)
        )

    async def _label(self, args: LabelArgs, who: str) -> Result:
        await self._engine.watch_label(args.label, args.stages, on=args.on, who=who)
        return await self._labels(NoArgs(), who)

    async def _logged_in(self, args: LoginArgs, who: str, asker: Asker | None) -> Result:
        with self._alone(f"{who} is logging in", asker) as one:
            return result(sessions=await self._engine.login(one.ask, user=args.user, hosts=args.hosts, who=who))

    async def _renewed(self, args: RenewArgs, who: str, asker: Asker | None) -> Result:
        with self._alone(f"{who} is renewing the sessions", asker) as one:
            view = await self._engine.renew(
                one.ask, user=args.user, cut=args.cut, who=who, is_anyone_there=one.is_anyone_there
            )
        return result(renewal=view)

    @contextmanager
    def _alone(self, what: str, asker: Asker | None) -> Iterator[Asker]:
        """One login or renewal at a time."""
        if asker is None:
            raise NoOneToAsk
        if self._login is not None:
            raise LoginUnderWay(f"{self._login} just now; logins go one at a time")
        self._login = what
        try:
            yield asker
        finally:
            self._login = None

    async def _renewal(self, args: RenewalArgs, who: str) -> Result:
        return result(renewal=await self._engine.steer_renewal(args.choice, who))

    async def _logout(self, args: LogoutArgs, who: str) -> Result:
        await self._engine.logout(args.hosts, who)
        return await self._session(SessionArgs(), who)

    async def _no_baton(self, args: BatonArgs, who: str) -> Result:
        raise BadRequest("no engine runs, so nobody has the baton and nobody needs it")

    async def _poll(self, args: NoArgs, who: str) -> Result:
        await self._engine.poll_now(who)
        return result(sentence="the poll was woken")


def _safe(found: SafeFiles, limit: int) -> Result:
    """Counts of everything, and the first of the paths: a run may have hundreds of thousands."""
    return {
        "remote_id": found.remote_id,
        "files": len(found.files),
        "bytes": found.bytes,
        "kinds": dict(Counter(file.kind for file in found.files)),
        "kept": found.kept,
        "removed": found.removed,
        "paths": [{"remote": file.remote, "bytes": file.bytes, "kind": file.kind} for file in found.files[:limit]],
    }


def checked_args(verb: str, args: dict[str, Any]) -> Args:
    """The arguments of a verb, or BadRequest with a sentence that names the nearest right word."""
    model = {**VERBS, **HAUL_VERBS}.get(verb)
    if model is None:
        raise BadRequest(f"'{verb[:40]}' is not a verb{nearest(verb, (*VERBS, *HAUL_VERBS))}")
    unknown = next((name for name in args if name not in model.model_fields), None)
    if unknown is not None:
        raise BadRequest(f"{verb} takes no '{unknown[:40]}'{nearest(unknown, model.model_fields)}")
    try:
        return model.model_validate(args)
    except ValidationError as error:
        raise BadRequest(f"{verb}: {sentence_of(error)}") from None


def gate_names(names: Sequence[str], *, open: bool) -> tuple[str, ...]:
    """Gates as a person names them, ``all`` spelt out; BadRequest names the nearest gate for a wrong one."""
    wrong = next((name for name in names if name not in (*GATES, *STAGE_GATES, "all")), None)
    if wrong is not None:
        gates = ", ".join(GATES)
        hint = nearest(wrong, (*GATES, *STAGE_GATES, "all"))
        raise BadRequest(f"'{wrong[:40]}' is not a gate; the gates are {gates}, or all{hint}")
    return gates_of(names, open=open)
