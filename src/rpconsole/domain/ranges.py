"""Numbers in few words: what counts on without a gap is written as its ends."""

from __future__ import annotations

from collections.abc import Iterable

#: a number, or the first and the last of numbers that follow each other
Ranges = tuple[int | tuple[int, int], ...]


def ranges_of(numbers: Iterable[int]) -> Ranges:
    """The numbers in their order: ``(4, 5, 6, 9)`` as ``((4, 6), 9)``."""
    found: list[int | tuple[int, int]] = []
    first = last = None
    for number in numbers:
        if first is None or last is None or number != last + 1:
            _close(found, first, last)
            first = number
        last = number
    _close(found, first, last)
    return tuple(found)


def numbers_of(ranges: Ranges) -> tuple[int, ...]:
    """The numbers again, in the same order."""
    found: list[int] = []
    for one in ranges:
        if isinstance(one, int):
            found.append(one)
        else:
            found.extend(range(one[0], one[1] + 1))
    return tuple(found)


def _close(found: list[int | tuple[int, int]], first: int | None, last: int | None) -> None:
    if first is not None and last is not None:
        found.append(first if first == last else (first, last))
