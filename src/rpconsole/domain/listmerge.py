"""The lists of a run: its components' lists one after the other, each line once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rpconsole.domain.fault import BadData
from rpconsole.domain.listfiles import (
    CHECK,
    CONFIG,
    GENERATE,
    LIST_SUFFIXES,
    LOAD_LINE,
    LOAD_LINE_EVERY_JOBS,
    MANIFEST,
    RETURN,
    TRANSFER,
    ComponentLists,
    component_texts,
    lines_of,
    text_of,
)
from rpconsole.domain.manifest import ManifestRecord, read_manifest

#: the files that a component brings into its run
MERGED_SUFFIXES = (*LIST_SUFFIXES, MANIFEST)
#: inside a JSON text every quote has a backslash before it, so this is a field and never part of a name
_TASK = re.compile(r',"task":([0-9]+)')


class BadMerge(BadData):
    """A component's lists do not fit together."""


@dataclass(kw_only=True, slots=True)
class RunMerge:
    """Merges components, in the order of their stage_ids, piece by piece: what ``add`` returns is appended to the run's files.

    Like the old merge a line appears once; unlike it (where each list was thinned by itself, and one line lost in one list shifted
    every later pair) a pair is kept or dropped as a whole. It works on the files' text, since a run has hundreds of thousands of
    lines, and remembers of each line no more than a hash.
    """

    #: commands so far; the N of the allocation
    jobs: int = 0
    #: of ``.config`` so far
    config_bytes: int = 0
    _lines: int = 0
    _line_of: dict[int, int] = field(default_factory=dict)
    _inputs: set[int] = field(default_factory=set)
    _products: set[int] = field(default_factory=set)

    def add(self, texts: Mapping[str, str], *, source: str) -> dict[str, str]:
        """Take the next component's files (by suffix) and return what they add to the run's; BadMerge names ``source``."""
        inputs = _pairs(texts, TRANSFER, CHECK, source)
        products = _pairs(texts, GENERATE, RETURN, source)
        records = lines_of(texts[MANIFEST])
        if len(records) != len(inputs) + len(products):
            raise BadMerge(
                f"{source}{MANIFEST} has {len(records)} lines for {len(inputs)} inputs and {len(products)} products: "
                "set the component to 'new' to prepare it again"
            )
        config, numbers = self._number(lines_of(texts[CONFIG]))
        commands = text_of(config)
        # latin-1 has a byte for each letter
        self.config_bytes += len(commands)
        new_inputs = _unseen(inputs, self._inputs)
        new_products = _unseen(products, self._products)
        shipped = [records[at] for at in new_inputs]
        promised = text_of([records[len(inputs) + at] for at in new_products])
        return {
            TRANSFER: text_of([inputs[at][0] for at in new_inputs]),
            CHECK: text_of([inputs[at][1] for at in new_inputs]),
            CONFIG: commands,
            GENERATE: text_of([products[at][0] for at in new_products]),
            RETURN: text_of([products[at][1] for at in new_products]),
            MANIFEST: text_of(shipped) + _renumbered(promised, numbers, source),
        }

    def _number(self, commands: Sequence[str]) -> tuple[list[str], list[int]]:
        """The new lines of ``.config``, and for each command of the component the line where it stands."""
        config: list[str] = []
        numbers: list[int] = []
        for command in commands:
            # a line ends with its last return link, which is its own
            key = _known_by(command, command[-200:])
            if key not in self._line_of:
                self._line_of[key] = self._lines + len(config) + 1
                config.append(command)
            numbers.append(self._line_of[key])
        # the old merge tests the count before it adds this component's jobs: always true after the first
        if self.jobs % LOAD_LINE_EVERY_JOBS == 0:
            config.append(LOAD_LINE)
        self.jobs += len(commands)
        self._lines += len(config)
        return config, numbers


def _pairs(texts: Mapping[str, str], left: str, right: str, source: str) -> list[tuple[str, str]]:
    lefts, rights = lines_of(texts[left]), lines_of(texts[right])
    if len(lefts) != len(rights):
        raise BadMerge(
            f"{source}{left} has {len(lefts)} lines and {source}{right} has {len(rights)}: "
            "set the component to 'new' to prepare it again"
        )
    return list(zip(lefts, rights, strict=True))


def _unseen(pairs: Iterable[tuple[str, str]], seen: set[int]) -> list[int]:
    """Where the pairs stand that were not seen yet."""
    fresh = []
    for at, (one, other) in enumerate(pairs):
        key = _known_by(one, other)
        if key not in seen:
            seen.add(key)
            fresh.append(at)
    return fresh


def _known_by(one: str, other: str) -> int:
    """128 bits of this process' own keyed hash: there are a million lines, and a digest of each takes five times as long."""
    return hash(one) << 64 ^ hash(other)


def _renumbered(records: str, numbers: Sequence[int], source: str) -> str:
    """Manifest lines whose tasks count the run's lines instead of the component's own."""

    def number(found: re.Match[str]) -> str:
        own = int(found[1])
        if not 1 <= own <= len(numbers):
            raise BadMerge(f"{source}{MANIFEST} speaks of command {own}; {source}{CONFIG} has {len(numbers)}")
        return f',"task":{numbers[own - 1]}'

    return _TASK.sub(number, records)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunLists:
    """A run's merged files by suffix, and the number of its commands."""

    texts: Mapping[str, str]
    jobs: int

    @property
    def records(self) -> tuple[ManifestRecord, ...]:
        """What the manifest says."""
        return tuple(read_manifest(self.texts[MANIFEST], source=MANIFEST))


def merged(components: Iterable[ComponentLists], root: str) -> RunLists:
    """Merge all components of a run at once."""
    merge = RunMerge()
    pieces = list(_pieces(merge, sorted(components, key=lambda lists: lists.stage_id), root))
    texts = {suffix: "".join(piece[suffix] for piece in pieces) for suffix in MERGED_SUFFIXES}
    return RunLists(texts=texts, jobs=merge.jobs)


def _pieces(merge: RunMerge, components: Iterable[ComponentLists], root: str) -> Iterator[dict[str, str]]:
    for lists in components:
        yield merge.add(component_texts(lists, root), source=f"component {lists.stage_id}: ")
