"""The section about the site: where our files lie there, and what it gives to a job."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from rpconsole.commands.jobscript import Directives
from rpconsole.commands.known_schedulers import KNOWN_SCHEDULERS
from rpconsole.config.fields import (
    Count,
    CountFromZero,
    Flag,
    Hours,
    Megabytes,
    Name,
    Section,
    Share,
    SitePath,
    Word,
    refused,
)
from rpconsole.domain.allocation import SitePlan
from rpconsole.domain.cost import COST_H, MULTIPLIER, SAFETY_H, THREADS
from rpconsole.domain.scratch import BYTES_EACH
from rpconsole.domain.stage import Stage
from rpconsole.stages.base import PROGRAM_THREADS


def _known_scheduler(value: object) -> str:
    if isinstance(value, str) and value in KNOWN_SCHEDULERS:
        return value
    given = f", not '{value}'" if isinstance(value, str) else ""
    raise refused("must be " + " or ".join(f"'{name}'" for name in KNOWN_SCHEDULERS) + given)


SchedulerName = Annotated[str, BeforeValidator(_known_scheduler)]


class StageCost(Section):
    """What one command of a stage takes, and what its jobs want.

    A cost that is left out keeps the value that the survey measured, anything else the site's.
    """

    cost_h: Hours | None = Field(default=None, description="Hours that one command takes on the average.")
    threads: Count | None = Field(
        default=None, description="Threads that the allocation reckons with for each command."
    )
    multiplier: Count | None = Field(
        default=None,
        description="How many commands' worth of memory one command takes: a node runs so many fewer at once.",
    )
    safety_h: CountFromZero | None = Field(
        default=None, description="Hours added to the wall time, for what the averages do not see."
    )
    scratch_mb: Megabytes | None = Field(
        default=None, description="Megabytes that one command adds to scratch, before it was measured."
    )
    program_threads: Count | None = Field(default=None, description="Threads that the program itself is started with.")
    account: Word | None = Field(default=None, description="Account that this stage's jobs are charged to.")
    queue: Word | None = Field(default=None, description="Queue or partition of this stage's jobs.")
    qos: Word | None = Field(default=None, description="Quality of service of this stage's jobs.")
    features: tuple[Word, ...] | None = Field(
        default=None, description="Node features that this stage's jobs ask for, instead of the site's."
    )
    submit_options: tuple[Word, ...] | None = Field(
        default=None, description="Further words for the submit command, instead of the site's."
    )


class StageCosts(Section):
    """One table a stage."""

    chip: StageCost = Field(default=StageCost(), description="Costs and wishes of chip.")
    camera: StageCost = Field(default=StageCost(), description="Costs and wishes of camera.")
    warp: StageCost = Field(default=StageCost(), description="Costs and wishes of warp.")
    stack: StageCost = Field(default=StageCost(), description="Costs and wishes of stack.")

    def of(self, stage: Stage) -> StageCost:
        """The costs of a stage."""
        cost: StageCost = getattr(self, str(stage))
        return cost


class SiteSection(Section):
    """The supercomputer: where our files lie there, its scheduler, and what it gives to one job."""

    name: Name = Field(description="What the site is called on screens and in the journal.")
    remote_root: SitePath = Field(description="Directory at the site below which all our files lie; never / itself.")
    hostname: Word = Field(description="What the programs are told with -hostname, as in LANL/Mustang.")
    scheduler: SchedulerName = Field(
        description="Who runs the jobs.",
        json_schema_extra={"value_in_words": " or ".join(f'`"{name}"`' for name in KNOWN_SCHEDULERS)},
    )
    programs_dir: SitePath | None = Field(
        default=None,
        description="Directory of msub, showq and the like; needed where a login without a terminal has them off its PATH.",
    )
    proc_per_node: Count = Field(description="Cores of a node.")
    min_nodes: Count = Field(default=1, description="Fewest nodes that a job may ask for.")
    max_nodes: Count = Field(description="Most nodes that a job may ask for.")
    min_hours: Count = Field(default=1, description="Shortest wall time that a job may ask for.")
    max_hours: Count = Field(description="Longest wall time that a job may ask for.")
    fill: Share = Field(default=0.8, description="Part of the nodes' time that the commands really use.")
    learned_costs: Flag = Field(
        default=True,
        description="Ask by what finished tasks of the same label and filter took, once there are enough, instead of by cost_h.",
    )
    references_dir: SitePath = Field(description="Directory of the astrometry references at the site.")
    tess_dir: SitePath = Field(description="Directory of the tessellations at the site.")
    transfer_warp_images: Flag = Field(
        default=False, description="Bring warp images home and ship them again for stacks."
    )
    python: Word = Field(default="python3", description="The site's Python, 3.6 or later: a name or a path.")
    runner: Literal["workers", "multi-prog"] = Field(
        default="workers",
        description="Who runs a job's commands on its nodes: workers that stay and take the next one as a slot falls free, or "
        "srun --multi-prog in chunks, where no worker may stay.",
    )
    node_list: Literal["srun", "runner"] = Field(
        default="srun",
        description="Who lists a job's nodes: srun in a line of the script, as the old scripts have it, or the runner itself, from "
        "what the scheduler set (SLURM_JOB_NODELIST, PBS_NODEFILE): where Moab stands over TORQUE there is no srun.",
    )
    shell: SitePath = Field(default="/bin/tcsh", description="Shell of the batch scripts.")
    account: Word | None = Field(default=None, description="Account that is charged; none = the site's default.")
    account_required: Flag = Field(
        default=False, description="The site charges a job without an account to nobody: submit none."
    )
    queue: Word | None = Field(
        default=None, description="Queue (Moab) or partition (Slurm); none = the site's default."
    )
    qos: Word | None = Field(default=None, description="Quality of service; none = the site's default.")
    features: tuple[Word, ...] = Field(default=(), description="Node features that every job asks for.")
    submit_options: tuple[Word, ...] = Field(
        default=(), description="Further words for the submit command, as they are."
    )
    stages: StageCosts = Field(default=StageCosts(), description="Costs and wishes by stage.")

    @field_validator("remote_root")
    @classmethod
    def _is_not_the_root(cls, path: str) -> str:
        if not path.strip("/."):
            raise refused("cannot be / itself: what is removed and cleaned lies below it")
        return path

    @model_validator(mode="after")
    def _limits_are_in_order(self) -> SiteSection:
        for least, most in (("min_nodes", "max_nodes"), ("min_hours", "max_hours")):
            if getattr(self, least) > getattr(self, most):
                raise refused(f"is {getattr(self, least)}, more than {most}, which is {getattr(self, most)}", key=least)
        return self

    @model_validator(mode="after")
    def _somebody_is_charged(self) -> SiteSection:
        nobody = [stage for stage in Stage if self.account_required and self.directives(stage).charges_nobody()]
        if nobody:
            raise refused(f"is true, but jobs of {', '.join(nobody)} name no account", key="account_required")
        return self

    def directives(self, stage: Stage) -> Directives:
        """What jobs of a stage want: its own word where there is one, else the site's."""
        own = self.stages.of(stage)
        return Directives(
            account=own.account or self.account,
            queue=own.queue or self.queue,
            qos=own.qos or self.qos,
            features=self.features if own.features is None else own.features,
            submit_options=self.submit_options if own.submit_options is None else own.submit_options,
        )

    def program_threads(self) -> dict[Stage, int]:
        """Threads that each stage's program is started with; camera's takes no such option."""
        return {stage: self.stages.of(stage).program_threads or built_in for stage, built_in in PROGRAM_THREADS.items()}

    def scratch_bytes(self) -> dict[Stage, int]:
        """What one command of each stage adds to scratch, before it was measured."""
        given = {stage: self.stages.of(stage).scratch_mb for stage in Stage}
        return {stage: BYTES_EACH[stage] if size is None else int(size * 1e6) for stage, size in given.items()}

    def plan(self) -> SitePlan:
        """What the allocation needs of it."""
        costs = {stage: self.stages.of(stage) for stage in Stage}
        return SitePlan(
            proc_per_node=self.proc_per_node,
            min_nodes=self.min_nodes,
            max_nodes=self.max_nodes,
            min_hours=self.min_hours,
            max_hours=self.max_hours,
            fill=self.fill,
            cost_h={stage: cost.cost_h or COST_H[stage] for stage, cost in costs.items()},
            threads={stage: cost.threads or THREADS[stage] for stage, cost in costs.items()},
            multiplier={stage: cost.multiplier or MULTIPLIER[stage] for stage, cost in costs.items()},
            safety_h={
                stage: SAFETY_H[stage] if cost.safety_h is None else cost.safety_h for stage, cost in costs.items()
            },
        )
