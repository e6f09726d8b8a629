"""The pages about commands and protocol say what the code does."""

from __future__ import annotations

import pytest
from docs.generate import DOCS, renewed
from docs.reference import commands
from tests.unit.cli.json_fields import json_fields

from rpconsole.daemon.verbs import VERBS
from rpconsole.domain.fault import ExitCode


@pytest.mark.parametrize("page", ["commands.md", "protocol.md"])
def test_the_generated_parts_are_current(page):
    text = (DOCS / page).read_text()
    assert renewed(text) == text, "run 'make docs'"


def test_every_command_and_option_is_in_the_docs_and_has_words_of_help():
    text = (DOCS / "commands.md").read_text()
    for path, command in commands():
        assert f"### `{path}`\n" in text
        assert command.help, path
        for parameter in command.params:
            if parameter.param_type_name == "option" and parameter.name != "help":
                assert all(word in text for word in parameter.opts)
                assert parameter.help, f"{path} {parameter.opts}"


def test_the_fields_of_every_command_that_prints_json_are_in_the_docs():
    printing = {
        path.removeprefix("rpconsole ")
        for path, command in commands()
        if any("--json" in parameter.opts for parameter in command.params) and not hasattr(command, "commands")
    }
    assert printing - set(json_fields()) == set()


def test_every_exit_code_is_in_the_docs():
    text = (DOCS / "commands.md").read_text()
    assert all(f"\n| {code.value} | " in text for code in ExitCode)


def test_every_verb_is_in_the_docs():
    text = (DOCS / "protocol.md").read_text()
    assert all(f"\n| `{verb}` | " in text for verb in VERBS)
