"""Threads for reading and writing transferred files, apart from those that the database uses: an fsync may take its time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_POOL = ThreadPoolExecutor(8, thread_name_prefix="files")


def in_file_thread(
    work: Callable[_Arguments, _Result], *args: _Arguments.args, **kwargs: _Arguments.kwargs
) -> asyncio.Future[_Result]:
    """Begin the work now; await the future for its result."""
    return asyncio.get_running_loop().run_in_executor(_POOL, lambda: work(*args, **kwargs))
