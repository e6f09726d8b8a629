"""Lines of pieces as Textual draws them, and the look that all widgets share."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from rpconsole.console.keymap import Keymap
from rpconsole.console.text import Line, cropped, width_of
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
    segments = [Segment(text, palette.style(token) + laid) for text, token in shown if text]
    rest = width - width_of(shown)
    if rest > 0:
        segments.append(Segment(" " * rest, palette.plain + laid))
    return Strip(segments, width)
