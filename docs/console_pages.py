"""What the operator's guide takes from the console itself: its keys, its commands, and screens as the tests hold them."""

from __future__ import annotations

from pathlib import Path

from rpconsole.console.actions import Kind, Place, keys_of, of
from rpconsole.console.commands import WORDS

GRIDS = Path(__file__).parents[1] / "tests" / "console" / "grids"


def console_keys() -> str:
    """Every key, by the place where it is valid."""
    lines: list[str] = []
    for place in Place:
        lines += [f"**{place}**", "", "| key | | | name |", "| --- | --- | --- | --- |"]
        for action in of(place):
            keys = " ".join(f"`{key}`" for key in keys_of(action))
            acts = "" if action.kind is Kind.VIEW else str(action.kind)
            lines.append(f"| {keys} | {action.says} | {acts} | `{action.id}` |")
        lines.append("")
    return "\n".join(lines).rstrip()


def console_words() -> str:
    """What the line understands besides the actions' names."""
    rows = [f"| `{word}` | {says} |" for word, says, _ in WORDS]
    return "\n".join(["| on the `:` line | |", "| --- | --- |", *rows])


def console_screen() -> str:
    """The main screen at 80 by 24."""
    return f"```\n{(GRIDS / 'main-busy-80x24.txt').read_text(encoding='utf-8').rstrip()}\n```"


def console_renewal() -> str:
    """A renewal that waits."""
    return f"```\n{(GRIDS / 'renew-drain-80x24.txt').read_text(encoding='utf-8').rstrip()}\n```"


def console_stale() -> str:
    """The same screen when the engine is gone."""
    return f"```\n{(GRIDS / 'main-stale-80x24.txt').read_text(encoding='utf-8').rstrip()}\n```"
