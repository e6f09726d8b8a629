"""What a check found: one line a thing, with the remedy where it is bad."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass

from rpconsole.cli.failures import failure_of
from rpconsole.cli.output import show_json, show_table
from rpconsole.domain.fault import ExitCode


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    #: what was found
    found: str
    #: what to do about it; empty when all is well
    remedy: str = ""
    exit_code: int = ExitCode.DONE


def looked_at(name: str, look: Callable[[], str], *, remedy: str) -> Finding:
    """Look at something; a failure is a finding, never the end of the others."""
    try:
        return Finding(name=name, ok=True, found=look())
    except Exception as error:
        return _bad(name, error, remedy)


async def answered(name: str, answer: Awaitable[str], *, remedy: str) -> Finding:
    """Wait for an answer, likewise."""
    try:
        return Finding(name=name, ok=True, found=await answer)
    except Exception as error:
        return _bad(name, error, remedy)


def _bad(name: str, error: Exception, remedy: str) -> Finding:
    sentence, code = failure_of(error)
    return Finding(name=name, ok=False, found=sentence, remedy=remedy, exit_code=code)


def show_findings(findings: Sequence[Finding], *, as_json: bool) -> None:
    """One line a finding."""
    if as_json:
        show_json({"version": 1, "ok": all(one.ok for one in findings), "checks": [asdict(one) for one in findings]})
        return
    show_table(
        ("", "what", "found", "remedy"),
        [("ok" if one.ok else "BAD", one.name, one.found, one.remedy) for one in findings],
    )
    sys.stdout.flush()


def exit_code_of(findings: Sequence[Finding]) -> int:
    """0 when all is well, else the first bad finding's."""
    return next((int(one.exit_code) or int(ExitCode.SYSTEM) for one in findings if not one.ok), int(ExitCode.DONE))
