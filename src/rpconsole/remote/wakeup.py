"""Signals that wake whoever waits for bytes."""

import os
import signal


def wakeup_pipe() -> int:
    """A pipe that becomes readable with each signal that has a handler; returns its reading end."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    return reader
