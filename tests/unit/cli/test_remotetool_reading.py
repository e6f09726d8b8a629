"""remotetool's command line: what it means, and a sentence for whatever it cannot mean."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.cli.remotetool.grammar import GLOBAL, MODES
from rpconsole.cli.remotetool.main import help_text
from rpconsole.cli.remotetool.reading import BadUsage, read_order


def words(line: str) -> list[str]:
    return [word if word != "''" else "" for word in line.split()]


def refusal(line: str | list[str]) -> str:
    with pytest.raises(BadUsage) as refused:
        read_order(words(line) if isinstance(line, str) else line)
    assert refused.value.exit_code == 3
    return str(refused.value)


def test_the_mode_may_stand_anywhere_and_options_take_the_next_word():
    order = read_order(words("-remote_id 7 -updaterun -set_state run -job_id -1 -fault 0"))
    assert order.mode.name == "updaterun"
    assert order.values == {"remote_id": [7], "set_state": ["run"], "job_id": [-1], "fault": [0]}


def test_a_repeated_label_means_any_of_them_and_of_other_options_the_last_counts():
    order = read_order(words("-listrun -label A -stage chip -label B -stage warp -label C"))
    assert order.values["label"] == ["A", "B", "C"]
    assert order.values["stage"] == ["warp"]


def test_an_empty_text_and_a_types_largest_number_are_null():
    order = read_order(words("-listrun -label '' -fault 32767 -job_id 9223372036854775807"))
    assert order.values == {"label": [None], "fault": [None], "job_id": [None]}


def test_the_largest_limit_is_a_limit():
    assert read_order(words("-listrun -label A -limit 32767")).last("limit") == 32767


@pytest.mark.parametrize(
    "text",
    ["2014-07-01T02:03:04", "2014-07-01T02:03:04.000000Z", "2014/07/01,02:03:04", "2014-7-1T2:3:4Z"],
)
def test_times_are_read_as_the_ipp_writes_them(text):
    moment = datetime(2014, 7, 1, 2, 3, 4)  # noqa: DTZ001
    assert read_order(["-listrun", "-poll_begin", text]).last("poll_begin") == moment


def test_a_date_alone_is_its_midnight():
    assert read_order(words("-listrun -poll_end 2014-07-01")).last("poll_end") == datetime(2014, 7, 1)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "no mode was given"),
        ("-lisrun -label A", "did you mean '-listrun'?"),
        ("listrun", "did you mean '-listrun'?"),
        ("-listrun -listcomponent", "-listrun and -listcomponent are two modes"),
        ("-listrun -lable A", "did you mean '-label'?"),
        ("-listrun --label A", "did you mean '-label'?"),
        ("-listrun A", "'A' is no option of -listrun"),
        ("-listrun -label", "-label has no value at the end"),
        ("-listrun -label -limit 3", "-label has no value before -limit"),
        ("-listrun -remote_id 7a", "-remote_id takes a whole number of 64 bits, not '7a'"),
        ("-listrun -remote_id 9223372036854775808", "64 bits"),
        ("-listrun -fault 40000", "16 bits"),
        ("-listrun -fault ''", "16 bits"),
        ("-listrun -label A -limit -1", "0 (no limit) to 32767"),
        ("-listrun -label A -limit 32768", "16 bits"),
        ("-listrun -label A -limit 1e3", "whole number"),
        ("-listrun -poll_begin yesterday", "a time like 2014-07-01T02:03:04"),
        ("-listrun -poll_begin 2014-13-01", "a time like"),
        ("-listrun -poll_begin 2014-02-30T00:00:00", "a time like"),
        ("-definebyquery -label A -stage chip", "-definebyquery needs -path_base"),
        ("-definebyquery -label '' -stage chip -path_base /x", "-definebyquery needs -label"),
        ("-updaterun -set_state run", "-updaterun needs -remote_id"),
        ("-updatepoll", "-updatepoll needs -remote_id"),
        ("-revertauth -fault 4", "'-fault' is no option of -revertauth"),
        ("-listrun -dbserver db1", "stand in the configuration"),
    ],
)
def test_what_cannot_be_meant_is_named(line, said):
    assert said in refusal(line)


def test_a_password_on_the_command_line_is_refused_and_not_repeated():
    assert "s3cret" not in refusal(["-listrun", "-label", "A", "-dbpassword", "s3cret"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A" * 65, "65 characters, its column holds 64"),
        ("na→me", "cannot hold the character '\\u2192'"),
        ("a\nb", "control character"),
        ("a\x1b[2Jb", "control character"),
        (" A", "begins or ends with a blank"),
    ],
)
def test_a_text_that_its_column_cannot_hold_is_refused_before_the_database_sees_it(text, said):
    message = refusal(["-updaterun", "-remote_id", "1", "-set_label", text])
    assert said in message
    assert "\x1b" not in message


@given(
    st.lists(
        st.one_of(st.sampled_from(["-listrun", "-label", "-limit", "-simple", "-poll_begin"]), st.text()), max_size=6
    )
)
def test_whatever_is_typed_is_read_or_refused_in_a_printable_sentence(typed):
    with suppress(BadUsage):
        read_order(typed)
        return
    assert refusal(typed).isprintable()


def test_help_names_every_mode_and_option():
    text = help_text()
    for mode in MODES:
        assert f"-{mode.name}:" in text
    for option in GLOBAL:
        assert not option.help or f"-{option.name} " in text
