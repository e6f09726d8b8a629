"""What the keys that hold everywhere do: gates, login, orders about runs, help, the ``:`` line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rpconsole.console import commands, later
from rpconsole.console.alerts import Notice, acknowledge, notices
from rpconsole.console.carrying import Carrying
from rpconsole.console.desk import Result
from rpconsole.console.format import clock
from rpconsole.console.kept import remember
from rpconsole.console.screens.main import MainScreen
from rpconsole.console.text import foreign
from rpconsole.console.widgets.log_view import LogView
from rpconsole.console.widgets.virtual_table import VirtualTable
from rpconsole.domain.action import Level
from rpconsole.domain.filters import number
from rpconsole.domain.nearest import nearest

_LEVEL_TOKENS = {Level.ALERT: "alarm", Level.WARN: "alert", Level.NOTE: "text"}


class Deeds(Carrying):
    """The application's actions."""

    use_palette: Callable[..., None]
    do_theme: Callable[[], None]

    # -- reading -----------------------------------------------------------------------------------------------------

    def do_help(self) -> None:
        screen = self.screen
        places = (*getattr(screen.focused, "PLACES", ()), *getattr(screen, "PLACES", ()))
        words = [(word, says) for word, says, _ in commands.WORDS]
        lines = later.help_lines(places, self.desk.hint, words, self.desk.look.keymap)
        self.push_screen(later.ReadingScreen(self.desk, "help", "Help", lines))

    def do_alert_ack(self) -> None:
        fresh = [notice for notice in notices(self.desk.model) if not notice.seen]
        if fresh:
            acknowledge(self.desk.model, fresh[0])
            self._touch()
        else:
            self.say("nothing to acknowledge; what is still shown goes away with its cause")

    def do_alert_list(self) -> None:
        found = notices(self.desk.model)
        lines = [(_alert_line(one), "dim" if one.seen else _LEVEL_TOKENS[one.level]) for one in found]
        self.push_screen(
            later.ReadingScreen(self.desk, "alerts", "Alerts", lines or [("nothing needs a person", "text")])
        )

    def do_journal(self) -> None:
        self.order(self._journal())

    async def _journal(self) -> str:
        acts: list[Result] = (await self.desk.link.call("acts", limit=1000))["acts"]
        await self.push_screen(later.SheetScreen(self.desk, "journal", later.ACTS, acts[::-1]))
        return ""

    def do_back(self) -> None:
        go_back: Callable[[], bool] = getattr(self.screen, "go_back", lambda: False)
        if not go_back() and len(self.screen_stack) > 1:
            self.pop_screen()

    def _touch(self) -> None:
        touch: Callable[[Any], None] | None = getattr(self.screen, "touch", None)
        if touch is not None:
            touch(None)

    # -- lines -------------------------------------------------------------------------------------------------------

    def do_palette(self) -> None:
        self.push_screen(
            later.LineScreen(self.desk, ":", propose=lambda text: commands.proposals(text, self.desk.look.keymap)),
            self._command,
        )

    def do_filter_open(self) -> None:
        table = self.screen.focused
        if isinstance(table, VirtualTable):
            before = table.filter.text
            line = later.LineScreen(self.desk, "/", value=before, typed=table.set_filter, before=self.desk.filters)
            self.push_screen(line, lambda text: self._filtered(table, before if text is None else text))

    def _filtered(self, table: VirtualTable, text: str) -> None:
        table.set_filter(text)
        remember(self.desk.filters, text)

    def do_log_search(self) -> None:
        view = self.screen.focused
        if isinstance(view, LogView):
            line = later.LineScreen(self.desk, "search", value=view.search.text, typed=view.set_search)
            self.push_screen(line, lambda text: view.set_search(text or ""))

    def do_log_keep(self) -> None:
        view = self.screen.focused
        if isinstance(view, LogView):
            before = view.lines.keep.text
            line = later.LineScreen(self.desk, "keep", value=before, typed=view.set_keep)
            self.push_screen(line, lambda text: view.set_keep(before if text is None else text))

    async def _command(self, text: str | None) -> None:
        command = commands.parse(text or "")
        if isinstance(command, str):
            if command:
                self.say(command, severity="error")
            return
        if self.refuses(commands.kind_of(command)):
            return
        if command.action:
            await self._do_anywhere(command.action)
        else:
            self._word(command.word, command.args)

    async def _do_anywhere(self, id: str) -> None:
        """Whoever of the focused widget, the screen and the application has the deed."""
        name = f"do_{id.replace('.', '_')}"
        for one in (self.screen.focused, self.screen, self):
            deed = getattr(one, name, None)
            if deed is not None:
                done = deed()
                if done is not None:
                    await done
                return
        self.say(f"{id} does not fit here", severity="error")

    def _word(self, word: str, args: tuple[str, ...]) -> None:
        match word:
            case "pause" | "resume":
                self.set_gates(args, open=word == "resume")
            case "logout":
                self.order(self._called("logout", "the sessions are closed", hosts=list(args)))
            case "poll-now":
                self.order(self._called("poll", "the poll was woken"))
            case "advance":
                self.order(self._called("advance", "what was complete is registered for the next stage"))
            case _:
                self._look(word, args)

    def _look(self, word: str, args: tuple[str, ...]) -> None:
        """Words that only look."""
        match word:
            case "main":
                while len(self.screen_stack) > 1 and self.screen is not self._main():
                    self.pop_screen()
            case "run":
                self._open_run(args[0])
            case "theme":
                self._use_theme(args[0] if args else "")
            case "filter":
                self._main().runs.set_filter(" ".join(args))
            case "since":
                self._since(args[0])
            case "tail":
                self.push_screen(later.TailScreen(self.desk, args[0]))

    async def _called(self, verb: str, said: str, **args: object) -> str:
        await self.desk.link.call(verb, **args)
        return said

    def _main(self) -> MainScreen:
        return next(screen for screen in self.screen_stack if isinstance(screen, MainScreen))

    def _open_run(self, number: str) -> None:
        known = self.desk.model.ids
        if not number.isdigit() or int(number) not in known:
            self.say(f"run {number[:20]} is not among the runs that are shown", severity="error")
            return
        self.push_screen(later.RunScreen(self.desk, int(number), self._main().runs))

    def _since(self, text: str) -> None:
        """Only what was said in the last so many minutes or hours; ``all`` shows the rest again."""
        view = self.screen.focused if isinstance(self.screen.focused, LogView) else self._main().log_pane
        seconds = number(text)
        if text != "all" and seconds is None:
            self.say(f"'{text[:20]}' is no length of time: 5m, 1h, 2d, or all", severity="error")
            return
        view.lines.since = None if seconds is None else self.desk.model.now() - seconds
        view.lay()

    def _use_theme(self, name: str) -> None:
        if not name:
            self.do_theme()
            return
        if name not in self.desk.palettes:
            known = ", ".join(self.desk.palettes)
            self.say(
                f"there is no theme '{name}'{nearest(name, self.desk.palettes)}; there are {known}", severity="error"
            )
            return
        self.use_palette(self.desk.palettes[name])


def _alert_line(notice: Notice) -> str:
    how = "stands, seen" if notice.seen else "stands" if notice.standing else ""
    return f"{clock(notice.at, seconds=True)} {notice.level:<5} {how:<12} {foreign(notice.sentence)}"
