"""The databases alone, as ``remotetool`` reads them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rpconsole.config import load_config
from rpconsole.config.databases import load_databases
from rpconsole.domain.fault import BadConfiguration


def outcome(read, path):
    try:
        return read(path)
    except BadConfiguration as bad:
        return str(bad)


def test_the_section_is_the_one_of_the_whole_configuration(written):
    file = written()
    assert load_databases(file) == (load_config(file).database, file)


def test_a_mistake_elsewhere_is_no_business_of_the_databases(written):
    file = written(more='[engine]\ncolour = "red"\n')
    assert "colour" in outcome(load_config, file)
    assert load_databases(file)[0].name == "gpc1"


@pytest.mark.parametrize(
    "text",
    [
        "", "x = ", "[site]\n", "database = 5\n", "[[database]]\nurl = 1\n", "[database]\n", "[database]\nurl = 5\n",
        '[database]\nurl = "oracle://u:secret@h/x"\n', '[database]\nurl = "mysql://h/x"\nnam = "gpc2"\n', "\xff",
    ],
)  # fmt: skip
def test_a_mistake_in_the_section_is_told_as_ever_and_repeats_no_password(tmp_path, text):
    file = tmp_path / "rpconsole.toml"
    file.write_text(text, encoding="latin-1")
    said = outcome(load_databases, file)
    assert said == outcome(load_config, file)
    assert isinstance(said, str)
    assert "secret" not in said


def test_a_remotetool_loads_neither_the_command_line_nor_the_journal_nor_the_other_sections(written):
    program = (
        "import sys; from rpconsole.cli.remotetool.main import main; "
        "print(main(sys.argv[1:])); print(*sys.modules, sep='\\n')"
    )
    words = ["-listrun", "-stage", "chip", "-config", str(written())]
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, timeout=60)
    loaded = set(done.stdout.split())
    assert "rpconsole.upkeep" in loaded
    too_much = {"typer", "alembic", "rpconsole.adapters.journal", "rpconsole.config.model", "rpconsole.config.site"}
    assert too_much.isdisjoint(loaded)
