from __future__ import annotations

import json
import os
import threading

import pytest

from rpconsole.remote import fence

ME = {"job": "7", "name": "rp12.1.aaaa"}
OTHER = {"job": "8", "name": "rp12.2.bbbb"}


def holder_of(folder, generation, **changes):
    path = folder / str(generation) / "holder"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_the_first_takes_it_and_the_second_is_told_whose_it_is(tmp_path):
    fence.take(str(tmp_path), ME, set(), False)
    with pytest.raises(fence.Duplicate) as duplicate:
        fence.take(str(tmp_path), OTHER, set(), False)
    assert duplicate.value.holder["name"] == ME["name"]


def test_of_many_at_once_one_wins(tmp_path):
    won, lost = [], []
    start = threading.Barrier(12)

    def race(number):
        start.wait()
        try:
            won.append(fence.take(str(tmp_path), {"job": str(number), "name": str(number)}, set(), False))
        except fence.Duplicate:
            lost.append(number)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 11)


def test_of_many_takeovers_at_once_one_wins(tmp_path):
    fence.take(str(tmp_path), ME, set(), False)
    won = []
    start = threading.Barrier(8)

    def race(number):
        start.wait()
        try:
            won.append(fence.take(str(tmp_path), {"job": str(number), "name": str(number)}, set(), True))
        except fence.Duplicate:
            pass

    threads = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    current = [holder for holder in won if holder.is_mine()]
    assert len(current) == 1
    assert len({holder.generation for holder in won}) == len(won)


def test_a_released_fence_lets_the_next_attempt_through(tmp_path):
    fence.take(str(tmp_path), ME, set(), False).release()
    assert fence.take(str(tmp_path), OTHER, set(), False).generation == 2


def test_an_end_mark_alone_lets_the_next_attempt_through(tmp_path):
    fence.take(str(tmp_path), ME, set(), False)
    assert fence.take(str(tmp_path), OTHER, {1}, False).generation == 2


def test_a_holder_on_another_host_is_never_presumed_dead(tmp_path):
    fence.take(str(tmp_path), ME, set(), False)
    holder_of(tmp_path, 1, host="mu999")
    os.utime(tmp_path / "1", (0, 0))
    with pytest.raises(fence.Duplicate):
        fence.take(str(tmp_path), OTHER, set(), False)


def test_a_holder_of_this_host_whose_process_is_gone_is_over(tmp_path):
    fence.take(str(tmp_path), ME, set(), False)
    holder_of(tmp_path, 1, began="1")
    assert fence.take(str(tmp_path), OTHER, set(), False).generation == 2


def test_a_job_requeued_under_the_same_id_goes_on(tmp_path):
    fence.take(str(tmp_path), ME, set(), False)
    holder_of(tmp_path, 1, host="mu999")
    assert fence.take(str(tmp_path), ME, set(), False).generation == 2


def test_without_a_job_id_the_same_name_is_no_proof(tmp_path):
    nobody = {"job": "", "name": "x"}
    fence.take(str(tmp_path), nobody, set(), False)
    holder_of(tmp_path, 1, host="mu999")
    with pytest.raises(fence.Duplicate):
        fence.take(str(tmp_path), nobody, set(), False)


def test_an_overruled_holder_sees_it(tmp_path):
    first = fence.take(str(tmp_path), ME, set(), False)
    assert first.is_mine()
    fence.take(str(tmp_path), OTHER, set(), True)
    assert not first.is_mine()


def test_a_claim_without_a_name_that_is_old_still_holds(tmp_path):
    (tmp_path / "1").mkdir()
    os.utime(tmp_path / "1", (0, 0))
    with pytest.raises(fence.Duplicate) as duplicate:
        fence.take(str(tmp_path), ME, set(), False)
    assert duplicate.value.holder is None
