"""How long the small things take that everybody waits for: a command's start, the configuration, an open journal.

Each is measured against the least that it could take: an interpreter that does nothing, or one that only loads the library.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
CLI = "import sys; from rpconsole.cli.app import main; sys.exit(main())"
LOAD = "import sys; from pathlib import Path; from rpconsole.config import load_config; load_config(Path(sys.argv[1]))"
OPEN = """
import asyncio, sys
from rpconsole.adapters.journal import open_journal
async def main():
    await (await open_journal(sys.argv[1], database="gpc1")).close()
asyncio.run(main())
"""
#: ratio -> (what is measured, what it is measured against, goal)
PAIRS = {
    "version_to_python": ("version", "python", "<=12"),
    "version_to_typer": ("version", "typer", "<=2.5"),
    "help_to_typer": ("help", "typer", "<=3"),
    "config_to_pydantic": ("config", "pydantic", "<=3"),
    "journal_to_sqlalchemy": ("journal", "sqlalchemy", "<=2"),
}


def programs(journal_url: str) -> dict[str, list[str]]:
    """What is started, by name: arguments of the interpreter."""
    return {
        "python": ["-c", "pass"],
        "typer": ["-c", "import typer"],
        "pydantic": ["-c", "import pydantic; pydantic.BaseModel"],
        "sqlalchemy": ["-c", "import asyncio, sqlalchemy"],
        "version": ["-c", CLI, "--version"],
        "help": ["-c", CLI, "--help"],
        "config": ["-c", LOAD, str(ROOT / "etc" / "rpconsole.toml")],
        "journal": ["-c", OPEN, journal_url],
    }


def least_times(rounds: int) -> dict[str, float]:
    """The shortest time of each in seconds, all taken in turns so that a busy machine is fair to all."""
    with tempfile.TemporaryDirectory() as folder:
        started = programs(f"sqlite:///{folder}/journal.db")
        # the first round writes byte code and the journal's tables
        for arguments in started.values():
            _run(arguments)
        times: dict[str, list[float]] = {name: [] for name in started}
        for _ in range(rounds):
            for name, arguments in started.items():
                times[name].append(_run(arguments))
    return {name: min(measured) for name, measured in times.items()}


def _run(arguments: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument("--rounds", type=int, default=9, help="starts of each program")
    asked = parser.parse_args()
    least_s = least_times(asked.rounds)
    ratios = {name: round(least_s[what] / least_s[base], 2) for name, (what, base, _) in PAIRS.items()}
    goals = {name: goal for name, (_, _, goal) in PAIRS.items()}
    each = ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in least_s.items())
    notes = f"shortest of {asked.rounds} starts: {each}"
    if asked.json:
        print(json.dumps({"ratios": ratios, "goals": goals, "notes": notes}))
    else:
        print("\n".join([*(f"{name} {ratios[name]} (goal {goals[name]})" for name in ratios), notes]))


if __name__ == "__main__":
    main()
