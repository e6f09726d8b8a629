"""What is said in the row under the header: what a person has not seen yet before what he has, the worst and newest first. Pure.

The ladder: a *note* stands in the log only; a *toast* answers one's own key; an *alert* is counted in the row until it is seen and its
cause is gone; an *alarm* also rings, names itself in the title and asks the terminal for a notice, because a person must act.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rpconsole.console.format import RENEWAL_WORDS, counted, span
from rpconsole.console.model import Link, Model
from rpconsole.domain.action import Level
from rpconsole.domain.renewal import Outcome
from rpconsole.domain.session import SessionState, about_session
from rpconsole.domain.snapshot import Alert, Snapshot

#: a gate that is closed for so long is worth a reminder
GATE_REMINDER_S = 30 * 60.0

_RANK = {Level.ALERT: 0, Level.WARN: 1, Level.NOTE: 2}
#: what a standing thing is acknowledged by, in place of a time
STANDING = -1.0
#: so long an engine is looked for at the start before a person is told that there is none
LOOKING_S = 3.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One thing that a person should know."""

    level: Level
    sentence: str
    at: float
    remote_id: int | None = None
    #: what it is about; a standing one goes away with its cause, and is the same whatever its sentence counts
    subject: str = ""
    seen: bool = False

    @property
    def standing(self) -> bool:
        """Whether it lasts as long as its cause."""
        return bool(self.subject)

    @property
    def key(self) -> tuple[float, str]:
        """What it is remembered by."""
        return (STANDING, self.subject) if self.standing else (self.at, self.sentence)

    @property
    def is_alarm(self) -> bool:
        """Whether a person must act, and has not seen it."""
        return self.level is Level.ALERT and not self.seen


def notices(model: Model) -> list[Notice]:
    """Everything that is worth the alert row now, what was not seen first."""
    found = _of_link(model)
    snapshot = model.snapshot
    if snapshot is not None:
        now = model.now()
        found += (
            _of_prompt(model)
            + _of_renewal(model)
            + _of_baton(model)
            + _of_sessions(snapshot, model.overview.held, now)
            + _of_gates(snapshot, now)
        )
        found += [_said(alert) for alert in snapshot.alerts if _is_loud(alert) and not _is_mended(alert, snapshot)]
    told = [replace(one, seen=one.key in model.acknowledged) for one in found]
    return sorted((one for one in told if one.standing or not one.seen), key=_place)


def acknowledge(model: Model, notice: Notice) -> None:
    """A person has seen it: everything that says the same is taken away."""
    model.acknowledged.add(notice.key)
    if model.snapshot is not None and not notice.standing:
        same = [alert for alert in model.snapshot.alerts if alert.sentence == notice.sentence]
        model.acknowledged |= {(alert.at, alert.sentence) for alert in same}


def forget_gone(model: Model) -> None:
    """What stood and was seen counts anew when its cause comes back."""
    standing = {one.key for one in notices(model) if one.standing}
    model.acknowledged -= {key for key in model.acknowledged if key[0] == STANDING and key not in standing}


def _place(notice: Notice) -> tuple[bool, int, bool, float]:
    return notice.seen, _RANK[notice.level], not notice.standing, -notice.at


def _said(alert: Alert) -> Notice:
    return Notice(level=alert.level, sentence=alert.sentence, at=alert.at, remote_id=alert.remote_id)


def _is_loud(alert: Alert) -> bool:
    return alert.level is not Level.NOTE


def _is_mended(alert: Alert, snapshot: Snapshot) -> bool:
    """It told of a session, and a newer one is open."""
    return any(
        view.state is SessionState.OPEN
        and view.opened_at is not None
        and view.opened_at > alert.at
        and alert.sentence.startswith(f"{about_session(view.host)} ")
        for view in snapshot.sessions
    )


def _of_link(model: Model) -> list[Notice]:
    if model.link is Link.LIVE:
        return _of_version(model) if not model.stale else [_silent(model)]
    if model.hello is None and not model.sentence and model.link_age_s() < LOOKING_S:
        return []
    # where its socket lies is the same all the time; why it does not answer is what a person needs, also in a narrow row
    told = model.sentence.rpartition(": ")[2] if model.sentence.startswith("no engine answers on") else model.sentence
    sentence = f"no engine: {told or 'looking for it'}; tried again by itself"
    # before the first view there was none to lose
    level = Level.ALERT if model.hello is not None else Level.WARN
    return [Notice(level=level, sentence=sentence, at=model.now(), subject="engine")]


def _silent(model: Model) -> Notice:
    sentence = f"the engine has said nothing for {span(model.silent_s())}; the last view is kept, keys that act are off"
    return Notice(level=Level.ALERT, sentence=sentence, at=model.now(), subject="engine")


def _of_version(model: Model) -> list[Notice]:
    if not model.is_foreign or model.hello is None:
        return []
    sentence = (
        f"the engine is version {model.hello.version}, this console {model.version}: it looks and closes gates only; "
        "restart the older one"
    )
    return [Notice(level=Level.WARN, sentence=sentence, at=model.now(), subject="version")]


def _of_prompt(model: Model) -> list[Notice]:
    """The site waits for a token, and no dialog here shows it."""
    if not model.asked:
        return []
    return [Notice(level=Level.ALERT, sentence=model.asked, at=model.now(), subject="prompt")]


def _of_renewal(model: Model) -> list[Notice]:
    renewal = model.snapshot.renewal if model.snapshot is not None else None
    if renewal is None or renewal.outcome is not Outcome.RUNNING:
        return []
    waits = f", {counted(len(renewal.waits), 'thing')} waited for" if renewal.waits else ""
    steps = [*RENEWAL_WORDS]
    at = f"{steps.index(renewal.step) + 1} of {len(steps)}, {RENEWAL_WORDS[renewal.step]}" if renewal.step else "begins"
    sentence = f"{renewal.who} renews the sessions: {at}{waits} · K shows it"
    return [Notice(level=Level.WARN, sentence=sentence, at=model.now(), subject="renewal")]


def _of_baton(model: Model) -> list[Notice]:
    """Somebody asks for what this console has."""
    asker = model.baton.asker
    if asker is None or not model.has_baton:
        return []
    left_s = max(0.0, (model.baton.until or 0.0) - model.now())
    sentence = f"{asker} asks for the baton and gets it in {left_s:.0f} s · T hands it over or keeps it"
    return [Notice(level=Level.ALERT, sentence=sentence, at=model.now(), subject=f"baton for {asker.client}")]


def _of_sessions(snapshot: Snapshot, held: int, now: float) -> list[Notice]:
    if any(
        view.state in (SessionState.OPEN, SessionState.DRAINING, SessionState.OPENING) for view in snapshot.sessions
    ):
        return []
    waits = f"{counted(held, 'run')} held, " if held else ""
    sentence = f"{waits}no session to {snapshot.site} is open · L logs in"
    level = Level.ALERT if held else Level.WARN
    return [Notice(level=level, sentence=sentence, at=now, subject=f"sessions {level}")]


def _of_gates(snapshot: Snapshot, now: float) -> list[Notice]:
    closed = [
        gate for gate in snapshot.gates if not gate.open and gate.at is not None and now - gate.at > GATE_REMINDER_S
    ]
    return [
        Notice(
            level=Level.WARN,
            sentence=f"the {gate.name} gate has been closed for {span(now - (gate.at or now))} by {gate.who or 'nobody known'}",
            at=now,
            subject=f"gate {gate.name}",
        )
        for gate in closed
    ]
