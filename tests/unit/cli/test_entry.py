"""Which words open the console without the command line's library."""

from __future__ import annotations

from pathlib import Path

import pytest

from rpconsole.cli.entry import console_words
from rpconsole.cli.tty import can_draw, knows_unicode


@pytest.mark.parametrize(
    ("words", "config", "starts", "read_only", "ascii_only"),
    [
        ([], None, True, False, False),
        (["-c", "a.toml"], "a.toml", True, False, False),
        (["attach"], None, False, False, False),
        (["--config", "a b.toml", "attach", "--read-only", "--ascii"], "a b.toml", False, True, True),
    ],
)
def test_plain_words_open_the_console(words, config, starts, read_only, ascii_only):
    wanted = console_words(words)
    assert wanted is not None
    assert wanted.given.config_file == (Path(config) if config else None)
    assert (wanted.starts_engine, wanted.read_only, wanted.ascii_only) == (starts, read_only, ascii_only)


@pytest.mark.parametrize(
    "words",
    [
        ["-c"],
        ["--debug"],
        ["attach", "--help"],
        ["attach", "--theme", "rp-light"],
        ["attach", "--reed-only"],
        ["atach"],
        ["--daemon"],
        ["-c", "a.toml", "status"],
        ["run", "attach"],
        ["attach", "attach"],
    ],
)
def test_every_other_word_is_left_to_the_command_line(words):
    assert console_words(words) is None


@pytest.mark.parametrize(
    ("term", "can"), [("xterm", True), ("vt100", True), ("dumb", False), ("", False), (None, False)]
)
def test_nothing_is_drawn_on_a_terminal_that_says_it_cannot(term, can):
    assert can_draw({} if term is None else {"TERM": term}) is can


@pytest.mark.parametrize(
    ("environ", "knows"),
    [
        ({}, True),
        ({"LANG": "C"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "en_US.UTF-8"}, True),
        ({"LANG": "de_DE.ISO-8859-1"}, False),
        ({"LANG": "C", "LC_ALL": "C.utf8"}, True),
        ({"LANG": "C.UTF-8", "LC_ALL": "POSIX"}, False),
    ],
)
def test_another_locale_than_unicode_gets_ascii(environ, knows):
    assert knows_unicode(environ) is knows
