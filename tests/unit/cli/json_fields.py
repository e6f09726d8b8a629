"""The fields of each command's JSON object, as the page about commands has them."""

from __future__ import annotations

import re

from docs.generate import DOCS

_WORD = re.compile(r"`([^`]+)`")


def json_fields() -> dict[str, set[str]]:
    """Command (without ``rpconsole``) -> every field that its row names, those of objects inside it among them."""
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    table = text[text.index("| command | fields beside") : text.index("## Exit codes")]
    found: dict[str, set[str]] = {}
    for row in table.splitlines():
        names, _, fields = row.strip("| ").partition(" | ")
        for name in _WORD.findall(names):
            found.setdefault(name, set()).update(word.removesuffix("[]") for word in _WORD.findall(fields))
    return found
