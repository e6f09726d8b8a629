"""Nebulous as the storage at home: keys are found in its tables, many at a time, and made by its own server."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from rpconsole.adapters.nebulous.index import NebulousIndex
from rpconsole.adapters.storage.places import NamedPlaces, made, present
from rpconsole.domain.fault import BadData, DiskFailed
from rpconsole.domain.nebulous import Instance, Volume, nearest_first, shard_of
from rpconsole.domain.paths import NebName, is_neb, read_neb_key
from rpconsole.ports.file_catalogue import FilesLost

#: looks at the disk that are under way at once: a look over NFS is mostly waiting
LOOKERS = 8
#: looks in one go of a thread
LOOKS_AT_ONCE = 64


class Maker(Protocol):
    """Whoever may make objects. Raises StorageAway, DiskFailed, BadConfiguration."""

    async def make(self, key: str) -> None:
        """An object with one empty instance, unless there is such an object; safe to repeat."""
        ...

    async def repair(self, key: str) -> None:
        """Try to bring back copies of an object."""
        ...

    async def look(self) -> str:
        """Whether it is there, in a few words; makes nothing."""
        ...

    async def close(self) -> None:
        """Let go of what is open."""
        ...


class NebulousCatalogue:
    """``FileCatalogue`` over Nebulous' tables (one database, or several by the shard rule) and one ``Maker``."""

    def __init__(
        self, indexes: Sequence[NebulousIndex], maker: Maker, *, near: str, named: NamedPlaces | None = None
    ) -> None:
        self._indexes = indexes
        self._maker = maker
        #: the volume that copies are preferred from where a key wishes none
        self._near = near
        self._named = named or NamedPlaces({})
        self._lookers = ThreadPoolExecutor(LOOKERS, thread_name_prefix="nebulous-look")

    async def resolve(self, keys: Collection[str]) -> Mapping[str, str]:
        """As the port says; of several copies the nearest whose file is there."""
        names, places = self._sorted_out(keys)
        plain = await asyncio.to_thread(present, places)
        return {**plain, **await self._resolved(names)}

    async def create(self, keys: Collection[str]) -> Mapping[str, str]:
        """As the port says; an object that has lost its copies is never made anew."""
        names, places = self._sorted_out(keys)
        plain = await asyncio.to_thread(made, places)
        found = dict(await self._resolved(names))
        missing = {key: name for key, name in names.items() if key not in found}
        refused = await self._make(missing)
        found |= await self._resolved({key: name for key, name in missing.items() if key not in refused})
        refused |= {key: _lost(key) for key in missing if key not in found and key not in refused}
        if refused:
            raise FilesLost(refused, {**plain, **found})
        return {**plain, **found}

    async def repair(self, keys: Collection[str]) -> Mapping[str, str]:
        """As the port says; only objects that nebulous knows are worth the try."""
        names, _ = self._sorted_out(keys)
        known = await self._known(names)
        await asyncio.gather(*(self._maker.repair(names[key].key) for key in known))
        return await self._resolved({key: names[key] for key in known})

    async def check(self) -> str:
        """Databases, volumes and maker in a few words; the error of the first that cannot serve us."""
        counts = [await index.check() for index in self._indexes]
        databases = "one database" if len(counts) == 1 else f"{len(counts)} databases"
        if not all(counts):
            raise BadData("no volume is mounted and available: table mountedvol has none")
        return f"{databases}, {min(counts)} volumes available, {await self._maker.look()}"

    async def close(self) -> None:
        """Let go of databases and server."""
        await self._maker.close()
        for index in self._indexes:
            await index.close()
        await asyncio.to_thread(self._lookers.shutdown)

    # -- keys --------------------------------------------------------------------------------------------------------

    def _sorted_out(self, keys: Collection[str]) -> tuple[dict[str, NebName], dict[str, str]]:
        names = {key: read_neb_key(key) for key in keys if is_neb(key)}
        places = {key: str(self._named.place(key)) for key in keys if key not in names}
        return names, places

    def _by_index(self, names: Mapping[str, NebName]) -> list[tuple[NebulousIndex, list[NebName]]]:
        sorted_out: defaultdict[int, list[NebName]] = defaultdict(list)
        for name in names.values():
            sorted_out[shard_of(name.path, len(self._indexes))].append(name)
        return [(self._indexes[number], those) for number, those in sorted_out.items()]

    async def _make(self, names: Mapping[str, NebName]) -> dict[str, str]:
        """Make what is not there; the keys that were refused because their own hard volume cannot be had, each with the sentence."""
        # two spellings of one object are made once
        keys = {name.key: name.hard for name in names.values()}
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {key: group.create_task(self._made(key, is_hard)) for key, is_hard in sorted(keys.items())}
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        told = {key: task.result() for key, task in tasks.items()}
        return {key: sentence for key, name in names.items() if (sentence := told[name.key])}

    async def _made(self, key: str, is_hard: bool) -> str:
        """Why it cannot be made where it must be; empty where it is."""
        try:
            await self._maker.make(key)
        except DiskFailed as failed:
            # whatever else fails is the server's or the disk's trouble, and all keys'
            if not is_hard:
                raise
            return str(failed)
        return ""

    # -- tables ------------------------------------------------------------------------------------------------------

    async def _resolved(self, names: Mapping[str, NebName]) -> dict[str, str]:
        if not names:
            return {}
        answers = await asyncio.gather(*(self._ask(index, those) for index, those in self._by_index(names)))
        candidates = {name: copies for found in answers for name, copies in found.items()}
        return await self._first_that_exist({key: candidates[name] for key, name in names.items()})

    async def _ask(self, index: NebulousIndex, names: Sequence[NebName]) -> Mapping[NebName, Sequence[str]]:
        """The places of each object's copies, in the order in which they are tried: each database numbers its volumes by itself."""
        wished = {name.volume for name in names if name.volume} | {self._near}
        instances = await index.instances([name.path for name in names])
        volumes = await index.volumes(wished)
        return {
            name: [copy.path for copy in self._in_order(name, instances.get(name.path, ()), volumes)] for name in names
        }

    async def _known(self, names: Mapping[str, NebName]) -> list[str]:
        found: set[str] = set()
        for index, those in self._by_index(names):
            found |= await index.objects([name.path for name in those])
        return [key for key, name in names.items() if name.path in found]

    def _in_order(self, name: NebName, copies: Sequence[Instance], volumes: Mapping[str, Volume]) -> Sequence[Instance]:
        wished = volumes.get(name.volume) if name.volume else None
        if name.hard:
            copies = [copy for copy in copies if wished and copy.volume.vol_id == wished.vol_id]
        return nearest_first(copies, wished or volumes.get(self._near))

    # -- disks -------------------------------------------------------------------------------------------------------

    async def _first_that_exist(self, candidates: Mapping[str, Sequence[str]]) -> dict[str, str]:
        items = list(candidates.items())
        pieces = [items[start : start + LOOKS_AT_ONCE] for start in range(0, len(items), LOOKS_AT_ONCE)]
        loop = asyncio.get_running_loop()
        looked = await asyncio.gather(*(loop.run_in_executor(self._lookers, _look, piece) for piece in pieces))
        return {key: path for piece in looked for key, path in piece}


def _lost(key: str) -> str:
    return f"nebulous knows '{key}', but none of its copies can be reached; try neb-repair"


def _look(items: Sequence[tuple[str, Sequence[str]]]) -> list[tuple[str, str]]:
    firsts = [(key, next((path for path in paths if os.path.isfile(path)), None)) for key, paths in items]
    return [(key, path) for key, path in firsts if path is not None]
