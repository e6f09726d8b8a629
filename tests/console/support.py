"""What console tests are made of: a busy snapshot, orders that are only kept, and the screen as text."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from textual.app import App

from rpconsole import __version__
from rpconsole.console.model import Model
from rpconsole.console.screens.main import TELLS
from rpconsole.console.screens.tail import TailScreen
from rpconsole.domain.action import Level
from rpconsole.domain.baton import Baton, Seat
from rpconsole.domain.components import COMPONENT_KEYS
from rpconsole.domain.fault import RpconsoleError
from rpconsole.domain.filters import parse
from rpconsole.domain.haul import Way
from rpconsole.domain.run import ComponentState, RunState, Step
from rpconsole.domain.session import SessionState, SessionView, StreamView
from rpconsole.domain.snapshot import GATES, Alert, GateView, RunView, Snapshot
from rpconsole.domain.stage import Stage
from rpconsole.domain.standstill import queue_reasons
from rpconsole.protocol.messages import PROTOCOL, EngineHello, WholeSnapshot

GRIDS = Path(__file__).parent / "grids"
SIZES = ((80, 24), (120, 40), (200, 60))
#: 2014-05-13 16:53:20 UTC
NOON = 1_400_000_000.0


class Hand:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


class FakeOrders:
    """Answers what it was told to answer, and keeps what was ordered."""

    def __init__(self) -> None:
        self.ordered: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {
            "run": lambda remote_id, brief=False: told_briefly(details(remote_id)) if brief else details(remote_id),
            "components": lambda remote_id, **asked: components_of(details(remote_id), **asked),
            "failures": lambda remote_id, stage_id=None, limit=1000: failures_of(details(remote_id), stage_id),
            "story": lambda remote_id, limit=0: {"story": STORY},
            "why": lambda remote_id: {"why": ["its job waits in the queue", "component 31 was abandoned"]},
            "acts": lambda limit: {"acts": [{"at": NOON, "who": "relief", "what": "pause poll", "outcome": "done"}]},
            "tail": lambda path, offset, limit: {
                "text": "line 1\nline 2\n"[max(0, offset) :],
                "offset": 14,
                "size": 14,
            },
            "gates": lambda names, open: {"gates": []},
            "preview": lambda order, remote_ids: {"runs": [preview(one) for one in remote_ids]},
            "commands": lambda remote_id, stage_id, failed, limit: {"commands": COMMANDS, "count": 3, "unread": ""},
            "reconcile": lambda remote_id=None: {"runs": [DOUBT]},
            "queues": lambda: {"queues": {str(one): queue_reasons(one, busy_runs(), busy()) for one in Stage}},
        }

    async def call(self, verb: str, **args: Any) -> dict[str, Any]:
        self.ordered.append((verb, args))
        answer = self.answers.get(verb, lambda **_: {"sentence": f"{verb} was recorded"})
        if isinstance(answer, RpconsoleError):
            raise answer
        found = answer(**args)
        result: dict[str, Any] = await found if hasattr(found, "__await__") else found
        return result

    def look(self, runs: Any) -> None:
        self.looked_at = tuple(runs)

    def verbs(self) -> list[str]:
        return [verb for verb, _ in self.ordered]

    def acts(self) -> list[tuple[str, dict[str, Any]]]:
        """Everything but looking."""
        return [one for one in self.ordered if one[0] not in LOOKS]


LOOKS = (
    *("run", "components", "failures", "story", "why", "acts", "tail", "preview", "commands"),
    *("reconcile", "session", "queues", "find_runs"),
)


def preview(remote_id: int, **changes: Any) -> dict[str, Any]:
    """What an order would do."""
    plain = {"remote_id": remote_id, "site": [f"canceljob {900000 + remote_id}"], "rows": [], "then": "it ends"}
    return {**plain, "refused": "", **changes}


def a_command(task: int, **changes: Any) -> dict[str, Any]:
    plain = {
        **{"task": task, "stage_id": 31, "item": f"XY{task:02}", "command": "ppImage --threads 2 -recipe PPIMAGE CHIP"},
        **{"state": "pass", "attempts": 1, "code": 0, "signal": None, "node": "mu0162", "start": NOON - 600},
        **{"wall_s": 151.2, "max_rss_kb": 2_400_000, "log": f"/scratch/stask_logs/000/{task}.1.log", "sentence": ""},
    }
    return {**plain, **changes}


COMMANDS = [
    a_command(1),
    a_command(11, state="fail", attempts=3, code=3, sentence="no product chip.XY11.fits"),
    a_command(12, state="waiting", attempts=0, code=None, node=None, start=None, wall_s=None, log=None),
]
DOUBT = {
    **{"remote_id": 4713, "step": "reconcile", "attempt": 2, "name": "rp4713.2.ab12", "intended_at": NOON - 1200},
    **{"job": None, "is_asked": True, "is_claimed": True, "claim_age_s": 1100.0, "reading": "no answer yet"},
    **{"answer": "", "is_queue_heard": True, "listed": [], "started": None, "started_age_s": None, "ended": None},
    **{"act": "rpconsole run resubmit 4713", "because": "no job of this name is listed and none has started"},
}
STORY = [
    {"at": NOON - 60, "event": "RunPrepared", "before": "prepare", "after": "ship", "detail": "prepared 2, refused 0"},
    {"at": NOON - 30, "event": "JobAccepted", "before": "submit", "after": "poll", "detail": "job 901122"},
]


def details(remote_id: int) -> dict[str, Any]:
    return {
        "remote_id": remote_id,
        **{"state": "run", "stage": "chip", "label": "LAP.2014", "path_base": "neb://any/remote/LAP.2014"},
        **{"job_id": 904711, "last_poll": NOON - 12, "fault": 0, "step": "poll"},
        "components": [
            {"stage_id": 31, "state": "fail", "jobs": 60, "path_base": "/data/remote/comp.31"},
            {"stage_id": 32, "state": "pass", "jobs": 60, "path_base": "/data/remote/comp.32"},
        ],
        "jobs": [{"number": 1, "state": "accepted", "intended_at": NOON - 40, "job": "901122"}],
        "failures": [
            {"stage_id": 31, "item": "XY11", "sentence": "ppImage ended with 3"},
            {"stage_id": 32, "item": "XY67", "sentence": "no product x.fits"},
        ],
        "files": {"manifest": "/data/remote/manifest.jsonl"},
        "site_files": {"output": "/scratch/stask_logs/chip.4711.out"},
    }


def told_briefly(known: dict[str, Any]) -> dict[str, Any]:
    """A run as its screen asks for it."""
    states = [(one["state"], 1) for one in known["components"]]
    kinds = [(one["sentence"], 1, f"component {one['stage_id']} {one['item']}") for one in known["failures"]]
    left = {name: value for name, value in known.items() if name not in ("components", "failures")}
    return {**left, "component_states": states, "failure_kinds": kinds}


def components_of(known: dict[str, Any], *, filter: str = "", shown: Any = (), **asked: Any) -> dict[str, Any]:
    """The components of a small run: all of them."""
    wrong = {one["stage_id"]: one for one in known["failures"]}
    rows = [
        {
            **one,
            "fails": 1 if one["stage_id"] in wrong else None,
            "worst": f"{wrong[one['stage_id']]['item']}: {wrong[one['stage_id']]['sentence']}"
            if one["stage_id"] in wrong
            else "",
        }
        for one in known["components"]
    ]
    kept = parse(filter, COMPONENT_KEYS)
    order = [row["stage_id"] for row in rows if kept.passes({**row, "text": str(row)})]
    return {"components": [row["stage_id"] for row in rows], "order": order, "rows": rows}


def failures_of(known: dict[str, Any], stage_id: int | None) -> dict[str, Any]:
    found = [one for one in known["failures"] if stage_id in (None, one["stage_id"])]
    return {"count": len(found), "failures": found}


def a_run(remote_id: int, step: Step = Step.POLL, **changes: Any) -> RunView:
    facts: dict[str, Any] = {
        "remote_id": remote_id,
        "stage": Stage.CHIP,
        "label": "LAP.2014",
        "state": RunState.RUN,
        "step": step,
        "job": str(900000 + remote_id),
        "attempts": 1,
        "tries": 0,
        "next_try_at": None,
        "why": ("its job is with the scheduler; the next poll will tell more",),
        "fault": 0,
        "components": {ComponentState.PREP_DONE: 20},
        "tasks_done": 700,
        "tasks": 1200,
        "bytes_sent": 19_000_000_000,
    }
    return RunView(**{**facts, **changes})


def busy_runs() -> tuple[RunView, ...]:
    return (
        a_run(4711, submitted_at=NOON - 18720, started_at=NOON - 2880, wall_s=3600, nodes=162),
        a_run(4712, tasks_failed=9, tasks_done=1100, submitted_at=NOON - 600, started_at=NOON - 300, wall_s=7200, nodes=2),
        a_run(4713, Step.SHIP, job=None, state=RunState.PENDING, tasks=0, why=("its inputs are being shipped",)),
        a_run(
            4714, Step.RETRIEVE, stage=Stage.CAMERA, state=RunState.AUTH, tasks=0,
            why=("no session to the site is open: 'rpconsole login' (L) moves it",),
        ),
        a_run(
            4715, Step.EXEC_STOPPED, stage=Stage.WARP, state=RunState.EXEC_FAIL, job=None, tries=3, fault=2, tasks=0,
            why=("msub refused: no such account",), components={ComponentState.PASS: 3, ComponentState.FAIL: 2},
        ),
        a_run(
            4716, Step.DONE, stage=Stage.STACK, state=RunState.FULL, tasks=0, why=("it is done",),
            components={ComponentState.PASS: 12},
        ),
    )  # fmt: skip


def sessions() -> tuple[SessionView, ...]:
    return (
        SessionView(
            host="mu-fe1", state=SessionState.OPEN, user="watersc1", opened_at=NOON - 3600, ends_at=NOON + 39600,
            opened_by="ipp", channels=3, max_channels=8, rate_in=21_500_000.0, rate_out=6_200_000.0,
            carrying=(
                StreamView(name="mu-fe1/1", way=Way.FETCH, bundle=61, rate=21_500_000.0, bytes_left=84_000_000, left_s=4.0),
                StreamView(name="mu-fe1/2", way=Way.SEND, bundle=7, rate=6_200_000.0, bytes_left=12_000_000, left_s=2.0),
            ),
        ),
        SessionView(
            host="mu-fe2", state=SessionState.OPEN, opened_at=NOON - 40740, ends_at=NOON + 2460, opened_by="relief", channels=8,
            max_channels=8, rate_in=9_900_000.0,
            carrying=(
                StreamView(name="mu-fe2/1", way=Way.FETCH, bundle=62, rate=9_900_000.0, bytes_left=33_000_000, left_s=None),
            ),
        ),
        SessionView(host="mu-fe3", state=SessionState.LOST, sentence="cut by the site at 13:20"),
    )  # fmt: skip


def busy(**changes: Any) -> Snapshot:
    facts: dict[str, Any] = {
        "at": NOON,
        "sequence": 1,
        "site": "lanl",
        "database": "gpc1",
        "owner": "ippc11:4242",
        "sessions": sessions(),
        "gates": tuple(GateView(name=name, open=True) for name in GATES),
        "runs": busy_runs(),
        "alerts": (
            Alert(at=NOON - 90, level=Level.NOTE, sentence="session to mu-fe1 opened as watersc1 by ipp"),
            Alert(
                at=NOON - 60, level=Level.ALERT, sentence="the session to mu-fe3 ended (cut by the site): log in again"
            ),
            Alert(at=NOON - 30, level=Level.WARN, sentence="msub refused: no such account", remote_id=4715),
        ),
        "rate_in": 31_400_000.0,
        "rate_out": 6_200_000.0,
        "polled_at": NOON - 12,
        "baton": Baton(holder=Seat(client=1, who="ipp", place="pts/3"), since=NOON - 600),
    }
    return Snapshot(**{**facts, **changes})


def empty() -> Snapshot:
    return busy(runs=(), alerts=(), sessions=(), rate_in=0.0, rate_out=0.0, polled_at=None)


def live(model: Model, snapshot: Snapshot) -> Model:
    model.greeted(
        EngineHello(
            protocol=PROTOCOL,
            version=__version__,
            pid=4242,
            since=NOON,
            site="lanl",
            database="gpc1",
            who="ipp",
            client=1,
        )
    )
    model.take(WholeSnapshot(snapshot=snapshot))
    return model


def grid(app: App[Any]) -> str:
    """The text of the whole screen."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


