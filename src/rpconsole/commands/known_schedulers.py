"""The schedulers that a configuration may name: one row a kind."""

from __future__ import annotations

from collections.abc import Callable

from rpconsole.commands.moab import Moab
from rpconsole.commands.scheduler import Scheduler
from rpconsole.commands.slurm import Slurm


def _moab(bin_dir: str) -> Scheduler:
    return Moab(bin_dir=bin_dir)


def _slurm(bin_dir: str) -> Scheduler:
    return Slurm(bin_dir=bin_dir)


KNOWN_SCHEDULERS: dict[str, Callable[[str], Scheduler]] = {
    "moab": _moab,
    "slurm": _slurm,
}
