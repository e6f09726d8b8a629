"""Faults as the site reports them: a sentence and one of three kinds."""

import errno
from typing import Any, Dict

REFUSED = "refused"  # asking again will not help: the request itself is wrong
TRANSIENT = "transient"  # the same request may succeed later
PERMANENT = "permanent"  # the site must change first: a missing file, a forbidden path

_PASSING = frozenset(
    getattr(errno, name)
    for name in (
        "EAGAIN EBUSY EDQUOT EINTR EIO EMFILE ENFILE ENOLCK ENOMEM ENOSPC ESTALE ETIMEDOUT ETXTBSY EDEADLK "
        "EHOSTDOWN EHOSTUNREACH ENETDOWN ENETUNREACH ECONNRESET ECONNREFUSED EREMOTEIO"
    ).split()
    if hasattr(errno, name)
)


class Fault(Exception):
    """Something at the site went wrong; the text is a sentence for a person."""

    def __init__(self, sentence: str, kind: str = PERMANENT) -> None:
        Exception.__init__(self, sentence)
        self.kind = kind


def refused(sentence: str) -> Fault:
    return Fault(sentence, REFUSED)


def fault_of(error: BaseException, doing: str = "") -> Fault:
    """Any exception as a fault: a full disk or a lost server is transient, a missing file is not."""
    if isinstance(error, Fault):
        return error
    before = doing + ": " if doing else ""
    if isinstance(error, OSError):
        kind = TRANSIENT if error.errno in _PASSING else PERMANENT
        where = "" if error.filename is None else " ({})".format(_shown(error.filename))
        return Fault(before + (error.strerror or str(error)) + where, kind)
    if isinstance(error, MemoryError):
        return Fault(before + "the site's front end has no memory left", TRANSIENT)
    if isinstance(error, ValueError):
        return Fault(before + str(error), REFUSED)
    return Fault("{}{}: {}".format(before, type(error).__name__, error))


def _shown(filename: Any) -> str:
    if isinstance(filename, bytes):
        return filename.decode("utf-8", "replace")
    return str(filename)


def told(fault: Fault) -> Dict[str, Any]:
    return {"ok": False, "kind": fault.kind, "error": str(fault)}
