"""Keys, disk paths and remote paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.domain.paths import (
    BadKey,
    key_path,
    mapped_by_instance,
    mapped_by_key,
    mirrored,
    read_neb_key,
    same_file,
)

ROOT = "/scratch3/watersc1/"
DISK = "/data/ipp042.0/nebulous/1a/2b/918273645.gpc1:20110703:o5745g0101o:o5745g0101o.ota67.fits"


def test_m1_reads_the_key_path_out_of_an_instance_name():
    assert mapped_by_instance(DISK, ROOT) == "/scratch3/watersc1/gpc1/20110703/o5745g0101o/o5745g0101o.ota67.fits"


def test_m3_mirrors_the_whole_local_path_below_tmp():
    assert mirrored(DISK, ROOT) == f"/scratch3/watersc1/tmp{DISK}"


def test_m2_drops_scheme_and_volume():
    assert mapped_by_key("neb://any/czw/t2/y", ROOT) == "/scratch3/watersc1/czw/t2/y"


@pytest.mark.parametrize("root", ["/scratch3/watersc1/", "/scratch3/watersc1", "/scratch3//watersc1//"])
def test_a_root_may_end_in_a_slash_or_not(root):
    assert mapped_by_key("neb://@HOST@.0//czw/t2/y", root) == "/scratch3/watersc1/czw/t2/y"


def test_m1_and_m2_agree_on_a_nebulous_file():
    key = "neb://ipp042.0/gpc1/20110703/o5745g0101o/o5745g0101o.ota67.fits"
    assert mapped_by_key(key, ROOT) == mapped_by_instance(DISK, ROOT)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("path://GPC1/x/y", "GPC1/x/y"),
        ("/data/x/y", "data/x/y"),
        ("file:///data/x/y", "data/x/y"),
        ("neb:///a/b", "a/b"),
        ("neb:/a/b", "a/b"),
        ("neb://~ippb02.0/a//b/./c/", "a/b/c"),
        ("neb://any/./../a", "a"),
    ],
)
def test_a_key_path_keeps_all_that_tells_files_apart(key, path):
    assert key_path(key) == path


@pytest.mark.parametrize(
    ("key", "volume", "hard"),
    [
        ("neb://ippb02.0/a", "ippb02.0", False),
        ("neb://~ippb02.0/a", "ippb02.0", True),
        ("neb://any/a", None, False),
        ("neb://any.0/a", None, False),
        ("neb:///a", None, False),
        ("neb://@HOST@.0/a", "@HOST@.0", False),
    ],
)
def test_a_volume_is_a_wish_unless_it_is_hard(key, volume, hard):
    name = read_neb_key(key)
    assert (name.volume, name.hard) == (volume, hard)


def test_a_key_taken_apart_is_put_together_again():
    assert read_neb_key("neb://~ippb02.0//a/b").key == "neb://~ippb02.0/a/b"


@pytest.mark.parametrize(
    ("key", "word"),
    [
        ("neb:a/b", "neb://VOLUME/path"),
        ("neb://any/a b", "blank"),
        ("neb://any/a\nb", "blank"),
        ("neb://any/", "empty"),
        ("neb://any", "empty"),
        ("neb://any/a/../../etc/passwd", "'..'"),
        ("/a/../../etc/passwd", "'..'"),
        ("neb://any/" + "x" * 256, "255"),
        ("http://a/b", "http"),
        ("a/b", "absolute"),
        ("NULL", "absolute"),
        ("x.fits", "absolute"),
        ("", "absolute"),
        ("/a\nb", "absolute"),
        ("/", "empty"),
    ],
)
def test_what_is_no_key_gets_a_sentence(key, word):
    with pytest.raises(BadKey, match=word):
        mapped_by_key(key, ROOT)


def test_volumes_do_not_tell_files_apart():
    assert same_file("neb://any/a/b", "neb://ipp042.0/a//b")
    assert not same_file("neb://any/a/b", "neb://any/a/c")
    assert not same_file("no key", "no key")


@given(st.text())
def test_no_text_maps_out_of_the_sites_root(text):
    for key in (text, f"neb:{text}", f"neb://any/{text}", f"/{text}", f"path://{text}"):
        try:
            remote = mapped_by_key(key, ROOT)
        except BadKey:
            continue
        assert remote.startswith("/scratch3/watersc1/")
        assert ".." not in remote.split("/")
        assert "\n" not in remote
