"""``rpconsole demo --headless`` as a newcomer starts it, and as he ends it."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from astropy.io import fits
from tests.integration.main_job.world import COMMAND, ENVIRON, ROOT, processes_of

from rpconsole.cli.app import main
from rpconsole.practice.configuring import socket_path
from rpconsole.practice.paths import SitePaths

COUNTS = {"runs", "full", "components", "passed", "failed", "products", "bytes_shipped", "bytes_returned"}
#: the survey's names for FITS files: images, catalogues of sources
FITS = (".fits", ".cmf", ".smf")


def demo(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "demo", "--headless", "--dir", str(folder), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=ENVIRON,
        # a shell that starts a command in the background lets it ignore SIGINT
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def nothing_is_left(folder: Path) -> bool:
    socket = socket_path(SitePaths(folder))
    return not processes_of(folder) and not (
        socket.exists() or (socket.parent.name != "state" and socket.parent.exists())
    )


async def nothing_remains(folder: Path) -> None:
    for _ in range(1800):
        if nothing_is_left(folder):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(processes_of(folder) or "the socket is still there")


async def hung(paths: SitePaths) -> None:
    """As soon as there is a site: its jobs will never end, so that the demo is certainly in its middle."""
    async with asyncio.timeout(90):
        while not paths.program_faults.parent.exists():  # noqa: ASYNC110  another process makes it
            await asyncio.sleep(0.01)
    rules = paths.program_faults.with_name("rules")
    rules.write_text(json.dumps([{"program": "ppImage", "mode": "hang"}]))
    rules.rename(paths.program_faults)


def rows(folder: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(folder / "gpc1.sqlite")) as database:
        return database.execute(query).fetchall()


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A demo of all four stages that ran to its end: its folder and its object."""
    folder = tmp_path_factory.mktemp("demo") / "d"
    with demo(folder, "--exposures", "2", "--otas", "2", "--json") as process:
        out, err = process.communicate(timeout=280)
    assert process.returncode == 0, err
    return folder, json.loads(out), err


@pytest.mark.slow
def test_the_object_says_of_each_stage_what_came_of_it(played):
    _, told, _ = played
    assert told["ok"] is True
    assert told["seconds"] > 0
    assert list(told["stages"]) == ["chip", "camera", "warp", "stack"]
    for stage, counts in told["stages"].items():
        assert set(counts) == COUNTS
        assert counts["runs"] == counts["full"] > 0, stage
        assert counts["components"] == counts["passed"] > 0, stage
        assert counts["failed"] == 0, stage
        assert min(counts["products"], counts["bytes_shipped"], counts["bytes_returned"]) > 0, stage
    assert told["stages"]["chip"]["components"] == 2


@pytest.mark.slow
def test_progress_goes_to_stderr_run_by_run(played):
    _, _, err = played
    # which states are seen on the way depends on when the runs are looked at; the last one does not
    for stage, remote_id in (("chip", 1), ("camera", 2), ("warp", 3), ("stack", 4)):
        assert f"{stage:<7} run {remote_id}: full (done)" in err


@pytest.mark.slow
def test_the_database_has_every_stage_full(played):
    folder, _, _ = played
    assert rows(folder, "SELECT stage, state FROM remoteRun ORDER BY remote_id") == [
        (stage, "full") for stage in ("chip", "camera", "warp", "stack")
    ]
    for run, result, count in (
        ("chipRun", "chipProcessedImfile", 4),
        ("camRun", "camProcessedExp", 2),
        ("warpRun", "warpSkyfile", None),
        ("stackRun", "stackSumSkyfile", None),
    ):
        assert set(rows(folder, f"SELECT state FROM {run}")) == {("full",)}, run
        (found,) = rows(folder, f"SELECT count(*), sum(fault != 0), sum(path_base IS NULL) FROM {result}")
        assert found[0] > 0
        assert found[0] == (count or found[0])
        assert found[1:] == (0, 0), result


@pytest.mark.slow
def test_the_products_are_images_that_can_be_opened(played):
    folder, told, _ = played
    for number, (stage, counts) in enumerate(told["stages"].items(), start=1):
        (manifest,) = folder.glob(f"ipp/**/remote_{stage}.{number}.manifest.jsonl")
        records = [json.loads(line) for line in manifest.read_text().splitlines()]
        products = [Path(record["local"]) for record in records if record["role"] == "product"]
        assert len(products) == counts["products"]
        images = [path for path in products if path.suffix in FITS]
        assert images, stage
        for path in images:
            with fits.open(path) as found:
                found.verify("exception")
                assert any(unit.data is not None and unit.data.size for unit in found), path


@pytest.mark.slow
def test_nothing_runs_and_no_socket_is_left_after_its_end(played):
    folder, _, _ = played
    assert nothing_is_left(folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGKILL, -signal.SIGKILL)]
)
async def test_ended_in_the_middle_it_leaves_nothing_running_and_no_socket(tmp_path, number, code):
    """Its path is too long for a socket, which then lies in a folder elsewhere."""
    folder = tmp_path / ("long" * 20) / "d"
    assert socket_path(SitePaths(folder)).parents[1] == Path(tempfile.gettempdir())
    with demo(folder, "--exposures", "1", "--otas", "1", "--stages", "chip") as process:
        assert process.stderr is not None
        await hung(SitePaths(folder))
        for line in process.stderr:
            if "run 1: run" in line:
                break
        assert processes_of(folder)
        process.send_signal(number)
        _, err = process.communicate(timeout=120)
    assert process.returncode == code
    assert "Traceback" not in err
    await nothing_remains(folder)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--stages", "warp"], "begin with chip"),
        (["--stages", "chip,wrap"], "'wrap' is not a stage; the stages are chip, camera, warp, stack"),
        (["--exposures", "0"], "1 to 1000"),
        (["--exposures", "1"], "a stack needs at least 2 exposures"),
        (["--otas", "61"], "the camera has 60"),
        (["--otas", "four"], "'--otas': Input should be a valid integer"),
        (["--oats", "4"], "there is no option --oats; did you mean '--otas'"),
    ],
)
def test_a_wish_that_cannot_be_met_gets_a_sentence_before_anything_is_made(tmp_path, capsys, words, sentence):
    assert main(["demo", "--headless", "--dir", str(tmp_path / "d"), *words]) == 3
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert not (tmp_path / "d").exists()


def test_a_folder_that_is_there_already_is_left_alone(tmp_path, capsys):
    (tmp_path / "precious").write_text("an earlier look")
    assert main(["demo", "--headless", "--dir", str(tmp_path)]) == 3
    assert "is there already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]
