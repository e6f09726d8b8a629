"""rpconsole --daemon: the engine in the foreground."""

from __future__ import annotations

from rpconsole.cli.configured import configured
from rpconsole.cli.given import Given


def run_engine(options: Given) -> int:
    """Serve until a signal; returns the exit code."""
    from rpconsole.daemon.main import run_daemon

    settings = configured(options)
    return run_daemon(
        settings.open_patient_engine,
        socket_path=settings.socket_path,
        log_file=settings.log_file,
        debug=options.debug,
    )
