"""``remotetool`` as scripts call it: the installed command on a database of its own, to the byte and to the exit code."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.builders.gpc1 import Gpc1Rows

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.create import create_schema
from rpconsole.adapters.gpc1.engine import open_gpc1
from rpconsole.cli.remotetool.main import main
from rpconsole.config.example import example_config

PROGRAM = Path(sys.executable).with_name("remotetool")
PATH_BASE = "neb://@HOST@.0/remote/A"


@dataclass
class Said:
    code: int
    out: str
    err: str


class Tool:
    """remotetool in this process, on one configuration."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = f"sqlite:///{folder}/gpc1.sqlite"
        self.config = folder / "rpconsole.toml"
        self.write_config(self.url)
        asyncio.run(create_schema(self.url))
        self.rows = Gpc1Rows(open_gpc1(self.url).engine)
        self._capsys = capsys
        monkeypatch.setenv("RPCONSOLE_CONFIG", str(self.config))

    def write_config(self, url: str, others: str = "") -> None:
        example = example_config().replace("mysql://ipp@db.example.org/gpc1", url, 1)
        self.config.write_text(example.replace("[journal]", f"{others}\n[journal]", 1))

    def __call__(self, line: str, *more: str) -> Said:
        self._capsys.readouterr()
        code = main([*line.split(), *more])
        captured = self._capsys.readouterr()
        assert "Traceback" not in captured.err
        return Said(code, captured.out, captured.err)

    def chips(self, *labels: str) -> list[int]:
        start = self.rows.count(t.chip_run)
        return [
            self.rows.chip_run(self.rows.exposure(start + number), label=label)
            for number, label in enumerate(labels, start=1)
        ]


@pytest.fixture
def tool(tmp_path, capsys, monkeypatch) -> Tool:
    return Tool(tmp_path, capsys, monkeypatch)


def blocks(text: str) -> list[dict[str, str]]:
    """The METADATA blocks of a MULTI, read as the old scripts' parser does: name, type, value."""
    found: list[dict[str, str]] = []
    for line in text.splitlines():
        parts = line.split()
        if parts[1:] == ["METADATA"]:
            found.append({})
        elif found and len(parts) >= 3:
            found[-1][parts[0]] = " ".join(parts[2:])
    return found


def define(tool: Tool, *more: str) -> Said:
    return tool(f"-definebyquery -label A -stage chip -path_base {PATH_BASE}", *more)


def test_the_installed_command_defines_and_prints_to_the_byte(tool):
    (chip_id,) = tool.chips("A")
    words = ["-definebyquery", "-label", "A", "-stage", "chip", "-path_base", PATH_BASE, "-dbname", "gpc1"]
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "\nremoteComponent MULTI\n"
        "\nremoteComponent  METADATA  \n"
        "   remote_id        S64       1              \n"
        f"   stage_id         S64       {chip_id:<15}\n"
        "   jobs             S32       0              \n"
        "   state            STR       new             \n"
        "   path_base        STR       NULL            \n"
        "END\n"
    )


def test_pretend_prints_what_would_be_selected_and_writes_nothing(tool):
    one, two = tool.chips("A", "A")
    assert define(tool, "-pretend").out == (
        "\nnewremoteComponents MULTI\n"
        f"\nnewremoteComponents  METADATA  \n   stage_id         S64       {one:<15}\nEND\n"
        f"\nnewremoteComponents  METADATA  \n   stage_id         S64       {two:<15}\nEND\n"
    )
    assert define(tool, "-pretend", "-simple").out == f"{one}\n{two}\n"
    assert tool.rows.count(t.remote_run) == 0


def test_nothing_new_prints_nothing_and_is_no_failure(tool):
    assert define(tool) == Said(0, "", "")
    assert tool.rows.count(t.remote_run) == 0


def test_a_run_is_made_as_the_scripts_expect_it(tool):
    tool.chips("A", "A", "B")
    define(tool, "-limit", "1", "-set_label", "X")
    run = tool.rows.one(t.remote_run)
    values = (run["state"], run["stage"], run["label"], run["path_base"], run["job_id"], run["fault"])
    assert values == ("new", "chip", "X", PATH_BASE, -1, 0)
    assert len(blocks(define(tool).out)) == 1


def test_listrun_prints_every_column(tool):
    tool.chips("A")
    define(tool)
    text = tool("-listrun -label A").out
    (block,) = blocks(text)
    stamp = block.pop("last_poll")
    assert block == {
        "remote_id": "1",
        "state": "new",
        "stage": "chip",
        "label": "A",
        "path_base": PATH_BASE,
        "job_id": "-1",
        "fault": "0",
    }
    assert f"   last_poll        TAI       {stamp}\n" in text
    assert tool("-listrun -state new -simple").out == f"1 new chip A {PATH_BASE} -1 {stamp} 0\n"


def test_any_of_several_labels_is_listed(tool):
    for label in ("A", "B", "C"):
        tool.chips(label)
        tool(f"-definebyquery -label {label} -stage chip -path_base /r")
    assert [block["label"] for block in blocks(tool("-listrun -label A -label C").out)] == ["A", "C"]
    assert [block["remote_id"] for block in blocks(tool("-listcomponent -label B -label C").out)] == ["2", "3"]


