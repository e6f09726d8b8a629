"""The one list of everything that a key does: bindings, footer, help, ``:`` line and the guide are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding


class Kind(StrEnum):
    """What an action touches; all but VIEW need a live engine, ACT and SESSION the baton, GATE it to open one."""

    VIEW = "view"
    GATE = "gate"
    BATON = "baton"
    ACT = "act"
    SESSION = "session"


class Place(StrEnum):
    """Where a key is valid; a table's keys hold in every table."""

    ALL = "everywhere"
    MAIN = "main screen"
    TABLE = "tables"
    SESSIONS = "sessions"
    QUEUES = "queues"
    RUN_PANE = "pane of a run"
    RUNS = "runs"
    RUN = "one run"
    COMPONENTS = "components"
    COMMANDS = "commands"
    LOG = "logs"


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One thing that a key does."""

    id: str
    keys: str
    #: one word or two, for the footer
    short: str
    #: a sentence, for help and the ``:`` line
    says: str
    place: Place
    kind: Kind = Kind.VIEW
    #: whether the footer has room for it; lower = earlier
    rank: int | None = None

    @property
    def name(self) -> str:
        """The action's name on the ``:`` line."""
        return self.id.replace(".", "-")


def _view(place: Place, id: str, keys: str, short: str, says: str, rank: int | None = None) -> Action:
    return Action(id=id, keys=keys, short=short, says=says, place=place, rank=rank)


