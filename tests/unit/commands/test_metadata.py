"""The IPP's metadata text, to the last blank."""

from __future__ import annotations

from datetime import datetime

import pytest

from rpconsole.commands.metadata import Column, Kind, Row, multi, simple

COLUMNS = (
    Column(name="remote_id", kind=Kind.S64),
    Column(name="state", kind=Kind.STR),
    Column(name="path_base", kind=Kind.STR),
    Column(name="jobs", kind=Kind.S32),
    Column(name="last_poll", kind=Kind.TIME),
    Column(name="fault", kind=Kind.S16),
)
WHEN = datetime(2014, 7, 1, 2, 3, 4)  # noqa: DTZ001 - naive UTC, as the database has it
ROW: Row = {
    "remote_id": 81,
    "state": "run",
    "path_base": "neb://any/remote/NIGHT.3",
    "jobs": 60,
    "last_poll": WHEN,
    "fault": 0,
}
NOTHING: Row = dict.fromkeys(ROW)


def test_a_row_is_a_block_of_padded_lines():
    assert multi("remoteRun", COLUMNS, [ROW]).split("\n") == [
        "",
        "remoteRun MULTI",
        "",
        "remoteRun  METADATA  ",
        "   remote_id        S64       81             ",
        "   state            STR       run             ",
        "   path_base        STR       neb://any/remote/NIGHT.3 ",
        "   jobs             S32       60             ",
        "   last_poll        TAI       2014-07-01T02:03:04.000000Z",
        "   fault            S16       0              ",
        "END",
        "",
    ]


def test_what_is_not_there_is_null_or_its_types_largest_number():
    lines = multi("x", COLUMNS, [NOTHING]).split("\n")[4:10]
    assert [line.split() for line in lines] == [
        ["remote_id", "S64", "9223372036854775807"],
        ["state", "STR", "NULL"],
        ["path_base", "STR", "NULL"],
        ["jobs", "S32", "2147483647"],
        ["last_poll", "TAI", "NULL"],
        ["fault", "S16", "32767"],
    ]
    assert lines[4] == "   last_poll        TAI       NULL"


def test_the_rows_of_a_list_follow_each_other_under_one_head():
    text = multi("x", COLUMNS[:1], [{"remote_id": 1}, {"remote_id": 2}])
    assert text.count("MULTI") == 1
    assert text.count("x  METADATA  \n") == text.count("END\n") == 2


def test_no_rows_are_no_text():
    assert multi("x", COLUMNS, []) == ""
    assert simple(COLUMNS, []) == ""


def test_the_simple_form_has_a_row_a_line():
    assert simple(COLUMNS, [ROW, NOTHING]) == (
        "81 run neb://any/remote/NIGHT.3 60 2014-07-01T02:03:04.000000Z 0\n"
        "9223372036854775807 NULL NULL 2147483647 NULL 32767\n"
    )


@pytest.mark.parametrize("form", [multi, None])
def test_a_line_end_inside_a_value_begins_no_line(form):
    row: Row = {"state": "run\nEND\n\nremoteRun  METADATA"}
    columns = (Column(name="state", kind=Kind.STR),)
    text = multi("x", columns, [row]) if form else simple(columns, [row])
    assert text.split("\n").count("END") == (1 if form else 0)
