"""The engine's log: one line an event, whatever the text holds."""

from __future__ import annotations

import logging
import sys
import time
from logging.handlers import WatchedFileHandler
from pathlib import Path

from rpconsole.domain.fault import BadConfiguration
from rpconsole.domain.foreign import visible


class OneLine(logging.Formatter):
    """``<UTC> <level> <logger> [run=<id>] <text>``; line ends and control characters are written as escapes."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self, *, debug: bool) -> None:
        super().__init__()
        self._debug = debug

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        run = getattr(record, "remote_id", None)
        text = record.getMessage() + (self._failure(record) if record.exc_info else "")
        mark = f"run={run} " if run is not None else ""
        name = record.name.removeprefix("rpconsole.")
        return f"{self.formatTime(record)} {record.levelname} {name} {mark}{visible(text)}"

    def _failure(self, record: logging.LogRecord) -> str:
        """The exception: where it came from, and with debug the whole way."""
        if record.exc_info is None or record.exc_info[1] is None:
            return ""
        if self._debug:
            return "\n" + self.formatException(record.exc_info)
        error, frame = record.exc_info[1], record.exc_info[2]
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        place = f" at {frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame is not None else ""
        return f": {type(error).__name__}: {error}{place}"


def open_log(path: Path | None, *, debug: bool) -> None:
    """Log to the file, or to stderr where none is named (systemd's journal reads it)."""
    try:
        target: logging.Handler = logging.StreamHandler(sys.stderr) if path is None else _file(path)
    except OSError as error:
        raise BadConfiguration(f"the log file {path} cannot be written: {error.strerror}") from None
    target.setFormatter(OneLine(debug=debug))
    root = logging.getLogger()
    root.handlers[:] = [target]
    root.setLevel(logging.INFO)
    logging.getLogger("rpconsole").setLevel(logging.DEBUG if debug else logging.INFO)
    # it names every channel and request
    for library in ("asyncssh", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _file(path: Path) -> logging.Handler:
    """A log file that is opened anew when logrotate has moved it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return WatchedFileHandler(path, encoding="utf-8")
