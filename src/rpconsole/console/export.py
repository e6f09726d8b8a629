"""What leaves the console as a file: tables, a run's story, an incident bundle, the screen. Pure but for the writing of files."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rpconsole.console.text import foreign

#: what a spreadsheet would take for a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def as_csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Comma-separated values; text that a spreadsheet would compute is quoted with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[_cell(row.get(name)) for name in columns] for row in rows])
    return out.getvalue()


def _cell(value: object) -> object:
    if value is None or isinstance(value, int | float):
        return value
    text = foreign(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as one JSON list."""
    return json.dumps([dict(row) for row in rows], indent=1, default=str, ensure_ascii=False) + "\n"


def as_text(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """A story, one line each."""
    lines = []
    for row in rows:
        at = f"{datetime.fromtimestamp(float(row['at']), UTC):%Y-%m-%dT%H:%M:%SZ}  " if "at" in row else ""
        lines.append(at + "  ".join(foreign(row.get(name, "")) for name in columns if name != "at"))
    return "".join(f"{line}\n" for line in lines)


def file_name(stem: str, ending: str, at: float) -> str:
    """``run-4711-story-20140513-165320.txt``; nothing in it that a shell or a directory would take for more."""
    when = f"{datetime.fromtimestamp(at, UTC):%Y%m%d-%H%M%S}"
    return f"{_UNSAFE.sub('-', stem).strip('-.')[:80] or 'export'}-{when}.{ending}"


def written(folder: Path, name: str, content: str | bytes) -> Path:
    """Write a file that only its owner can read, whole or not at all; raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".export-")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        target = _free(folder / name)
        Path(temporary).rename(target)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
    return target


def _free(path: Path) -> Path:
    """The name itself, or one with a number where two exports fall into one second."""
    number, free = 2, path
    while free.exists():
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free


def bundle(stem: str, texts: Mapping[str, str], at: float) -> bytes:
    """A ``tar.gz`` of texts, below one folder."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, text in texts.items():
            data = text.encode("utf-8", "backslashreplace")
            member = tarfile.TarInfo(f"{stem}/{name}")
            member.size, member.mtime, member.mode = len(data), int(at), 0o600
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()
