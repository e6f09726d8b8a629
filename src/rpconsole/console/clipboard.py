"""Copying through the terminal (OSC 52): the terminal may refuse without a word, so the sentence says only that it was sent. Pure."""

from __future__ import annotations

from rpconsole.console.text import foreign
from rpconsole.console.widgets.log_view import LogView
from rpconsole.console.widgets.virtual_table import VirtualTable

#: most terminals take no more in one sequence: 100,000 bytes of base64
MOST_BYTES = 74_994


def copied_text(focused: object, screen: object) -> str:
    """What the cursor is on: a log's line, a row's most telling field, a run's number; empty where there is nothing."""
    if isinstance(focused, LogView):
        line = focused.picked()
        return line.text if line is not None else ""
    if isinstance(focused, VirtualTable) and focused.cursor is not None:
        return _of_row(focused)
    remote_id = getattr(screen, "remote_id", None)
    return str(remote_id) if remote_id is not None else ""


def _of_row(table: VirtualTable) -> str:
    facts = table.rows.facts(table.cursor)
    for name in ("path", "log", "command", "run", "remote_id", "path_base", "what", "detail"):
        if facts.get(name):
            return foreign(facts[name])
    return foreign(facts.get("text", ""))


def too_long(text: str) -> bool:
    """Whether a terminal would cut it."""
    return len(text.encode("utf-8", "replace")) > MOST_BYTES
