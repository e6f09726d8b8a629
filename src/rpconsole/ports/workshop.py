"""Where long pure work is done, so that the event loop, and everybody who waits for it, goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


class Workshop(Protocol):
    """A place for calculations: text to be made of rows, files to be understood."""

    async def call(self, work: Callable[[Given], Made], given: Given) -> Made:
        """What ``work`` makes of ``given``; what it raises comes out.

        ``work`` is a function of a module and changes nothing: it may run in another process, and again where that one died.
        """
        ...
