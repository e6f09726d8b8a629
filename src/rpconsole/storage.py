"""The storage at home, opened as the configuration has it; part of the composition root, apart so that doctor loads no engine."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from rpconsole.adapters.nebulous.catalogue import Maker, NebulousCatalogue
from rpconsole.adapters.nebulous.index import open_index
from rpconsole.adapters.nebulous.programs import NebPrograms
from rpconsole.adapters.nebulous.soap_server import SoapServer
from rpconsole.adapters.storage.places import NamedPlaces
from rpconsole.adapters.storage.plain import PlainCatalogue
from rpconsole.config.storage import NebulousSection, StorageSection
from rpconsole.ports.file_catalogue import FileCatalogue


def open_storage(storage: StorageSection, stack: AsyncExitStack) -> FileCatalogue:
    """A directory, or Nebulous; its end is registered on the stack."""
    if storage.root is not None:
        return PlainCatalogue(storage.root, storage.names)
    assert storage.nebulous is not None, "the configuration has seen to it"
    catalogue = open_nebulous(storage.nebulous, storage.names)
    stack.push_async_callback(catalogue.close)
    return catalogue


def open_nebulous(section: NebulousSection, names: Mapping[str, Path]) -> NebulousCatalogue:
    """Nebulous as it is configured; nothing is connected yet."""
    password = section.password()
    indexes = [open_index(address, password=password) for address in section.addresses()]
    return NebulousCatalogue(indexes, _maker(section), near=section.near, named=NamedPlaces(names))


def _maker(section: NebulousSection) -> Maker:
    if section.make == "server" and section.server is not None:
        return SoapServer(section.server, connections=section.connections, timeout_s=section.timeout_s)
    return NebPrograms(
        section.programs_dir, server=section.server, connections=section.connections, timeout_s=section.timeout_s
    )


async def look_at_nebulous(section: NebulousSection) -> str:
    """Its databases, its volumes and whoever makes files in a few words; nothing is made."""
    catalogue = open_nebulous(section, {})
    try:
        return await catalogue.check()
    finally:
        await catalogue.close()
