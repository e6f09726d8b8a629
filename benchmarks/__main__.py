"""Run every benchmark beside this file and print a table of ratios against their goals: ``python -m benchmarks [TOPIC…] [--json]``."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
LIMIT_S = 1800.0
_GOAL = re.compile(r"\s*(<=|>=|<|>)\s*([-+0-9.eE]+)\s*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One ratio of one topic; without a value, what went wrong."""

    topic: str
    name: str
    value: float | None
    goal: str
    met: bool
    note: str = ""


def main() -> int:
    """Exit code 0 when every benchmark ran and met its goals."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help="which ones; all when none is named")
    parser.add_argument("--json", action="store_true", help="print one object instead of a table")
    asked = parser.parse_args()
    known = topics()
    strange = sorted(set(asked.topics) - set(known))
    if strange:
        parser.error(f"there is no benchmark '{strange[0]}'; there are {', '.join(known)}")
    rows = [row for topic in asked.topics or known for row in rows_of(topic)]
    print(json.dumps([asdict(row) for row in rows]) if asked.json else table(rows))
    return 0 if all(row.met for row in rows) else 1


def topics() -> list[str]:
    """Names of the benchmarks there are."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def rows_of(topic: str) -> list[Row]:
    """Run one benchmark; one that fails is a row too."""
    command = [sys.executable, str(FOLDER / f"{topic}.py"), "--json"]
    print(f"{topic} …", file=sys.stderr, flush=True)
    try:
        done = subprocess.run(
            command, cwd=FOLDER.parent, stdout=subprocess.PIPE, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return [_failed(topic, f"not done after {LIMIT_S:.0f} s")]
    if done.returncode:
        return [_failed(topic, f"exit code {done.returncode}")]
    return read_result(topic, done.stdout)


def read_result(topic: str, printed: str) -> list[Row]:
    """The rows that a benchmark's object stands for."""
    try:
        result = json.loads(printed)
        ratios, goals = dict(result["ratios"]), dict(result["goals"])
        notes = result.get("notes", "")
        rows = [
            Row(topic=topic, name=name, value=float(value), goal=goals[name], met=is_met(float(value), goals[name]))
            for name, value in ratios.items()
        ]
    except (ValueError, KeyError, TypeError) as error:
        return [_failed(topic, f"its answer cannot be read: {type(error).__name__}: {error}")]
    if not rows:
        return [_failed(topic, "it measured nothing")]
    return [*rows[:-1], Row(**{**asdict(rows[-1]), "note": _text(notes)})]


def is_met(value: float, goal: str) -> bool:
    """Whether a ratio keeps a goal like ``<=3``; not a number keeps none."""
    read = _GOAL.fullmatch(goal)
    if read is None:
        raise ValueError(f"'{goal}' is no goal; it looks like '<=3' or '>=0.9'")
    limit = float(read[2])
    return {"<=": value <= limit, ">=": value >= limit, "<": value < limit, ">": value > limit}[read[1]]


def table(rows: list[Row]) -> str:
    """The rows for a person, notes below."""
    cells = [("benchmark", "ratio", "value", "goal", "")]
    cells += [
        (row.topic, row.name, "–" if row.value is None else f"{row.value:.3g}", row.goal, _word(row)) for row in rows
    ]
    widths = [max(len(cell[column]) for cell in cells) for column in range(5)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(cell, widths, strict=True)).rstrip() for cell in cells]
    notes = [f"{row.topic}: {row.note}" for row in rows if row.note]
    return "\n".join([*lines, *(["", *notes] if notes else [])])


def _word(row: Row) -> str:
    return "FAILED" if row.value is None else "met" if row.met else "MISSED"


def _failed(topic: str, sentence: str) -> Row:
    return Row(topic=topic, name="", value=None, goal="", met=False, note=sentence)


def _text(notes: Any) -> str:
    return notes if isinstance(notes, str) else "; ".join(map(str, notes))


if __name__ == "__main__":
    raise SystemExit(main())
