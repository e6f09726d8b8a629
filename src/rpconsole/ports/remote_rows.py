"""The two remote tables as ``remotetool`` sees them: any row, any stage's word, chosen by columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

Value = int | str | datetime | None
Row = Mapping[str, Value]


@dataclass(frozen=True, kw_only=True, slots=True)
class Which:
    """Rows that fulfil all of these; nothing given means every row."""

    #: column of ``remoteRun`` -> any of these values; None = NULL
    run: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    #: column of ``remoteComponent`` -> any of these values
    component: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    #: ``last_poll`` not before, not after; UTC, naive
    poll_begin: datetime | None = None
    poll_end: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """What to define, in the words of the command line."""

    #: one of BUNDLED_STAGES
    stage: str
    #: stage runs of any of these labels
    labels: Sequence[str]
    #: the label of the new run
    set_label: str
    path_base: str
    #: 0 = no limit
    limit: int = 0
    pretend: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundled:
    """What was selected and made."""

    stage_ids: tuple[int, ...]
    #: None on pretend, or where nothing was selected
    remote_id: int | None
    #: labels that are inactive or masked at the stage, and so were left alone
    stopped: tuple[str, ...] = ()


#: stage words that a run can be defined for; the last three are not processed by rpconsole itself
BUNDLED_STAGES = ("chip", "camera", "warp", "stack", "staticsky", "diff", "ff")


class RemoteRows(Protocol):
    """Rows of ``remoteRun`` and ``remoteComponent``, listed and changed by criteria.

    Errors as in RunStore. Every call is one short transaction; others may change the same rows at the same time. A change touches
    only rows that really differ, and tells how many they were; a run that changes has its ``last_poll`` set to now.
    """

    async def bundle(self, order: Bundle) -> Bundled:
        """Bundle what is new in a stage into one run, as RunStore.define does and exclusive with it.

        Raises BadData naming the table when the stage has none in this database.
        """
        ...

    async def runs(self, which: Which, limit: int = 0) -> list[Row]:
        """Every column of the runs, ordered by remote_id; a component column in ``which`` is an error."""
        ...

    async def components(self, which: Which, limit: int = 0) -> list[Row]:
        """Distinct components with their run: remote_id, stage_id, jobs, state, path_base, stage, run_path_base."""
        ...

    async def prepared(self, which: Which, limit: int = 0) -> list[Row]:
        """Runs all of whose components are through prepare, well or not: remote_id, path_base, stage, Ndone, Njobs."""
        ...

    async def change_runs(self, which: Which, values: Mapping[str, Value]) -> int:
        """Set columns of the runs."""
        ...

    async def change_components(self, which: Which, values: Mapping[str, Value]) -> int:
        """Set columns of the components.

        Raises BadData when one in 'retry' is to be taken back that another run has taken up since.
        """
        ...

    async def touch(self, remote_id: int) -> int:
        """Set a run's ``last_poll`` to now."""
        ...
