"""The file catalogue's contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from rpconsole.adapters.storage.plain import PlainCatalogue
from rpconsole.domain.fault import BadConfiguration, BadData, DiskFailed
from rpconsole.ports.file_catalogue import FileCatalogue


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def catalogue(root: Path, tmp_path: Path) -> FileCatalogue:
    return PlainCatalogue(root, {"DETRENDS": tmp_path / "detrends"})


def content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


async def test_only_files_that_exist_are_resolved(catalogue: FileCatalogue):
    made = await catalogue.create(["neb://any/a/b.fits"])
    found = await catalogue.resolve(["neb://any/a/b.fits", "neb://any/a/c.fits", "neb://any/a"])
    assert found == made


async def test_creating_makes_an_empty_file_and_never_touches_one_that_is_there(catalogue: FileCatalogue, root: Path):
    path = root / "a/b.fits"
    await catalogue.create(["neb://any/a/b.fits"])
    assert content(path) == b""
    path.write_bytes(b"pixels")
    assert (await catalogue.create(["neb://any/a/b.fits"])) == {"neb://any/a/b.fits": str(path)}
    assert content(path) == b"pixels"


async def test_the_volume_does_not_matter_only_the_path_names_the_object(catalogue: FileCatalogue):
    keys = ["neb://ipp001.0/a/b", "neb:///a//b", "neb:/a/./b", "neb://~ipp002.0/a/b", "neb://@HOST@.0/a/b"]
    assert len(set((await catalogue.create(keys)).values())) == 1


async def test_keys_of_every_kind_have_their_place(catalogue: FileCatalogue, root: Path, tmp_path: Path):
    keys = ["neb://any/a/b", f"file://{tmp_path}/c", f"{tmp_path}/d", "path://DETRENDS/e/f"]
    places = [root / "a/b", tmp_path / "c", tmp_path / "d", tmp_path / "detrends/e/f"]
    assert await catalogue.create(keys) == dict(zip(keys, map(str, places), strict=True))
    assert await catalogue.resolve(keys) == dict(zip(keys, map(str, places), strict=True))


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
async def test_what_is_no_key_is_refused_and_nothing_is_made(catalogue: FileCatalogue, root: Path, key: str):
    for act in (catalogue.resolve, catalogue.create):
        with pytest.raises(BadData):
            await act(["neb://any/good", key])
    assert content(root / "good") is None


async def test_a_directory_that_is_not_configured_is_named_with_the_known_ones(catalogue: FileCatalogue):
    with pytest.raises(BadData, match="'FLATS', which is not configured; known: DETRENDS"):
        await catalogue.resolve(["path://FLATS/x"])


async def test_a_file_where_a_directory_should_be_is_told(catalogue: FileCatalogue):
    await catalogue.create(["neb://any/a"])
    with pytest.raises(DiskFailed, match="neb://any/a/b"):
        await catalogue.create(["neb://any/a/b"])


def test_the_root_must_be_an_absolute_path():
    with pytest.raises(BadConfiguration, match="absolute"):
        PlainCatalogue(Path("store"))
