"""The five classic list files of a component and of a run, as the IPP's own scripts write and read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

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
    return {suffix: "".join(f"{line}\n" for line in lines) for suffix, lines in columns.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class MergedPiece:
    """What one component adds to the run's files: append it to each."""

    #: by suffix, the manifest included
    texts: Mapping[str, str]
    records: tuple[ManifestRecord, ...]


@dataclass(kw_only=True, slots=True)
class RunMerge:
    """Merge components, in the order of their stage_ids, into the lists of their run, piece by piece.

    Like the old merge a line appears once; unlike it (where each list was thinned by itself, and one line lost in one list shifted
    every later pair) a pair is kept or dropped as a whole.
    """

    root: str
    #: commands so far; the N of the allocation
    jobs: int = 0
    _lines: int = 0
    _line_of: dict[str, int] = field(default_factory=dict)
    _inputs: set[tuple[str, str]] = field(default_factory=set)
    _products: set[tuple[str, str]] = field(default_factory=set)

    def add(self, lists: ComponentLists) -> MergedPiece:
        """Take the next component and return what it adds."""
        config, numbers = self._number(lists)
        inputs = _unseen(lists.inputs, self._inputs, lambda record: (record.local, record.remote))
        products = _unseen(lists.products, self._products, lambda record: (record.remote, record.local))
        products = [replace(record, task=numbers[record.task - 1]) if record.task else record for record in products]
        texts = _texts(
            config,
            [(record.local, check_path(lists.stage, record, self.root)) for record in inputs],
            [(record.remote, record.local) for record in products],
        )
        records = (*inputs, *products)
        return MergedPiece(texts=texts | {MANIFEST: manifest_text(records)}, records=records)

    def _number(self, lists: ComponentLists) -> tuple[list[str], list[int]]:
        """The new lines of ``.config``, and for each command of the component the line where it stands."""
        config: list[str] = []
        numbers: list[int] = []
        for command in lists.commands:
            if command.text not in self._line_of:
                self._line_of[command.text] = self._lines + len(config) + 1
                config.append(command.text)
            numbers.append(self._line_of[command.text])
        # the old merge tests the count before it adds this component's jobs: always true after the first
        if self.jobs % LOAD_LINE_EVERY_JOBS == 0:
            config.append(LOAD_LINE)
        self.jobs += lists.jobs
        self._lines += len(config)
        return config, numbers


def _unseen(
    records: Iterable[ManifestRecord], seen: set[tuple[str, str]], pair: Callable[[ManifestRecord], tuple[str, str]]
) -> list[ManifestRecord]:
    fresh = []
    for record in records:
        if pair(record) not in seen:
            seen.add(pair(record))
            fresh.append(record)
    return fresh


@dataclass(frozen=True, kw_only=True, slots=True)
class RunLists:
    """A run's merged files by suffix, its records, and the number of its commands."""

    texts: Mapping[str, str]
    records: tuple[ManifestRecord, ...]
    jobs: int


def merged(components: Iterable[ComponentLists], root: str) -> RunLists:
    """Merge all components of a run at once."""
    merge = RunMerge(root=root)
    pieces = [merge.add(lists) for lists in sorted(components, key=lambda lists: lists.stage_id)]
    return RunLists(
        texts={suffix: "".join(piece.texts[suffix] for piece in pieces) for suffix in (*LIST_SUFFIXES, MANIFEST)},
        records=tuple(record for piece in pieces for record in piece.records),
        jobs=merge.jobs,
    )
