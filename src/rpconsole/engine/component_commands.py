"""The commands of a run as a person looks at them: each line of the merged list with its item and what became of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rpconsole.commands.results import TaskOutcome, TaskResults
from rpconsole.domain.fault import BadData, RpconsoleError
from rpconsole.domain.listfiles import CONFIG
from rpconsole.domain.looks import CommandPage, CommandView
from rpconsole.domain.manifest import ManifestRecord
from rpconsole.domain.run import Run, Step
from rpconsole.engine.results_book import ResultsBook, read_to_end
from rpconsole.engine.run_files import list_paths, manifest_of
from rpconsole.engine.world import World
from rpconsole.ports.journal import Verdict

#: runs whose lists are kept for the next look: they do not change once they are written
KEPT = 4

Owner = tuple[int | None, str]


@dataclass(kw_only=True, slots=True)
class _Lists:
    """One run's command lines, and which component and item each is for."""

    lines: Sequence[str]
    owners: Mapping[int, Owner]
    results: TaskResults | None = None


@dataclass(kw_only=True, slots=True)
class CommandDesk:
    """Answers what commands there are; reads the lists of a run once, and the results of an ended job once."""

    world: World
    #: results of running jobs as the poll reads them
    book: ResultsBook
    _kept: OrderedDict[tuple[int, int], _Lists] = field(default_factory=OrderedDict)

    async def page(self, run: Run, stage_id: int | None, *, failed: bool, offset: int, limit: int) -> CommandPage:
        """Commands of a component (of the whole run for None), in the order of the list; only those that failed if asked."""
        lists = await self._lists(run)
        results, unread = await self._results(run, lists)
        verdicts = {(one.stage_id, one.item): one for one in await self.world.ledger.verdicts(run.remote_id)}
        running = run.step is Step.POLL and bool(results.starts)
        found = [
            _view(task, line, lists.owners.get(task, (None, "")), results.tasks.get(task), verdicts, running=running)
            for task, line in enumerate(lists.lines, start=1)
            if stage_id is None or lists.owners.get(task, (None, ""))[0] == stage_id
        ]
        if failed:
            found = [one for one in found if one.state in ("fail", "retry")]
        return CommandPage(commands=tuple(found[offset : offset + limit]), count=len(found), unread=unread)

    async def _lists(self, run: Run) -> _Lists:
        key = (run.remote_id, run.attempts)
        if key not in self._kept:
            paths = await list_paths(self.world, run)
            config = await self.world.files.read(paths[CONFIG])
            lines = [line for line in config.split("\n") if line.strip()]
            self._kept[key] = _Lists(lines=lines, owners=owners_of(await manifest_of(self.world, run)))
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[key]

    async def _results(self, run: Run, lists: _Lists) -> tuple[TaskResults, str]:
        """What the poll has read, else what the site still has; without either a sentence says why."""
        known = self.book.of.get(run.remote_id)
        if known is not None:
            return known, ""
        if lists.results is not None:
            return lists.results, ""
        if run.attempt is None:
            return TaskResults(), "its job was not submitted yet"
        try:
            found = await read_to_end(self.world, run, ResultsBook())
        except RpconsoleError as error:
            return TaskResults(), f"the results could not be read: {error}"
        if run.step not in (Step.SUBMIT, Step.RECONCILE, Step.POLL):
            lists.results = found
        return found, ""


def owners_of(records: Sequence[ManifestRecord]) -> dict[int, Owner]:
    """task -> (component, item), from the products that each task promises."""
    return {one.task: (one.component, one.item or "") for one in records if one.task is not None}


def _view(
    task: int,
    line: str,
    owner: Owner,
    outcome: TaskOutcome | None,
    verdicts: Mapping[tuple[int, str], Verdict],
    *,
    running: bool,
) -> CommandView:
    stage_id, item = owner
    verdict = verdicts.get((stage_id, item)) if stage_id is not None else None
    done = outcome or TaskOutcome(task=task)
    return CommandView(
        task=task,
        stage_id=stage_id,
        item=item,
        command=line,
        state=_state(done, verdict, running=running),
        attempts=done.attempts,
        code=done.code,
        signal=done.signal,
        node=done.node,
        start=done.start,
        wall_s=done.wall_s,
        max_rss_kb=done.max_rss_kb,
        log=done.log,
        sentence=verdict.sentence if verdict is not None else "",
    )


def _state(outcome: TaskOutcome, verdict: Verdict | None, *, running: bool) -> str:
    """The verdict on its products counts more than the command's own exit code."""
    if verdict is not None and verdict.state == "fail":
        return "fail"
    if outcome.passed or verdict is not None:
        return "pass"
    if outcome.abandoned:
        return "fail"
    if outcome.attempts:
        return "retry" if running else "fail"
    return "waiting"


def checked_component(stage_id: int | None, known: Sequence[int], remote_id: int) -> None:
    """BadData when a run has no such component."""
    if stage_id is not None and stage_id not in known:
        raise BadData(f"run {remote_id} has no component {stage_id}; 'rpconsole run show {remote_id}' lists them")
