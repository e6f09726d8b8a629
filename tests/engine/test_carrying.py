"""Files over the line, for runs and for people alike: how they are laid over it is learned, and nothing is begun that will not fit."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from rpconsole.commands.quota import read_quota
from rpconsole.domain.fault import SessionLost
from rpconsole.domain.haul import Haul, HaulState, Way
from rpconsole.domain.stage import Stage
from rpconsole.domain.tuning import Spread
from rpconsole.domain.why import reasons
from rpconsole.engine.carrying import carry
from rpconsole.engine.haul_desk import HaulDesk
from rpconsole.engine.haul_room import room_for
from rpconsole.engine.meter import Meter
from rpconsole.engine.notices import NoticeBoard
from rpconsole.engine.tuning import PROBE_BYTES, TOPIC, Tuner
from rpconsole.ports.site import Answer, Delivery, Shipment, TransferCut, Urgency
from rpconsole.ports.site_files import Room

MB = 1_000_000
GONE_S = 12 * 3600.0 - 800


class WideLine:
    """A line that four windows fill: 43 MB/s a session, 25 MB/s a channel, 118 MB/s in all; time is counted, not spent."""

    def __init__(self, sessions=4, channels=2):
        self.there_is = Spread(sessions=sessions, channels=channels)
        self.used = []
        self.now = 0.0
        self.slices = []
        self.cut_at = None

    def most(self):
        return self.there_is

    def use(self, spread):
        self.used.append(spread)

    def monotonic(self):
        return self.now

    async def send(self, shipments, progress=None, *, urgency=Urgency.RUN):
        at = self.used[-1] or self.there_is
        size = sum(one.size for one in shipments)
        self.slices.append((at, size))
        if self.cut_at == len(self.slices):
            raise TransferCut("the session ended", [_delivery(shipments[0])], [])
        self.now += size / min(118e6, at.sessions * min(43e6, at.channels * 25e6))
        return [_delivery(one) for one in shipments], []

    fetch = send


def _delivery(shipment):
    return Delivery(shipment=shipment, size=shipment.size, sha256="0" * 64)


@pytest.fixture
def line():
    return WideLine()


@pytest.fixture
def world(line, bench):
    books = bench.journal.hauls
    return SimpleNamespace(
        site=line, clock=line, meter=Meter(), haulage=SimpleNamespace(books=books, tuner=Tuner(books, line))
    )


def files(count, size=50 * MB):
    return [Shipment(source=f"/a/{number}", target=f"/b/{number}", size=size) for number in range(count)]


async def run_of(world, count=200, way=Way.SEND):
    arrived, missed = await carry(world, way, files(count), None, urgency=Urgency.RUN)
    assert [one.shipment for one in arrived] == files(count)
    assert missed == []


async def test_a_runs_files_find_the_bend_of_the_line_and_the_next_run_uses_it(world, line, bench):
    await run_of(world)
    tried = [spread for spread, _ in line.slices]
    assert tried[0] == Spread(sessions=1, channels=1)
    assert all(size <= PROBE_BYTES for _, size in line.slices[:-1])
    best = tried[-1]
    assert min(118e6, best.sessions * min(43e6, best.channels * 25e6)) > 0.9 * 118e6
    assert (await bench.journal.hauls.recall(f"{TOPIC} send 4x2"))["sessions"] == best.sessions
    line.slices.clear()
    await run_of(world)
    assert line.slices == [(best, 200 * 50 * MB)]
    assert line.used[-1] is None


async def test_what_one_engine_learned_the_next_one_uses_and_the_other_way_is_learned_by_itself(world, line, bench):
    await run_of(world)
    world.haulage.tuner = Tuner(bench.journal.hauls, line)
    line.slices.clear()
    await run_of(world)
    assert len(line.slices) == 1
    await run_of(world, way=Way.FETCH)
    assert line.slices[1][0] == Spread(sessions=1, channels=1)
    line.there_is = Spread(sessions=2, channels=2)
    await run_of(world)
    assert line.slices[-1][0].sessions <= 2


async def test_a_slice_that_shared_the_line_measures_nothing(world, line):
    tuner = world.haulage.tuner
    assert await tuner.is_trying(Way.SEND)
    with tuner.slice(Way.SEND) as first:
        assert first.spread == Spread(sessions=1, channels=1)
        with tuner.slice(Way.SEND) as second:
            assert second.spread is None
    assert first.spread is None
    with tuner.slice(Way.SEND) as third:
        pass
    assert third.spread == Spread(sessions=1, channels=1)


async def test_a_cut_tells_what_all_slices_had_brought(world, line):
    line.cut_at = 3
    with pytest.raises(SessionLost) as lost:
        await carry(world, Way.SEND, files(20), None, urgency=Urgency.RUN)
    assert [one.shipment for one in vars(lost.value)["delivered"]] == files(20)[:9]


# -- no start that will not fit ----------------------------------------------------------------------------------------


async def opened_long_ago(bench):
    async def answer(challenge):
        return [bench.sessions.issue()]

    bench.sessions._lifetime_s = 12 * 3600.0
    await bench.sessions.open(answer)
    await bench.clock.advance(GONE_S)


async def test_a_run_whose_files_will_not_fit_before_the_end_is_held_with_the_reason_and_goes_after_a_login(bench):
    bench.world.meter.learn(Way.SEND, 5 * MB, 5e9)
    await opened_long_ago(bench)
    async with bench.running() as engine:

        def held():
            found = [run for run in engine._core.book.live() if run.remote_id in engine._core.situation().too_long]
            return bool(found) and "the session ends before" in " ".join(reasons(found[0], engine._core.situation()))

        await bench.until(held)
        assert "send" not in bench.site.calls
        assert all(run.tries == 0 for run in engine._core.book.live())
        await bench.sessions.close()
        await bench.login()
        await bench.until(lambda: "run" in bench.states(Stage.CHIP))


async def test_a_run_whose_files_fit_goes_also_shortly_before_the_end(bench):
    bench.world.meter.learn(Way.SEND, 5 * MB, 0.1)
    await opened_long_ago(bench)
    async with bench.running():
        await bench.until(lambda: "run" in bench.states(Stage.CHIP))


# -- the quota ---------------------------------------------------------------------------------------------------------

QUOTA = """Disk quotas for usr op (uid 1):
     Filesystem  kbytes   quota   limit   grace   files   quota   limit   grace
      {}     900    1000    1000       -      10       0       0       -
