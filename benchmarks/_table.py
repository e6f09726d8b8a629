"""What a benchmark prints: a table for people, or one JSON object."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from typing import Any


def print_found(found: Mapping[str, Any], *, as_json: bool) -> None:
    """``found``: ratios, their goals, and notes, a line each."""
    if as_json:
        print(json.dumps(found))
        return
    for name, value in found["ratios"].items():
        print(f"{name:<40} {value:>9} {found['goals'][name]}")
    print(*found["notes"], sep="\n")


def print_measured(measure: Callable[[], Mapping[str, Any]], description: str | None) -> None:
    """The command line of a benchmark that takes no other option."""
    words = argparse.ArgumentParser(description=description)
    words.add_argument("--json", action="store_true", help="print one object")
    as_json = words.parse_args().json
    print_found(measure(), as_json=as_json)
