"""Where the program starts. The console opens without what reads command lines: a person waits for its first frame."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rpconsole import __version__
from rpconsole.cli.given import Given
from rpconsole.cli.tty import can_draw, is_terminal

if TYPE_CHECKING:
    from rpconsole.cli.seat import Wanted


def main(args: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    words = sys.argv[1:] if args is None else args
    if words == ["--version"]:
        sys.stdout.write(f"rpconsole {__version__}\n")
        return 0
    wanted = console_words(words) if is_terminal() and can_draw() else None
    if wanted is None:
        from rpconsole.cli.app import main as command_line

        return command_line(words)
    try:
        from rpconsole.cli.seat import open_console

        return open_console(wanted)
    except BaseException as error:
        from rpconsole.cli.app import ended

        return ended(error, debug=wanted.given.debug)


def console_words(words: Sequence[str]) -> Wanted | None:
    """How the console is wanted, where the words ask for one in the plainest way; None leaves them to the command line."""
    from rpconsole.cli.seat import Wanted

    left, config_file = list(words), None
    if len(left) > 1 and left[0] in ("-c", "--config"):
        config_file, left = Path(left[1]), left[2:]
    options = left[1:]
    if left and (left[0] != "attach" or not set(options) <= {"--read-only", "--ascii"}):
        return None
    return Wanted(
        given=Given(config_file=config_file),
        starts_engine=not left,
        read_only="--read-only" in options,
        ascii_only="--ascii" in options,
    )
