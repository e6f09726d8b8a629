"""A job that the IPP's own scripts submitted: no runner of ours was in it, so its return links stand for its results.

A line's last steps link its products below ``<root>/tmp``: where all its links lead to files, the whole line ran to its end.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from rpconsole.commands.results import TaskOutcome, TaskResults
from rpconsole.domain.event import JobEnded
from rpconsole.domain.fault import BadData, RpconsoleError
from rpconsole.domain.listfiles import SCRIPT
from rpconsole.domain.manifest import ManifestRecord, Role
from rpconsole.domain.paths import mirrored
from rpconsole.domain.run import Run
from rpconsole.engine.job_file import is_ours
from rpconsole.engine.run_files import list_paths, manifest_of
from rpconsole.engine.world import World


async def has_foreign_job(world: World, run: Run) -> bool:
    """Whether the run's job was submitted by another hand, with another runner: neither a name of ours nor a script of ours."""
    if run.attempt is None or run.attempt.nonce:
        return False
    try:
        script = (await list_paths(world, run))[SCRIPT]
        return not is_ours(await world.files.read(script))
    except BadData:
        # lost or unreadable, it cannot speak for us
        return True


async def results_of_job(world: World, run: Run, results: TaskResults) -> TaskResults:
    """What a results file says of the run's present job; of another hand's nothing: it tells of a job before that one."""
    try:
        return TaskResults() if await has_foreign_job(world, run) else results
    except RpconsoleError:
        # the storage is away: whose job it is cannot be said, and the other runs' jobs are looked at all the same
        return TaskResults()


async def results_by_links(world: World, run: Run) -> TaskResults:
    """The tasks whose links are all there have passed; the others have not come to their end."""
    products = [record for record in await manifest_of(world, run) if record.role is Role.PRODUCT]
    root = world.settings.layout.remote_root
    links = {record.local: str(mirrored(record.local, root)) for record in products}
    there = await world.site.stat(list(links.values()))
    missing = {record.task for record in products if links[record.local] not in there}
    outcomes = {task: TaskOutcome(task=task, passed=task not in missing) for task in tasks_in(products)}
    return TaskResults(tasks=MappingProxyType(outcomes))


async def foreign_end(world: World, run: Run, *, is_over: bool) -> JobEnded | None:
    """The end of such a job: every line ran to its end, or the scheduler itself says that it is over; else None."""
    try:
        results = await results_by_links(world, run)
    except BadData:
        # without its lists nobody knows what it promised; the other runs' jobs are looked at all the same
        return None
    lacking = len(results.tasks) - len(results.passed)
    if lacking and not is_over:
        return None
    # what it did not finish is not begun anew in the same run: lines of the old kind cannot run twice
    return JobEnded(passed=len(results.passed), failed=lacking, left=0)


def tasks_in(products: Iterable[ManifestRecord]) -> list[int]:
    """Numbers of the lines that promise these products."""
    return list(dict.fromkeys(record.task for record in products if record.task is not None))
