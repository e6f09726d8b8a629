"""What the keys that hold everywhere do: gates, login, orders about runs, help, the ``:`` line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rpconsole.console import commands
from rpconsole.console.alerts import Notice, acknowledge, notices
from rpconsole.console.desk import Result
from rpconsole.console.format import clock
from rpconsole.console.operating import Operating
from rpconsole.console.orders import order_sentences, order_title
from rpconsole.console.screens.dialog import MANY, Choice, Dialog
from rpconsole.console.screens.line import LineScreen
from rpconsole.console.screens.main import MainScreen
from rpconsole.console.screens.reading import ReadingScreen, SheetScreen, help_lines
from rpconsole.console.screens.run import RunScreen
from rpconsole.console.screens.tail import TailScreen
from rpconsole.console.tables import ACTS
from rpconsole.console.text import foreign
from rpconsole.console.widgets.log_view import LogView
from rpconsole.console.widgets.virtual_table import VirtualTable
from rpconsole.domain.action import Level
from rpconsole.domain.fault import RpconsoleError
from rpconsole.domain.nearest import nearest

_LEVEL_TOKENS = {Level.ALERT: "alarm", Level.WARN: "alert", Level.NOTE: "text"}


class Deeds(Operating):
    """The application's actions."""

    use_palette: Callable[..., None]

    # -- runs --------------------------------------------------------------------------------------------------------

    def order_runs(self, verb: str, remote_ids: Sequence[int]) -> None:
        """Show exactly what will be done; do it when a person says yes."""
        runs = [self.desk.model.runs[one] for one in remote_ids if one in self.desk.model.runs]
        if not runs:
            return
        dialog = Dialog(
            self.desk,
            title=order_title(verb, runs),
            sentences=order_sentences(verb, runs),
            choices=[Choice(key="y", says="do it", value="yes")],
            typed=str(len(runs)) if len(runs) >= MANY else "",
        )
        ids = [run.remote_id for run in runs]
        self.push_screen(dialog, lambda answer: self.order(self._each(verb, ids)) if answer else None)

    async def _each(self, verb: str, remote_ids: Sequence[int]) -> str:
        """Try every run; what one of them refuses is said with its number."""
        said = []
        for remote_id in remote_ids:
            try:
                said.append(str((await self.desk.link.call(verb, remote_id=remote_id))["sentence"]))
            except RpconsoleError as error:
                said.append(f"run {remote_id}: {error}")
        return (
            said[0]
            if len(said) == 1
            else f"{verb}: {len(said)} runs. " + "; ".join(said[:3]) + (" …" if len(said) > 3 else "")
        )

    def ask_of_run(self, what: str, remote_id: int) -> None:
        """Why it does not move, or its job's output."""
        self.order(self._why(remote_id) if what == "why" else self._output(remote_id))

    async def _why(self, remote_id: int) -> str:
        why = (await self.desk.link.call("why", remote_id=remote_id))["why"]
        lines = [(foreign(sentence), "text") for sentence in why] or [("nothing holds it", "text")]
        await self.push_screen(
            ReadingScreen(self.desk, f"why {remote_id}", f"Why run {remote_id} does not move", lines)
        )
        return ""

    async def _output(self, remote_id: int) -> str:
        files = (await self.desk.details(remote_id)).get("site_files", {})
        if "output" not in files:
            return f"the engine names no output of run {remote_id}"
        await self.push_screen(TailScreen(self.desk, files["output"]))
        return ""

    # -- reading -----------------------------------------------------------------------------------------------------

    def do_help(self) -> None:
        screen = self.screen
        places = (*getattr(screen.focused, "PLACES", ()), *getattr(screen, "PLACES", ()))
        words = [(word, says) for word, says, _ in commands.WORDS]
        lines = help_lines(places, self.desk.hint, words)
        self.push_screen(ReadingScreen(self.desk, "help", "Help", lines))

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
        self.push_screen(ReadingScreen(self.desk, "alerts", "Alerts", lines or [("nothing needs a person", "text")]))

    def do_journal(self) -> None:
        self.order(self._journal())

    async def _journal(self) -> str:
        acts: list[Result] = (await self.desk.link.call("acts", limit=1000))["acts"]
        await self.push_screen(SheetScreen(self.desk, "journal", ACTS, acts[::-1]))
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
        self.push_screen(LineScreen(self.desk, ":", propose=commands.proposals), self._command)

    def do_filter_open(self) -> None:
        table = self.screen.focused
        if isinstance(table, VirtualTable):
            before = table.filter.text
            line = LineScreen(self.desk, "/", value=before, typed=table.set_filter)
            self.push_screen(line, lambda text: table.set_filter(before if text is None else text))

    def do_log_search(self) -> None:
        view = self.screen.focused
        if isinstance(view, LogView):
            line = LineScreen(self.desk, "search", value=view.search, typed=view.set_search)
            self.push_screen(line, lambda text: view.set_search(text or ""))

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
            case "run":
                self._open_run(args[0])
            case "theme":
                self._use_theme(args[0])
            case "filter":
                main = self._main()
                main.runs.set_filter(" ".join(args))
            case "tail":
                self.push_screen(TailScreen(self.desk, args[0]))
            case "logout":
                self.order(self._called("logout", "the sessions are closed", hosts=list(args)))
            case "poll-now":
                self.order(self._called("poll", "the poll was woken"))
            case "advance":
                self.order(self._called("advance", "what was complete is registered for the next stage"))

    async def _called(self, verb: str, said: str, **args: object) -> str:
        await self.desk.link.call(verb, **args)
        return said

    def _main(self) -> MainScreen:
        return next(screen for screen in self.screen_stack if isinstance(screen, MainScreen))

    def _open_run(self, number: str) -> None:
        known = self.desk.model.runs
        if not number.isdigit() or int(number) not in known:
            self.say(f"run {number[:20]} is not among the runs that are shown", severity="error")
            return
        self.push_screen(RunScreen(self.desk, int(number), self._main().runs))

    def _use_theme(self, name: str) -> None:
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
