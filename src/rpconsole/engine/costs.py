"""Learn from finished tasks what the next ones will cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rpconsole.domain.allocation import SitePlan
from rpconsole.domain.cost import Learned, TaskCost, best_learned
from rpconsole.domain.run import Component, Run
from rpconsole.engine.world import World

if TYPE_CHECKING:
    from rpconsole.commands.results import TaskOutcome


async def remember(world: World, run: Run, tasks: Mapping[int, int], outcomes: Mapping[int, TaskOutcome]) -> None:
    """Write down what the run's good tasks cost, by filter; ``tasks``: number -> component."""
    if world.costs is None:
        return
    filters = await world.survey.filters(run.stage, sorted(set(tasks.values())))
    # no task outlasts its job: more than that is a clock that was set
    longest_s = world.settings.plan.max_hours * 3600
    by_filter: defaultdict[str, list[TaskOutcome]] = defaultdict(list)
    for task, component in tasks.items():
        outcome = outcomes.get(task)
        if outcome is not None and outcome.passed and outcome.wall_s is not None and 0 <= outcome.wall_s <= longest_s:
            by_filter[filters.get(component, "")].append(outcome)
    await world.costs.record([_cost(run, name, ended) for name, ended in sorted(by_filter.items())])


def _cost(run: Run, filter: str, ended: Sequence[TaskOutcome]) -> TaskCost:
    walls = [outcome.wall_s or 0.0 for outcome in ended]
    return TaskCost(
        remote_id=run.remote_id,
        stage=run.stage,
        label=run.label,
        filter=filter,
        tasks=len(ended),
        wall_s=sum(walls),
        longest_s=max(walls),
        max_rss_kb=max(outcome.max_rss_kb or 0 for outcome in ended),
    )


async def learned_plan(world: World, run: Run, components: Iterable[Component]) -> SitePlan:
    """The site's plan, with the run's own cost where enough tasks of its label (and filters) have ended."""
    plan = world.settings.plan
    if world.costs is None or not world.settings.learn_costs:
        return plan
    costs = await world.costs.recent(run.stage, label=run.label)
    if not costs:
        return plan
    commands = {one.stage_id: one.jobs or 0 for one in components}
    filters = await world.survey.filters(run.stage, sorted(commands))
    by_filter: defaultdict[str | None, int] = defaultdict(int)
    for stage_id, jobs in commands.items():
        by_filter[filters.get(stage_id)] += jobs
    learned = {name: best_learned(costs, label=run.label, filter=name) for name in by_filter}
    found = weighed([(learned[name], jobs) for name, jobs in by_filter.items()])
    return plan if found is None else plan.with_cost(run.stage, found)


def weighed(parts: Sequence[tuple[Learned | None, int]]) -> Learned | None:
    """One cost for commands of several filters, each by its number; None where one of them is not known."""
    known = [(learned, jobs) for learned, jobs in parts if learned is not None and jobs > 0]
    commands = sum(jobs for _, jobs in known)
    if not known or len(known) < sum(jobs > 0 for _, jobs in parts):
        return None
    return replace(
        known[0][0],
        tasks=max(learned.tasks for learned, _ in known),
        mean_s=sum(learned.mean_s * jobs for learned, jobs in known) / commands,
        longest_s=max(learned.longest_s for learned, _ in known),
        of=" and ".join(sorted({learned.of for learned, _ in known})),
    )
