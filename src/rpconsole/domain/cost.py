"""What a command costs: as the survey reckons, as it measured, and as finished tasks show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rpconsole.domain.stage import Stage

#: what one command takes on the average, as the survey measured it, in hours
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
class OtherStage:
    """A stage that the old scripts run and rpconsole only reckons with."""

    name: str
    cost_h: float
    multiplier: int
    safety_h: int


OTHER_STAGES: Mapping[str, OtherStage] = {
    other.name: other
    for other in (
        OtherStage(name="staticsky", cost_h=2.0, multiplier=3, safety_h=2),
        OtherStage(name="diff", cost_h=300 / 3600, multiplier=1, safety_h=1),
        OtherStage(name="ff", cost_h=300 / 3600, multiplier=1, safety_h=1),
    )
}

#: commands of one exposure (of one stack for stack): OTAs, one, skycells of a typical exposure, one
COMMANDS_EACH: Mapping[Stage, int] = {Stage.CHIP: 60, Stage.CAMERA: 1, Stage.WARP: 70, Stage.STACK: 1}
#: core seconds of one command by "quick averages" of the survey's database, from which it estimated that 8 h on 5 nodes of 24 cores
#: take about 525 exposures through chip, 2,750 through camera and 1,000 through warp; it says nothing of stacks
SURVEY_CORE_S: Mapping[Stage, float] = {Stage.CHIP: 6580 / 60, Stage.CAMERA: 1256.5, Stage.WARP: 3456 / 70}

#: fewer finished tasks say nothing
LEAST_TASKS = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Threading:
    """One line of the survey's test with more threads: the same commands on the same node."""

    threads: int
    #: seconds until all were done
    job_s: int
    #: mean number of processes that were running
    load: float
    #: share of the node's memory, and percent of its time spent in the programs
    memory: float
    user: float
    #: seconds of one command
    command_s: float


#: more threads make a command faster and the node busier; the whole gains less than the command does
THREADING: Mapping[Stage, tuple[Threading, ...]] = {
    Stage.CHIP: (
        Threading(threads=2, job_s=560, load=12.595, memory=0.634793, user=47.9375, command_s=94.1957),
        Threading(threads=3, job_s=496, load=14.31, memory=0.903884, user=65.35, command_s=81.9142),
        Threading(threads=4, job_s=492, load=14.6729, memory=0.904637, user=61.8286, command_s=81.7962),
    ),
    Stage.WARP: (
        Threading(threads=2, job_s=259, load=11.4914, memory=0.751037, user=53.2143, command_s=28.9995),
        Threading(threads=3, job_s=246, load=12.446, memory=0.780706, user=52.8, command_s=27.2578),
        Threading(threads=4, job_s=241, load=12.4033, memory=0.780651, user=58.6833, command_s=26.1379),
    ),
    Stage.STACK: (
        Threading(threads=2, job_s=967, load=13.7547, memory=0.938137, user=53.3824, command_s=427.864),
        Threading(threads=3, job_s=760, load=16.171, memory=0.937694, user=60.14, command_s=339.402),
        Threading(threads=4, job_s=631, load=20.8767, memory=0.91656, user=81.7917, command_s=272.584),
    ),
}


def job_ratio(stage: Stage, threads: int, *, against: int = 2) -> float | None:
    """How long the survey's test took with so many threads a command, as a share of its time with ``against``; None = not tested."""
    by_threads = {line.threads: line.job_s for line in THREADING.get(stage, ())}
    if threads not in by_threads or against not in by_threads:
        return None
    return by_threads[threads] / by_threads[against]


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskCost:
    """What the finished tasks of one run cost, those of one filter together."""

    remote_id: int
    stage: Stage
    label: str
    #: as the survey's database has it, like ``g.00000``; empty = not known
    filter: str
    tasks: int
    #: seconds of all of them together, of the longest, and the most memory of one
    wall_s: float
    longest_s: float
    max_rss_kb: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Learned:
    """What finished tasks say of the next ones."""

    tasks: int
    runs: int
    mean_s: float
    longest_s: float
    #: whose tasks they were, in words
    of: str

    @property
    def cost_h(self) -> float:
        """Hours of one command."""
        return self.mean_s / 3600

    @property
    def sentence(self) -> str:
        """Where the number comes from."""
        return (
            f"{self.mean_s:.0f} s a command, learned from {self.tasks} finished tasks of {self.of} in {self.runs} runs "
            f"(the longest took {self.longest_s:.0f} s)"
        )


def learned_from(costs: Iterable[TaskCost], of: str) -> Learned | None:
    """Their mean, or None while they are too few to say anything."""
    counted = [cost for cost in costs if cost.tasks > 0]
    tasks, wall_s = sum(cost.tasks for cost in counted), sum(cost.wall_s for cost in counted)
    # a clock that stood still says nothing either
    if tasks < LEAST_TASKS or wall_s <= 0:
        return None
    return Learned(
        tasks=tasks,
        runs=len({cost.remote_id for cost in counted}),
        mean_s=wall_s / tasks,
        longest_s=max(cost.longest_s for cost in counted),
        of=of,
    )


def best_learned(costs: Iterable[TaskCost], *, label: str | None, filter: str | None) -> Learned | None:
    """The narrowest answer that enough tasks give: label and filter, then label; None = nothing is known of the label.

    Other labels' tasks say nothing: their fields may be crowded, their recipes others.
    """
    known = [cost for cost in costs if label is None or cost.label == label]
    whose = f"label {label}" if label is not None else "every label"
    if filter is not None:
        narrow = learned_from(
            (cost for cost in known if short(cost.filter) == short(filter)), f"{whose}, filter {short(filter)}"
        )
        if narrow is not None:
            return narrow
    return learned_from(known, whose)


def short(filter: str) -> str:
    """A filter as people say it: ``g`` for ``g.00000``."""
    return filter.removesuffix(".00000")
