"""A table of any length on Textual's line API: only rows on the screen are painted, and cursor and marks belong to keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from rpconsole.console.actions import Place, bindings
from rpconsole.console.text import Line, changed_cells, foreign
from rpconsole.console.widgets.acting import Acting
from rpconsole.console.widgets.columns import Layout, laid_out, letters
from rpconsole.console.widgets.lines import fenced, title_line
from rpconsole.console.widgets.marking import Key, Marks
from rpconsole.console.widgets.painting import Look, strip_of
from rpconsole.console.widgets.rows import Rows
from rpconsole.domain.filters import NOTHING, Facts, Filter, parse, sort_key
from rpconsole.patience import sifted

#: title and head
FIXED = 2


class VirtualTable(Acting, Widget, can_focus=True):
    """Rows hold still: their order changes when a person sorts, filters or refreshes; new ones come in below.

    It scrolls by itself instead of being a ScrollView, because title and head stay while rows move.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "VirtualTable { overflow: hidden; }"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.TABLE)]
    PLACES: ClassVar[tuple[Place, ...]] = (Place.TABLE,)

    class Opened(Message):
        """A person opened a row."""

        def __init__(self, table: VirtualTable, key: Key) -> None:
            super().__init__()
            self.table, self.key = table, key

    class Moved(Message):
        """The cursor is on another row."""

        def __init__(self, table: VirtualTable, key: Key | None) -> None:
            super().__init__()
            self.table, self.key = table, key

    def __init__(
        self, look: Look, rows: Rows, *, title: str, number: int | None = None, noun: str = "row", id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self.look, self.rows, self.title, self.number, self.noun = look, rows, title, number, noun
        self.cursor: Key | None = None
        self.marking = Marks()
        self.filter: Filter = NOTHING
        self.sorted_by: tuple[str, bool] | None = None
        #: every column in its full width, ``left`` cells of them scrolled out
        self.wide = False
        self.left = 0
        #: the next key names the column to sort by
        self.sorting = False
        #: said in the title: why rows are missing
        self.note = ""
        self.top = 0
        #: what stands on each line of the screen
        self._painted: dict[int, Line] = {}
        self.fence = False
        #: rows that came in below since a person last looked there
        self.fresh = 0
        self._order: list[Key] = []
        self._place: dict[Key, int] = {}

    # -- content -----------------------------------------------------------------------------------------------------

    @property
    def marks(self) -> set[Key]:
        """The marked rows."""
        return self.marking.keys

    @property
    def order(self) -> Sequence[Key]:
        """The rows that are shown, in their order."""
        return self._order

    def reorder(self) -> None:
        """Filter and sort anew."""
        keys = self.passing(self.rows.row_keys())
        if self.sorted_by is not None:
            column, backwards = self.sorted_by
            keys.sort(key=lambda key: sort_key(self.rows.facts(key).get(column)), reverse=backwards)
        self.take_order(keys)

    def passing(self, keys: Iterable[Key]) -> list[Key]:
        """Those that the filter lets through; all of them where it never comes to an end."""
        self.filter, found = sifted(self.filter, keys, self.rows.facts)
        return found

    async def whole(self) -> list[Facts]:
        """The facts of all rows that are shown, whether they are in sight or not."""
        return [self.rows.facts(key) for key in self._order]

    def take_order(self, keys: list[Key]) -> None:
        """The rows to show, in their order."""
        self.fresh = 0
        self._set_order(keys)
        self.refresh()

    def in_sight(self) -> Sequence[Key]:
        """The rows on the screen, and a page on either side: whole pages, so that it changes once a page."""
        room = self._room()
        page = self.top // room
        return self._order[max(0, page - 1) * room : (page + 3) * room]

    def scrolled(self) -> None:
        """Other rows may be in sight."""

    def touch(self, dirty: Collection[Key] | None = None) -> None:
        """Rows changed (all of them for None): paint those that are on the screen, take in new and gone ones."""
        there = self.rows.row_keys()
        if len(there) != len(self._order) or dirty is None or any(key not in self._place for key in dirty):
            self._follow(there)
        if dirty is None:
            self.refresh()
            return
        shown = [FIXED + self._place[key] - self.top for key in dirty if key in self._place]
        lines = [0, *(y for y in shown if FIXED <= y < self.size.height)] if dirty else []
        # what is said in place of rows may be another
        regions = [self._changed(y) for y in (lines if self._order else range(self.size.height))]
        if any(regions):
            self.refresh(*(region for region in regions if region is not None))

    def _changed(self, y: int) -> Region | None:
        """What has to be painted anew of a line: the cells that differ from those on the screen."""
        width = self.size.width
        cells = changed_cells(self._painted.get(y, []), self._line(y), width) if y in self._painted else (0, width)
        return None if cells is None else Region(cells[0], y, cells[1] - cells[0], 1)

    def _follow(self, there: Sequence[Key]) -> None:
        known, present = set(self._order), set(there)
        kept = [key for key in self._order if key in present]
        fresh = self.passing(key for key in there if key not in known)
        if len(kept) == len(self._order) and not fresh:
            return
        below = len(kept) > self.top + self._room()
        self.fresh = self.fresh + len(fresh) if below else 0
        self.marking.keep(present)
        self._set_order([*kept, *fresh])
        self.refresh()

    def _set_order(self, keys: list[Key]) -> None:
        row = self._place.get(self.cursor, 0) if self.cursor is not None else 0
        self._order = keys
        self._place = {key: number for number, key in enumerate(keys)}
        if self.cursor not in self._place:
            self._move_to(keys[min(row, len(keys) - 1)] if keys else None)
        self._show_cursor()

    # -- the cursor --------------------------------------------------------------------------------------------------

    def go(self, by: int) -> None:
        """Move the cursor by rows."""
        if self._order:
            row = self._place.get(self.cursor, 0) + by if self.cursor is not None else 0
            self.go_to(self._order[max(0, min(row, len(self._order) - 1))])

    def go_to(self, key: Key) -> None:
        """Put the cursor on a row."""
        if key in self._place:
            before, top = self.cursor, self.top
            self._move_to(key)
            self._show_cursor()
            if top != self.top:
                self.refresh()
            else:
                self._repaint(before, key)

    def _repaint(self, *keys: Key | None) -> None:
        """Paint the lines of rows anew that are on the screen."""
        lines = [FIXED + self._place[key] - self.top for key in keys if key in self._place]
        self.refresh(*(Region(0, y, self.size.width, 1) for y in lines if FIXED <= y < self.size.height))

    def chosen(self) -> list[Key]:
        """What an act is about: the marked rows, else the one under the cursor."""
        if self.marks:
            return [key for key in self.rows.row_keys() if key in self.marks]
        return [] if self.cursor is None else [self.cursor]

    def _move_to(self, key: Key | None) -> None:
        if key != self.cursor:
            self.cursor = key
            self.post_message(self.Moved(self, key))

    def _show_cursor(self) -> None:
        row, room = self._place.get(self.cursor, 0) if self.cursor is not None else 0, self._room()
        self.top = max(0, min(self.top, row, max(0, len(self._order) - room)), row - room + 1)
        self.scrolled()

    def _room(self) -> int:
        return max(1, self.size.height - FIXED)

    # -- what keys do ------------------------------------------------------------------------------------------------

    def do_nav_down(self) -> None:
        self.go(1)

    def do_nav_up(self) -> None:
        self.go(-1)

    def do_nav_page_down(self) -> None:
        self.go(self._room() - 1)

    def do_nav_page_up(self) -> None:
        self.go(1 - self._room())

    def do_nav_top(self) -> None:
        self.go(-len(self._order))

    def do_nav_bottom(self) -> None:
        self.fresh = 0
        self.go(len(self._order))

    def do_nav_open(self) -> None:
        if self.cursor is not None:
            self.post_message(self.Opened(self, self.cursor))

    def do_mark_toggle(self) -> None:
        if self.cursor is not None:
            self.marking.toggle(self.cursor)
            self.refresh()
            self.go(1)

    def do_mark_range(self) -> None:
        if self.cursor is not None:
            self.marking.range_to(self.cursor, self._order)
            self.refresh()

    def do_mark_all(self) -> None:
        self.marks.update(self._order)
        self.refresh()

    def do_mark_none(self) -> None:
        self.marking.clear()
        self.refresh()

    def do_sort_by(self) -> None:
        self.sorting = True
        self.refresh()

    def sort_by(self, key: str | None) -> None:
        """Sort by a column, the other way round when it already is; None = by arrival."""
        self.sorting = False
        backwards = self.sorted_by is not None and self.sorted_by == (key, False)
        self.sorted_by = (key, backwards) if key is not None else None
        self.reorder()

    def do_cols_wide(self) -> None:
        self.wide, self.left = not self.wide, 0
        self.refresh()

    def do_cols_left(self) -> None:
        self.left = max(0, self.layout_of().left - 8)
        self.refresh()

    def do_cols_right(self) -> None:
        self.left = self.layout_of(further=8).left
        self.refresh()

    def layout_of(self, *, further: int = 0) -> Layout:
        """How the columns lie now."""
        width = self.size.width - self.fence - 2
        return laid_out(self.rows.columns, width, wide=self.wide, left=self.left + further)

    def set_filter(self, text: str) -> None:
        """Show only rows that pass; the marks of others stay."""
        self.filter = parse(text, self.rows.filter_keys)
        self.reorder()

    # -- painting ----------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        row = y - FIXED + self.top
        has_cursor = y >= FIXED and row < len(self._order) and self._order[row] == self.cursor
        line = self._painted[y] = self._line(y)
        laid = "cursor" if has_cursor and self.has_focus else None
        return strip_of(line, self.size.width, self.look.palette, laid)

    def _line(self, y: int) -> Line:
        if y == 0:
            return self._title(self.size.width)
        line = self._body_line(y, y - FIXED + self.top)
        return fenced([line], self.look)[0] if self.fence else line

    def _body_line(self, y: int, row: int) -> Line:
        if y == 1:
            return self._head()
        if row < len(self._order):
            return self._row(self._order[row])
        if not self._order:
            words = self.rows.empty(self.filter)
            return [(f"  {words[y - FIXED]}", "dim")] if y - FIXED < len(words) else []
        return []

    def _title(self, width: int) -> Line:
        count, shown = len(self.rows.row_keys()), len(self._order)
        parts = [f"{shown:,} of {count:,}" if shown != count else f"{count:,} {self.noun}{'' if count == 1 else 's'}"]
        if self.note:
            parts.append(self.note)
        if self.fresh:
            parts.insert(0, f"+{self.fresh} new")
        if self.sorted_by is not None:
            parts.append(
                f"by {self.sorted_by[0]} {self.look.palette.glyphs['falls' if self.sorted_by[1] else 'rises']}"
            )
        if self.marks:
            parts.append(f"{len(self.marks)} marked")
        if shown > self._room():
            parts.append(f"{self.top + 1}-{min(shown, self.top + self._room())}")
        filtered = f"  /{self.filter.text}" if self.filter.text else ""
        remark = f"  {foreign(self.filter.remark)}" if self.filter.remark else ""
        return title_line(
            f"{self.title}{filtered}{remark}",
            width,
            self.look,
            number=self.number,
            note=" · ".join(parts),
            focused=self.has_focus,
            fence=self.fence,
        )

    def _head(self) -> Line:
        if not self.sorting:
            return [("  ", "dim"), *self.layout_of().head()]
        line: Line = [("  sort by  ", "title")]
        for letter, column in letters(self.rows.columns).items():
            line += [(letter, "key"), (f" {column.title}  ", "text")]
        return [*line, ("s", "key"), (" arrival", "text")]

    def _row(self, key: Key) -> Line:
        glyphs = self.look.palette.glyphs
        mark = (glyphs["mark"], "mark") if key in self.marks else (" ", "text")
        if key == self.marking.anchor:
            mark = (glyphs["range"], "mark")
        cursor = (glyphs["cursor"] if key == self.cursor else " ", "key")
        return [mark, cursor, *self.layout_of().row(self.rows.cells(key))]

    # -- events ------------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self._show_cursor()
        self.refresh()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        if not self.sorting:
            return
        event.stop()
        event.prevent_default()
        column = letters(self.rows.columns).get(event.character or "")
        if event.key == "escape" or (column is None and event.key != "s"):
            self.sorting = False
            self.refresh()
        else:
            self.sort_by(column.key if column is not None and event.key != "s" else None)

    def on_click(self, event: events.Click) -> None:
        if event.y == 1:
            head = self.layout_of().at(event.x - 2 - self.fence)
            if head is not None:
                self.sort_by(head.key)
            return
        row = event.y - FIXED + self.top
        if event.y >= FIXED and row < len(self._order):
            again = self._order[row] == self.cursor
            self.go_to(self._order[row])
            if again and event.chain > 1:
                self.do_nav_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._scroll(-3)

    def _scroll(self, by: int) -> None:
        self.top = max(0, min(self.top + by, len(self._order) - self._room()))
        self.scrolled()
        self.refresh()
