"""The operators' switches, remembered over restarts, and the labels that runs are defined for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from rpconsole.domain.fault import BadConfiguration
from rpconsole.domain.nearest import nearest
from rpconsole.domain.snapshot import GATES, STAGE_GATES, GateView, gates_of
from rpconsole.engine.settings import WatchedLabel
from rpconsole.ports.journal import Gate, Operations

ALL = "all"


class Gates:
    """Which kinds of work may start; a gate that nobody ever touched is open."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._gates: dict[str, Gate] = {}
        #: shut for a while over what the operators set, and never written down: a restart opens them
        self._held: dict[str, Gate] = {}
        #: what was read before a gate was set must not be taken up after it
        self._one_by_one = asyncio.Lock()

    async def load(self) -> None:
        """Take up what was set before the last restart."""
        async with self._one_by_one:
            self._gates = dict(await self._operations.gates())

    def closed(self) -> frozenset[str]:
        """Names of the closed gates."""
        return frozenset(name for name, gate in self._gates.items() if not gate.open) | frozenset(self._held)

    def hold(self, names: Iterable[str], *, who: str, at: float) -> None:
        """Shut gates until ``release``, whatever operators set meanwhile."""
        self._held = {name: Gate(name=name, open=False, who=who, at=at) for name in names}

    def release(self) -> None:
        """Every gate as the operators have it."""
        self._held = {}

    def view(self) -> tuple[GateView, ...]:
        """Every gate, in the order of the work; those of single stages while they are closed."""
        closed = self.closed()
        return tuple(self._view(name) for name in (*GATES, *STAGE_GATES) if name in GATES or name in closed)

    def _view(self, name: str) -> GateView:
        gate = self._gates.get(name)
        if name in self._held and (gate is None or gate.open):
            gate = self._held[name]
        if gate is None:
            return GateView(name=name, open=True)
        return GateView(name=name, open=gate.open, who=gate.who, at=gate.at)

    async def set(self, names: Sequence[str], *, open: bool, who: str, at: float) -> tuple[GateView, ...]:
        """Open or close gates; BadConfiguration names those there are."""
        for name in _known(names, open=open):
            gate = Gate(name=name, open=open, who=who, at=at)
            async with self._one_by_one:
                await self._operations.set_gate(gate)
                self._gates[name] = gate
        return self.view()

    async def labels(self, configured: Iterable[WatchedLabel]) -> list[WatchedLabel]:
        """Configured labels and those that operators added, a label once."""
        labels = {watched.label: watched for watched in configured}
        template = next(iter(labels.values()), None)
        for label, stage in await self._operations.labels():
            known = labels.get(label)
            stages = (*(known.stages if known else ()), stage)
            base = known.path_base if known else _sibling(template, label)
            labels[label] = WatchedLabel(label=label, stages=tuple(dict.fromkeys(stages)), path_base=base)
        return list(labels.values())


def _sibling(template: WatchedLabel | None, label: str) -> str:
    """A path base beside the configured ones, or where the old scripts put theirs."""
    parent = template.path_base.rsplit("/", 1)[0] if template else "neb://any/remote"
    return f"{parent}/{label}"


def _known(names: Sequence[str], *, open: bool) -> tuple[str, ...]:
    for name in names:
        if name not in (*GATES, *STAGE_GATES, ALL):
            hint = nearest(name, (*GATES, *STAGE_GATES, ALL))
            raise BadConfiguration(
                f"there is no gate '{name}'{hint}; the gates are {', '.join(GATES)}, or all of them: {ALL}"
            )
    return gates_of(names, open=open)
