"""A component's files: everything that prepare writes for it, from its rows to the text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rpconsole.domain.listfiles import LIST_SUFFIXES, MANIFEST, component_texts
from rpconsole.domain.paths import BadKey, refuse_beyond_ascii
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import StageRows
from rpconsole.stages.base import CannotPrepare, Detrends, SiteLayout
from rpconsole.stages.registry import STAGES

COMPONENT_SUFFIXES = (*LIST_SUFFIXES, MANIFEST)


@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentOrder:
    """One component to write: its rows, and all that was looked up for it."""

    stage: Stage
    stage_id: int
    rows: StageRows
    detrends: Detrends
    stem: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenComponent:
    """The texts by disk path, the number of commands, and what an operator should know of it."""

    texts: Mapping[str, str]
    jobs: int
    notes: tuple[str, ...] = ()


def list_keys(stem: str) -> tuple[str, ...]:
    """The keys of a component's lists."""
    return tuple(stem + suffix for suffix in COMPONENT_SUFFIXES)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkOrder:
    """Several components to write in one go."""

    components: Sequence[ComponentOrder]
    #: key -> disk path, each component's own lists (its ``stem`` and a suffix) among them
    files: Mapping[str, str]
    layout: SiteLayout


def written(order: ChunkOrder) -> list[WrittenComponent | CannotPrepare]:
    """Each component's texts, or why it cannot be prepared."""
    return [_written(component, order.files, order.layout) for component in order.components]


def _written(order: ComponentOrder, files: Mapping[str, str], layout: SiteLayout) -> WrittenComponent | CannotPrepare:
    try:
        prepared = STAGES[order.stage].prepare(order.rows, files, layout, order.detrends)
    except CannotPrepare as cannot:
        return cannot
    lists = component_texts(prepared.lists, layout.remote_root)
    try:
        _refuse_beyond_ascii(lists.values())
    except BadKey as bad:
        return CannotPrepare(str(bad))
    texts = {files[order.stem + suffix]: text for suffix, text in lists.items()}
    return WrittenComponent(texts={**prepared.texts, **texts}, jobs=prepared.lists.jobs, notes=prepared.notes)


def _refuse_beyond_ascii(texts: Iterable[str]) -> None:
    """What a look at the keys does not see: directories of the storage at home, and what a job reads without our sending it."""
    for text in texts:
        if not text.isascii():
            refuse_beyond_ascii(next(word for word in text.split() if not word.isascii()))
