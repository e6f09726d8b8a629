"""What a table asks of whoever has its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from rpconsole.console.text import Line
from rpconsole.console.widgets.columns import Column
from rpconsole.console.widgets.marking import Key
from rpconsole.domain.filters import Facts, Filter


class Rows(Protocol):
    """Where a table gets its rows from; asked only for those on the screen, except when it orders them."""

    @property
    def columns(self) -> Sequence[Column]:
        """The columns, from the left."""
        ...

    @property
    def filter_keys(self) -> Sequence[str]:
        """Keys that a filter can name."""
        ...

    def row_keys(self) -> Sequence[Key]:
        """Every row there is, in the order of arrival."""
        ...

    def cells(self, key: Key) -> Mapping[str, Line]:
        """A row's cells by column."""
        ...

    def facts(self, key: Key) -> Facts:
        """What filters and sorting ask a row for."""
        ...

    def empty(self, filter: Filter) -> Sequence[str]:
        """What is said in place of rows, with the next act."""
        ...
