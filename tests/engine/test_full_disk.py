"""A disk or a quota that fills up under a run is a state of the world: it waits, says why, spends no try and goes on."""

from __future__ import annotations

import pytest
from tests.engine.test_survival import only

from rpconsole.domain.fault import BadData, DiskFailed, FaultKind, SiteFailed
from rpconsole.domain.full_disk import kind_of
from rpconsole.domain.stage import Stage


@pytest.mark.parametrize("verb", ["send", "fetch"])
@pytest.mark.parametrize("words", ["No space left on device", "Disk quota exceeded"])
async def test_a_run_waits_as_long_as_there_is_no_room_and_no_try_is_spent(bench, verb, words):
    only(bench, Stage.CHIP)
    for nth in range(1, 7):
        bench.site.trouble(verb, SiteFailed(f"fe1: cannot write /scratch/x: {words}"), nth=nth)
    said: set[bool] = set()

    def look():
        bench.player.play()
        said.update(words in " ".join(map(str, run.why)) for run in bench.engine.snapshot().runs)
        return bench.states() == ["full"]

    async with bench.running():
        await bench.login()
        await bench.until(look)
    assert True in said
    assert bench.site.calls.count(verb) >= 7


def test_only_what_may_pass_is_waited_for():
    full = "cannot write x: Disk quota exceeded"
    assert kind_of(SiteFailed(full)) is kind_of(DiskFailed(full)) is FaultKind.AWAY
    assert kind_of(SiteFailed("cannot write x: Input/output error")) is FaultKind.TRANSIENT
    assert kind_of(BadData(full)) is FaultKind.PERMANENT
