"""The five classic list files of a component and of a run, as the IPP's own scripts write and read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rpconsole.domain.manifest import ManifestRecord, Role, manifest_text
from rpconsole.domain.paths import mapped_by_instance, mapped_by_key
from rpconsole.domain.stage import Stage

TRANSFER = ".transfer"
CHECK = ".check"
CONFIG = ".config"
GENERATE = ".generate"
RETURN = ".return"
#: in the order in which the old scripts write them
LIST_SUFFIXES = (TRANSFER, CHECK, CONFIG, GENERATE, RETURN)
#: the batch script, and what rpconsole itself reads; run level
SCRIPT = ".cmd"
MANIFEST = ".manifest.jsonl"
#: what the old scripts ship to the site, in their order
SHIPPED_SUFFIXES = (SCRIPT, *LIST_SUFFIXES)

#: a line that the merge puts between tasks, so that the job's log shows the nodes' load
LOAD_LINE = "top -b -n 1"
LOAD_LINE_EVERY_JOBS = 100

_Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandLine:
    """One line of ``.config``: a whole chain of steps, which the runner takes as one task."""

    item: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentLists:
    """What one component brings into its run; ``task`` in the products counts this component's own commands from 1."""

    stage: Stage
    stage_id: int
    commands: tuple[CommandLine, ...]
    inputs: tuple[ManifestRecord, ...]
    products: tuple[ManifestRecord, ...]

    @property
    def jobs(self) -> int:
        """The number for ``remoteComponent.jobs``."""
        return len(self.commands)


def component_stem(run_stem: str, stage_id: int) -> str:
    """``B = R/stage_<stage_id>``, which is also what goes into ``remoteComponent.path_base``; R is the run's stem."""
    return f"{run_stem}/stage_{stage_id}"


def list_record(stem: str, suffix: str, local: str, root: str) -> ManifestRecord:
    """The record of one of the run's own files: the old scripts ship it to where its key lies at the site."""
    return ManifestRecord(key=stem + suffix, local=local, remote=mapped_by_key(stem + suffix, root), role=Role.LIST)


def check_path(stage: Stage, record: ManifestRecord, root: str) -> str:
    """What ``.check`` says of an input.

    It lands at its mirror (M3) in any case; the old stack script nevertheless writes M1, and leaves the rest to the compmap.
    """
    return mapped_by_instance(record.local, root) if stage is Stage.STACK else record.remote


def component_texts(lists: ComponentLists, root: str) -> dict[str, str]:
    """A component's files by suffix: the five lists, and a manifest whose tasks count the component's own lines."""
    return _texts(
        [command.text for command in lists.commands],
        [(record.local, check_path(lists.stage, record, root)) for record in lists.inputs],
        [(record.remote, record.local) for record in lists.products],
    ) | {MANIFEST: manifest_text([*lists.inputs, *lists.products])}


def _texts(commands: Sequence[str], inputs: _Pairs, products: _Pairs) -> dict[str, str]:
    columns = {
        TRANSFER: [local for local, _ in inputs],
        CHECK: [remote for _, remote in inputs],
        CONFIG: commands,
        GENERATE: [remote for remote, _ in products],
        RETURN: [local for _, local in products],
    }
    return {suffix: text_of(lines) for suffix, lines in columns.items()}


def text_of(lines: Sequence[str]) -> str:
    """Lines as a file has them."""
    return "\n".join([*lines, ""]) if lines else ""


def lines_of(text: str) -> list[str]:
    """The lines of a list file: LF alone ends one, whatever else a path may hold."""
    lines = text.split("\n")
    return lines if lines.pop() == "" else text.split("\n")
