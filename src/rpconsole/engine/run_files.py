"""A run's own files at home: lists, script, manifest, and what they say must be where."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Self

from rpconsole.domain.fault import BadData
from rpconsole.domain.listfiles import (
    CONFIG,
    GENERATE,
    LIST_SUFFIXES,
    MANIFEST,
    SHIPPED_SUFFIXES,
)
from rpconsole.domain.manifest import ManifestRecord, Role, read_lines, read_manifest
from rpconsole.domain.oldlists import config_bytes, product_lines, promises, read_lists
from rpconsole.domain.paths import mapped_by_key
from rpconsole.domain.run import Run
from rpconsole.engine.world import World

#: what hears of some records
Foretell = Callable[[Sequence[ManifestRecord]], None]
#: files that are looked at together, on both sides: one round trip, and what is held of them
AT_ONCE = 8000


@dataclass(frozen=True, kw_only=True, slots=True)
class Needed:
    """One file that the site must have before the job may be submitted."""

    local: str
    remote: str
    #: bytes as the database has them; None = whatever lies at home
    size: int | None = None


async def list_paths(world: World, run: Run) -> Mapping[str, str]:
    """suffix -> absolute path at home of the run's lists and script; BadData names what was never written.

    The manifest is among them where rpconsole prepared the run, and not where the IPP's own scripts did.
    """
    keys = {suffix: run.stem + suffix for suffix in (*SHIPPED_SUFFIXES, MANIFEST)}
    found = await world.catalogue.resolve(list(keys.values()))
    missing = [key for suffix, key in keys.items() if key not in found and suffix != MANIFEST]
    if missing:
        raise BadData(f"{missing[0]} was never written: the run must be prepared again")
    return {suffix: found[key] for suffix, key in keys.items() if key in found}


async def paths_at_home(world: World, run: Run) -> Mapping[str, str]:
    """Role -> absolute path of those of the run's own files that exist: ``cmd``, ``config``, ``manifest`` and so on.

    None for a run whose path_base is no key: it shall be shown all the same.
    """
    keys = {suffix: run.stem + suffix for suffix in (*SHIPPED_SUFFIXES, MANIFEST)}
    try:
        found = await world.catalogue.resolve(list(keys.values()))
    except BadData:
        return {}
    return {suffix.split(".")[1]: found[key] for suffix, key in keys.items() if key in found}


async def record_pieces(world: World, run: Run, *, ending: str = "") -> AsyncGenerator[list[ManifestRecord]]:
    """What the run needs and promises, file by file, some thousands at a time: a run of 40,000 commands has some hundred megabytes of it.

    From the five lists where there is no manifest that fits them: one that does not promise what ``.generate`` does was left by an
    earlier preparation, and the lists are what a job is made of. With an ``ending`` only the records whose key has it.
    """
    paths = await list_paths(world, run)
    if MANIFEST in paths and await _fits(world, paths):
        first = 1
        async with aclosing(world.files.pieces(paths[MANIFEST])) as pieces:
            async for text in pieces:
                # the loop stays free meanwhile
                yield await asyncio.to_thread(read_manifest, text, source=paths[MANIFEST], ending=ending, first=first)
                first += text.count("\n")
        return
    yield await _listed(world, run, paths, ending)


async def _listed(world: World, run: Run, paths: Mapping[str, str], ending: str) -> list[ManifestRecord]:
    texts = {suffix: await world.files.read(paths[suffix]) for suffix in LIST_SUFFIXES}
    root = world.settings.layout.remote_root
    records = await asyncio.to_thread(read_lists, texts, stage=run.stage, root=root, source=run.stem)
    return [record for record in records if record.key.endswith(ending)]


class _DoesNotFit(Exception):
    """A manifest does not promise what ``.generate`` does, or counts the lines of another ``.config``."""


async def _fitting_pieces(world: World, paths: Mapping[str, str]) -> AsyncGenerator[list[str]]:
    """The manifest's lines, some at a time, as long as it fits the lists; the last look comes after the last piece."""
    last: list[str] = []
    async with aclosing(world.files.pieces(paths[MANIFEST])) as pieces, _Lines(world, paths[GENERATE]) as generate:
        async for text in pieces:
            last, products = await asyncio.to_thread(_lines_and_products, text)
            if not await asyncio.to_thread(promises, products, await generate.take(len(products))):
                raise _DoesNotFit
            yield last
        if await generate.take(1) or not await _counts_lines_of(world, last, paths):
            raise _DoesNotFit


def _lines_and_products(text: str) -> tuple[list[str], list[str]]:
    lines = text.split("\n")
    return lines, product_lines(lines)


