"""gpc1's two remote tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rpconsole.domain.run import Component, ComponentState, RunRow, RunState
from rpconsole.domain.stage import Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class DefineOrder:
    """Select what is new in a stage and bundle it into one remote run."""

    stage: Stage
    label: str
    path_base: str
    #: the label of the new run; default: the label selected by
    set_label: str | None = None
    #: 0 = no limit
    limit: int = 0
    #: select and report, write nothing
    pretend: bool = False
    #: where nothing is selected, look why: a person asks
    explain: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """What was selected, and the run made of it (None when nothing was selected, or on pretend)."""

    remote_id: int | None
    stage_ids: tuple[int, ...]
    #: why nothing of what is new was selected, as a sentence; empty where nothing is new, or nobody asked
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunChange:
    """Columns of ``remoteRun`` to set; None leaves a column as it is."""

    state: RunState | None = None
    job_id: int | None = None
    fault: int | None = None
    label: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentChange:
    """Columns of one ``remoteComponent`` row to set; None leaves a column as it is."""

    stage_id: int
    state: ComponentState | None = None
    jobs: int | None = None
    path_base: str | None = None


class RunStore(Protocol):
    """Remote runs and their components.

    Every call is one short transaction. Raises DatabaseAway when the server cannot be reached (the caller waits and repeats),
    DatabaseRefused when it refuses a statement, BadData when a row holds a word that is not in the vocabulary.
    """

    async def define(self, order: DefineOrder) -> Definition:
        """Bundle the stage's runs in state 'new' with this label that no live remote run of the stage holds already.

        Selection and insertion are one transaction, and two definers never bundle the same stage run, whatever labels they set.
        A component in state 'retry' does not hold its stage run. Warps need an overlap map first. A label that is inactive or
        masked at this stage is left alone: its runs would not be pending when prepare asks for them.
        """
        ...

    async def runs(
        self, states: Collection[RunState] = (), *, label: str | None = None, stage: Stage | None = None
    ) -> list[RunRow]:
        """Runs in any of these states (all when empty), ordered by remote_id.

        Others share the tables: rows of stages that are not ours, or in a state that no run of ours has, are left out.
        """
        ...

    async def run(self, remote_id: int) -> RunRow | None:
        """One run, or None; BadData when its stage or state is not ours."""
        ...

    async def components(self, remote_id: int, states: Collection[ComponentState] = ()) -> list[Component]:
        """The run's components, ordered by stage_id."""
        ...

    async def component_counts(self, remote_ids: Collection[int]) -> Mapping[int, Mapping[ComponentState, int]]:
        """How many components of each run are in which state, in one query; those in a state that is not ours are left out."""
        ...

    async def change_run(self, remote_id: int, change: RunChange, *, expect: Collection[RunState] = ()) -> bool:
        """Change a run if it is in one of the expected states (any when empty); False when it is not, atomically."""
        ...

    async def change_states(self, remote_ids: Collection[int], state: RunState) -> None:
        """Set the state of many runs at once, and nothing else."""
        ...

    async def touch(self, remote_ids: Collection[int]) -> None:
        """Set ``last_poll`` of all these runs to now, in one statement."""
        ...

    async def change_components(self, remote_id: int, changes: Sequence[ComponentChange]) -> int:
        """Change components of one run in one transaction; returns how many rows matched."""
        ...

    async def check(self) -> str:
        """The schema version (``dbversion``); raises BadData naming what is missing when the tables cannot serve us."""
        ...
