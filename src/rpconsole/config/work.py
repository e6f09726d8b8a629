"""The sections about the work: rhythm, retries, labels, the survey's own names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from rpconsole.config.fields import (
    Count,
    CountFromZero,
    Flag,
    Label,
    LocalPath,
    PathBase,
    Seconds,
    Section,
    Several,
    Stretch,
    Word,
    refused,
)
from rpconsole.domain.retry import RetryPolicy
from rpconsole.domain.schedule import Limits, PollPace
from rpconsole.domain.stage import Stage, stage_of
from rpconsole.stages.base import REDUCTIONS, SiteLayout


class EngineSection(Section):
    """The engine's rhythm and how much it does at once."""

    tick_s: Seconds = Field(default=1.0, description="Between two looks at what may start.")
    refresh_s: Seconds = Field(
        default=10.0, description="Between two looks at the database for rows that other hands changed."
    )
    define_s: Seconds = Field(default=300.0, description="Between two rounds of defining and advancing.")
    poll_min_s: Seconds = Field(
        default=PollPace().shortest_s, description="Shortest time between two polls of the site."
    )
    poll_max_s: Seconds = Field(default=PollPace().longest_s, description="Longest time between two polls of the site.")
    prepares: Count = Field(default=Limits().prepares, description="Runs that are prepared at once.")
    ships: Count = Field(default=Limits().ships, description="Runs whose inputs are sent at once.")
    submits: Count = Field(default=Limits().submits, description="Runs that are submitted at once.")
    retrieves: Count = Field(default=Limits().retrieves, description="Runs whose products are fetched at once.")
    applies: Count = Field(default=Limits().applies, description="Runs whose dbinfo is applied at once.")
    submit_wait_s: Seconds = Field(
        default=60.0, description="For the scheduler to answer a submit before it counts as unknown."
    )
    receipt_wait_s: Seconds = Field(default=900.0, description="After which a claim without a receipt is doubtful.")
    queue_wait_s: Seconds = Field(default=60.0, description="For the scheduler to answer a question.")
    unlisted_wait_s: Seconds = Field(
        default=120.0,
        description="After which a job that no list shows is called out; a fresh one may be unknown for a while.",
    )
    lease_stale_s: Seconds = Field(
        default=60.0, description="An engine without a sign of life for so long may be replaced."
    )
    grace_s: Seconds = Field(default=10.0, description="For running work to end at a stop.")

    @model_validator(mode="after")
    def _poll_is_in_order(self) -> EngineSection:
        if self.poll_min_s > self.poll_max_s:
            raise refused(
                f"is {self.poll_min_s:g}, more than poll_max_s, which is {self.poll_max_s:g}", key="poll_min_s"
            )
        return self

    def limits(self) -> Limits:
        """How many of each action may be under way."""
        return Limits(
            prepares=self.prepares,
            ships=self.ships,
            submits=self.submits,
            retrieves=self.retrieves,
            applies=self.applies,
        )

    def pace(self) -> PollPace:
        """Bounds of the poll's interval."""
        return PollPace(shortest_s=self.poll_min_s, longest_s=self.poll_max_s)


_RETRY = RetryPolicy()


class RetrySection(Section):
    """How often something is tried again, and when."""

    step_tries: Count = Field(default=_RETRY.step_tries, description="Tries of a step before a person is asked.")
    delays_s: Annotated[tuple[Seconds, ...], Several] = Field(
        default=_RETRY.delays_s, description="Waits after the first, second, … failure; the last one goes on."
    )
    jitter: Stretch = Field(default=_RETRY.jitter, description="Each wait is stretched by up to this share.")
    away_s: Seconds = Field(
        default=_RETRY.away_s, description="Between two tries of a service that is away; never counted."
    )
    queue_full_s: Seconds = Field(default=_RETRY.queue_full_s, description="Between two looks at a full queue.")
    reconcile_s: Seconds = Field(
        default=_RETRY.reconcile_s, description="Between two looks for evidence of a doubtful submit."
    )
    job_attempts: Count = Field(default=_RETRY.job_attempts, description="Jobs for one run, where tasks were cut.")
    component_tries: Count = Field(
        default=_RETRY.component_tries, description="Tries of a component's command at the site."
    )
    strict_labels: tuple[Label, ...] = Field(
        default=(), description="Labels whose runs stop for a person when a component fails; else it is left out."
    )

    def policy(self) -> RetryPolicy:
        """The numbers as the domain wants them."""
        return RetryPolicy(**{**self.model_dump(), "strict_labels": frozenset(self.strict_labels)})


class LabelSection(Section):
    """A label whose new exposures become remote runs by themselves."""

    label: Label = Field(description="The label, as gpc1 has it.")
    stages: tuple[Stage, ...] = Field(default=tuple(Stage), description="Stages that are defined.")
    path_base: PathBase = Field(
        description="Storage key, like neb://any/remote/LABEL, or directory for what is prepared."
    )
    limit: CountFromZero = Field(default=0, description="Most components of a run; 0 = no limit.")

    @field_validator("stages", mode="before")
    @classmethod
    def _read(cls, value: object) -> object:
        """``cam`` is accepted for ``camera``."""
        if not isinstance(value, list) or not value:
            raise refused(f"must be a list of stages: {', '.join(Stage)}")
        try:
            return tuple(stage_of(str(word)) for word in value)
        except ValueError as error:
            raise refused(f"names a stage that there is not: {error}") from None


class BookkeepingSection(Section):
    """What rpconsole does itself where the IPP's own tasks do not run beside it."""

    fake: Flag = Field(default=False, description="Make the fake rows between camera and warp.")
    overlap_maps: LocalPath | None = Field(
        default=None, description="Directory of <exp_name>.map files; none = the IPP computes overlaps."
    )
    stacks: Flag = Field(default=False, description="Define stacks when every warp of a label is full.")
    min_warps: Count = Field(default=2, description="Fewest warps that a stack is made of.")


_LAYOUT = SiteLayout(remote_root="", hostname="", dbname="", references="", tessellations="")


class SurveySection(Section):
    """Names and recipes of the survey's own programs."""

    reductions: Mapping[str, Mapping[str, Word]] = Field(
        default=REDUCTIONS,
        description="Recipes by reduction class: one table a class; given, they replace the built-in ones.",
    )
    burntool_good_state: CountFromZero = Field(
        default=_LAYOUT.burntool_good_state,
        description="The camera's BURNTOOL.STATE.GOOD, which names burntool tables.",
    )
    mask_reference: Word = Field(
        default=_LAYOUT.mask_reference, description="Reference mask of camera, in references_dir."
    )
    koppenhoefer_reference: Word = Field(
        default=_LAYOUT.koppenhoefer_reference, description="Koppenhöfer correction of camera, in references_dir."
    )
    astrometry_model: Word = Field(default=_LAYOUT.astrometry_model, description="Astrometry model, in references_dir.")
    stack_subtraction_recipe: Word = Field(
        default=_LAYOUT.stack_subtraction_recipe, description="Recipe of the subtraction in stack."
    )
    stack_type: Word = Field(default=_LAYOUT.stack_type, description="What stacks are told to be.")
