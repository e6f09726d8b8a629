"""The frame that every program runs in: read the command line, work, keep the log, end with a code and a sentence."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rpconsole.practice.programs.exits import BadInput, ExitCode, MissingInput, ProgramFault
from rpconsole.practice.programs.faults import FaultMode, staged
from rpconsole.practice.programs.options import Given, Synopsis

REVISION = "42501"


@dataclass(kw_only=True, slots=True)
class Outputs:
    """What one run of a program leaves behind: its products, its log, and what it says on standard output."""

    products: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)

    def say(self, text: str) -> None:
        self.said.append(text)

    def note(self, sentence: str) -> None:
        self.log.append(f"{self.elapsed():9.3f} {sentence}")

    def elapsed(self) -> float:
        return time.perf_counter() - self.started

    def product(self, path: str) -> str:
        """Promise a product; its directory must be there, for these programs make none."""
        directory = os.path.dirname(path) or "."
        if not os.path.isdir(directory):
            raise MissingInput(f"cannot write {path}: no directory {directory}")
        self.products.append(path)
        return path

    def text(self, path: str, content: str) -> None:
        with open(self.product(path), "w", encoding="utf-8") as stream:
            stream.write(content)


Work = Callable[[Given, Outputs], None]


def run(synopsis: Synopsis, work: Work, argv: Sequence[str]) -> int:
    """Run one program; whatever happens, its end is an exit code of 0..6 and, unless 0, one sentence on stderr."""
    outputs = Outputs()
    try:
        _run(synopsis, work, argv, outputs)
    except ProgramFault as fault:
        return _end(synopsis.program, fault.code, str(fault))
    except OSError as error:
        return _end(synopsis.program, ExitCode.SYSTEM, f"{error.filename or 'system'}: {error.strerror or error}")
    except Exception as error:
        return _end(synopsis.program, ExitCode.PROGRAMMING, f"{type(error).__name__}: {error}")
    return ExitCode.OK


def _run(synopsis: Synopsis, work: Work, argv: Sequence[str], outputs: Outputs) -> None:
    given = synopsis.read(argv)
    fault = staged(synopsis.program, argv)
    if fault:
        fault.before()
    outputs.note(f"{synopsis.program} {' '.join(argv)}")
    try:
        work(given, outputs)
    except ProgramFault as error:
        outputs.note(f"stopped: {error}")
        raise
    finally:
        _keep_log(given, outputs)
    if fault:
        fault.after(outputs.products)
    if not fault or fault.mode not in (FaultMode.NO_PRODUCT, FaultMode.EMPTY_PRODUCT):
        sys.stdout.write("".join(outputs.said))
        sys.stdout.flush()


def _keep_log(given: Given, outputs: Outputs) -> None:
    outputs.note("end")
    log, trace = given.maybe("-log"), given.maybe("-tracedest")
    if log:
        outputs.text(log, "\n".join(outputs.log) + "\n")
    if trace:
        outputs.text(trace, f"{len(outputs.products)} products\n" + "\n".join(outputs.products) + "\n")


def _end(program: str, code: ExitCode, sentence: str) -> int:
    sys.stderr.write(f"{program}: {sentence}\n")
    return int(code)


def read_list(path: str) -> list[str]:
    """A file of file names, one a line."""
    names = [line.strip() for line in read_text(path).splitlines() if line.strip()]
    if not names:
        raise BadInput(f"{path} lists no files")
    return names


def read_text(path: str) -> str:
    """A whole text file, or a sentence that says why not."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        raise MissingInput(f"no such file: {path}") from None
    except IsADirectoryError:
        raise MissingInput(f"not a file: {path}") from None
