"""Lines of pieces as Textual draws them, and the look that all widgets share."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from rpconsole.console.keymap import Keymap
from rpconsole.console.text import Line, ascii_of, cropped, width_of
from rpconsole.console.theme import Palette
from rpconsole.domain.foreign import visible


class Look:
    """The palette of the moment and the person's keys; every widget looks here when it paints."""

    def __init__(self, palette: Palette, keymap: Keymap | None = None) -> None:
        self.palette = palette
        self.keymap = keymap or Keymap()

    @property
    def glyphs(self) -> dict[str, str]:
        """The palette's glyphs by name."""
        return dict(self.palette.glyphs)


def strip_of(line: Line, width: int, palette: Palette, over: str | None = None) -> Strip:
    """The line in exactly ``width`` cells; ``over`` is a token laid over all of it, as for the row of the cursor."""
    laid = Style.parse(palette.tokens[over]) if over else Style()
    # the last gate: whatever a pane forgot, nothing that a terminal would obey is drawn
    shown = cropped([(text if text.isprintable() else visible(text), token) for text, token in line], width)
    if palette.is_ascii:
        shown = [(ascii_of(text), token) for text, token in shown]
    pieces = [(text, palette.style(token) + laid) for text, token in shown if text]
    rest = width - width_of(shown)
    if rest > 0:
        pieces.append((" " * rest, palette.plain + laid))
    return Strip([Segment(text, style) for text, style in _merged(pieces)], width)


def _merged(pieces: list[tuple[str, Style]]) -> list[tuple[str, Style]]:
    """As few pieces as look the same: each is sent with its colours, and a blank shows but its background."""
    merged: list[tuple[str, Style]] = []
    for text, style in pieces:
        if merged and (style == merged[-1][1] or (text.isspace() and _is_blank_alike(style, merged[-1][1]))):
            merged[-1] = (merged[-1][0] + text, merged[-1][1])
        elif merged and merged[-1][0].isspace() and _is_blank_alike(merged[-1][1], style):
            merged[-1] = (merged[-1][0] + text, style)
        else:
            merged.append((text, style))
    return merged


def _is_blank_alike(one: Style, other: Style) -> bool:
    return one.bgcolor == other.bgcolor and not any(
        style.reverse or style.underline or style.strike for style in (one, other)
    )