"""


@pytest.mark.parametrize(
    ("shown", "target", "free"),
    [
        ("/scratch3", "/scratch3/watersc1/refs", 100 * 1024),
        ("/dev/sda1", "/scratch3/watersc1/refs", 100 * 1024),
        ("/scratch3", "/permanent/refs", 1 << 40),
        ("/permanent", "/permanent/refs", 100 * 1024),
        ("/scratch3", "/scratch33/refs", 1 << 40),
    ],
)
async def test_a_haul_has_no_more_room_than_the_quota_that_holds_where_it_goes(bench, shown, target, free):
    text = QUOTA.format(shown)
    assert read_quota(text, "/scratch3/watersc1") is not None
    world = with_quota(bench, text)
    haul = Haul(number=1, way=Way.SEND, sources=(), target=target, who="op", ordered_at=0.0)
    assert (await room_for(world, haul)).free_bytes == free


def with_quota(bench, text, rc=0):
    async def run(argv, *, timeout_s):
        return Answer(rc=rc, out=text, err="")

    bench.site.run = run
    bench.trees.left = Room(free_bytes=1 << 40, free_files=1 << 20)
    settings = bench.world.settings
    scratch = replace(settings.scratch, quota_command=("lfs", "quota"))
    return replace(bench.world, settings=replace(settings, scratch=scratch))


async def test_a_haul_that_the_quota_will_not_hold_waits_with_figures_before_anything_moves(bench):
    await opened_long_ago(bench)
    world = with_quota(bench, QUOTA.format("/scratch3"))
    (bench.folder / "big").write_bytes(bytes(200 * 1024))
    desk = HaulDesk(world, NoticeBoard(bench.clock))
    await desk.order(Way.SEND, [str(bench.folder / "big")], "/scratch3/watersc1/refs", "op")
    haul = await until_held(desk)
    assert "has room for" in haul.sentence
    assert "send" not in bench.site.calls
    bench.site.calls.clear()
    desk._world = with_quota(bench, QUOTA.format("/scratch3"), rc=1)
    await bench.clock.advance(61.0)
    haul = await until_held(desk, HaulState.DONE)
    assert haul.files_done == 1


async def until_held(desk, state=HaulState.WAITING):
    for _ in range(30_000):
        await desk.tick()
        await asyncio.sleep(0.001)
        haul = (await desk.all())[0].haul
        if haul.state is state and (state is not HaulState.WAITING or "room" in haul.sentence):
            return haul
    raise AssertionError(haul)
