"""A run's components as they are shown: states in few words, rows with their failures, failures by kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from rpconsole.domain.filters import Facts
from rpconsole.domain.run import Component

#: the columns of the table of components: what they can be filtered and sorted by
COMPONENT_KEYS = ("stage_id", "state", "jobs", "fails", "worst", "path_base")
_NUMBERS = re.compile(r"\d+")


class Failure(Protocol):
    """A task that failed, with its sentence."""

    @property
    def stage_id(self) -> int:
        """Its component."""
        ...

    @property
    def item(self) -> str:
        """Its chip, cell or skycell."""
        ...

    @property
    def sentence(self) -> str:
        """What is wrong."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentRow:
    """A component with how many of its tasks failed and what is wrong with the first."""

    remote_id: int
    stage_id: int
    jobs: int | None
    state: str
    path_base: str | None
    fails: int | None
    worst: str


def component_rows(components: Sequence[Component], failures: Sequence[Failure]) -> list[ComponentRow]:
    """The components in their order."""
    own: dict[int, list[Failure]] = {}
    for one in failures:
        own.setdefault(one.stage_id, []).append(one)
    return [_row(component, own.get(component.stage_id, ())) for component in components]


def component_facts(row: ComponentRow) -> Facts:
    """A row by column, and as text."""
    facts = {name: getattr(row, name) for name in COMPONENT_KEYS}
    return {**facts, "text": " ".join(str(value) for value in facts.values() if value is not None)}


def states_of(components: Sequence[Component]) -> list[tuple[str, int]]:
    """The states in the order of the components, each with how often it follows itself."""
    return [(state, len(list(group))) for state, group in groupby(str(one.state) for one in components)]


def failure_kinds(failures: Sequence[Failure]) -> list[tuple[str, int, str]]:
    """Failures that say the same but for their numbers and item: (sentence, how often, the first of them), the most frequent first."""
    found: dict[str, tuple[str, int, str]] = {}
    for one in failures:
        key = _NUMBERS.sub("#", one.sentence.replace(one.item, "@") if one.item else one.sentence)
        before = found.get(key, (one.sentence, 0, f"component {one.stage_id} {one.item}"))
        found[key] = (before[0], before[1] + 1, before[2])
    return sorted(found.values(), key=lambda one: -one[1])


def _row(component: Component, failures: Sequence[Failure]) -> ComponentRow:
    return ComponentRow(
        remote_id=component.remote_id,
        stage_id=component.stage_id,
        jobs=component.jobs,
        state=str(component.state),
        path_base=component.path_base,
        fails=len(failures) or None,
        worst=f"{failures[0].item}: {failures[0].sentence}" if failures else "",
    )