def assert_grid(app: App[Any], name: str) -> None:
    """The screen is as committed; ``RPCONSOLE_GRIDS=write`` commits to what it is now."""
    path, shown = GRIDS / f"{name}.txt", grid(app)
    if os.environ.get("RPCONSOLE_GRIDS") == "write":
        path.write_text(shown, encoding="utf-8")
    assert path.exists(), f"no grid {name}; RPCONSOLE_GRIDS=write makes it"
    assert shown == path.read_text(encoding="utf-8")


async def settled(app: Any, pilot: Any) -> None:
    """Everything painted, the details of the run under the cursor fetched."""
    await pilot.pause()
    # what lies under a dialog is seen too
    seen = next(screen for screen in reversed(app.screen_stack) if not screen.is_modal)
    facts = getattr(seen, "facts", None)
    for _ in range(3000):
        if facts is None or not facts.display or facts.remote_id is None:
            break
        if facts.facts is not None and (facts.story or facts.size.height < TELLS):
            break
        await pilot.pause(0.02)
    else:
        raise AssertionError(f"the details of run {facts.remote_id} never came")
    for _ in range(3000):
        if not isinstance(app.screen, TailScreen) or "line 2" in grid(app):
            break
        await pilot.pause(0.02)
    # whatever lies under a dialog too, not only when it is due
    app._mark_changed()
    app.flush()
    await pilot.pause()
