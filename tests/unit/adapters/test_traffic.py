"""What crosses a session, as rates: by times that are told, with no clock of its own."""

from __future__ import annotations

import pytest

from rpconsole.adapters.traffic import Traffic
from rpconsole.domain.haul import Way


def test_nothing_has_crossed_a_session_that_has_just_opened():
    traffic = Traffic()
    assert traffic.streams(0.0) == ()
    assert [traffic.rate(way, 0.0) for way in Way] == [0.0, 0.0]


def test_a_steady_stream_tells_its_rate_and_when_what_it_took_is_through():
    traffic = Traffic()
    with traffic.lane("fe1/1", Way.SEND, 0.0) as lane:
        lane.took(3, 100_000_000)
        for second in range(1, 6):
            lane.moved(10_000_000)
            (stream,) = traffic.streams(float(second))
        assert (stream.name, stream.way, stream.bundle) == ("fe1/1", Way.SEND, 3)
        assert stream.rate == pytest.approx(10e6)
        assert stream.bytes_left == 50_000_000
        assert stream.left_s == pytest.approx(5.0)
        assert traffic.rate(Way.SEND, 5.0) == pytest.approx(10e6)
        assert traffic.rate(Way.FETCH, 5.0) == 0.0


def test_the_streams_of_a_session_add_up_and_each_way_is_counted_by_itself():
    traffic = Traffic()
    with traffic.lane("fe1/1", Way.SEND, 0.0) as out, traffic.lane("fe1/2", Way.FETCH, 0.0) as back:
        out.took(1, 1000)
        back.took(1, 1000)
        out.moved(400)
        back.moved(200)
        with traffic.lane("fe1/3", Way.SEND, 0.0) as more:
            more.moved(100)
            assert traffic.rate(Way.SEND, 1.0) == 500.0
        assert traffic.rate(Way.FETCH, 1.0) == 200.0
        # what has taken nothing yet carries nothing
        assert [stream.name for stream in traffic.streams(1.0)] == ["fe1/1", "fe1/2"]


def test_a_rate_falls_to_nothing_once_nothing_moves_and_a_stream_that_gave_its_files_back_has_none_left():
    traffic = Traffic()
    with traffic.lane("fe1/1", Way.FETCH, 0.0) as lane:
        lane.took(1, 5000)
        lane.moved(1000)
        assert traffic.rate(Way.FETCH, 1.0) == 1000.0
        lane.rests()
        assert traffic.streams(1.0)[0].bytes_left == 0
    assert traffic.streams(2.0) == ()
    assert 0.0 < traffic.rate(Way.FETCH, 10.0) < 1000.0
    assert traffic.rate(Way.FETCH, 60.0) == 0.0


def test_more_than_was_reckoned_may_cross_and_nothing_is_owed():
    traffic = Traffic()
    with traffic.lane("fe1/1", Way.FETCH, 0.0) as lane:
        # the size of a file at the site is a guess until it comes
        lane.took(1, 10)
        lane.moved(5000)
        assert traffic.streams(1.0)[0].bytes_left == 0
