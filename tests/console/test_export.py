"""What leaves the console: whole files that only their owner reads, nothing that a spreadsheet or a terminal would obey, no secret."""

from __future__ import annotations

import csv
import io
import json
import tarfile

import pytest
from tests.console.support import NOON, busy, grid, live, settled
from tests.console.test_login import until

from rpconsole.console.clipboard import MOST_BYTES
from rpconsole.console.export import as_csv, file_name, written
from rpconsole.console.model import Model
from rpconsole.domain.fault import ExitCode, FaultKind
from rpconsole.protocol.errors import EngineSaid


@pytest.fixture
def exporting(make_app, model, tmp_path):
    return make_app(model, exports=tmp_path / "out", configuration=lambda: "site = 'lanl'\n")


async def exported(app, tmp_path, *keys):
    """Press keys; the one file that came of it."""
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settled(app, pilot)
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        await until(pilot, lambda: list((tmp_path / "out").glob("[!.]*")))
        await until(pilot, lambda: any("written: " in one.message for one in app._notifications))
    (found,) = (tmp_path / "out").iterdir()
    assert found.stat().st_mode & 0o077 == 0
    return found


async def test_a_table_is_exported_as_it_is_filtered_and_sorted(exporting, tmp_path):
    keys = ("slash", *"stage:chip", "enter", "s", "r", "s", "r", "E", "c")
    found = await exported(exporting, tmp_path, *keys)
    rows = list(csv.DictReader(io.StringIO(found.read_text())))
    assert [row["run"] for row in rows] == ["4713", "4712", "4711"]
    assert found.name.startswith("Runs-2014")


async def test_a_table_as_json(exporting, tmp_path):
    found = await exported(exporting, tmp_path, "E", "j")
    assert [row["run"] for row in json.loads(found.read_text())] == list(range(4711, 4717))


async def test_a_story(exporting, tmp_path):
    found = await exported(exporting, tmp_path, "enter", "E", "s")
    assert found.read_text().splitlines()[1] == "2014-05-13T16:52:50Z  JobAccepted  submit  poll  job 901122"


async def test_an_incident_bundle_holds_everything_for_somebody_who_was_not_there(exporting, orders, tmp_path):
    found = await exported(exporting, tmp_path, "E", "i")
    with tarfile.open(found) as tar:
        texts = {name.partition("/")[2]: tar.extractfile(name).read().decode() for name in tar.getnames()}
    assert "JobAccepted" in texts["story.txt"]
    assert "its job waits in the queue" in texts["why.txt"]
    assert "line 2" in texts["output.txt"]
    assert "msub refused" in texts["log.txt"]
    assert texts["configuration.txt"] == "site = 'lanl'\n"
    assert json.loads(texts["run.json"])["remote_id"] == 4711
    assert {"reconcile.txt", "acts.txt"} <= texts.keys()


async def test_what_an_incident_bundle_cannot_have_says_why(exporting, orders, tmp_path):
    orders.answers["tail"] = EngineSaid(
        "no session is open", kind=FaultKind.NEEDS_LOGIN, exit_code=ExitCode.LOGIN_NEEDED
    )
    found = await exported(exporting, tmp_path, "E", "i")
    with tarfile.open(found) as tar:
        name = next(name for name in tar.getnames() if name.endswith("output.txt"))
        assert "could not be read: no session is open" in tar.extractfile(name).read().decode()


async def test_the_screen_as_svg(exporting, tmp_path):
    found = await exported(exporting, tmp_path, "E", "v")
    assert "Runs" in found.read_text()
    assert "Export" not in found.read_text()


async def test_a_place_that_cannot_be_written_is_a_sentence(make_app, model, tmp_path):
    (tmp_path / "file").write_text("")
    app = make_app(model, exports=tmp_path / "file" / "out")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("E", "c")
        await until(pilot, lambda: any("nothing was written" in one.message for one in app._notifications))


async def test_nothing_is_exported_from_a_login(exporting, tmp_path):
    async with exporting.run_test(size=(80, 24)) as pilot:
        await pilot.press("L", "E", "v")
        await pilot.pause()
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\tx", '"quoted", and more', "a\nb", "\x1b[2J"])
def test_a_spreadsheet_computes_nothing_and_a_row_stays_a_row(text):
    (_head, row) = csv.reader(io.StringIO(as_csv(["a"], [{"a": text}])))
    assert not row[0].startswith(("=", "+", "-", "@", "\t"))
    assert row[0].isprintable()


@pytest.mark.parametrize("stem", ["../../etc/passwd", "a b/c", "", "..", "x" * 500, "\x1b]0;", "宽"])
def test_no_name_leads_out_of_the_folder(stem, tmp_path):
    path = written(tmp_path, file_name(stem, "txt", NOON), "x")
    assert path.parent == tmp_path


def test_two_exports_in_one_second_are_two_files(tmp_path):
    paths = {written(tmp_path, "a.txt", text) for text in "xyz"}
    assert sorted(path.read_text() for path in paths) == ["x", "y", "z"]


async def test_copying_sends_what_the_cursor_is_on(app, monkeypatch):
    sent: list[str] = []
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        monkeypatch.setattr(app, "copy_to_clipboard", sent.append)
        await pilot.press("j", "Y", "enter")
        await settled(app, pilot)
        await pilot.press("Y", "f")
        await settled(app, pilot)
        await pilot.press("Y")
        await pilot.pause()
        assert sent == ["4712", "4712", "/scratch/stask_logs/chip.4711.out"]


async def test_what_a_terminal_would_cut_is_not_copied(make_app, hand, orders, monkeypatch):
    sent: list[str] = []
    orders.answers["tail"] = lambda path, offset, limit: {"text": "x" * 10_000 + "\n", "offset": 1, "size": 1}
    app = make_app(live(Model(monotonic=hand), busy()))
    monkeypatch.setattr("rpconsole.console.clipboard.MOST_BYTES", 100)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        monkeypatch.setattr(app, "copy_to_clipboard", sent.append)
        await pilot.press("l")
        await until(pilot, lambda: "xxx" in grid(app))
        await pilot.press("Y")
        await pilot.pause()
        assert sent == []
        assert any("too long" in one.message for one in app._notifications)
    assert MOST_BYTES < 100_000
