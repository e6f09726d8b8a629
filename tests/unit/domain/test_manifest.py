"""The manifest's text."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.domain import manifest
from rpconsole.domain.manifest import BadManifest, ManifestRecord, Role, manifest_text, read_manifest

RECORDS = st.builds(
    ManifestRecord,
    key=st.text(),
    local=st.text(),
    remote=st.text(),
    role=st.sampled_from(Role),
    component=st.none() | st.integers(0, 2**62),
    task=st.none() | st.integers(1, 10**6),
    item=st.none() | st.text(),
    bytes=st.none() | st.integers(0, 2**62),
    checksum=st.none() | st.text(),
    may_be_empty=st.booleans(),
    ids=st.dictionaries(st.text(), st.integers(0, 2**62) | st.text()).map(lambda ids: tuple(ids.items())),
)


@given(st.lists(RECORDS))
def test_what_is_written_is_read_again(records):
    text = manifest_text(records)
    assert text.count("\n") == len(records)
    assert read_manifest(text, source="m") == records


def test_fields_at_their_default_take_no_room():
    record = ManifestRecord(key="k", local="l", remote="r", role=Role.INPUT)
    assert manifest_text([record]) == '{"role":"input","key":"k","local":"l","remote":"r"}\n'


GOOD = '{"role":"input","key":"k","local":"l","remote":"r"}\n'


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("{", "not a JSON object"),
        ("[1]", "not a JSON object"),
        ("[" * 100_000, "not a JSON object"),
        ('{"role":"input","key":"k","local":"l"}', "no 'remote'"),
        ('{"role":"inputs","key":"k","local":"l","remote":"r"}', "input, list, product"),
        ('{"role":"input","key":"k","local":"l","remote":"r","x":1}', "unknown field 'x'"),
        ('{"role":"input","key":1,"local":"l","remote":"r"}', "'key' cannot be 1"),
        ('{"role":"input","key":"k","local":"l","remote":"r","bytes":true}', "'bytes' cannot be True"),
        ('{"role":"input","key":"k","local":"l","remote":"r","ids":{"a":null}}', "'ids'"),
    ],
)
def test_a_bad_line_is_named_with_its_file(line, word):
    with pytest.raises(BadManifest, match=r"run\.jsonl, line 2") as caught:
        read_manifest(GOOD + line + "\n" + GOOD, source="run.jsonl")
    assert word in str(caught.value)


@given(st.text())
def test_no_text_raises_anything_but_a_bad_manifest(text):
    with suppress(BadManifest):
        read_manifest(text, source="m")


@given(st.lists(RECORDS))
def test_a_line_as_we_write_it_is_read_as_the_general_decoder_reads_it(records):
    text = manifest_text(records)
    assert read_manifest(text, source="m") == [manifest._odd_record(line, "m") for line in text.splitlines()]


@pytest.mark.parametrize("ids", ['{"a":true}', '{"a":1,"a":2}', '{"a":[1]}', '{"a"}', '{"a":1.5}', '{"a":"\\u00e9"}'])
def test_odd_ids_mean_the_same_in_a_line_that_is_plain_but_for_them(ids):
    line = GOOD.strip()[:-1] + f',"ids":{ids}}}'

    def outcome(read):
        try:
            return read()
        except BadManifest as bad:
            return str(bad)

    read_quickly = outcome(lambda: read_manifest(line, source="m")[0])
    assert read_quickly == outcome(lambda: manifest._odd_record(line, "m, line 1"))


def test_a_bad_line_is_told_by_its_number_in_the_whole_file_also_where_only_some_are_understood():
    good = GOOD.strip()
    text = "\n".join([good, "{", "", '{"a.dbinfo"', good])
    with pytest.raises(BadManifest, match="m, line 12 is not"):
        read_manifest(text, source="m", first=11)
    with pytest.raises(BadManifest, match="m, line 14 is not"):
        read_manifest(text, source="m", first=11, ending=".dbinfo")
