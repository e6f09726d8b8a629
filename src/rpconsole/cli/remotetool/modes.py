"""What each mode of ``remotetool`` does with the two remote tables, and what it prints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rpconsole.cli.remotetool.reading import BadUsage, Order
from rpconsole.commands.metadata import Column, Kind, multi, simple
from rpconsole.domain.fault import RpconsoleError
from rpconsole.domain.foreign import visible
from rpconsole.domain.nearest import nearest
from rpconsole.domain.paths import key_path
from rpconsole.domain.run import ComponentState, RunState
from rpconsole.ports.remote_rows import BUNDLED_STAGES, Bundle, RemoteRows, Row, Which

FAILED = (str(ComponentState.PREP_FAIL), str(ComponentState.FAIL))
#: a slip of the old prepare script, which set this word where it meant the other
SLIPS = {"fail_state": str(RunState.PREP_FAIL)}


class NothingDone(RpconsoleError):
    """No rows affected."""


class NotDone(RpconsoleError):
    """Read, and refused: not the options are wrong but what they would come to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Printed:
    """What a mode has to say: rows for stdout, notes for stderr."""

    out: str = ""
    notes: tuple[str, ...] = ()


def _columns(**kinds: Kind) -> tuple[Column, ...]:
    return tuple(Column(name=name, kind=kind) for name, kind in kinds.items())


RUN = _columns(
    remote_id=Kind.S64,
    state=Kind.STR,
    stage=Kind.STR,
    label=Kind.STR,
    path_base=Kind.STR,
    job_id=Kind.S64,
    last_poll=Kind.TIME,
    fault=Kind.S16,
)
COMPONENT = _columns(remote_id=Kind.S64, stage_id=Kind.S64, jobs=Kind.S32, state=Kind.STR, path_base=Kind.STR)
COMPONENT_OF_RUN = (*COMPONENT, *_columns(stage=Kind.STR, run_path_base=Kind.STR))
PREPARED = _columns(remote_id=Kind.S64, path_base=Kind.STR, stage=Kind.STR, Ndone=Kind.S64, Njobs=Kind.S64)
SELECTED = _columns(stage_id=Kind.S64)

RUN_CRITERIA = ("remote_id", "state", "stage", "label", "job_id", "fault")


async def perform(order: Order, rows: RemoteRows) -> Printed:
    """Carry an order out; BadUsage, NothingDone and the port's errors."""
    return await _PERFORMERS[order.mode.name](order, rows)


async def _define(order: Order, rows: RemoteRows) -> Printed:
    stage = _stage(order.last("stage"))
    labels = [label for label in order.values["label"] if label is not None]
    path_base = order.last("path_base")
    key_path(path_base)
    bundle = Bundle(
        stage=stage,
        labels=tuple(dict.fromkeys(labels)),
        set_label=order.last("set_label") or labels[-1],
        path_base=path_base,
        limit=order.last("limit") or 0,
        pretend=order.has("pretend"),
    )
    bundled = await rows.bundle(bundle)
    notes = tuple(f"label {label} is inactive or masked at {stage}: left alone" for label in bundled.stopped)
    if bundle.pretend:
        selected: list[Row] = [{"stage_id": stage_id} for stage_id in bundled.stage_ids]
        return Printed(out=_shown(order, "newremoteComponents", SELECTED, selected), notes=notes)
    if bundled.remote_id is None:
        return Printed(notes=notes)
    made = await rows.components(Which(run={"remote_id": (bundled.remote_id,)}))
    return Printed(out=_shown(order, "remoteComponent", COMPONENT, made), notes=notes)


async def _list_runs(order: Order, rows: RemoteRows) -> Printed:
    which = _which(order, RUN_CRITERIA, needed=("poll_begin", "poll_end"))
    found = await rows.runs(which, order.last("limit") or 0)
    return Printed(out=_shown(order, "remoteRun", RUN, found))


async def _list_components(order: Order, rows: RemoteRows) -> Printed:
    which = Which(
        run=_criteria(order, ("remote_id", "label")), component=_criteria(order, ("stage_id", "jobs", "state"))
    )
    found = await rows.components(which, order.last("limit") or 0)
    return Printed(out=_shown(order, "remoteComponent", COMPONENT_OF_RUN, found))


async def _done_prep(order: Order, rows: RemoteRows) -> Printed:
    which = Which(run=_criteria(order, ("remote_id", "job_id", "stage", "state", "label")))
    found = await rows.prepared(which, order.last("limit") or 0)
    return Printed(out=_shown(order, "remoteRun", PREPARED, found))


async def _update_run(order: Order, rows: RemoteRows) -> Printed:
    state, notes = _new_state(order, RunState)
    values = {**_settings(order, {"set_label": "label", "fault": "fault", "job_id": "job_id"}), **state}
    _refuse_null(values, ("label", "state", "fault"))
    changed = await rows.change_runs(Which(run=_criteria(order, ("remote_id",))), _some(order, values))
    return Printed(notes=(*notes, *_unchanged(changed, "run")))


async def _update_poll(order: Order, rows: RemoteRows) -> Printed:
    return Printed(notes=_unchanged(await rows.touch(order.last("remote_id")), "run"))


