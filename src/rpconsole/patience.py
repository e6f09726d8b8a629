"""A bound on what a regular expression may cost: some take longer than anybody lives over a single row."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from rpconsole.domain.fault import ExitCode, Fault, FaultKind, RpconsoleError
from rpconsole.domain.filters import Facts, Filter

#: seconds of this process's computing; thousands of rows take a few hundredths
PATIENCE_S = 0.25

Row = TypeVar("Row")


class PatternTooLong(RpconsoleError):
    """A regular expression took too long."""

    kind = FaultKind.REFUSED
    fault = Fault.CONFIG
    exit_code = ExitCode.USAGE


def given_up(kept: Filter, error: PatternTooLong) -> Filter:
    """A filter that lets everything through, and says why."""
    return replace(kept, terms=(), patterns=(), broken=(str(error),))


def sifted(kept: Filter, rows: Iterable[Row], facts: Callable[[Row], Facts]) -> tuple[Filter, list[Row]]:
    """The rows that pass; all of them, and the filter given up, where it never comes to an end."""
    rows = list(rows)
    try:
        with patience(kept):
            return kept, [row for row in rows if kept.passes(facts(row))]
    except PatternTooLong as error:
        return given_up(kept, error), rows


class _Over(Exception):
    pass


def _over(*_: object) -> None:
    raise _Over


@contextmanager
def patience(kept: Filter, limit_s: float = PATIENCE_S) -> Iterator[None]:
    """While rows are asked whether they pass. Raises PatternTooLong; costs nothing where there is no pattern.

    Python's own matching can be ended by a signal only, and signals reach the main thread only. It is computing that counts, not
    the time of day: on a busy machine a harmless pattern is not blamed.
    """
    if not kept.patterns:
        yield
        return
    sentence = f"re:{kept.patterns[0]} takes too long; without repetitions inside repetitions it would not"
    if threading.current_thread() is not threading.main_thread():
        raise PatternTooLong("a pattern is matched in the main thread only")
    before = signal.signal(signal.SIGVTALRM, _over)
    try:
        try:
            signal.setitimer(signal.ITIMER_VIRTUAL, limit_s)
            yield
        finally:
            # one that comes at this very moment is caught below
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except _Over:
        raise PatternTooLong(sentence) from None
    finally:
        signal.signal(signal.SIGVTALRM, before)
