"""Nebulous' rules: which database, which file, which copy."""

from __future__ import annotations

import pytest

from rpconsole.domain.nebulous import Instance, Volume, disk_path_in, distance, file_name_of, nearest_first, shard_of
from rpconsole.domain.paths import mapped_by_instance


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_the_database_follows_from_the_directory_of_the_path(count):
    # the directory's digest begins with letters whose digits, low one first, read 16731313
    assert shard_of("gpc1/20100101/o5198g0001o/o5198g0001o.ota67.fits", count) == 16731313 % count


def test_a_key_without_a_directory_has_a_database_too():
    assert shard_of("y", 3) in range(3)


def test_the_file_of_an_instance_maps_back_to_its_key():
    name = file_name_of(918273645, "gpc1/20110703/o5745g0101o/o5745g0101o.ota67.fits")
    assert name == "918273645.gpc1:20110703:o5745g0101o:o5745g0101o.ota67.fits"
    mapped = mapped_by_instance(f"/data/ipp042.0/nebulous/1a/2b/{name}", "/scratch3")
    assert mapped == "/scratch3/gpc1/20110703/o5745g0101o/o5745g0101o.ota67.fits"


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///data/ipp042.0/nebulous/1a/2b/7.a:b", "/data/ipp042.0/nebulous/1a/2b/7.a:b"),
        ("file:///data/a%3Ab%20c", "/data/a:b c"),
        ("file://localhost/data/x", "/data/x"),
        ("file://elsewhere/data/x", None),
        ("error", None),
        ("/data/x", None),
        ("file:///a/%2e%2e/etc/passwd", None),
        ("file:///a%00b", None),
    ],
)
def test_only_an_absolute_path_in_one_line_is_a_copy_s_file(uri, path):
    assert disk_path_in(uri) == path


def test_copies_are_ordered_by_volume_cabinet_and_site():
    here = Volume(name="a", vol_id=10, cab_id=2, site_id=1)
    others = [
        Volume(name="other site", vol_id=10, cab_id=2, site_id=2),
        Volume(name="other cabinet", vol_id=11, cab_id=3, site_id=1),
        Volume(name="same cabinet", vol_id=29, cab_id=2, site_id=1),
        Volume(name="no cabinet", vol_id=10),
    ]
    assert [distance(volume, here) for volume in others[:3]] == [100, 21, 19]
    copies = [Instance(ins_id=number, path="/x", volume=volume) for number, volume in enumerate(others)]
    ordered = [copy.volume.name for copy in nearest_first(copies, here)]
    assert ordered == ["same cabinet", "other cabinet", "other site", "no cabinet"]
    assert [copy.ins_id for copy in nearest_first(reversed(copies), None)] == [0, 1, 2, 3]