async def _update_components(order: Order, rows: RemoteRows) -> Printed:
    state, notes = _new_state(order, ComponentState)
    values = {**_settings(order, {"set_path_base": "path_base", "set_jobs": "jobs"}), **state}
    _refuse_null(values, ("state",))
    which = Which(run=_criteria(order, ("remote_id",)), component=_criteria(order, ("stage_id", "state")))
    changed = await rows.change_components(which, _some(order, values))
    return Printed(notes=(*notes, *_unchanged(changed, "component")))


async def _drop_component(order: Order, rows: RemoteRows) -> Printed:
    raise RpconsoleError("are you sure? -dropcomponent is disabled: a component is not deleted, see -revertcomponent")


async def _revert_run(order: Order, rows: RemoteRows) -> Printed:
    return await _reverted(rows.change_runs(_which(order, ("remote_id", "label", "fault")), {"fault": 0}))


async def _revert_auth(order: Order, rows: RemoteRows) -> Printed:
    which = Which(run={**_criteria(order, ("remote_id", "label")), "state": (str(RunState.AUTH),)})
    return await _reverted(rows.change_runs(which, {"state": str(RunState.RUN)}))


async def _revert_component(order: Order, rows: RemoteRows) -> Printed:
    component = {**_criteria(order, ("stage_id",)), "state": FAILED}
    which = Which(run=_criteria(order, ("remote_id",)), component=component)
    return await _reverted(rows.change_components(which, {"state": str(ComponentState.RETRY)}))


_PERFORMERS: Mapping[str, Callable[[Order, RemoteRows], Awaitable[Printed]]] = {
    "definebyquery": _define,
    "listrun": _list_runs,
    "listcomponent": _list_components,
    "doneprep": _done_prep,
    "updaterun": _update_run,
    "updatepoll": _update_poll,
    "updatecomponent": _update_components,
    "dropcomponent": _drop_component,
    "revertrun": _revert_run,
    "revertauth": _revert_auth,
    "revertcomponent": _revert_component,
}


def _shown(order: Order, name: str, columns: Sequence[Column], rows: Iterable[Row]) -> str:
    return simple(columns, rows) if order.has("simple") else multi(name, columns, rows)


def _criteria(order: Order, names: Iterable[str]) -> dict[str, Sequence[Any]]:
    """Column -> wanted values, of the options that were given."""
    return {name: _plain(name, order.values[name]) for name in names if order.has(name)}


def _plain(name: str, values: Sequence[Any]) -> Sequence[Any]:
    return ["camera" if value == "cam" else value for value in values] if name == "stage" else values


def _which(order: Order, names: Sequence[str], needed: Sequence[str] = ()) -> Which:
    """The criteria of a mode that must have one."""
    criteria = _criteria(order, names)
    begin, end = order.last("poll_begin"), order.last("poll_end")
    if not criteria and begin is None and end is None:
        words = ", ".join(f"-{option.name}" for option in order.mode.options if option.name in (*names, *needed))
        raise NotDone(f"-{order.mode.name} needs at least one criterion: {words}")
    return Which(run=criteria, poll_begin=begin, poll_end=end)


def _stage(word: str) -> str:
    stage = "camera" if word == "cam" else word
    if stage not in BUNDLED_STAGES:
        known = ", ".join(BUNDLED_STAGES)
        raise NotDone(f"'{visible(word)}' is not a stage; the stages are {known}{nearest(word, BUNDLED_STAGES)}")
    return stage


def _new_state(
    order: Order, known: type[RunState] | type[ComponentState]
) -> tuple[dict[str, str | None], tuple[str, ...]]:
    """The state to set, where one was given, and what is to be said about it."""
    if not order.has("set_state"):
        return {}, ()
    word = order.last("set_state")
    if word in SLIPS and known is RunState:
        return {"state": SLIPS[word]}, (f"'{word}' is not a state; '{SLIPS[word]}' was set, which was meant",)
    states = [str(state) for state in known]
    if word is not None and word not in states:
        raise BadUsage(f"'{visible(word)}' is not a state; the states are {', '.join(states)}{nearest(word, states)}")
    return {"state": word}, ()


def _settings(order: Order, columns: Mapping[str, str]) -> dict[str, Any]:
    return {column: order.last(name) for name, column in columns.items() if order.has(name)}


def _refuse_null(values: Mapping[str, Any], columns: Iterable[str]) -> None:
    for column in columns:
        if column in values and values[column] is None:
            raise BadUsage(f"{column} cannot be set to nothing")


def _some(order: Order, values: Mapping[str, Any]) -> Mapping[str, Any]:
    if not values:
        given = {option.name for option in order.mode.options}
        words = ", ".join(
            f"-{name}"
            for name in ("set_label", "set_state", "set_path_base", "set_jobs", "fault", "job_id")
            if name in given
        )
        raise BadUsage(f"-{order.mode.name} has nothing to set; give {words}")
    return values


def _unchanged(changed: int, what: str) -> tuple[str, ...]:
    return () if changed else (f"no {what} changed: there is none of these, or it is so already",)


async def _reverted(changing: Awaitable[int]) -> Printed:
    if not await changing:
        raise NothingDone("no rows affected")
    return Printed()
