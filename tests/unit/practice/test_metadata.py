"""IPP metadata text, in and out."""

from __future__ import annotations

import math

import pytest

from rpconsole.practice.programs import metadata
from rpconsole.practice.programs.exits import BadInput


def test_what_is_written_reads_back_with_its_types():
    block = {"N": 9151314442816847742, "F": -0.125, "T": True, "NO": False, "NAME": "two words", "SUB": {"X": 1}}
    assert metadata.read(metadata.write(block)) == block


def test_nan_survives_as_a_number():
    assert math.isnan(float(str(metadata.read(metadata.write({"BG": float("nan")}))["BG"])))


def test_rows_of_a_multi_name_come_as_a_list():
    text = "\nrun MULTI\n\nrun  METADATA  \n   id  S64  73   \nEND\n\nrun METADATA\n id S64 74\nEND\n"
    assert metadata.read(text) == {"run": [{"id": 73}, {"id": 74}]}


def test_null_blank_and_comments_are_no_values():
    assert metadata.read("a STR NULL\nb TAI  NULL\nc STR\nd S16 4 # four\n# e S16 5\n") == {
        "a": None,
        "b": None,
        "c": None,
        "d": 4,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a S32 1\nb S32 many\n", "line 2: 'many' is not a number"),
        ("a COMPLEX 1\n", "line 1: unknown type 'COMPLEX'"),
        ("lonely\n", "line 1: 'lonely' has no type"),
        ("END\n", "line 1: END without"),
        ("a METADATA\n b S32 1\n", "without END"),
    ],
)
def test_broken_text_is_refused_with_the_line_that_breaks_it(text, said):
    with pytest.raises(BadInput, match=said):
        metadata.read(text, name="x.stats")
