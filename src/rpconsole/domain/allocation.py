"""Nodes and wall time for one batch job, from the number of its commands; how many jobs; and how much fills a given one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil, floor

from rpconsole.domain.cost import (
    COMMANDS_EACH,
    COST_H,
    MULTIPLIER,
    SAFETY_H,
    SURVEY_CORE_S,
    THREADS,
    Learned,
    OtherStage,
)
from rpconsole.domain.stage import Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class SitePlan:
    """What a site gives to one job, and what each stage takes."""

    proc_per_node: int
    min_nodes: int = 1
    max_nodes: int
    min_hours: int = 1
    max_hours: int
    #: part of the nodes' time that the commands really use
    fill: float = 0.8
    cost_h: Mapping[Stage, float] = field(default_factory=lambda: COST_H)
    threads: Mapping[Stage, int] = field(default_factory=lambda: THREADS)
    multiplier: Mapping[Stage, int] = field(default_factory=lambda: MULTIPLIER)
    safety_h: Mapping[Stage, int] = field(default_factory=lambda: SAFETY_H)
    #: what the stage is called in sentences, where a number is reckoned for one that is not run here
    called: str = ""
    #: stage -> where its cost comes from, in a sentence, where it is not the survey's or the configuration's
    sources: Mapping[Stage, str] = field(default_factory=dict)

    def with_cost(self, stage: Stage, learned: Learned) -> SitePlan:
        """The same site, with the cost that finished tasks show."""
        return replace(
            self,
            cost_h={**self.cost_h, stage: learned.cost_h},
            sources={**self.sources, stage: learned.sentence},
        )

    def for_other(self, other: OtherStage) -> SitePlan:
        """The same site, with the figures of a stage that is only reckoned with in the place of stack's."""
        stack = Stage.STACK
        return replace(
            self,
            cost_h={**self.cost_h, stack: other.cost_h},
            threads={**self.threads, stack: THREADS[stack]},
            multiplier={**self.multiplier, stack: other.multiplier},
            safety_h={**self.safety_h, stack: other.safety_h},
            sources={},
            called=other.name,
        )

    def without_safety(self) -> SitePlan:
        """The same site, with nothing added to the hours."""
        return replace(self, safety_h=dict.fromkeys(Stage, 0))

    def for_hours(self, stage: Stage, hours: int) -> SitePlan:
        """The same site, with jobs of so many hours, the safety hours among them."""
        return replace(self, min_hours=max(1, hours - self.safety_h[stage]), max_hours=hours)

    def working_h(self, stage: Stage) -> int:
        """Hours of the longest job that may be planned with, as the safety hours must have room beside them."""
        return max(1, self.max_hours - self.safety_h[stage])

    def largest(self, stage: Stage) -> int:
        """Commands of the largest job that leaves room for its safety hours; 1 at least."""
        nodes = max(1, self.max_nodes // self.multiplier[stage])
        room_node_h = self.fill * nodes * self.working_h(stage)
        commands = floor(room_node_h / self.work_node_h(stage, 1))
        # the formula begins another hour where the work fills its hours exactly
        return max(1, commands if self.work_node_h(stage, commands) < room_node_h else commands - 1)

    def most_components(self, stage: Stage) -> int:
        """Components (exposures, stacks) of usual size that one job of the site's limits takes; 1 at least."""
        return max(1, self.largest(stage) // COMMANDS_EACH[stage])

    def work_node_h(self, stage: Stage, commands: int) -> float:
        """Node hours that so many commands take on full nodes."""
        return commands * self.threads[stage] / self.proc_per_node * self.cost_h[stage]


@dataclass(frozen=True, kw_only=True, slots=True)
class Allocation:
    """What to ask the scheduler for, and why."""

    nodes: int
    hours: int
    threads: int
    #: how many commands' worth one command takes, for the runner
    multiplier: int
    reasons: tuple[str, ...]
    #: False when the site's limits leave too little: some commands will not be reached
    fits: bool = True

    @property
    def node_hours(self) -> int:
        """What the job burns if it uses its whole time."""
        return self.nodes * self.hours


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """Several jobs of one size, where one would be beyond the site's limits."""

    jobs: int
    #: commands of each; the last may have fewer
    commands_each: int
    each: Allocation

    @property
    def node_hours(self) -> int:
        """What all of them burn if they use their whole time."""
        return self.jobs * self.each.node_hours


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ask:
    """A step of the reckoning: working hours (without safety) on so many nodes."""

    nodes: int
    hours: int
    reasons: tuple[str, ...] = ()
    fits: bool = True

    def because(self, reason: str, *, nodes: int | None = None, hours: int | None = None, fits: bool = True) -> _Ask:
        return replace(
            self,
            nodes=self.nodes if nodes is None else nodes,
            hours=self.hours if hours is None else hours,
            reasons=(*self.reasons, reason),
            fits=self.fits and fits,
        )


def allocation_for(stage: Stage, commands: int, plan: SitePlan) -> Allocation:
    """The survey's formula, with its limits holding to the end.

    The old scripts clamp first and then multiply the nodes and add the safety hours, which may ask for three times the nodes and
    two hours more than the site allows. Where nothing is clamped the results are the same.
    """
    if commands < 0:
        raise ValueError(f"a job cannot have {commands} commands")
    work_node_h = plan.work_node_h(stage, commands)
    ask = _basic(work_node_h, commands, stage, plan)
    ask = _with_multiplier(ask, stage, plan)
    ask = _with_safety(ask, stage, plan)
    ask = _burning(ask, work_node_h * plan.multiplier[stage])
    return Allocation(
        nodes=ask.nodes,
        hours=ask.hours,
        threads=plan.threads[stage],
        multiplier=plan.multiplier[stage],
        reasons=ask.reasons,
        fits=ask.fits,
    )


def series_for(stage: Stage, commands: int, plan: SitePlan) -> Series:
    """As few jobs as the site's limits allow, all of one size; one where one is enough."""
    jobs = max(1, ceil(commands / plan.largest(stage)))
    each = ceil(commands / jobs)
    return Series(jobs=jobs, commands_each=each, each=allocation_for(stage, each, plan))


def _basic(work_node_h: float, commands: int, stage: Stage, plan: SitePlan) -> _Ask:
    start = _Ask(nodes=plan.min_nodes, hours=plan.min_hours)
    if stage in plan.sources:
        start = start.because(plan.sources[stage])
    start = start.because(
        f"{commands} {plan.called or stage} commands × {plan.threads[stage]} threads / {plan.proc_per_node} cores a node "
        f"× {plan.cost_h[stage] * 3600:.0f} s = {work_node_h:.2f} node hours of work"
    )
    if work_node_h < plan.fill * plan.min_nodes * plan.min_hours:
        return start.because(f"less than the smallest job: {plan.min_nodes} nodes × {plan.min_hours} h")
    if work_node_h > plan.fill * plan.max_nodes * plan.max_hours:
        return start.because(
            f"more than the largest job at a fill of {plan.fill:g}: {plan.max_nodes} nodes × {plan.max_hours} h; "
            f"about {_reach(commands, stage, plan)} of the {commands} commands will be reached, so define smaller runs",
            nodes=plan.max_nodes,
            hours=plan.max_hours,
            fits=False,
        )
    hours = _within(floor(work_node_h / (plan.fill * plan.max_nodes)) + 1, plan.min_hours, plan.max_hours)
    nodes = _within(floor(work_node_h / (plan.fill * hours)) + 1, plan.min_nodes, plan.max_nodes)
    return start.because(f"at a fill of {plan.fill:g}: {nodes} nodes × {hours} h", nodes=nodes, hours=hours)


def _within(value: int, least: int, most: int) -> int:
    return max(least, min(most, value))


def _reach(commands: int, stage: Stage, plan: SitePlan) -> int:
    """Commands that the largest job comes to, each on as many nodes' room as it takes."""
    work_node_h = plan.work_node_h(stage, commands) * plan.multiplier[stage]
    return round(commands * plan.fill * plan.max_nodes * plan.max_hours / work_node_h)


def _with_multiplier(ask: _Ask, stage: Stage, plan: SitePlan) -> _Ask:
    times = plan.multiplier[stage]
    wanted = ask.nodes * times
    if times != 1:
        ask = ask.because(
            f"{times} × the nodes, as one {plan.called or stage} command takes the memory of {times}", nodes=wanted
        )
    if wanted <= plan.max_nodes:
        return ask
    hours = min(ceil(wanted * ask.hours / plan.max_nodes), plan.max_hours)
    fits = hours * plan.max_nodes >= wanted * ask.hours
    longer = f"and {hours} h instead of {ask.hours}" if hours > ask.hours else "and no more hours either"
    end = "" if fits else "; not all commands will be reached, so define smaller runs"
    return ask.because(
        f"{wanted} nodes cut to the site's {plan.max_nodes}, {longer}{end}; the old scripts would ask for {wanted}",
        nodes=plan.max_nodes,
        hours=hours,
        fits=fits,
    )


def _with_safety(ask: _Ask, stage: Stage, plan: SitePlan) -> _Ask:
    safety = plan.safety_h[stage]
    wanted = ask.hours + safety
    if safety:
        ask = ask.because(f"{safety} h added for safety", hours=wanted)
    if wanted > plan.max_hours:
        ask = ask.because(
            f"{wanted} h cut to the site's {plan.max_hours}; the old scripts would ask for {wanted}",
            hours=plan.max_hours,
        )
    return ask


def _burning(ask: _Ask, work_node_h: float) -> _Ask:
    burnt = ask.nodes * ask.hours
    share = f", {work_node_h / burnt:.0%} of them work" if ask.fits else ""
    return ask.because(f"burns {burnt} node hours if it uses its whole time: {ask.nodes} nodes × {ask.hours} h{share}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Filling:
    """How much goes into a job of a given size."""

    #: exposures (stacks for stack) and their commands, on full nodes for the whole time
    exposures: int
    commands: int
    #: the same as the formula that jobs are asked for with would plan it: less than full, the safety hours left free
    cautious: int
    node_hours: int
    reasons: tuple[str, ...]


def filling_of(stage: Stage, nodes: int, hours: int, plan: SitePlan, *, commands_each: int | None = None) -> Filling:
    """The inverse: how many exposures fill so many nodes for so many hours."""
    each = commands_each or COMMANDS_EACH[stage]
    core_s, source = _core_seconds(stage, plan)
    name = plan.called or str(stage)
    room_core_s = nodes * hours * 3600 * plan.proc_per_node
    exposures = floor(room_core_s / (core_s * each * plan.multiplier[stage]))
    working_h = max(0, hours - plan.safety_h[stage])
    planned = plan.fill * (nodes // plan.multiplier[stage]) * working_h / plan.work_node_h(stage, each)
    what = name if stage is Stage.STACK else "exposure"
    reasons = (
        source,
        f"{nodes} nodes × {hours} h × {plan.proc_per_node} cores = {room_core_s / 3600:.0f} core hours; "
        f"one {what} takes {each} {name} commands, {core_s * each * plan.multiplier[stage] / 3600:.2f} core hours",
        f"as a job is planned ({plan.cost_h[stage] * 3600:.0f} s × {plan.threads[stage]} threads a command, a fill of {plan.fill:g}, "
        f"{plan.safety_h[stage]} h left free): {floor(planned)}",
    )
    return Filling(
        exposures=exposures,
        commands=exposures * each,
        cautious=floor(planned),
        node_hours=nodes * hours,
        reasons=reasons,
    )


def _core_seconds(stage: Stage, plan: SitePlan) -> tuple[float, str]:
    """Core seconds of one command, and where the number comes from."""
    reckoned = plan.cost_h[stage] * 3600 * plan.threads[stage]
    if stage in plan.sources:
        return reckoned, f"{plan.sources[stage]}, × {plan.threads[stage]} threads"
    if stage in SURVEY_CORE_S:
        return SURVEY_CORE_S[
            stage
        ], f"{SURVEY_CORE_S[stage]:.0f} core seconds a command, by the averages of the survey's database"
    return reckoned, f"{plan.cost_h[stage] * 3600:.0f} s × {plan.threads[stage]} threads a command, as the survey plans"
