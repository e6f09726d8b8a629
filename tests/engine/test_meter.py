"""What is told of a transfer while it moves: for its run and for the site, true to a tenth, also when the line changes its rate."""

from __future__ import annotations

import pytest

from rpconsole.domain.haul import Way
from rpconsole.engine.meter import Meter

PIECE = 512 << 10


def steady(at: float) -> float:
    return 40e6


def halving(at: float) -> float:
    return 40e6 if at < 300 else 20e6


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize(("rate", "changes_at"), [(steady, 0), (halving, 300)])
def test_the_remaining_time_of_a_run_and_of_the_site_is_true_to_a_tenth(way, rate, changes_at):
    meter, clock, total = Meter(), [5000.0], 24e9
    looks: list[tuple[float, float, float]] = []
    with meter.run(7, way, 1000, int(total), lambda: clock[0]) as told:
        moved = 0
        while moved < total:
            clock[0] += PIECE / rate(clock[0] - 5000)
            moved += PIECE
            told(0, PIECE)
            if clock[0] - 5000 - changes_at >= 60 and moved < 0.97 * total and moved % (200 * PIECE) == 0:
                view, site = meter.views().get(7), meter.rates(clock[0])[way is Way.FETCH]
                assert view is not None
                assert view.left_s is not None
                looks.append((clock[0], view.left_s, (total - moved) / site))
    end = clock[0]
    assert len(looks) > 50
    for at, of_run, of_site in looks:
        assert of_run == pytest.approx(end - at, rel=0.1, abs=3)
        assert of_site == pytest.approx(end - at, rel=0.1, abs=3)
