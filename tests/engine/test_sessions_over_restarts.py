"""Sessions that outlive an engine, and the books on who opened them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.engine.conftest import OWNER

from rpconsole.domain.session import SessionState
from rpconsole.engine.service import Engine
from rpconsole.ports.journal import PastSession


async def past(bench):
    return [(one.host, one.opened_by, one.end) for one in await bench.world.operations.past_sessions()]


async def test_a_session_that_outlives_the_engine_keeps_the_name_of_who_opened_it(bench):
    bench.sessions.outlive = True
    async with bench.running():
        await bench.login()
    assert await past(bench) == [("fe1", "op", ""), ("fe2", "op", "")]
    async with bench.running() as engine:
        await bench.until(lambda: bench.sessions.alive())
        await bench.until(lambda: all(view.opened_by == "op" for view in engine.snapshot().sessions))
        assert await past(bench) == [("fe1", "op", ""), ("fe2", "op", "")]
        bench.sessions.drop()
        await bench.until(lambda: any("cut by the site" in one.sentence for one in engine.snapshot().alerts))
    assert {end for _, _, end in await past(bench)} == {"cut by the site"}
    assert len(bench.sessions.tries) == 2


async def test_a_session_that_ended_while_no_engine_looked_is_closed_in_the_books(bench):
    bench.sessions.outlive = True
    async with bench.running():
        await bench.login()
    bench.sessions.outlive = False
    await bench.sessions.resume()
    bench.sessions.drop()
    async with bench.running():
        for _ in range(6000):
            if {end for _, _, end in await past(bench)} == {"ended unseen"}:
                break
            await asyncio.sleep(0.01)
    assert {end for _, _, end in await past(bench)} == {"ended unseen"}


async def test_a_session_that_nobody_logged_in_for_was_opened_by_hand(bench):
    bench.sessions.outlive = True
    elsewhere = Engine(bench.world, OWNER)
    bench.engine = elsewhere

    async def answer(challenge):
        return [bench.sessions.issue() for _ in challenge.prompts]

    await bench.sessions.open(answer)
    await bench.sessions.release()
    async with bench.running() as engine:
        await bench.until(lambda: bench.sessions.alive())
        await bench.until(lambda: {view.opened_by for view in engine.snapshot().sessions} == {"by hand"})
        assert {view.state for view in engine.snapshot().sessions} == {SessionState.OPEN}
    assert await past(bench) == [("fe1", "by hand", ""), ("fe2", "by hand", "")]


async def test_sessions_that_end_with_the_engine_are_closed_in_the_books(bench):
    async with bench.running():
        await bench.login()
    assert {end for _, _, end in await past(bench)} == {"closed by us"}
    assert not bench.sessions.alive()


async def test_the_lifetime_is_learned_from_three_sessions_that_the_site_cut(bench):
    async with bench.running() as engine:
        for hours in (11, 12, 13):
            await bench.login()
            assert all(view.ends_at is None for view in engine.snapshot().sessions)
            await bench.clock.advance(hours * 3600.0)
            bench.sessions.drop()
            await bench.until(lambda: not any(view.opened_by for view in engine.snapshot().sessions))
        await bench.login()
        for view in engine.snapshot().sessions:
            assert view.opened_at is not None
            assert view.ends_at is not None
            assert abs(view.ends_at - view.opened_at - 12 * 3600) < 600
        await bench.clock.advance(12.5 * 3600)
        assert all(view.ends_at is None for view in engine.snapshot().sessions)
        assert bench.sessions.alive()


async def test_sessions_that_we_closed_teach_nothing(bench):
    async with bench.running() as engine:
        for _ in range(3):
            await bench.login()
            await bench.clock.advance(60.0)
            await engine.logout((), "op")
        await bench.login()
        assert all(view.ends_at is None for view in engine.snapshot().sessions)


async def test_a_session_keeps_who_opened_it_when_it_is_no_longer_the_only_one(bench):
    bench.sessions.outlive = True
    async with bench.running():
        await bench.login()
    views = bench.sessions._views
    for store in (views, bench.sessions._outliving):
        store["fe1/1"] = store.pop("fe1")
    views["fe1/1"] = replace(views["fe1/1"], host="fe1/1")
    async with bench.running() as engine:
        await bench.until(lambda: all(view.opened_by == "op" for view in engine.snapshot().sessions))


async def test_a_lifetime_is_learned_from_all_sessions_to_a_front_end(bench):
    now = bench.world.clock.now()
    for number, host in enumerate(("fe1", "fe1/1", "fe1/2")):
        begun = now - 100_000 * (number + 1)
        one = PastSession(
            host=host, user="u", opened_by="op", opened_at=begun, ended_at=begun + 3600, end="cut by the site"
        )
        await bench.world.operations.session_opened(one)
    async with bench.running():
        await bench.until(lambda: bench.sessions._lives_s == {"fe1": 3600.0})
