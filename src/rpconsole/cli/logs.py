"""logs: the engine's log file, as it is and as it grows."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from rpconsole.cli.configured import configured
from rpconsole.cli.options import JsonOption, given
from rpconsole.cli.output import say, show_json
from rpconsole.domain.fault import BadConfiguration

LOOK_EVERY_S = 0.5


def logs(
    context: typer.Context,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with what is added, until Ctrl-C.")] = False,
    run: Annotated[int | None, typer.Option("--run", help="Only lines about this run.")] = None,
    lines: Annotated[int, typer.Option("-n", "--lines", min=0, help="How many of the last lines.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Show the engine's log."""
    if follow and as_json:
        raise typer.BadParameter("one JSON object cannot be followed; leave out one of -f and --json")
    path = configured(given(context)).log_file
    if path is None:
        raise BadConfiguration(
            "the engine logs to stderr (under systemd: journalctl -u rpconsole), no log file is configured"
        )
    with path.open("rb") as file:
        last = deque((line for line in _lines(file.read()) if _is_about(line, run)), maxlen=lines)
        if as_json:
            show_json({"version": 1, "file": str(path), "lines": list(last)})
            return
        for line in last:
            say(line)
        if follow:
            for line in _added(path, file.tell()):
                if _is_about(line, run):
                    say(line)


def _lines(content: bytes) -> list[str]:
    return content.decode(errors="backslashreplace").splitlines()


def _is_about(line: str, run: int | None) -> bool:
    """A line carries ``run=<id>`` where the engine knows the run, and its number in words elsewhere."""
    return run is None or re.search(rf"\brun[= ]{run}\b", line) is not None


def _added(path: Path, position: int) -> Iterator[str]:
    """Whole lines as they are added; a log that was rotated is followed from its new beginning."""
    rest, identity = b"", path.stat().st_ino
    while True:
        try:
            facts = path.stat()
        except FileNotFoundError:
            time.sleep(LOOK_EVERY_S)
            continue
        if facts.st_ino != identity or facts.st_size < position:
            position, identity, rest = 0, facts.st_ino, b""
        with path.open("rb") as file:
            file.seek(position)
            rest += file.read()
            position = file.tell()
        *whole, rest = rest.split(b"\n")
        yield from (line.decode(errors="backslashreplace") for line in whole)
        time.sleep(LOOK_EVERY_S)
