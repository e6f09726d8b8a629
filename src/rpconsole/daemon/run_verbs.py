"""What is asked of one run's parts: answered for the part that is shown, whatever the run's size."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from rpconsole.daemon.verbs import ComponentsArgs, FailuresArgs, RunLookArgs
from rpconsole.domain.components import COMPONENT_KEYS, component_facts, component_rows, failure_kinds, states_of
from rpconsole.domain.filters import parse, sort_key
from rpconsole.domain.ranges import ranges_of
from rpconsole.engine.facade import EngineFacade
from rpconsole.patience import patience
from rpconsole.protocol.codec import plain, result

Result = dict[str, Any]
#: rows that come when none is in sight yet, and kinds of failures that a brief answer tells
FIRST, KINDS = 60, 20


def run_table(engine: EngineFacade) -> dict[str, Callable[[Any, str], Awaitable[Result]]]:
    """The verbs about one run."""
    return {
        "run": lambda args, who: _run(engine, args),
        "components": lambda args, who: _components(engine, args),
        "failures": lambda args, who: _failures(engine, args),
    }


async def _run(engine: EngineFacade, args: RunLookArgs) -> Result:
    found = await engine.run_detail(args.remote_id)
    # a run may have thousands of either, and its screen looks every second
    detail = plain(replace(found, components=(), failures=()) if args.brief else found)
    if args.brief:
        del detail["components"], detail["failures"]
        detail["component_states"] = states_of(found.components)
        detail["failure_kinds"] = failure_kinds(found.failures)[:KINDS]
    return result(**detail.pop("row"), **detail)


async def _components(engine: EngineFacade, args: ComponentsArgs) -> Result:
    found = await engine.run_detail(args.remote_id)
    rows = component_rows(found.components, found.failures)
    kept, facts = parse(args.filter, COMPONENT_KEYS), {row.stage_id: component_facts(row) for row in rows}
    with patience(kept):
        order = [row.stage_id for row in rows if kept.passes(facts[row.stage_id])]
    if args.by is not None:
        order.sort(key=lambda stage_id: sort_key(facts[stage_id].get(str(args.by))), reverse=args.backwards)
    shown = set(args.shown or order[:FIRST])
    return result(
        remote_id=args.remote_id,
        components=ranges_of(row.stage_id for row in rows),
        order=ranges_of(order),
        rows=[row for row in rows if row.stage_id in shown],
    )


async def _failures(engine: EngineFacade, args: FailuresArgs) -> Result:
    found = await engine.run_detail(args.remote_id)
    failures = [one for one in found.failures if args.stage_id in (None, one.stage_id)]
    return result(remote_id=args.remote_id, count=len(failures), failures=failures[: args.limit])
