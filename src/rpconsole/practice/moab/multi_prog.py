"""``srun --multi-prog``: a file that says which rank runs what, with the limits of the Slurm of that time."""

from __future__ import annotations

import os
import shlex

MOST_BYTES = 60_000
#: before release 17.11, with the newline
LONGEST_LINE_BYTES = 254


class Refused(Exception):
    """srun would refuse."""


def commands_of(path: str, count: int) -> list[tuple[str, ...]]:
    """The command of each rank; every rank must stand in the file exactly once."""
    try:
        size = os.stat(path).st_size
    except OSError:
        raise Refused(f"Unable to open configuration file {path}") from None
    if size > MOST_BYTES:
        raise Refused(f"Multi_prog config file {path} is too large")
    found: dict[int, tuple[str, ...]] = {}
    with open(path, encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            if len(line.encode()) > LONGEST_LINE_BYTES:
                raise Refused(f"Line {number} of configuration file {path} too long")
            _add_line(found, line, count, path)
    for rank in range(count):
        if rank not in found:
            raise Refused(f"Configuration file {path} invalid, no record for task id {rank}")
    return [found[rank] for rank in range(count)]


def _add_line(found: dict[int, tuple[str, ...]], line: str, count: int, path: str) -> None:
    text = line.strip()
    if not text or text.startswith("#"):
        return
    ranks, _, command = text.partition(" ")
    lexer = shlex.shlex(command, posix=True, punctuation_chars="")
    # double quotes, $ and ; mean nothing to srun
    lexer.quotes, lexer.whitespace_split, lexer.commenters = "'", True, ""
    words = list(lexer)
    for offset, rank in enumerate(_ranks(ranks, found, count)):
        if rank in found:
            raise Refused(f"Configuration file {path} invalid, Duplicate record for task {rank}")
        found[rank] = tuple(word.replace("%t", str(rank)).replace("%o", str(offset)) for word in words)


def _ranks(text: str, found: dict[int, tuple[str, ...]], count: int) -> list[int]:
    if text == "*":
        return [rank for rank in range(count) if rank not in found]
    ranks: list[int] = []
    for piece in text.split(","):
        first, _, last = piece.partition("-")
        ranks += range(int(first), int(last or first) + 1)
    return ranks
