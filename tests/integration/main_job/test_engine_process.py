"""The engine's process over a real site: it stops in order, and there is one of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.integration.main_job.world import Engine, MainJob

pytestmark = pytest.mark.slow


async def test_stopped_in_the_middle_of_a_transfer_it_ends_in_order_and_goes_on_later(job):
    """Nothing comes back from a frozen site, and nobody waits for it."""
    job.hold("ship")
    await job.logged_in()
    await job.until(lambda: job.step() == "ship", every_s=0.01)
    job.site.freeze()
    assert job.engine.stop(within_s=45) == 0
    assert not job.engine.socket.exists()
    log = (job.site.paths.logs / "rpconsole.log").read_text()
    assert "SIGTERM: stopping in order" in log
    assert "engine stopped" in log
    assert "Traceback" not in log
    assert job.journal("SELECT count(*) FROM rp_owner") == [(0,)]
    job.site.thaw()
    job.let_go("ship")
    await job.engine.start()
    await job.logged_in()
    await job.full()
    assert job.submitted() == 1
    assert job.journal("SELECT tries, attempts FROM rp_run") == [(0, 1)]


async def test_a_second_engine_for_the_same_site_and_database_is_refused_by_the_holders_name(job, tmp_path):
    """By the lease where both share a journal, by the lock beside the database where they do not."""
    for shares_journal in (True, False):
        second = another(job, tmp_path / str(shares_journal), shares_journal=shares_journal)
        second.spawn()
        try:
            assert second.child.wait(timeout=90) == 2
        finally:
            second.end()
        assert str(job.engine.child.pid) in second.said()
        assert "Traceback" not in second.said()
        assert not second.socket.exists()
    await job.logged_in()
    await job.full()


def another(job: MainJob, folder: Path, *, shares_journal: bool) -> Engine:
    """An engine on a socket of its own."""
    folder.mkdir(mode=0o700)
    text = job.engine.config.read_text()
    text = re.sub(r'^socket = ".*"$', f'socket = "{folder}/rpconsole.sock"', text, flags=re.MULTILINE)
    if not shares_journal:
        text = re.sub(r'^state_dir = ".*"$', f'state_dir = "{folder}"', text, flags=re.MULTILINE)
    config = folder / "other.toml"
    config.write_text(text)
    return Engine(config, folder / "rpconsole.sock", folder / "out")