ACTIONS: tuple[Action, ...] = (
    _view(Place.TABLE, "nav.down", "j,down", "down", "One row down"),
    _view(Place.TABLE, "nav.up", "k,up", "up", "One row up"),
    _view(Place.TABLE, "nav.top", "g,home", "top", "To the first row"),
    _view(Place.TABLE, "nav.bottom", "G,end", "bottom", "To the last row, new ones taken in"),
    _view(Place.TABLE, "nav.page_down", "ctrl+d,pagedown", "page down", "A page down"),
    _view(Place.TABLE, "nav.page_up", "ctrl+u,pageup", "page up", "A page up"),
    _view(Place.TABLE, "nav.open", "enter", "open", "Open what is under the cursor", 1),
    _view(Place.TABLE, "filter.open", "slash", "filter", "Filter the rows: words, key:value, age:>2h, !not", 4),
    _view(
        Place.TABLE,
        "sort.by",
        "s",
        "sort",
        "Sort by a column: its letter follows; again turns it round, s ends sorting",
    ),
    _view(Place.TABLE, "cols.wide", "w", "wide", "Every column in its full width, or what fits"),
    _view(Place.TABLE, "cols.left", "left", "left", "Columns: to the left, while they are wide"),
    _view(Place.TABLE, "cols.right", "right", "right", "Columns: to the right, while they are wide"),
    _view(Place.TABLE, "mark.toggle", "space", "mark", "Mark the row, or take the mark away", 6),
    _view(Place.TABLE, "mark.range", "v", "range", "Begin a range here; again marks everything from there to here"),
    _view(Place.TABLE, "mark.all", "asterisk", "mark all", "Mark all rows that are shown"),
    _view(Place.TABLE, "mark.none", "backslash", "unmark", "Take all marks away"),
    _view(
        Place.SESSIONS, "session.why", "W", "why", "Say of each front end why no session is open, and what opens it", 2
    ),
    _view(
        Place.QUEUES,
        "queue.why",
        "W",
        "why",
        "Say of each stage why its queue does not move, and what would move it",
        2,
    ),
    _view(Place.RUNS, "run.why", "W", "why", "Say why the row does not move, and what would move it", 2),
    _view(Place.RUNS, "run.log", "l", "log", "Show the output of the run's job, from the site", 5),
    _view(Place.RUNS, "run.raw", "y", "raw", "The run's row in the database and everything that is known of it"),
    Action(
        id="run.retry",
        keys="A",
        short="try again",
        place=Place.RUNS,
        kind=Kind.ACT,
        rank=9,
        says="Try again: send stopped runs on their way, or end a waiting",
    ),
    Action(
        id="run.resubmit",
        keys="S",
        short="resubmit",
        place=Place.RUNS,
        kind=Kind.ACT,
        says="Resubmit: decide a doubtful submit for a new attempt",
    ),
    Action(
        id="run.cancel",
        keys="X",
        short="cancel",
        place=Place.RUNS,
        kind=Kind.ACT,
        rank=8,
        says="Cancel the runs' jobs at the site",
    ),
    Action(
        id="run.revert",
        keys="R",
        short="revert",
        place=Place.RUNS,
        kind=Kind.ACT,
        rank=7,
        says="Revert: failed components are taken into the next definition",
    ),
    Action(
        id="run.rebundle",
        keys="B",
        short="re-bundle",
        place=Place.RUNS,
        kind=Kind.ACT,
        says="Re-bundle: make a new run of the failed components at once",
    ),
    _view(Place.RUN, "run.components", "c", "comps", "The run's components", 2),
    _view(Place.RUN, "run.failures", "x", "failures", "The run's tasks that failed, with what is wrong", 3),
    _view(Place.RUN, "run.commands", "m", "commands", "The run's commands, with where they ran and how they ended"),
    _view(Place.RUN, "run.story", "t", "story", "How the run got where it is", 4),
    _view(Place.RUN, "run.files", "f", "files", "The run's files, at home and at the site", 4),
    _view(Place.RUN, "run.down", "j,down,pagedown", "down", "Further down, where it does not fit"),
    _view(Place.RUN, "run.up", "k,up,pageup", "up", "Up again"),
    _view(Place.RUN, "run.previous", "left_square_bracket", "previous", "The run before, in the table's order"),
    _view(Place.RUN, "run.next", "right_square_bracket", "next", "The next run, in the table's order"),
    _view(Place.COMPONENTS, "component.failed", "x", "failed", "Only the commands that failed, of all components", 3),
    _view(Place.COMMANDS, "command.log", "l", "log", "What the command printed, from the site", 2),
    _view(Place.COMMANDS, "command.why", "W", "why", "What became of the command, and the whole command line", 3),
    _view(Place.COMMANDS, "command.previous", "left_square_bracket", "previous", "The component before"),
    _view(Place.COMMANDS, "command.next", "right_square_bracket", "next", "The next component", 5),
    _view(Place.LOG, "log.follow", "f,F", "follow", "Follow what is added, or stop", 1),
    _view(Place.LOG, "log.search", "slash", "search", "Search with the filters' words; n and N go on", 2),
    _view(Place.LOG, "log.keep", "ampersand", "keep", "Keep only lines that a filter lets through", 3),
    _view(Place.LOG, "log.level", "m", "level", "Leave out what is less than a warning, then less than an alert", 6),
    _view(Place.LOG, "log.time", "t", "time", "Time of day, or how long ago"),
    _view(Place.LOG, "log.open", "enter", "run", "Open the run that the line is about", 5),
    _view(Place.LOG, "log.pager", "o", "pager", "Read it in $PAGER; the console waits meanwhile"),
    _view(Place.LOG, "log.next", "n", "next", "The next match"),
    _view(Place.LOG, "log.previous", "N", "previous", "The match before"),
    _view(Place.LOG, "log.down", "j,down", "down", "A line down"),
    _view(Place.LOG, "log.up", "k,up", "up", "A line up; following stops"),
    _view(Place.LOG, "log.page_down", "ctrl+d,pagedown", "page down", "A page down"),
    _view(Place.LOG, "log.page_up", "ctrl+u,pageup", "page up", "A page up"),
    _view(Place.LOG, "log.top", "g,home", "top", "To the first line"),
    _view(Place.LOG, "log.bottom", "G,end", "end", "To the end, following"),
    _view(Place.LOG, "log.wrap", "w", "wrap", "Wrap long lines, or cut them"),
    _view(Place.RUN_PANE, "tab.previous", "left_square_bracket", "previous", "The sheet before: facts, files, raw"),
    _view(Place.RUN_PANE, "tab.next", "right_square_bracket", "next", "The next sheet: facts, files, raw", 3),
    _view(Place.RUN_PANE, "tab.down", "j,down,pagedown", "down", "Further down, where it does not fit"),
    _view(Place.RUN_PANE, "tab.up", "k,up,pageup", "up", "Up again"),
    _view(Place.MAIN, "pane.1", "1", "sessions", "Sessions"),
    _view(Place.MAIN, "pane.2", "2", "queues", "Queues"),
    _view(Place.MAIN, "pane.3", "3", "runs", "Runs"),
    _view(Place.MAIN, "pane.4", "4", "run", "The run under the cursor"),
    _view(Place.MAIN, "pane.5", "5", "transfer", "Transfer"),
    _view(Place.MAIN, "pane.6", "6", "log", "What was said to the operators"),
    _view(Place.MAIN, "pane.zoom", "z", "zoom", "Give the pane the whole screen, or take it back", 10),
    Action(
        id="gate.poll",
        keys="p",
        short="poll",
        place=Place.ALL,
        kind=Kind.GATE,
        rank=5,
        says="Close or open the poll gate",
    ),
    Action(
        id="gate.exec",
        keys="e",
        short="exec",
        place=Place.ALL,
        kind=Kind.GATE,
        rank=5,
        says="Close or open the exec gate: closed, nothing new is shipped or submitted",
    ),
    Action(
        id="gate.prepare",
        keys="P",
        short="prepare",
        place=Place.ALL,
        kind=Kind.GATE,
        says="Close or open the prepare gate; for one stage: ':pause prepare.warp'",
    ),
    Action(
        id="session.login",
        keys="L",
        short="login",
        place=Place.ALL,
        kind=Kind.SESSION,
        rank=3,
        says="Log in: open sessions to the site with tokens of your card",
    ),
    Action(
        id="baton.take",
        keys="T",
        short="baton",
        place=Place.ALL,
        kind=Kind.BATON,
        says="The baton: ask for it, hand it over, keep it, or lay it down",
    ),
    Action(
        id="session.renew",
        keys="K",
        short="renew",
        place=Place.ALL,
        kind=Kind.SESSION,
        says="Renew the sessions: the eight steps of the maintenance procedure as one act",
    ),
    _view(Place.ALL, "alert.ack", "a", "seen", "Acknowledge the alert that is shown"),
    _view(Place.ALL, "alert.list", "exclamation_mark", "alerts", "All alerts"),
    _view(Place.ALL, "journal", "J", "journal", "Who did what, and when"),
    _view(Place.ALL, "doubts", "D", "doubts", "Doubtful submits: what speaks for and against a job, and what to do"),
    _view(Place.ALL, "copy", "Y", "copy", "Copy what the cursor is on to the terminal's clipboard"),
    _view(
        Place.ALL, "export", "E", "export", "Write to a file: the table, a run's story, an incident bundle, the screen"
    ),
    _view(Place.ALL, "refresh", "r", "refresh", "Take in new rows; try to reach a lost engine now"),
    _view(Place.ALL, "palette", "colon,ctrl+p", "command", "A command by its name", 4),
    _view(Place.ALL, "help", "question_mark,f1", "help", "This help"),
    _view(Place.ALL, "back", "escape", "back", "Back: close, clear the filter, leave the screen"),
    _view(Place.ALL, "quit", "q", "quit", "Leave; the engine goes on"),
)
BY_ID = {action.id: action for action in ACTIONS}

_KEY_NAMES = {
    "slash": "/", "colon": ":", "question_mark": "?", "asterisk": "*", "backslash": "\\", "exclamation_mark": "!",
    "ampersand": "&", "left_square_bracket": "[", "right_square_bracket": "]", "escape": "esc", "pagedown": "pgdn", "pageup": "pgup",
}  # fmt: skip


def named_key(key: str) -> str:
    """A key as people call it."""
    return _KEY_NAMES.get(key, key)


def keys_of(action: Action) -> list[str]:
    """The shipped keys as people call them."""
    return [named_key(key) for key in action.keys.split(",")]


def of(*places: Place) -> list[Action]:
    """The actions of these places, in the order of the list."""
    return [action for action in ACTIONS if action.place in places]


def bindings(*places: Place) -> list[Binding]:
    """What Textual binds for these places."""
    return [
        Binding(action.keys, f"do('{action.id}')", action.short, id=action.id, show=False) for action in of(*places)
    ]


def by_anybody(kind: Kind) -> bool:
    """Whether an action of this kind needs no baton; a gate may be closed by anybody, and opening it is asked again."""
    return kind in (Kind.VIEW, Kind.GATE, Kind.BATON)
