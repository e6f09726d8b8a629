"""The engine's process over a real site: it stops in order, and there is one of it."""

from __future__ import annotations

import re

import pytest
from tests.integration.main_job.world import Engine

pytestmark = pytest.mark.slow


async def test_stopped_in_the_middle_of_a_transfer_it_ends_in_order_and_goes_on_later(job):
    """Nothing comes back from a frozen site, and nobody waits for it."""
    await job.logged_in()
    await job.until(lambda: job.step() == "ship", every_s=0.001)
    job.site.freeze()
    assert job.engine.stop(within_s=15) == 0
    assert not job.engine.socket.exists()
    log = (job.site.paths.logs / "rpconsole.log").read_text()
    assert "SIGTERM: stopping in order" in log
    assert "engine stopped" in log
    assert "Traceback" not in log
    assert job.journal("SELECT count(*) FROM rp_owner") == [(0,)]
    job.site.thaw()
    await job.engine.start()
    await job.logged_in()
    await job.full()
    assert job.submitted() == 1
    assert job.journal("SELECT tries, attempts FROM rp_run") == [(0, 1)]


@pytest.mark.parametrize("shared", ["journal", "database"])
async def test_a_second_engine_for_the_same_site_and_database_is_refused_by_the_holders_name(job, tmp_path, shared):
    text = job.engine.config.read_text()
    text = re.sub(r'^socket = ".*"$', f'socket = "{tmp_path}/other/rpconsole.sock"', text, flags=re.MULTILINE)
    if shared == "database":
        text = re.sub(r'^state_dir = ".*"$', f'state_dir = "{tmp_path}/other"', text, flags=re.MULTILINE)
    config = tmp_path / "other.toml"
    config.write_text(text)
    (tmp_path / "other").mkdir(mode=0o700)
    second = Engine(config, tmp_path / "other" / "rpconsole.sock", tmp_path / "out")
    second.spawn()
    try:
        assert second.child.wait(timeout=30) == 2
    finally:
        second.end()
    said = second.said()
    assert str(job.engine.child.pid) in said
    assert "Traceback" not in said
    assert not second.socket.exists()
    await job.logged_in()
    await job.full()
