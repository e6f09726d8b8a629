"""Text that came from elsewhere: shown in every pane as it is, never obeyed, never the end of the console."""

from __future__ import annotations

import pytest
from tests.console.support import (
    DOUBT,
    FakeOrders,
    a_command,
    a_run,
    busy,
    components_of,
    failures_of,
    grid,
    live,
    preview,
    told_briefly,
)
from tests.console.test_login import until

from rpconsole.console.model import Model
from rpconsole.console.screens.dialog import Dialog
from rpconsole.console.screens.run import RunScreen
from rpconsole.domain.action import Level
from rpconsole.domain.session import SessionState, SessionView
from rpconsole.domain.snapshot import GATES, Alert, GateView

#: what belongs together is in one text: each screen must bear all of it
CORPUS = {
    "markup": "[/foo] [bold red]x[/] [ota67] $(rm -rf /) `id` %s {0} \\ [",
    "control": "\x1b[2J\x1b]0;owned\x07 tab\there\nnew line\rback \x9b31m c1 \x00",
    "strange": "宽字符 и é combining e\u0301 \u202egnissecorp\u2066 \ud800 lone \u200b \U0001f525",
    "long": "x" * 10_000,
    "nothing": "",
}


#: every screen and back, ending on a run's own
KEYS = (
    *("W", "escape", "l", "escape", "y", "escape", "J", "escape", "exclamation_mark", "escape", "L", "escape"),
    *(
        "D",
        "enter",
        "escape",
        "escape",
        "6",
        "slash",
        "x",
        "enter",
        "enter",
        "escape",
        "escape",
        "escape",
        "3",
        "E",
        "escape",
    ),
    *("enter", "c", "W", "escape", "enter", "W", "escape", "enter", "escape", "escape", "escape"),
    *("t", "escape", "x", "escape", "f", "enter", "escape", "escape", "m", "w", "right", "escape"),
)


def hostile(text):
    return busy(
        site=text,
        database=text,
        sessions=(SessionView(host=text, state=SessionState.LOST, sentence=text, opened_by=text),),
        gates=tuple(GateView(name=name, open=False, who=text, at=1_399_000_000.0) for name in GATES),
        runs=(a_run(1, label=text, job=text, why=(text, text)),),
        alerts=(Alert(at=1.0, level=Level.ALERT, sentence=text, remote_id=1),),
    )


def answers(orders: FakeOrders, text: str) -> None:
    def details(remote_id, brief=False):
        known = {
            "components": [{"stage_id": 1, "state": text, "jobs": 1, "path_base": text}],
            "jobs": [{"number": 1, "state": text, "intended_at": 1.0, "job": text}],
            "failures": [{"stage_id": 1, "item": text, "sentence": text}],
            "files": {text: text},
            "site_files": {"output": text},
        }
        return told_briefly(known) if brief else known

    story = [{"at": 1.0, "event": text, "before": text, "after": text, "detail": text}]
    orders.answers |= {
        "run": details,
        "components": lambda remote_id, **asked: components_of(details(remote_id), **asked),
        "failures": lambda remote_id, stage_id=None, limit=1000: failures_of(details(remote_id), stage_id),
        "story": lambda remote_id, limit=0: {"story": story},
        "why": lambda remote_id: {"why": [text]},
        "acts": lambda limit: {"acts": [{"at": 1.0, "who": text, "what": text}]},
        "tail": lambda path, offset, limit: {"text": text + "\n", "offset": 1, "size": 1},
        "commands": lambda remote_id, stage_id, failed, limit: {
            "commands": [a_command(1, item=text, command=text, node=text, log=text, sentence=text, state=text)],
            **{"count": 5, "unread": text},
        },
        "preview": lambda order, remote_ids: {"runs": [preview(1, site=[text], rows=[text], then=text)]},
        "reconcile": lambda remote_id=None: {
            "runs": [DOUBT | {"remote_id": 1, "name": text, "answer": text, "act": text, "because": text}]
        },
        "retry": lambda remote_id: {"sentence": text},
    }


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
async def test_hostile_text_in_every_pane(make_app, hand, orders, text):
    answers(orders, text)
    app = make_app(live(Model(monotonic=hand), hostile(text)))
    async with app.run_test(size=(200, 60), notifications=True) as pilot:
        await until(pilot, lambda: app.screen.facts.facts is not None)
        shown = grid(app)
        assert len(shown.splitlines()) == 60
        assert not {ch for ch in shown if not ch.isprintable()} - {"\n"}
        for key in KEYS:
            await pilot.press(key)
            await pilot.pause()
            assert not {ch for ch in grid(app) if not ch.isprintable()} - {"\n"}
        await until(pilot, lambda: isinstance(app.screen, RunScreen) and app.screen.facts.facts is not None)
        await pilot.press("A")
        await until(pilot, lambda: isinstance(app.screen, Dialog))
        app.screen._patience_s = 0.0
        await pilot.press("y")
        await until(pilot, lambda: "retry" in orders.verbs())
        await pilot.pause()
        assert not {ch for ch in grid(app) if not ch.isprintable()} - {"\n"}
        assert app.is_running
