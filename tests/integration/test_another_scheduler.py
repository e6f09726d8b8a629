"""docs/adding-a-scheduler.md, done as a newcomer would: three files and one row, and whole runs go over a scheduler that nobody knew."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.real_config import Wanted, configure
from tests.integration.real_site import ROOT, Doorstop, engine, make_site, until
from tests.servers.typed import started

from rpconsole.practice.sky import Survey

NEWCOMER = ROOT / "tests" / "data" / "newcomer"
FILES = ("pbs.py", "pbs_script.py", "pbs_answers.py")


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """The source with the three files, and one row in the table; nothing else is changed."""
    source: Path = tmp_path_factory.mktemp("newcomer") / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    commands = source / "rpconsole" / "commands"
    for name in FILES:
        shutil.copy(NEWCOMER / f"{name}.txt", commands / name)
    table = commands / "known_schedulers.py"
    text = table.read_text().replace("def _moab(", "from rpconsole.commands.pbs import Pbs\n\n\ndef _moab(", 1)
    table.write_text(
        text.replace(
            '    "slurm": _slurm,\n', '    "slurm": _slurm,\n    "pbs": lambda bin_dir: Pbs(bin_dir=bin_dir),\n'
        )
    )
    return source


def test_every_trap_that_is_asked_of_each_scheduler_is_asked_of_the_new_one(tree):
    words = ["-q", "-p", "no:cacheprovider", "-o", f"pythonpath={tree} ."]
    call = [sys.executable, "-m", "pytest", *words, "tests/unit/commands/test_traps.py", "-k", "pbs"]
    environ = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(call, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


@pytest.mark.needs_sshd
@pytest.mark.needs_mariadb
@pytest.mark.slow
async def test_whole_runs_go_over_it_by_the_name_of_its_row(tree, site_folder, front_end, mariadb_server):
    database = mariadb_server.create_database("gpc1")
    site = await make_site(site_folder, Survey(seed=3, exposures=2, otas=2), database)
    for name in ("qsub", "qstat", "qdel"):
        (site.bin / name).write_text(f"#!{sys.executable}\n" + (NEWCOMER / "client.py.txt").read_text())
        (site.bin / name).chmod(0o755)
    scheduler = f'scheduler = "pbs"\nprograms_dir = "{site.bin}"\nproc_per_node = 2\nmax_nodes = 1\nmax_hours = 8\nshell = "/bin/sh"'
    wanted = Wanted(database=mariadb_server, doors=[front_end], scheduler=scheduler, stages=("chip",))
    operator = configure(site, wanted)
    operator = replace(operator, environ={**operator.environ, "PYTHONPATH": str(tree)}, types=started)
    assert "pbs" in operator.did("config", "show")
    held = Doorstop(site.bin, "ppImage")
    with engine(operator, site.logs / "engine.out"):
        operator.log_in()
        until(lambda: operator.runs().get("chip", {}).get("tasks"), "the job runs")
        held.let_go()
        operator.stage_at("chip", "done")
        run = operator.asked("run", "show", "1")
    assert (run["state"], run["failures"], [job["job"] for job in run["jobs"]]) == ("full", [], ["1.fe"])