def test_a_number_counts_only_when_it_was_given(tool):
    tool.chips("A")
    define(tool)
    assert len(blocks(tool("-listrun -fault 0").out)) == 1
    assert tool("-listrun -fault 4").out == tool("-listrun -job_id 0").out == ""
    assert len(blocks(tool("-listrun -job_id -1").out)) == 1


def test_a_run_goes_through_its_life_by_the_options_of_the_old_scripts(tool):
    chips = tool.chips("A", "A")
    define(tool)
    assert tool("-doneprep -state new").out == ""
    for chip_id, state in zip(chips, ("prep_done", "prep_fail"), strict=True):
        words = f"-updatecomponent -remote_id 1 -stage_id {chip_id} -set_state {state} -set_jobs 60 -set_path_base neb://x/y"
        assert tool(words) == Said(0, "", "")
    assert blocks(tool("-doneprep -state new -label A").out) == [
        {"remote_id": "1", "path_base": PATH_BASE, "stage": "chip", "Ndone": "2", "Njobs": "2"}
    ]
    assert [one["jobs"] for one in blocks(tool("-listcomponent -remote_id 1 -state prep_done").out)] == ["60"]
    assert tool("-updaterun -remote_id 1 -set_state auth -job_id 77 -fault 4") == Said(0, "", "")
    assert tool("-revertauth -label A").code == 0
    assert tool("-revertrun -fault 4").code == 0
    assert tool("-updatepoll -remote_id 1").code == 0
    run = tool.rows.one(t.remote_run)
    assert (run["state"], run["job_id"], run["fault"]) == ("run", 77, 0)
    assert tool(f"-revertcomponent -remote_id 1 -stage_id {chips[1]}").code == 0
    assert [row["stage_id"] for row in tool.rows.all(t.remote_component, state="retry")] == [chips[1]]
    assert [one["stage_id"] for one in blocks(define(tool).out)] == [str(chips[1])]


def test_reverting_nothing_fails_and_updating_nothing_is_noted(tool):
    tool.chips("A")
    define(tool)
    for line in ("-revertauth", "-revertrun -label A", "-revertcomponent"):
        assert tool(line) == Said(1, "", "remotetool: no rows affected\n")
    for line in ("-updaterun -remote_id 9 -fault 3", "-updaterun -remote_id 1 -fault 0"):
        said = tool(line)
        assert said.code == 0
        assert "no run changed" in said.err


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("-listrun", 1, "at least one criterion: -remote_id"),
        ("-listrun -limit 3", 1, "at least one criterion"),
        ("-revertrun", 1, "at least one criterion"),
        ("-updaterun -remote_id 1", 3, "nothing to set; give -set_label"),
        ("-updaterun -remote_id 1 -set_state rum", 3, "did you mean 'run'?"),
        ("-updatecomponent -remote_id 1 -set_state full", 3, "'full' is not a state"),
        ("-definebyquery -label A -stage chips -path_base /r", 1, "did you mean 'chip'?"),
        ("-definebyquery -label A -stage diff -path_base /r", 1, "no table diffRun"),
        ("-definebyquery -label A -stage chip -path_base r", 1, "is not an absolute path"),
        ("-definebyquery -label A -stage chip -path_base neb://any/../../x", 1, "'..'"),
        ("-dropcomponent -remote_id 1", 1, "disabled"),
        ("-listcomponent -dbname gpc2", 3, "no database 'gpc2'; it has gpc1"),
        ("-listcomponent -config /nowhere.toml", 3, "/nowhere.toml does not exist"),
        ("-updaterun -remote_id 1 -fault 32767", 3, "fault cannot be set to nothing"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_an_exit_code(tool, line, code, words):
    said = tool(line)
    assert (said.code, said.out) == (code, "")
    assert words in said.err
    assert said.err.count("\n") == 1


def test_the_word_that_the_old_prepare_script_slips_in_is_taken_for_what_it_means(tool):
    tool.chips("A")
    define(tool)
    assert "'prep_fail' was set" in tool("-updaterun -remote_id 1 -set_state fail_state").err
    assert tool.rows.one(t.remote_run)["state"] == "prep_fail"


def test_a_database_is_picked_by_its_name_and_its_password_never_shown(tool, tmp_path):
    tool.write_config(
        tool.url,
        f'[database.others]\nhalf = "sqlite:///{tmp_path}/half.sqlite"\nfar = "mysql://u:s3cret@127.0.0.1:1/far"',
    )
    said = tool("-listcomponent -dbname half")
    assert said.code == 2
    assert "half.sqlite" in said.err
    away = tool("-listcomponent -dbname far")
    assert away.code == 2
    assert "s3cret" not in away.err
    assert tool("-listcomponent").code == 0


def test_a_missing_table_is_named(tool):
    tool.rows._engine.dispose()
    with open_gpc1(tool.url).engine.begin() as connection:
        t.remote_component.drop(connection)
    said = tool("-listcomponent")
    assert said.code == 2
    assert "remoteComponent" in said.err


def test_help_and_version_need_no_configuration(tool, monkeypatch):
    monkeypatch.setenv("RPCONSOLE_CONFIG", "/nowhere.toml")
    assert "-definebyquery:" in tool("-help").out
    assert tool("-version").out.startswith("remotetool of rpconsole ")
