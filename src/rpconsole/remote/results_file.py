"""The results file: JSON lines, appended by the leader alone, whole lines even when the disk fills up for a while."""

import json
import os
import sys
import time
from typing import Any, Dict

from .paths import make_folder

_SYNC_EVERY_S = 5.0
_encoded = json.JSONEncoder(separators=(",", ":")).encode


class ResultsFile:
    def __init__(self, path: str) -> None:
        make_folder(os.path.dirname(path))
        self.path = path
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o664)
        self._due = b"" if self._ends_whole() else b"\n"
        self._synced_at = 0.0

    def _ends_whole(self) -> bool:
        size = os.fstat(self._handle).st_size
        return size == 0 or os.pread(self._handle, 1, size - 1) == b"\n"

    def append(self, record: Dict[str, Any]) -> None:
        """Written with the next flush, which follows within the same turn of the leader."""
        self._due += _encoded(record).encode("ascii") + b"\n"

    def flush(self) -> bool:
        """True when nothing is due; what a full disk refused is kept and goes first the next time."""
        try:
            while self._due:
                self._due = self._due[os.write(self._handle, self._due) :]
            if time.monotonic() - self._synced_at > _SYNC_EVERY_S:
                self._sync()
        except OSError as error:
            sys.stderr.write("stask: results wait, {} bytes: {}\n".format(len(self._due), error.strerror))
        return not self._due

    def _sync(self) -> None:
        os.fsync(self._handle)
        self._synced_at = time.monotonic()

    def finish(self, patience_s: float) -> bool:
        """Everything on disk, or False after a while of trying."""
        give_up = time.monotonic() + patience_s
        self._synced_at = 0.0
        while not self.flush():
            if time.monotonic() > give_up:
                return False
            time.sleep(1)
        return True
