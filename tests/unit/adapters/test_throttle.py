"""The ceiling of the line: bytes pass at the rate of the hour, all transfers together; a loop whose clock jumps instead of waiting."""

from __future__ import annotations

import asyncio
import selectors

import pytest

from rpconsole.adapters.ssh.throttle import Throttle
from rpconsole.domain.ceiling import Ceiling

MB = 1_000_000
BY_DAY = Ceiling(from_min=8 * 60, until_min=18 * 60, bytes_per_s=1 * MB)
AT_NOON = Ceiling(from_min=12 * 60, until_min=13 * 60, bytes_per_s=0.1 * MB)


class _Jumping(selectors.DefaultSelector):
    now = 0.0

    def select(self, timeout=None):
        self.now += timeout or 0.0
        return super().select(0)


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self):
        return self._jumping.now


def seconds_of(scene):
    """How long it took by the clock of the loop."""

    async def timed():
        loop = asyncio.get_running_loop()
        began = loop.time()
        await scene()
        return loop.time() - began

    with asyncio.Runner(loop_factory=_JumpingLoop) as runner:
        return runner.run(timed())


def spending(throttle, pieces, size=MB // 10):
    async def scene():
        for _ in range(pieces):
            await throttle.spend(size)

    return scene


@pytest.mark.parametrize(
    ("hour", "seconds"), [(7.9, 0.0), (8, 10.0), (12, 100.0), (13, 10.0), (17.9, 10.0), (18, 0.0), (23, 0.0)]
)
def test_bytes_pass_at_the_lowest_ceiling_of_the_hour(hour, seconds):
    throttle = Throttle([BY_DAY, AT_NOON], lambda: int(hour * 60))
    assert seconds_of(spending(throttle, 100)) == pytest.approx(seconds, abs=0.3)


def test_without_a_ceiling_the_hour_is_not_even_asked():
    def never():
        raise AssertionError

    assert seconds_of(spending(Throttle([], never), 100)) == 0.0


def test_transfers_at_once_share_one_ceiling():
    throttle = Throttle([BY_DAY], lambda: 9 * 60)

    async def scene():
        await asyncio.gather(*(spending(throttle, 25)() for _ in range(4)))

    assert seconds_of(scene) == pytest.approx(10.0, abs=0.3)


def test_an_idle_hour_is_not_saved_up_for_a_burst():
    throttle = Throttle([BY_DAY], lambda: 9 * 60)

    async def scene():
        await throttle.spend(MB)
        await asyncio.sleep(3600)
        await spending(throttle, 100)()

    assert seconds_of(scene) == pytest.approx(3610.75, abs=0.3)


def test_a_ceiling_that_begins_or_ends_in_mid_transfer_is_followed():
    start = 17 * 60 + 59

    async def scene():
        loop = asyncio.get_running_loop()
        throttle = Throttle([BY_DAY], lambda: start + int(loop.time() // 60))
        # 60 MB go until six, the rest as fast as the line gives
        await spending(throttle, 6000)()

    assert seconds_of(scene) == pytest.approx(60.0, abs=0.5)


def test_a_low_ceiling_does_not_outlast_its_hour():
    async def scene():
        loop = asyncio.get_running_loop()
        throttle = Throttle([Ceiling(from_min=0, until_min=1, bytes_per_s=1000)], lambda: int(loop.time() // 60))
        await throttle.spend(MB)

    assert seconds_of(scene) == pytest.approx(60.0, abs=1.3)
