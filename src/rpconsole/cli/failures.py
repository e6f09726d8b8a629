"""What ends a command, as a sentence and an exit code."""

from __future__ import annotations

import sys

from rpconsole.domain.fault import ExitCode, RpconsoleError
from rpconsole.domain.foreign import visible
from rpconsole.domain.nearest import nearest

INTERRUPTED = 130
#: what a shell reports for a program that SIGPIPE ended
PIPE_CLOSED = 141


def failure_of(error: BaseException) -> tuple[str, int]:
    """The sentence (empty: nothing is said) and the exit code."""
    match error:
        case KeyboardInterrupt():
            return "", INTERRUPTED
        case _ if isinstance(error, _errors_of_typer("Abort", 0)):
            return "", INTERRUPTED
        case BrokenPipeError():
            return "", PIPE_CLOSED
        case RpconsoleError():
            return visible(str(error), lines=True), int(error.exit_code)
        case _ if isinstance(error, _errors_of_typer("BadParameter", 1)):
            return _usage(error), int(ExitCode.USAGE)
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            return visible(f"{where}{error.strerror or error}"), int(ExitCode.SYSTEM)
        case _:
            text = visible(f"{type(error).__name__}: {error}")
            return f"this was not foreseen: {text}; --debug shows where", int(ExitCode.UNEXPECTED)


def _errors_of_typer(name: str, above: int) -> tuple[type[BaseException], ...]:
    """A class of typer's, or one above it; none where typer was never loaded, which would take longer than a whole ``remotetool``.

    Typer carries its own click, under a name that is not public; its usage errors are the class above BadParameter.
    """
    typer = sys.modules.get("typer")
    return () if typer is None else (getattr(typer, name).__mro__[above],)


def _usage(error: BaseException) -> str:
    """Typer's own words, and where help is."""
    words = str(getattr(error, "message", "") or error)
    option = getattr(error, "option_name", None)
    possible = list(getattr(error, "possibilities", None) or [])
    if option:
        words = f"there is no option {option[:40]}{nearest(option, possible)}"
    elif hasattr(error, "format_message"):
        words = str(error.format_message())
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "rpconsole"
    return visible(f"{words.rstrip('.')} (see '{path} --help')", lines=True)
