"""Threads for reading and writing transferred files, apart from those that the database uses: an fsync may take its time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from threading import BoundedSemaphore
from time import monotonic
from typing import ParamSpec, TypeVar

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_POOL = ThreadPoolExecutor(8, thread_name_prefix="files")
#: more threads that open, write and rename would only hand the interpreter to and fro, and to the loop last
AT_WORK = 2
#: a file that takes longer is waited for, as on a network disk; with every thread at work none is kept so long from the interpreter
_SLOW_S = 0.003


def in_file_thread(
    work: Callable[_Arguments, _Result], *args: _Arguments.args, **kwargs: _Arguments.kwargs
) -> asyncio.Future[_Result]:
    """Begin the work now; await the future for its result."""
    return asyncio.get_running_loop().run_in_executor(_POOL, lambda: work(*args, **kwargs))


class Turns:
    """Few threads at once while they compute; as many as there are while they wait for the disk."""

    def __init__(self, most: int, clock: Callable[[], float] = monotonic) -> None:
        self._few = BoundedSemaphore(most)
        self._clock = clock
        self._waits = False

    @contextmanager
    def taken(self, files: int) -> Iterator[None]:
        """For the time that so many files take."""
        with nullcontext() if self._waits else self._few:
            began = self._clock()
            try:
                yield
            finally:
                self._waits = self._clock() - began > files * _SLOW_S
