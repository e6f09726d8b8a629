"""The console's application: it opens the desk, keeps the screens current, and hands orders to the engine."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.worker import Worker, WorkerState

from rpconsole.console import later
from rpconsole.console.actions import Kind, Place, bindings, by_anybody
from rpconsole.console.deeds import Deeds
from rpconsole.console.desk import Desk, Orders
from rpconsole.console.keeping import Keeper
from rpconsole.console.link import EngineLink
from rpconsole.console.model import Model
from rpconsole.console.paced import Paced
from rpconsole.console.panes.asking import WhyAsked
from rpconsole.console.prompts import Prompts
from rpconsole.console.screens.base import ConsoleModal, ConsoleScreen
from rpconsole.console.screens.main import MainScreen
from rpconsole.console.screens.run_deeds import RunAsked, RunsOrdered
from rpconsole.console.secrets import crash_report
from rpconsole.console.starting import Arrive, Arrived, Options
from rpconsole.console.terminal import Terminal, follow_size, is_there
from rpconsole.console.theme import Palette
from rpconsole.console.toasts import Toasts
from rpconsole.console.typed_ahead import TypedAhead
from rpconsole.console.widgets.painting import Look

if TYPE_CHECKING:
    from rpconsole.protocol.messages import ChallengeAsked

#: how often what changed is painted
PAINT_S = 0.25
#: how often the clocks are, when nothing changed
TICK_S = 1.0
#: rows that are sent before it is known which are in sight
FIRST_RUNS = 60
#: until the engine is looked for
FIRST_FRAME_S = 0.02
#: how often it is looked whether the terminal is still there
TERMINAL_S = 5.0
#: between two pieces that are loaded while a person looks
QUIET_S = 0.2


def _asked(challenge: ChallengeAsked) -> str:
    return f"the site asks for an answer, to {challenge.user} at {challenge.host}; {challenge.asker} began the login · L answers"


class ConsoleApp(TypedAhead, Paced, Toasts, Deeds, App[str], inherit_bindings=False):
    """Runs until a person leaves; its result says what becomes of an engine of its own: ``leave`` or ``stop``."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(Place.ALL),
        Binding("ctrl+c", "interrupt", show=False),
    ]
    CSS = """
    Screen { layers: base; background: $background; color: $foreground; }
    MainScreen > .pane, MainScreen > LinesView, MainScreen > VirtualTable, MainScreen > LogView { position: absolute; }
    MainScreen > HeadBar, MainScreen > FootBar { position: relative; }
    ConsoleModal > Box { position: absolute; }
    ToastRack { margin: 0 0 2 0; }
    Toast { width: auto; max-width: 70%; margin: 0; padding: 0 1; }
    ModalScreen { background: $background 40%; }
    LineScreen > Input { dock: bottom; height: 1; border: none; padding: 0 1; background: $panel; }
    LineScreen > Proposals { dock: bottom; margin-bottom: 1; }
    """

    def __init__(
        self,
        options: Options,
        *,
        model: Model | None = None,
        link: Orders | None = None,
        arrive: Arrive | None = None,
        card: Callable[[], str] | None = None,
    ) -> None:
        """``arrive`` finds the engine once the first frame stands; what it raises ends the console and is its ``failure``."""
        follow_size(os.environ)
        super().__init__()
        self._options = options
        model = model or Model(read_only=options.read_only)
        prompts = Prompts(changed=self._prompted, monotonic=model.monotonic)
        self._engine = EngineLink(
            who=options.who,
            model=model,
            changed=self._mark_changed,
            dialogue=None if options.read_only else prompts,
            place="" if options.read_only else options.place,
            first=FIRST_RUNS,
        )
        self._arrive = arrive
        self._arrived: Arrived | None = None
        #: what kept the console from its engine
        self.failure: Exception | None = None
        self.desk = Desk(
            model=model,
            look=Look(options.palette, options.keymap),
            link=link or self._engine,
            prompts=prompts,
            palettes=options.palettes,
            hint=tuple(options.hint),
            card=card,
            exports=options.exports,
        )
        self._keeper = Keeper(options.kept_file)
        self._main_screen: MainScreen | None = None
        self.desk.filters = self._keeper.kept.filters
        self.terminal = Terminal(self)
        self.start_pacing()
        self._changed = True
        self._ticks = 0
        self._interrupted_at = -10.0
        self._had_baton: bool | None = None

    # -- life --------------------------------------------------------------------------------------------------------

    def get_default_screen(self) -> MainScreen:
        self._main_screen = MainScreen(self.desk)
        return self._main_screen

    def on_mount(self) -> None:
        self.animation_level = "none"
        self.set_keymap(self._options.keymap.own)
        self.use_palette(self.desk.look.palette)
        self.set_timer(FIRST_FRAME_S, self._after_first_frame)
        self._keeper.restore(self._main(), self.desk.model)
        self.set_interval(PAINT_S, self.flush)
        if not self.is_headless:
            self.set_interval(TERMINAL_S, self._leave_without_terminal)
        for complaint in self._options.complaints:
            self.say(complaint, severity="warning")
            self.desk.model.note(complaint)
        if self.desk.hint:
            self._welcome()

    def _leave_without_terminal(self) -> None:
        """A terminal that went without a hang-up would be read from for ever."""
        if not is_there():
            self.exit("leave")

    def _after_first_frame(self) -> None:
        if self._arrive is not None:
            self.run_worker(self._follow_engine(self._arrive), name="link", exit_on_error=False)

    async def _follow_engine(self, arrive: Arrive) -> None:
        """Find the engine and stay with it; meanwhile what keys need later is loaded, a piece at a time."""
        try:
            found = await arrive(self._tell)
        except Exception as error:
            self.failure = error
            self.exit("leave")
            return
        self.take_way(found)
        self.run_worker(self._load_the_rest(), name="loading", exit_on_error=False)
        await self._engine.run(found.socket_path)

    def take_way(self, found: Arrived) -> None:
        """The engine is found."""
        self._arrived = found
        self.terminal.ringing = found.ringing
        self.desk.configuration = found.configuration

    def _tell(self, sentence: str) -> None:
        """Said, and kept in the log."""
        self.say(sentence)
        self.desk.model.note(sentence)

    async def _load_the_rest(self) -> None:
        for module in later.PARTS:
            await asyncio.sleep(QUIET_S)
            later.load(module)
        # what is loaded stays: no later collection goes through it, which a person would feel between two keys
        gc.collect()
        gc.freeze()

    def _welcome(self) -> None:
        sentences = [(sentence, "text") for sentence in self.desk.hint]
        choices = [later.Choice(key="enter", says="begins", value="go")]
        self.push_screen(
            later.Dialog(self.desk, title="Welcome", sentences=sentences, choices=choices, at_once=True, no="")
        )

    def use_palette(self, palette: Palette) -> None:
        """Paint everything in these colours from now on."""
        theme = palette.textual()
        self.register_theme(theme)
        self.desk.look.palette = palette
        self.theme = theme.name
        self.screen.refresh(layout=True)
        self._changed = True

    def _mark_changed(self) -> None:
        self._changed = True

    def _prompted(self) -> None:
        """The site asks, or a prompt was closed: a dialog that is open shows it at once."""
        self._changed = True
        self._follow_prompt()

    def _follow_prompt(self) -> None:
        """A dialog that is open shows the prompt at once; where none is, the alert row tells of it."""
        stack = self.screen_stack if self.is_running else []
        top = stack[-1] if stack else None
        prompt = self.desk.prompts.open
        if isinstance(top, ConsoleModal) and top.takes_tokens:
            top.touch_body()
            prompt = None
        self.desk.model.asked = "" if prompt is None else _asked(prompt)

    def flush(self) -> None:
        """Paint what changed since the last time; the clocks each second."""
        self._ticks += 1
        self.desk.model.sample()
        if self._main_screen not in self.screen_stack:
            # the application leaves, and a timer came once more
            return
        if not self.may_paint:
            return
        self.desk.model.terminal_behind_s = self.pacing.behind_s
        if self._ticks < TICK_S / PAINT_S and not (self._changed and self.app_focus):
            # nothing changed, or nobody looks: once a second is enough
            return
        self._ticks = 0
        self._keeper.look(self._main(), self.desk.model, self.desk.look.palette.name, self.desk.model.now())
        changed, self._changed = self._changed, False
        dirty: set[int] = self.desk.model.clean() if changed else set()
        self._look_at_runs()
        self._follow_prompt()
        self.terminal.follow(self.desk.model)
        self._say_baton()
        with self.batch_update():
            for screen in reversed(self.screen_stack):
                if isinstance(screen, ConsoleScreen | ConsoleModal):
                    screen.touch(dirty)
                if not screen.is_modal:
                    # what lies under a dialog is seen too, what lies under a screen is not
                    break
        self.ask_when_painted()

    def on_app_focus(self) -> None:
        """Somebody looks again: at what is, not at what was a second ago."""
        self._ticks = int(TICK_S / PAINT_S)
        self.flush()

    def _look_at_runs(self) -> None:
        """The runs that screens are about; the table names its own rows."""
        snapshot, table = self.desk.model.snapshot, self._main().runs
        screens = (getattr(screen, "remote_id", None) for screen in self.screen_stack)
        waits = snapshot.renewal.waits if snapshot is not None and snapshot.renewal is not None else ()
        self.desk.sight.look("screens", [one for one in (self._main().facts.remote_id, *screens) if one is not None])
        self.desk.sight.look("waits", [one.remote_id for one in waits[: later.NAMED]])
        self.desk.sight.look(
            "marks", [key for key in sorted(table.marks, key=str) if isinstance(key, int)][: later.NAMED]
        )

    def _say_baton(self) -> None:
        """The right to act came or went by somebody else's hand."""
        model = self.desk.model
        if model.read_only or not model.is_heard or model.snapshot is None:
            return
        before, self._had_baton = self._had_baton, model.has_baton
        if before is not None and before is not self._had_baton:
            holder = model.baton.holder
            self.say(
                "you have the baton"
                if model.has_baton
                else f"{holder} has the baton now; this console looks"
                if holder is not None
                else "nobody has the baton now; T takes it"
            )

    # -- leaving -----------------------------------------------------------------------------------------------------

    def do_quit(self) -> None:
        if self._arrived is None or not self._arrived.owns_engine:
            self.leave("leave")
            return
        sentences = [
            (
                "The engine was started by this console. Left running, it works on: jobs are polled, products come home.",
                "text",
            ),
            (
                "Stopped, it ends in order; jobs at the site go on by themselves and are found again by the next engine.",
                "text",
            ),
        ]
        choices = [
            later.Choice(key="y", says="leave it running", value="leave"),
            later.Choice(key="s", says="stop it", value="stop"),
        ]
        dialog = later.Dialog(self.desk, title="Leave the engine running?", sentences=sentences, choices=choices)
        self.push_screen(dialog, lambda answer: self.leave(answer) if answer else None)

    def action_interrupt(self) -> None:
        """Ctrl-C twice leaves."""
        now = self.desk.model.now()
        if now - self._interrupted_at < 2.0:
            self.leave("leave")
            return
        self._interrupted_at = now
        self.say("ctrl+c again leaves; the engine goes on")

    async def on_unmount(self) -> None:
        if self._main_screen is not None:
            self._keeper.leave(self._main_screen, self.desk.model, self.desk.look.palette.name)
        if self._arrive is not None:
            await self._engine.decline_all()

    def _fatal_error(self) -> None:
        """A failure of the console shows no variable: one of them may be a token."""
        report = crash_report(self._exception or RuntimeError(), self._options.crash_file)
        self._exit_renderables.append(Text(report))
        self._close_messages_no_wait()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What an order or the link dies of is said, and the console stays; silence would look like success."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            self.say(crash_report(error, self._options.crash_file), severity="error")

    # -- small things ------------------------------------------------------------------------------------------------

    def refuses(self, kind: Kind) -> bool:
        """Say why what is of this kind may not be ordered now; False when it may."""
        sentence = "" if kind is Kind.VIEW else self.desk.model.refusal(by_anybody=by_anybody(kind))
        if sentence:
            self.say(sentence)
        return bool(sentence)

    def do_refresh(self) -> None:
        self._engine.hurry()
        if isinstance(self.screen, MainScreen):
            self.screen.runs.reorder()
            self.screen.touch(None)

    def do_theme(self) -> None:
        files = self._options.theme_files
        if files is not None:
            self.push_screen(later.ThemesScreen(self.desk, files, self.use_palette, self.say))

    @on(RunsOrdered)
    def _ordered(self, message: RunsOrdered) -> None:
        self.order_runs(message.verb, message.remote_ids)

    @on(WhyAsked)
    def _asked_why(self, message: WhyAsked) -> None:
        self.order(self.why_pane(message.what))

    @on(RunAsked)
    def _asked(self, message: RunAsked) -> None:
        self.ask_of_run(message.what, message.remote_id)
