"""The journal of acts tells what came of each order."""

from __future__ import annotations

import pytest

from rpconsole.domain.fault import RpconsoleError
from rpconsole.engine.audit import Audit


async def last_of(bench):
    return (await bench.journal.operations.acts())[-1]


async def test_an_act_that_went_well_has_its_outcome(bench):
    async with Audit(bench.world).acting("ann", "advance everything") as act:
        assert (await last_of(bench)).outcome is None
        act.outcome = "3 registered for the next stage"
    assert (await last_of(bench)).outcome == "3 registered for the next stage"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (RpconsoleError("the site refused\nits story"), "not done: the site refused"),
        (KeyError("x"), "not done: it was broken off"),
    ],
)
async def test_an_act_that_failed_says_why_and_its_failure_goes_on(bench, error, outcome):
    with pytest.raises(type(error)):
        async with Audit(bench.world).acting("ann", "cancel run 7"):
            raise error
    assert (await last_of(bench)).outcome == outcome
