"""Text that came from elsewhere, made safe to show: nothing in it is obeyed by a terminal or taken for a line of ours."""

from __future__ import annotations


def visible(text: str, *, lines: bool = False) -> str:
    """The text with every unprintable character as an escape; with ``lines``, line ends and tabs stay.

    Bidirectional controls and other invisible format characters count as unprintable: they can make a line read as another.
    """
    if text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    source = text.replace("\r\n", "\n") if lines else text
    return "".join(ch if ch.isprintable() or ch in kept else _escape(ch) for ch in source)


def _escape(ch: str) -> str:
    return ch.encode("unicode_escape").decode() if not "\ud800" <= ch <= "\udfff" else f"\\u{ord(ch):04x}"
