"""How the engine's process shares its interpreter: between its threads, and with the search for garbage that holds itself."""

from __future__ import annotations

import gc
import sys

#: objects made since the last look, looks at the young ones before one at the older, and so on
PACE = (20_000, 20, 50)
#: for which a thread keeps the interpreter while another wants it
TURN_S = 0.001


def settle_interpreter() -> None:
    """For a process that goes on living, once everything is loaded.

    What is there stays, and is not gone through again: an engine makes rows by the hundred thousand and hardly a ring. At Python's own
    pace, meant for small programs, a sixth of the time in which it applies a run's results goes into looking for some. And where four
    threads write to a server, Python's own turns of 5 ms keep the loop from its next one for as long as a key may wait for its answer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*PACE)
    sys.setswitchinterval(TURN_S)
