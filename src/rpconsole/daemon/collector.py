"""How often the engine's process looks for garbage that holds itself."""

from __future__ import annotations

import gc

#: objects made since the last look, looks at the young ones before one at the older, and so on
PACE = (20_000, 20, 50)


def settle_collector() -> None:
    """For a process that goes on living, once everything is loaded: what is there stays, and is not gone through again.

    An engine makes rows by the hundred thousand and hardly a ring. At Python's own pace, meant for small programs, a sixth of the time
    in which it applies a run's results goes into looking for some.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*PACE)
