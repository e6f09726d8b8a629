"""Files that a person writes for his console: read only where reading ends."""

from __future__ import annotations

from errno import EFBIG, EINVAL
from pathlib import Path

#: no theme and no keys are longer
MOST_BYTES = 1 << 20


def own_text(path: Path) -> str:
    """The file's text; raises OSError, also for a pipe or a device, which might never end, and UnicodeDecodeError."""
    seen = path.stat()
    if not path.is_file():
        raise OSError(EINVAL, "it is no file")
    if seen.st_size > MOST_BYTES:
        raise OSError(EFBIG, f"it is longer than {MOST_BYTES:,} bytes")
    return path.read_text(encoding="utf-8")
