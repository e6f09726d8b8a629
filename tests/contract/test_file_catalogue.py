"""The file catalogue's contract, over a plain directory and over Nebulous on each kind of database, made by server and by commands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.servers.nebulous import NebulousStandIn

from rpconsole.adapters.nebulous.catalogue import NebulousCatalogue
from rpconsole.adapters.nebulous.index import open_index
from rpconsole.adapters.nebulous.programs import NebPrograms
from rpconsole.adapters.nebulous.soap_server import SoapServer
from rpconsole.adapters.storage.places import NamedPlaces
from rpconsole.adapters.storage.plain import PlainCatalogue
from rpconsole.domain.fault import BadConfiguration, BadData, DiskFailed
from rpconsole.ports.file_catalogue import FileCatalogue

STORAGES = [
    "plain",
    "nebulous, sqlite, server",
    "nebulous, sqlite, programs",
    pytest.param("nebulous, mariadb, server", marks=pytest.mark.needs_mariadb),
]


@pytest.fixture(params=STORAGES)
async def catalogue(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[FileCatalogue]:
    named = {"DETRENDS": tmp_path / "detrends"}
    if request.param == "plain":
        yield PlainCatalogue(tmp_path / "store", named)
        return
    _, database, maker = request.param.split(", ")
    if database == "sqlite":
        urls = [f"sqlite:///{tmp_path}/neb{number}.sqlite" for number in range(3)]
    else:
        server = request.getfixturevalue("mariadb_server")
        urls = [server.create_database(f"nebulous{number}") for number in range(2)]
    with ExitStack() as stack:
        stand_in = stack.enter_context(NebulousStandIn(tmp_path / "volumes", urls))
        by = SoapServer(stand_in.url) if maker == "server" else NebPrograms(stand_in.programs(), server=stand_in.url)
        made = NebulousCatalogue([open_index(url) for url in urls], by, near="ipp002.0", named=NamedPlaces(named))
        yield made
        await made.close()


async def test_only_files_that_exist_are_resolved(catalogue: FileCatalogue):
    made = await catalogue.create(["neb://any/a/b.fits"])
    found = await catalogue.resolve(["neb://any/a/b.fits", "neb://any/a/c.fits", "neb://any/a"])
    assert found == made


async def test_creating_makes_an_empty_file_and_never_touches_one_that_is_there(catalogue: FileCatalogue):
    made = await catalogue.create(["neb://any/a/b.fits"])
    path = Path(made["neb://any/a/b.fits"])
    assert path.read_bytes() == b""
    path.write_bytes(b"pixels")
    assert await catalogue.create(["neb://any/a/b.fits"]) == made
    assert path.read_bytes() == b"pixels"


async def test_many_are_made_and_found_at_once(catalogue: FileCatalogue):
    keys = [f"neb://any/exposure{number % 5}/file.{number}.fits" for number in range(12)]
    made = await catalogue.create(keys)
    assert len(set(made.values())) == 12
    assert await catalogue.resolve(keys) == made


async def test_the_volume_does_not_matter_only_the_path_names_the_object(catalogue: FileCatalogue):
    keys = ["neb://ipp001.0/a/b", "neb:///a//b", "neb:/a/./b", "neb://~ipp001.0/a/b", "neb://@HOST@.0/a/b"]
    assert len(set((await catalogue.create(keys)).values())) == 1


async def test_files_that_are_named_by_their_place_are_found_there(catalogue: FileCatalogue, tmp_path: Path):
    keys = [f"file://{tmp_path}/c", f"{tmp_path}/d", "path://DETRENDS/e/f"]
    places = [tmp_path / "c", tmp_path / "d", tmp_path / "detrends/e/f"]
    assert await catalogue.resolve(keys) == {}
    assert await catalogue.create(keys) == dict(zip(keys, map(str, places), strict=True))
    assert await catalogue.resolve(keys) == dict(zip(keys, map(str, places), strict=True))


async def test_a_file_that_is_gone_is_left_out_and_one_that_never_was_cannot_be_brought_back(catalogue: FileCatalogue):
    made = await catalogue.create(["neb://any/a/b.fits"])
    Path(made["neb://any/a/b.fits"]).unlink()
    assert await catalogue.resolve(["neb://any/a/b.fits"]) == {}
    assert await catalogue.repair(["neb://any/a/b.fits", "neb://any/never"]) == {}


async def test_nothing_asked_is_nothing_answered(catalogue: FileCatalogue):
    assert await catalogue.resolve([]) == {}
    assert await catalogue.create([]) == {}
    assert await catalogue.repair([]) == {}


@pytest.mark.parametrize(
    "key",
    [
        "",
        "neb:a/b",
        "neb://any/a b",
        "neb://any/",
        "neb://any/a/../../../etc/passwd",
        "file:///tmp/../../etc/passwd",
        "path://DETRENDS/../secret",
        "path://DETRENDS/",
        "relative/path",
        "http://elsewhere/x",
        "neb://any/" + "x" * 300,
        "neb://any/a\nb",
        "/a\0b",
    ],
)
@pytest.mark.parametrize("catalogue", ["plain", "nebulous, sqlite, server"], indirect=True)
async def test_what_is_no_key_is_refused_and_nothing_is_made(catalogue: FileCatalogue, key: str):
    for act in (catalogue.resolve, catalogue.create, catalogue.repair):
        with pytest.raises(BadData):
            await act(["neb://any/good", key])
    assert await catalogue.resolve(["neb://any/good"]) == {}


async def test_a_directory_that_is_not_configured_is_named_with_the_known_ones(catalogue: FileCatalogue):
    with pytest.raises(BadData, match="'FLATS', which is not configured; known: DETRENDS"):
        await catalogue.resolve(["path://FLATS/x"])


async def test_a_file_where_a_directory_should_be_is_told(catalogue: FileCatalogue, tmp_path: Path):
    await catalogue.create([f"{tmp_path}/a"])
    with pytest.raises(DiskFailed, match=f"{tmp_path}/a/b"):
        await catalogue.create([f"{tmp_path}/a/b"])


def test_the_root_must_be_an_absolute_path():
    with pytest.raises(BadConfiguration, match="absolute"):
        PlainCatalogue(Path("store"))
