"""Which files a haul moves: what its sources hold, and what of it is there and right already."""

from __future__ import annotations

import asyncio
import os.path
from collections.abc import Mapping, Sequence

from rpconsole.domain.fault import BadData
from rpconsole.domain.haul import Haul, HaulFile, Way
from rpconsole.engine.world import Haulage, World
from rpconsole.ports.journal import Delivered
from rpconsole.ports.local_files import FileFact
from rpconsole.ports.site import Delivery
from rpconsole.ports.site_files import Shape, TreeFile, Trees


async def files_of(haulage: Haulage, haul: Haul) -> list[HaulFile]:
    """Every file of the haul in order; BadData for a source that is not there, and for two files that would become one."""
    side = haulage.here if haul.way is Way.SEND else haulage.there
    files: dict[str, HaulFile] = {}
    for source in haul.sources:
        found = await side.walk(source)
        # a reference catalogue has hundreds of thousands: the loop stays free meanwhile
        await asyncio.to_thread(_add, files, haul, source, found)
    return list(files.values())


def _add(files: dict[str, HaulFile], haul: Haul, source: str, found: Sequence[TreeFile]) -> None:
    for one in found:
        target = target_of(haul, source, one.path)
        file = HaulFile(source=one.path, target=target, size=one.size, mtime_ns=one.mtime_ns)
        other = files.setdefault(target, file)
        if other.source != file.source:
            raise BadData(f"{other.source} and {file.source} would both become {file.target}")


async def shape_of(side: Trees, haul: Haul) -> Shape:
    """Links and empty folders of all sources, where they are to be on the other side."""
    links: dict[str, str] = {}
    folders: dict[str, None] = {}
    for source in haul.sources:
        found = await side.shape(source)
        links |= {target_of(haul, source, path): text for path, text in found.links}
        folders |= {target_of(haul, source, path): None for path in found.folders}
    return Shape(links=tuple(links.items()), folders=tuple(folders))


def target_of(haul: Haul, source: str, path: str) -> str:
    """A folder comes with its own name, as with ``cp -r``; one named with a slash at its end gives only what is in it."""
    base = source if source.endswith("/") else os.path.dirname(source)
    return f"{haul.target.rstrip('/')}/{path[len(base) :].lstrip('/')}"


async def to_move(world: World, haul: Haul, files: Sequence[HaulFile]) -> list[HaulFile]:
    """Those that are absent on the other side or differ there.

    What was once verified and has the same size and time on both sides is believed; the rest is compared by checksum.
    """
    there = await _facts(world, haul, [file.target for file in files])
    known = await world.ledger.delivered([_remote(haul, file) for file in files])
    as_long = [file for file in files if file.target in there and there[file.target].size == file.size]
    right = {file.target for file in as_long if _is_known(haul, file, there[file.target], known)}
    same = await _same(world, haul, [file for file in as_long if file.target not in right])
    return [file for file in files if file.target not in right and file.target not in same]


async def _facts(
    world: World, haul: Haul, paths: Sequence[str], *, at_source: bool = False, hashed: bool = False
) -> Mapping[str, FileFact]:
    is_home = (haul.way is Way.FETCH) != at_source
    return await (world.files.facts if is_home else world.site.stat)(paths, hashed=hashed)


def _remote(haul: Haul, file: HaulFile) -> str:
    return file.target if haul.way is Way.SEND else file.source


def _is_known(haul: Haul, file: HaulFile, target: FileFact, known: Mapping[str, Delivered]) -> bool:
    line = known.get(_remote(haul, file))
    if line is None:
        return False
    there_ns, here_ns = (target.mtime_ns, file.mtime_ns) if haul.way is Way.SEND else (file.mtime_ns, target.mtime_ns)
    local = file.source if haul.way is Way.SEND else file.target
    return (line.local, line.size, line.site_mtime_ns, line.local_mtime_ns) == (local, file.size, there_ns, here_ns)


async def _same(world: World, haul: Haul, doubtful: Sequence[HaulFile]) -> set[str]:
    """Targets that hold what their sources hold, by checksum; remembered, so that they are not read again."""
    if not doubtful:
        return set()
    sources = await _facts(world, haul, [file.source for file in doubtful], at_source=True, hashed=True)
    targets = await _facts(world, haul, [file.target for file in doubtful], hashed=True)
    lines: list[Delivered] = []
    for file in doubtful:
        here, there = sources.get(file.source), targets.get(file.target)
        if here is None or there is None or here.sha256 is None or here.sha256 != there.sha256:
            continue
        if haul.way is Way.FETCH:
            here, there = there, here
        lines.append(_line(haul, file, here.sha256 or "", there.mtime_ns, here.mtime_ns))
    await world.ledger.record_delivered(lines)
    return {line.remote if haul.way is Way.SEND else line.local for line in lines}


def _line(haul: Haul, file: HaulFile, sha256: str, site_ns: int | None, home_ns: int) -> Delivered:
    local = file.source if haul.way is Way.SEND else file.target
    return Delivered(
        remote=_remote(haul, file),
        size=file.size,
        sha256=sha256,
        site_mtime_ns=site_ns,
        local=local,
        local_mtime_ns=home_ns,
    )


async def remember(world: World, haul: Haul, files: Mapping[str, HaulFile], arrived: Sequence[Delivery]) -> None:
    """Enter verified files, so that they are believed the next time."""
    if haul.way is Way.FETCH:
        home = await world.files.facts([delivery.shipment.target for delivery in arrived])
    else:
        home = {}
    lines = []
    for delivery in arrived:
        file = files[delivery.shipment.target]
        fact = home.get(file.target)
        home_ns = file.mtime_ns if haul.way is Way.SEND else fact.mtime_ns if fact else None
        if home_ns is not None:
            lines.append(_line(haul, file, delivery.sha256, delivery.site_mtime_ns, home_ns))
    if lines:
        await world.ledger.record_delivered(lines)
