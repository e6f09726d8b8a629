"""What a person may ask of a pane that is no table."""

from __future__ import annotations

from textual.message import Message


class WhyAsked(Message):
    """Why the rows of a pane do not move: ``sessions`` or ``queues``."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what
