"""Nodes and wall time for one batch job, from the number of its commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil, floor

from rpconsole.domain.stage import Stage

#: what one command takes on the average, as the survey measured it
COST_H: Mapping[Stage, float] = {
    Stage.CHIP: 150 / 3600,
    Stage.CAMERA: 1700 / 3600,
    Stage.WARP: 110 / 3600,
    Stage.STACK: 1500 / 3600,
}
#: threads that the formula reckons with (the programs themselves may be started with more)
THREADS: Mapping[Stage, int] = dict.fromkeys(Stage, 2)
#: how many commands' worth of memory one command takes: a node runs so many fewer at once
MULTIPLIER: Mapping[Stage, int] = {**dict.fromkeys(Stage, 1), Stage.STACK: 3}
#: added to the hours, for what the averages do not see
SAFETY_H: Mapping[Stage, int] = {**dict.fromkeys(Stage, 1), Stage.STACK: 2}


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
    work_node_h = commands * plan.threads[stage] / plan.proc_per_node * plan.cost_h[stage]
    ask = _basic(work_node_h, commands, stage, plan)
    ask = _with_multiplier(ask, stage, plan)
    ask = _with_safety(ask, stage, plan)
    return Allocation(
        nodes=ask.nodes,
        hours=ask.hours,
        threads=plan.threads[stage],
        multiplier=plan.multiplier[stage],
        reasons=ask.reasons,
        fits=ask.fits,
    )


def _basic(work_node_h: float, commands: int, stage: Stage, plan: SitePlan) -> _Ask:
    start = _Ask(nodes=plan.min_nodes, hours=plan.min_hours).because(
        f"{commands} {stage} commands × {plan.threads[stage]} threads / {plan.proc_per_node} cores a node "
        f"× {plan.cost_h[stage] * 3600:.0f} s = {work_node_h:.2f} node hours of work"
    )
    if work_node_h < plan.fill * plan.min_nodes * plan.min_hours:
        return start.because(f"less than the smallest job: {plan.min_nodes} nodes × {plan.min_hours} h")
    if work_node_h > plan.fill * plan.max_nodes * plan.max_hours:
        return start.because(
            f"more than the largest job at a fill of {plan.fill:g}: {plan.max_nodes} nodes × {plan.max_hours} h; "
            f"about {_reach(commands, work_node_h, plan)} of the {commands} commands will be reached, so define smaller runs",
            nodes=plan.max_nodes,
            hours=plan.max_hours,
            fits=False,
        )
    hours = _within(floor(work_node_h / (plan.fill * plan.max_nodes)) + 1, plan.min_hours, plan.max_hours)
    nodes = _within(floor(work_node_h / (plan.fill * hours)) + 1, plan.min_nodes, plan.max_nodes)
    return start.because(f"at a fill of {plan.fill:g}: {nodes} nodes × {hours} h", nodes=nodes, hours=hours)


def _within(value: int, least: int, most: int) -> int:
    return max(least, min(most, value))


def _reach(commands: int, work_node_h: float, plan: SitePlan) -> int:
    return floor(commands * plan.fill * plan.max_nodes * plan.max_hours / work_node_h)


def _with_multiplier(ask: _Ask, stage: Stage, plan: SitePlan) -> _Ask:
    times = plan.multiplier[stage]
    wanted = ask.nodes * times
    if times != 1:
        ask = ask.because(f"{times} × the nodes, as one {stage} command takes the memory of {times}", nodes=wanted)
    if wanted <= plan.max_nodes:
        return ask
    hours = min(ceil(wanted * ask.hours / plan.max_nodes), plan.max_hours)
    fits = hours * plan.max_nodes >= wanted * ask.hours
    longer = f"and {hours} h instead of {ask.hours}" if hours > ask.hours else "and no more hours either"
    end = "" if fits else "; not all commands will be reached, so define smaller runs"
    return ask.because(
        f"{wanted} nodes cut to the site's {plan.max_nodes}, {longer}{end}",
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
        ask = ask.because(f"{wanted} h cut to the site's {plan.max_hours}", hours=plan.max_hours)
    return ask
