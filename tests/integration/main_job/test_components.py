"""Commands that fail, products that do not come, dbinfo that lies: the component pays for it, the rest of the run goes on."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from tests.integration.main_job.world import MainJob, main_job

from rpconsole.practice.moab.spool import State
from rpconsole.practice.sky import Survey

pytestmark = pytest.mark.slow

EXPOSURES = 5
NAMES = [exposure.exp_name for exposure in Survey(exposures=EXPOSURES, otas=1).pointings]


@pytest.fixture
async def five(tmp_path):
    async with main_job(tmp_path / "site", exposures=EXPOSURES) as job:
        yield job


def state_of(job: MainJob, name: str) -> str:
    rows = job.gpc1(
        "SELECT remoteComponent.state FROM remoteComponent JOIN chipRun ON chip_id = stage_id "
        f"JOIN rawExp USING (exp_id) WHERE exp_name = '{name}'"
    )
    return str(rows[0][0])


def results_of(job: MainJob, name: str) -> list[tuple]:
    return job.gpc1(
        "SELECT class_id FROM chipProcessedImfile JOIN rawExp USING (exp_id) "
        f"WHERE exp_name = '{name}' AND path_base IS NOT NULL"
    )


async def test_what_goes_wrong_at_the_site_costs_its_component_and_no_other(five):
    exits, lacks, empties, once, well = NAMES
    # where the program made nothing, the command line's own 'touch' leaves an empty file
    rules = [
        {"program": "ppImage", "match": exits, "mode": "exit", "code": 4},
        {"program": "ppImage", "match": lacks, "mode": "no-product", "product": ".mdl.fits"},
        {"program": "ppImage", "match": empties, "mode": "empty-product", "product": ".mdl.fits"},
        {"program": "ppImage", "match": once, "mode": "exit", "times": 2},
    ]
    five.site.paths.program_faults.write_text(json.dumps(rules))
    await five.logged_in()
    await five.full()
    assert {name: state_of(five, name) for name in NAMES} == {
        exits: "fail",
        lacks: "fail",
        empties: "fail",
        once: "pass",
        well: "pass",
    }
    assert [len(results_of(five, name)) for name in NAMES] == [0, 0, 0, 1, 1]
    assert five.submitted() == 1
    why = five.why()
    assert "abandoned after 3 attempts: exit code 4" in why
    (results,) = five.site.paths.scratch.rglob("remote_chip.1.results")
    records = [json.loads(line) for line in results.read_text().splitlines()]
    attempts = Counter(record["task"] for record in records if "attempt" in record)
    assert sorted(attempts.values()) == [1, 1, 1, 1, 3, 3]
    for name in (lacks, empties):
        (line,) = [line for line in why.splitlines() if name in line]
        assert line.endswith(".mdl.fits is empty")


async def test_a_dbinfo_that_lies_is_refused_by_name_and_nothing_in_it_is_run(five):
    shell, other, option, nothing, purged = NAMES
    mark = five.folder / "executed"
    assert five.types("pause", "poll").returncode == 0
    await five.logged_in()
    await five.until(lambda: [job.state for job in five.site.jobs()] == [State.COMPLETED])
    files = {name: dbinfo_of(five, name) for name in NAMES}
    texts = {name: path.read_text() for name, path in files.items()}
    chip_ids = dict(five.gpc1("SELECT exp_name, chip_id FROM chipRun JOIN rawExp USING (exp_id)"))
    files[shell].write_text(f"{texts[shell].rstrip()} ; touch {mark} $(touch {mark}) `touch {mark}`\n")
    files[other].write_text(texts[other].replace(f"-chip_id {chip_ids[other]}", f"-chip_id {chip_ids[shell]}"))
    files[option].write_text(f"{texts[option].rstrip()} -drop_tables 1\n")
    files[nothing].write_text("\n")
    (product,) = five.site.paths.scratch.glob(f"demo/{purged}*/*.mdl.fits")
    product.unlink()
    assert five.types("resume", "poll").returncode == 0
    await five.until(lambda: five.step() == "stopped")
    assert five.components() == Counter({"fail": 5})
    assert five.gpc1("SELECT count(*) FROM chipProcessedImfile WHERE path_base IS NOT NULL") == [(0,)]
    assert five.gpc1("SELECT DISTINCT state FROM chipRun") == [("new",)]
    assert not mark.exists()
    why = five.why().splitlines()
    for name, word in (
        (shell, "';'"),
        (other, f"-chip_id is {chip_ids[shell]}, but its component has {chip_ids[other]}"),
        (option, "-drop_tables"),
        (nothing, "is empty"),
        (purged, f"{product} is missing"),
    ):
        (line,) = [line for line in why if name in line]
        assert word in line, line


def dbinfo_of(job: MainJob, name: str) -> Path:
    (path,) = job.site.paths.scratch.glob(f"demo/{name}*/*.dbinfo")
    return path
