"""What is said in the row under the header: standing facts first, then what the engine said, the worst and newest first. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from rpconsole.console.format import counted, span
from rpconsole.console.model import Link, Model
from rpconsole.domain.action import Level
from rpconsole.domain.run import NETWORK_STEPS
from rpconsole.domain.session import SessionState
from rpconsole.domain.snapshot import Alert, Snapshot

#: a gate that is closed for so long is worth a reminder
GATE_REMINDER_S = 30 * 60.0

_RANK = {Level.ALERT: 0, Level.WARN: 1, Level.NOTE: 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One thing that a person should know."""

    level: Level
    sentence: str
    at: float
    remote_id: int | None = None
    #: it goes away with its cause, not by acknowledging
    standing: bool = False


def notices(model: Model) -> list[Notice]:
    """Everything that is worth the alert row now."""
    snapshot = model.snapshot
    found = _of_link(model)
    if snapshot is not None:
        now = model.now()
        found += _of_baton(model) + _of_sessions(snapshot, now) + _of_gates(snapshot, now)
        said = [alert for alert in snapshot.alerts if _is_loud(alert) and key_of(alert) not in model.acknowledged]
        found += [
            Notice(level=one.level, sentence=one.sentence, at=one.at, remote_id=one.remote_id)
            for one in sorted(said, key=lambda one: (_RANK[one.level], -one.at))
        ]
    return found


def acknowledge(model: Model, notice: Notice) -> None:
    """A person has seen it: everything that says the same is taken away."""
    if model.snapshot is not None:
        same = [alert for alert in model.snapshot.alerts if alert.sentence == notice.sentence]
        model.acknowledged |= {key_of(alert) for alert in same}


def key_of(alert: Alert) -> tuple[float, str]:
    """What an alert is remembered by."""
    return alert.at, alert.sentence


def _is_loud(alert: Alert) -> bool:
    return alert.level is not Level.NOTE


def _of_link(model: Model) -> list[Notice]:
    if model.link is Link.LIVE:
        if not model.stale:
            return []
        sentence = (
            f"the engine has said nothing for {span(model.silent_s())}; the last view is kept, keys that act are off"
        )
    else:
        sentence = f"no engine: {model.sentence or 'looking for it'}; tried again by itself"
    return [Notice(level=Level.ALERT, sentence=sentence, at=model.now(), standing=True)]


def _of_baton(model: Model) -> list[Notice]:
    """Somebody asks for what this console has."""
    asker = model.baton.asker
    if asker is None or not model.has_baton:
        return []
    left_s = max(0.0, (model.baton.until or 0.0) - model.now())
    sentence = f"{asker} asks for the baton and gets it in {left_s:.0f} s · T hands it over or keeps it"
    return [Notice(level=Level.ALERT, sentence=sentence, at=model.now(), standing=True)]


def _of_sessions(snapshot: Snapshot, now: float) -> list[Notice]:
    if any(
        view.state in (SessionState.OPEN, SessionState.DRAINING, SessionState.OPENING) for view in snapshot.sessions
    ):
        return []
    held = sum(run.step in NETWORK_STEPS for run in snapshot.runs)
    waits = f"{counted(held, 'run')} held, " if held else ""
    sentence = f"{waits}no session to {snapshot.site} is open · L logs in"
    return [Notice(level=Level.ALERT if held else Level.WARN, sentence=sentence, at=now, standing=True)]


def _of_gates(snapshot: Snapshot, now: float) -> list[Notice]:
    closed = [
        gate for gate in snapshot.gates if not gate.open and gate.at is not None and now - gate.at > GATE_REMINDER_S
    ]
    return [
        Notice(
            level=Level.WARN,
            sentence=f"the {gate.name} gate has been closed for {span(now - (gate.at or now))} by {gate.who or 'nobody known'}",
            at=now,
            standing=True,
        )
        for gate in closed
    ]
