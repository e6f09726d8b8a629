"""What only Nebulous has: several copies, volumes that come and go, several databases, a server that answers anything."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, insert, update
from tests.servers.nebulous import NebulousStandIn, _fault
from tests.servers.ports import free_port

from rpconsole.adapters.nebulous import tables as t
from rpconsole.adapters.nebulous.catalogue import Maker, NebulousCatalogue
from rpconsole.adapters.nebulous.index import open_index
from rpconsole.adapters.nebulous.programs import NebPrograms
from rpconsole.adapters.nebulous.soap_server import SoapServer
from rpconsole.domain.fault import (
    BadConfiguration,
    BadData,
    DatabaseRefused,
    DiskFailed,
    FaultKind,
    StorageAway,
)
from rpconsole.domain.nebulous import shard_of
from rpconsole.ports.file_catalogue import FilesLost

KEY = "neb://any/gpc1/20110703/o5745g0101o/o5745g0101o.ota67.fits"
Opened = Callable[..., NebulousCatalogue]


@pytest.fixture
def nebulous(tmp_path: Path) -> Iterator[NebulousStandIn]:
    with NebulousStandIn(
        tmp_path / "volumes", [f"sqlite:///{tmp_path}/n{number}.sqlite" for number in range(2)]
    ) as one:
        yield one


@pytest.fixture
async def opened(nebulous: NebulousStandIn) -> AsyncIterator[Opened]:
    """A catalogue that prefers a volume."""
    all_opened: list[NebulousCatalogue] = []

    def open_one(near: str = "ipp002.0", maker: Maker | None = None) -> NebulousCatalogue:
        indexes = [open_index(url) for url in nebulous.databases]
        all_opened.append(NebulousCatalogue(indexes, maker or SoapServer(nebulous.url), near=near))
        return all_opened[-1]

    yield open_one
    for catalogue in all_opened:
        await catalogue.close()


async def chosen(catalogue: NebulousCatalogue, key: str = KEY) -> str:
    """The volume of the copy that is taken; empty for none."""
    found = await catalogue.resolve([key])
    return Path(found[key]).parts[-5] if found else ""


async def test_the_nearest_copy_is_taken_by_volume_cabinet_and_site(nebulous, opened):
    nebulous.create_object(KEY, "ippb01.0")
    nebulous.replicate(KEY, "ipp040.0")
    assert await chosen(opened(near="ipp001.0")) == "ipp040.0"
    nebulous.replicate(KEY, "ipp002.0")
    assert await chosen(opened(near="ipp001.0")) == "ipp002.0"
    assert await chosen(opened(near="ippb01.0")) == "ippb01.0"


async def test_a_key_s_own_wish_goes_before_ours_and_an_alias_is_a_volume(nebulous, opened):
    nebulous.create_object(KEY, "ipp001.0")
    nebulous.replicate(KEY, "ippb01.0")
    catalogue = opened(near="ipp001.0")
    assert await chosen(catalogue, KEY.replace("any", "ippb01.0")) == "ippb01.0"
    assert await chosen(catalogue, KEY.replace("any", "data.4")) == "ippb01.0"
    assert await chosen(catalogue, KEY.replace("any", "@HOST@.0")) == "ipp001.0"


async def test_a_hard_volume_has_the_copy_or_there_is_none(nebulous, opened):
    nebulous.create_object(KEY, "ipp001.0")
    assert await chosen(opened(), KEY.replace("any", "~ipp001.0")) == "ipp001.0"
    assert await chosen(opened(), KEY.replace("any", "~ipp002.0")) == ""
    assert await chosen(opened(), KEY.replace("any", "~nowhere.0")) == ""


async def test_a_volume_that_is_away_is_passed_over_and_taken_again_when_it_is_back(nebulous, opened):
    nebulous.create_object(KEY, "ipp002.0")
    nebulous.replicate(KEY, "ippb01.0")
    catalogue = opened()
    nebulous.set_available("ipp002.0", False)
    assert await chosen(catalogue) == "ippb01.0"
    nebulous.set_available("ippb01.0", False)
    assert await chosen(catalogue) == ""
    nebulous.set_available("ipp002.0", True)
    assert await chosen(catalogue) == "ipp002.0"


async def test_a_copy_whose_file_is_gone_is_passed_over(nebulous, opened):
    nebulous.create_object(KEY, "ippb01.0")
    nebulous.replicate(KEY, "ipp002.0", content=None)
    assert await chosen(opened()) == "ippb01.0"


@pytest.mark.parametrize(
    "uri", ["error", "http://elsewhere/x", "file://relative", "file:///a/../etc/passwd", "file:///a%0Ab", ""]
)
async def test_a_row_with_no_usable_path_is_no_copy(nebulous, opened, uri):
    nebulous.create_object(KEY, "ipp002.0")
    with nebulous.engine_of(KEY).begin() as connection:
        connection.execute(update(t.instance).values(uri=uri))
    assert await chosen(opened()) == ""


async def test_keys_are_sought_in_the_database_that_the_rule_names(nebulous, opened):
    keys = [f"neb://any/night{number}/file.fits" for number in range(8)]
    numbers = {shard_of(f"night{number}/file.fits", 2) for number in range(8)}
    assert numbers == {0, 1}
    assert set(await opened().create(keys)) == set(keys)
    # swapped, nothing is where it should be
    swapped = NebulousCatalogue(
        [open_index(url) for url in reversed(nebulous.databases)], SoapServer(nebulous.url), near="x"
    )
    assert await swapped.resolve(keys) == {}
    await swapped.close()


@pytest.mark.parametrize("wish", ["any", "ipp002.0", "~ipp002.0"])
async def test_each_database_numbers_its_volumes_by_itself(nebulous, opened, wish):
    keys = [f"neb://{wish}/night{number}/file.fits" for number in range(8)]
    for key in keys:
        nebulous.create_object(key, "ippb01.0")
        nebulous.replicate(key, "ipp002.0")
    # ipp002.0 is number 2 in one of them, and 4 in the other
    with nebulous.engine_of(keys[0]).begin() as connection:
        for table in (t.volume, t.mounted_volume, t.instance):
            for old, new in ((2, 100), (4, 2), (100, 4)):
                connection.execute(update(table).where(table.c.vol_id == old).values(vol_id=new))
    found = await opened().resolve(keys)
    assert {Path(found[key]).parts[-5] for key in keys} == {"ipp002.0"}


async def test_a_thousand_keys_cost_as_many_questions_as_one(nebulous, opened):
    catalogue = opened()
    asked: list[str] = []
    for index in catalogue._indexes:
        event.listen(index.database.engine, "before_cursor_execute", lambda *words: asked.append(words[2]))
    await catalogue.resolve([KEY])
    one = sum("SELECT" in statement for statement in asked)
    asked.clear()
    await catalogue.resolve([f"neb://any/gpc1/20110703/o5745g0101o/file{number}" for number in range(1000)])
    assert sum("SELECT" in statement for statement in asked) == one


async def test_what_is_there_is_not_asked_of_the_server_again(nebulous, opened):
    catalogue = opened()
    await catalogue.create([KEY])
    await catalogue.create([KEY, KEY.replace("any", "ipp040.0")])
    assert nebulous.called == ["create_object"]


async def test_an_object_that_somebody_else_makes_in_between_is_taken(nebulous, opened):
    """Between the look and the call: the server says that there is such an object, and its copy is found."""
    catalogue = opened()

    def first_somebody_else(method):
        nebulous.instead = lambda method: None
        nebulous.create_object(KEY)

    nebulous.instead = first_somebody_else
    assert (await catalogue.create([KEY]))[KEY] == str(nebulous.files_of(KEY)[0])


async def test_an_object_that_lost_its_copies_is_never_made_anew(nebulous, opened):
    nebulous.create_object(KEY, "ipp002.0")
    nebulous.set_available("ipp002.0", False)
    with pytest.raises(DiskFailed, match="none of its copies can be reached"):
        await opened().create([KEY])
    assert len(nebulous.files_of(KEY)) == 1


async def test_a_hard_volume_that_is_not_to_be_had_does_not_keep_others_from_their_files(nebulous, opened):
    hard, good = "neb://~ippb01.0/night/a", "neb://ipp001.0/night/b"
    nebulous.create_object(good, "ipp001.0")
    nebulous.instead = lambda method: (500, _fault("ippb01.0 is not a usable volume"))
    with pytest.raises(FilesLost, match="is not a usable volume") as told:
        await opened().create([good, hard])
    assert told.value.refused.keys() == {hard}
    assert told.value.made.keys() == {good}


async def test_repair_brings_a_copy_back_where_there_is_a_program_for_it(nebulous, opened):
    nebulous.create_object(KEY, "ipp002.0")
    other = nebulous.replicate(KEY, "ippb01.0", content=b"pixels")
    nebulous.files_of(KEY)[0].unlink()
    nebulous.set_available("ippb01.0", False)
    catalogue = opened(maker=NebPrograms(nebulous.programs(), server=nebulous.url))
    assert await catalogue.resolve([KEY]) == {}
    found = await catalogue.repair([KEY])
    assert Path(found[KEY]).read_bytes() == other.read_bytes()
    assert await opened().repair(["neb://any/never"]) == {}


# -- a server that answers anything --------------------------------------------------------------------------------------

ENVELOPE = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>%s</s:Body></s:Envelope>'


@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        (200, b"<html><body>Welcome", "is not XML"),
        (200, b"", "is not XML"),
        (200, b"\xff\xfe\x00", "is not XML"),
        (200, b"<a/>", "no SOAP body"),
        (200, b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>', "document type"),
        (200, b"<a>" * 100_000, "is not XML"),
        (200, b"x" * ((1 << 20) + 1), "more than a megabyte"),
        (
            500,
            ENVELOPE % b"<s:Fault><faultstring>no storage volume has room</faultstring></s:Fault>",
            "no storage volume",
        ),
        (500, ENVELOPE % b"<s:Fault/>", "no reason is given"),
    ],
    ids=["html", "empty", "binary", "no-envelope", "doctype", "deep", "endless", "fault", "fault-without-words"],
)
async def test_a_bad_answer_is_a_sentence_and_makes_nothing(nebulous, opened, status, content, said):
    nebulous.instead = lambda method: (status, content)
    with pytest.raises(DiskFailed, match=said):
        await opened().create([KEY])
    nebulous.instead = lambda method: None
    assert await opened().resolve([KEY]) == {}


async def test_a_good_answer_that_made_nothing_is_found_out(nebulous, opened):
    nebulous.instead = lambda method: (200, ENVELOPE % b"<r><u>file:///etc/passwd</u></r>")
    with pytest.raises(DiskFailed, match="none of its copies"):
        await opened().create([KEY])


@pytest.mark.parametrize(("status", "kind"), [(503, StorageAway), (404, BadConfiguration), (401, BadConfiguration)])
async def test_a_server_that_does_not_serve_is_away_and_one_at_the_wrong_address_is_a_mistake(
    nebulous, opened, status, kind
):
    nebulous.instead = lambda method: (status, b"no")
    with pytest.raises(kind, match=str(status)):
        await opened().create([KEY])


@pytest.mark.parametrize("by", ["server", "programs"])
async def test_a_server_that_is_not_there_is_waited_for(nebulous, opened, by):
    url = f"http://127.0.0.1:{free_port()}/nebulous"
    maker: Maker = SoapServer(url) if by == "server" else NebPrograms(nebulous.programs(), server=url)
    with pytest.raises(StorageAway) as caught:
        await opened(maker=maker).create([KEY])
    assert caught.value.kind is FaultKind.AWAY


async def test_a_server_that_never_answers_is_given_up(opened):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        maker = SoapServer(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout_s=0.2)
        with pytest.raises(StorageAway, match="the time is up"):
            await opened(maker=maker).create([KEY])


async def test_a_connection_that_the_server_closed_in_between_is_opened_again(nebulous, opened, tmp_path):
    maker = SoapServer(nebulous.url, connections=1)
    catalogue = opened(maker=maker)
    await catalogue.create([KEY])
    connection, _ = maker._threads.submit(maker._connection).result()
    connection.sock.shutdown(socket.SHUT_RDWR)
    assert await catalogue.create(["neb://any/another"])


@pytest.mark.parametrize(
    ("script", "kind", "said"),
    [
        ("echo 'volume is full' >&2; exit 1", DiskFailed, "volume is full"),
        ("printf 'bad \\033[31m' >&2; exit 3", DiskFailed, r"bad \?\[31m"),
        ("exit 9", DiskFailed, "exit code 9"),
        ("exit 0", DiskFailed, "none of its copies"),
        ("sleep 60", StorageAway, "did not end within"),
    ],
)
async def test_a_program_that_fails_is_a_sentence(nebulous, opened, tmp_path, script, kind, said):
    (tmp_path / "neb-touch").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "neb-touch").chmod(0o755)
    with pytest.raises(kind, match=said):
        await opened(maker=NebPrograms(tmp_path, timeout_s=1.0 if "sleep" in script else 60.0)).create([KEY])


async def test_the_check_says_what_serves_and_what_does_not(nebulous, opened, tmp_path):
    assert (
        await opened().check() == f"2 databases, 4 volumes available, nebulous' server at {nebulous.url[7:-9]} answers"
    )
    assert "neb-repair are there" in await opened(maker=NebPrograms(nebulous.programs())).check()
    with pytest.raises(BadConfiguration, match="no neb-touch and no neb-repair in"):
        await opened(maker=NebPrograms(tmp_path)).check()
    for volume in ("ipp001.0", "ipp002.0", "ipp040.0", "ippb01.0"):
        nebulous.set_available(volume, False)
    with pytest.raises(BadData, match="no volume is mounted"):
        await opened().check()


async def test_a_database_that_is_no_nebulous_is_told(tmp_path):
    catalogue = NebulousCatalogue([open_index(f"sqlite:///{tmp_path}/other.sqlite")], NebPrograms(None), near="x")
    with pytest.raises(BadData, match="no nebulous database: missing table storage_object"):
        await catalogue.check()
    with pytest.raises(DatabaseRefused):
        await catalogue.resolve([KEY])
    await catalogue.close()


@pytest.mark.parametrize(
    "key", ["neb://any/\u2603", "neb://any/caf\u00e9", "neb://any/%00", "neb://any/';_DROP_TABLE_instance;_--"]
)
async def test_a_key_of_strange_letters_is_simply_not_there(opened, key):
    assert await opened().resolve([key]) == {}


@pytest.mark.needs_mariadb
async def test_a_database_that_does_not_mind_capitals_gives_each_key_its_own_file(mariadb_server, tmp_path):
    url = mariadb_server.create_database("nebulous_capitals")
    with NebulousStandIn(tmp_path, [url]) as nebulous:
        nebulous.create_object("neb://any/a/File")
        catalogue = NebulousCatalogue([open_index(url)], SoapServer(nebulous.url), near="x")
        assert await catalogue.resolve(["neb://any/a/file"]) == {}
        assert list(await catalogue.resolve(["neb://any/a/File"])) == ["neb://any/a/File"]
        await catalogue.close()


def test_a_server_s_address_must_be_one():
    for url in ("nebserver", "ftp://nebserver/", "http://"):
        with pytest.raises(BadConfiguration, match=r"storage\.nebulous\.server"):
            SoapServer(url)


async def test_rows_of_a_cabinet_that_is_not_known_come_last(nebulous, opened):
    nebulous.create_object(KEY, "ippb01.0")
    nebulous.replicate(KEY, "ipp001.0")
    with nebulous.engine_of(KEY).begin() as connection:
        connection.execute(update(t.volume).where(t.volume.c.name == "ipp001.0").values(cab_id=None))
        connection.execute(insert(t.cabinet).values(cab_id=9, name="c9", site_id=2))
    assert await chosen(opened(near="ipp002.0")) == "ippb01.0"
