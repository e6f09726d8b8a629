"""A run over masters of OpenSSH's client, from its inputs to ``full``, while the engine is killed in its middle."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

import pytest
from tests.integration.masters.world import connections, masters_in
from tests.integration.real_config import Wanted, configure, moab
from tests.integration.real_site import Doorstop, engine, make_site, practice_nodes, until

from rpconsole.practice.installing import install_moab
from rpconsole.practice.sky import Survey

pytestmark = [pytest.mark.needs_sshd, pytest.mark.slow]


def story(paths):
    """Names of the run's events, in order."""
    with closing(sqlite3.connect(paths.root / "state" / "journal.db")) as journal:
        return [event for (event,) in journal.execute("SELECT event FROM rp_story ORDER BY number")]


async def test_an_engine_that_is_killed_in_a_run_takes_over_its_master_and_brings_the_run_home_without_a_token(
    site_folder, front_end, sockets
):
    paths = await make_site(site_folder, Survey(seed=3, exposures=1, otas=1))
    install_moab(paths)
    login = f'transport = "openssh"\ncontrol_path = "{sockets}/%C"'
    wanted = Wanted(doors=[front_end], scheduler=moab(paths), stages=["chip"], login=login)
    operator = configure(paths, wanted)
    operator.environ.pop("SUDO_USER", None)
    operator.environ["LOGNAME"] = "ann"
    operator.did("db", "upgrade")
    held = Doorstop(paths.bin, "ppImage")
    log = paths.logs / "engine.out"
    with practice_nodes(paths):
        with engine(operator, log) as child:
            operator.log_in()
            until(lambda: operator.runs().get("chip", {}).get("tasks"), "the chip job runs", pause_s=0.3)
            opened_at = operator.asked("session")["sessions"][0]["opened_at"]
            child.kill()
            child.wait()
            killed_at = time.time()
        (master,) = masters_in(sockets)
        logins = connections(front_end)
        with engine(operator, log):
            until(lambda: operator.asked("session")["sessions"][0]["state"] == "open", "it is taken over", pause_s=0.3)
            held.let_go()
            run = operator.stage_at("chip", "done", "stopped", "exec_stopped")
            (session,) = operator.asked("session")["sessions"]
            shown = operator.asked("run", "show", str(run["remote_id"]))
        assert masters_in(sockets) == [master]
    assert (shown["state"], len(shown["jobs"]), shown["failures"]) == ("full", 1, [])
    assert (session["opened_by"], session["user"]) == ("ann as root", "root")
    # as old as the master, not as its adoption
    assert opened_at - 60 < session["opened_at"] < killed_at
    assert connections(front_end) == logins
    assert front_end.tries() == (1, 0)
    events = story(paths)
    assert not {"StepFailed", "SessionGone", "JobKilled"} & set(events[events.index("JobAccepted") :])
