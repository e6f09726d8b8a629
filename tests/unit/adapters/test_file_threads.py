"""How many threads may be at work on files together."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from rpconsole.adapters.ssh.file_threads import Turns

THREADS = 8


def test_few_threads_land_files_at_once():
    turns, inside, most = Turns(2, clock=lambda: 0.0), Counter[str](), Counter[str]()
    lock = threading.Lock()

    def work(_):
        with turns.taken(1):
            with lock:
                inside["now"] += 1
                most["ever"] = max(most["ever"], inside["now"])
            time.sleep(0.001)
            with lock:
                inside["now"] -= 1

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(50)))
    assert most["ever"] <= 2


def test_all_threads_land_files_at_once_where_the_disk_is_what_they_wait_for():
    seconds = itertools.count()
    turns, together = Turns(2, clock=lambda: float(next(seconds))), threading.Barrier(THREADS, timeout=90)
    with turns.taken(1):
        pass

    def work(_):
        with turns.taken(1):
            together.wait()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
