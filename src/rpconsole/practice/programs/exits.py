"""How a program ends: the exit codes that the survey's programs share, and the sentence that goes with a bad one."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    OK = 0
    UNKNOWN = 1
    SYSTEM = 2
    CONFIG = 3
    PROGRAMMING = 4
    INPUT = 5
    TIMEOUT = 6


class ProgramFault(Exception):
    """The program cannot go on."""

    code = ExitCode.UNKNOWN


class MissingInput(ProgramFault):
    """A file that the command line names is not there."""

    code = ExitCode.SYSTEM


class BadUsage(ProgramFault):
    """The command line cannot be understood."""

    code = ExitCode.CONFIG


class BadInput(ProgramFault):
    """A file is there, but not what it should be."""

    code = ExitCode.INPUT