async def _counts_lines_of(world: World, last_lines: Sequence[str], paths: Mapping[str, str]) -> bool:
    """Whether the numbers of tasks are those of the ``.config`` that is there: another merge promises the same, and may count otherwise."""
    size = config_bytes(last_lines, paths[MANIFEST])
    if size is None:
        return True
    facts = await world.files.facts([paths[CONFIG]])
    return paths[CONFIG] in facts and facts[paths[CONFIG]].size == size


async def _fits(world: World, paths: Mapping[str, str]) -> bool:
    try:
        async with aclosing(_fitting_pieces(world, paths)) as pieces:
            async for _ in pieces:
                pass
    except _DoesNotFit:
        return False
    return True


class _Lines:
    """The lines of a file that say something, some at a time."""

    def __init__(self, world: World, path: str) -> None:
        self._pieces = world.files.pieces(path)
        self._held: list[str] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *ending: object) -> None:
        await self._pieces.aclose()

    async def take(self, count: int) -> list[str]:
        """The next so many, or as many as there are."""
        while len(self._held) < count and (text := await anext(self._pieces, None)) is not None:
            self._held += filter(str.strip, text.split("\n"))
        taken, self._held = self._held[:count], self._held[count:]
        return taken


async def manifest_of(
    world: World, run: Run, *, ending: str = "", foretell: Foretell | None = None
) -> tuple[ManifestRecord, ...]:
    """All records at once, for who needs few of them; see ``record_pieces``.

    ``foretell`` hears of those of a manifest before it is known whether it fits, for who can begin with what changes nothing.
    """
    paths = await list_paths(world, run)
    found = await _fitting(world, paths, ending, foretell) if MANIFEST in paths else None
    return tuple(await _listed(world, run, paths, ending) if found is None else found)


async def _fitting(
    world: World, paths: Mapping[str, str], ending: str, foretell: Foretell | None
) -> list[ManifestRecord] | None:
    """The manifest's records, looked at and read in one go; None where it does not fit the lists, whatever else is wrong with it."""
    try:
        async with aclosing(_fitting_pieces(world, paths)) as pieces:
            return await _records_in(pieces, paths[MANIFEST], ending, foretell)
    except _DoesNotFit:
        return None


async def _records_in(
    pieces: AsyncGenerator[list[str]], source: str, ending: str, foretell: Foretell | None
) -> list[ManifestRecord]:
    found: list[ManifestRecord] = []
    bad: BadData | None = None
    first = 1
    async for lines in pieces:
        try:
            some = await asyncio.to_thread(read_lines, lines, source=source, ending=ending, first=first)
        except BadData as error:
            # told at the end: a later piece may show that the manifest is of no account
            bad = bad or error
        else:
            found += some
            if foretell is not None:
                foretell(some)
        # the last one is what follows the piece's last line end
        first += len(lines) - 1
    if bad is not None:
        raise bad
    return found


async def products_of(
    world: World, run: Run, *, ending: str = "", foretell: Foretell | None = None
) -> list[ManifestRecord]:
    """The products that the run's tasks promised, or those whose key has this ending; see ``manifest_of``."""
    records = await manifest_of(world, run, ending=ending, foretell=foretell)
    return [record for record in records if record.role is Role.PRODUCT]


async def product_pieces(world: World, run: Run) -> AsyncGenerator[list[ManifestRecord]]:
    """The products in the manifest's order, some thousands at a time."""
    held: list[ManifestRecord] = []
    async with aclosing(record_pieces(world, run)) as pieces:
        async for some in pieces:
            held += [record for record in some if record.role is Role.PRODUCT]
            if len(held) >= AT_ONCE:
                yield held
                held = []
    if held:
        yield held


async def needed_pieces(world: World, run: Run) -> AsyncGenerator[list[Needed]]:
    """Lists and inputs, each remote path once, some thousands at a time."""
    root = world.settings.layout.remote_root
    paths = await list_paths(world, run)
    targets = {suffix: mapped_by_key(run.stem + suffix, root) for suffix in SHIPPED_SUFFIXES}
    held = [Needed(local=paths[suffix], remote=target) for suffix, target in targets.items()]
    seen: set[str] = set(targets.values())
    async with aclosing(record_pieces(world, run)) as pieces:
        async for some in pieces:
            for record in some:
                if record.role is not Role.PRODUCT and record.remote not in seen:
                    seen.add(record.remote)
                    held.append(Needed(local=record.local, remote=record.remote, size=record.bytes))
            if len(held) >= AT_ONCE:
                yield held
                held = []
    if held:
        yield held
