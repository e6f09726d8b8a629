"""One engine a socket: a lock that dies with its holder, and a socket file that only the holder may replace."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rpconsole.domain.fault import AlreadyOwned, BadConfiguration

#: sun_path holds 108 bytes with the closing NUL (unix(7))
MAX_SOCKET_PATH_BYTES = 107


@contextmanager
def claimed(path: Path) -> Iterator[socket.socket]:
    """The listening socket at the path, 0600 in a directory of ours (made with 0700), for as long as the lock is held.

    AlreadyOwned names the holder; a socket that a dead process left behind is replaced. The lock file stays: removing it
    would let two engines hold locks on two files of one name.
    """
    _check_path(path)
    lock = _open_lock(path.with_name(path.name + ".lock"))
    try:
        _lock_or_refuse(lock, path)
        _remove_stale(path)
        listener = _listen(path)
        try:
            yield listener
        finally:
            listener.close()
            with suppress(FileNotFoundError):
                path.unlink()
    finally:
        os.close(lock)


def _check_path(path: Path) -> None:
    if len(os.fsencode(path)) > MAX_SOCKET_PATH_BYTES:
        raise BadConfiguration(f"the socket's path is longer than {MAX_SOCKET_PATH_BYTES} bytes: {path}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = path.parent.stat()
    except OSError as error:
        raise BadConfiguration(f"the socket's directory {path.parent} cannot be made: {error.strerror}") from None
    if facts.st_uid != os.getuid():
        raise BadConfiguration(f"the socket's directory {path.parent} belongs to another user; name one of your own")
    # who may write here may put a socket of his own in our place; to look in is not enough, the socket itself is 0600
    if stat.S_IMODE(facts.st_mode) & 0o022:
        raise BadConfiguration(f"others may write in the socket's directory {path.parent}: chmod 700 {path.parent}")


def _open_lock(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise BadConfiguration(f"the lock file {path} cannot be opened: {error.strerror}") from None


def _lock_or_refuse(lock: int, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AlreadyOwned(f"an engine serves {path} already: {_holder(lock)}") from None
    os.ftruncate(lock, 0)
    name = pwd.getpwuid(os.getuid()).pw_name
    os.pwrite(lock, json.dumps({"pid": os.getpid(), "user": name, "since": time.time()}).encode(), 0)


def _holder(lock: int) -> str:
    try:
        facts: dict[str, Any] = json.loads(os.pread(lock, 4096, 0))
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(float(facts["since"])))
        return f"process {int(facts['pid'])} of {facts['user']}, since {since}"
    except (ValueError, KeyError, TypeError):
        return "its process could not be read from the lock file"


def _remove_stale(path: Path) -> None:
    """Remove a socket that nobody listens on; refuse to touch anything else."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise BadConfiguration(f"{path} is not a socket; remove it, or name another path for the socket")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except OSError as error:
            raise AlreadyOwned(f"something holds {path}: {error.strerror or error}") from None
    raise AlreadyOwned(f"another program answers on {path}, and it does not hold the engine's lock")


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(64)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise BadConfiguration(f"the socket {path} cannot be made: {error.strerror}") from None
    return listener
