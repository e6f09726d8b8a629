"""The ``:`` line: every action of the registry by its name, and words that take an argument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rpconsole.console.actions import ACTIONS, Kind
from rpconsole.console.keymap import Keymap
from rpconsole.domain import filters
from rpconsole.domain.nearest import nearest
from rpconsole.domain.snapshot import GATES, STAGE_GATES

#: (word with its arguments, what it does, what it touches)
WORDS: tuple[tuple[str, str, Kind], ...] = (
    ("pause GATE", f"close a gate: {', '.join(GATES)}, prepare.STAGE, or all", Kind.GATE),
    ("resume GATE", "open a gate, or all of them", Kind.GATE),
    *(
        (f"remote.{gate}.{word}", f"{'open' if word == 'on' else 'close'} the {gate} gate", Kind.GATE)
        for gate in (*GATES, *STAGE_GATES)
        for word in ("on", "off")
    ),
    ("main", "back to the main screen, from wherever you are", Kind.VIEW),
    ("run NUMBER", "open a run", Kind.VIEW),
    ("filter WORDS", "filter the runs", Kind.VIEW),
    ("theme [NAME]", "another theme; without a name all of them to try, read anew while the list is open", Kind.VIEW),
    ("since TIME", "only what the log was told in the last 5m, 1h, 2d; all shows the rest again", Kind.VIEW),
    ("logout [HOST…]", "end sessions in order", Kind.SESSION),
    ("poll-now", "ask the scheduler now", Kind.ACT),
    ("advance", "register what is complete for the next stage, now", Kind.ACT),
    ("tail PATH", "show the end of a file at the site", Kind.VIEW),
)


@dataclass(frozen=True, slots=True)
class Command:
    """What was typed: an action's id, or a word with its arguments."""

    action: str = ""
    word: str = ""
    args: tuple[str, ...] = ()


def proposals(text: str, keymap: Keymap | None = None) -> list[tuple[str, str]]:
    """What a person may mean, by the words of a filter: names that begin with what was typed come first."""
    typed = text.strip().lower()
    wanted = filters.parse(typed, ())
    found = [one for one in every(keymap) if wanted.passes({"text": f"{one[0]} {one[1]}"}) or one[0].startswith(typed)]
    return sorted(found, key=lambda one: not one[0].lower().startswith(typed))


def every(keymap: Keymap | None = None) -> list[tuple[str, str]]:
    """Everything that the line understands, with what it does and the person's own keys for it."""
    keys = keymap or Keymap()
    named = [
        (action.name, f"{action.says} ({' '.join(keys.keys_of(action))})")
        for action in ACTIONS
        if not action.id.startswith("nav.")
    ]
    return [*((word, says) for word, says, _ in WORDS), *named]


def parse(text: str) -> Command | str:
    """What was typed, or a sentence that says what is wrong with it and names the nearest right thing."""
    words = text.split()
    if not words:
        return ""
    word, args = words[0].removeprefix(":"), tuple(words[1:])
    action = next((one for one in ACTIONS if word in (one.name, one.id)), None)
    if action is not None:
        return Command(action=action.id)
    if word.startswith("remote."):
        return _of_pantasks(word)
    heads = {one.split()[0] for one, _, _ in WORDS}
    if word not in heads:
        return f"there is no command '{word}'{nearest(word, [*heads, *(one.name for one in ACTIONS)])}"
    if word in ("pause", "resume", "run", "tail", "since") and len(args) != 1:
        return f"{word} takes one argument: {next(one for one, _, _ in WORDS if one.startswith(word))}"
    return Command(word=word, args=args)


def kind_of(command: Command, kinds: Sequence[tuple[str, str, Kind]] = WORDS) -> Kind:
    """What a word touches."""
    if command.action:
        return next(action.kind for action in ACTIONS if action.id == command.action)
    return next(kind for word, _, kind in kinds if word.split()[0] == command.word)


def _of_pantasks(word: str) -> Command | str:
    gate, _, onoff = word.removeprefix("remote.").rpartition(".")
    if gate not in (*GATES, *STAGE_GATES) or onoff not in ("on", "off"):
        known = [f"remote.{one}.{way}" for one in (*GATES, *STAGE_GATES) for way in ("on", "off")]
        return f"there is no command '{word}'{nearest(word, known)}"
    return Command(word="resume" if onoff == "on" else "pause", args=(gate,))
