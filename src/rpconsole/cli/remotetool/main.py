"""``remotetool``: read the command line, carry it out on the configured database, print."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rpconsole import __version__
from rpconsole.cli.failures import PIPE_CLOSED, failure_of
from rpconsole.cli.remotetool.grammar import GLOBAL, MODES, Option
from rpconsole.cli.remotetool.modes import Printed, perform
from rpconsole.cli.remotetool.reading import Order, read_order
from rpconsole.domain.fault import ExitCode
from rpconsole.domain.foreign import visible

DEBUG = ("-debug", "--debug")
#: what the IPP's tool has no code of its own for is its 1: scripts know 1 to 4
FOREIGN_CODES = frozenset({ExitCode.DATA, ExitCode.TIMEOUT, ExitCode.LOGIN_NEEDED})


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    given = list(sys.argv[1:] if words is None else words)
    words = [word for word in given if word not in DEBUG]
    try:
        if set(words) & {"-help", "--help", "-h"}:
            sys.stdout.write(help_text())
        elif set(words) & {"-version", "--version"}:
            sys.stdout.write(f"remotetool of rpconsole {__version__}\n")
        else:
            _show(asyncio.run(_carried_out(read_order(words))))
        sys.stdout.flush()
        return 0
    except (Exception, KeyboardInterrupt) as error:
        if len(words) < len(given):
            sys.excepthook(type(error), error, error.__traceback__)
        return _failed(error)


def help_text() -> str:
    """Every mode with its options."""
    lines = ["usage: remotetool -MODE [-option value …]", ""]
    for mode in MODES:
        lines.append(f"-{mode.name}: {mode.help}")
        lines += [_help_line(option) for option in mode.options]
    lines += ["every mode:", *(_help_line(option) for option in GLOBAL if option.help)]
    return "\n".join([*lines, "-help, -version; -debug shows tracebacks", ""])


def _help_line(option: Option) -> str:
    name = f"-{option.name} {option.kind.value}".rstrip()
    return f"    {name:<20} {option.help}{' (required)' if option.required else ''}"


async def _carried_out(order: Order) -> Printed:
    from rpconsole.config.databases import load_databases
    from rpconsole.upkeep import open_remote_rows

    path = order.last("config")
    databases, file = load_databases(Path(path) if path else None)
    async with open_remote_rows(databases, file, order.last("dbname")) as rows:
        return await perform(order, rows)


def _show(printed: Printed) -> None:
    sys.stdout.write(visible(printed.out, lines=True))
    for note in printed.notes:
        sys.stderr.write(f"remotetool: {visible(note)}\n")


def _failed(error: BaseException) -> int:
    sentence, code = failure_of(error)
    if code == PIPE_CLOSED:
        # the interpreter flushes stdout once more on its way out
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    elif sentence:
        sys.stderr.write(f"remotetool: {sentence}\n")
    return int(ExitCode.UNEXPECTED) if code in FOREIGN_CODES else code
