"""Why a run does not move, and the one act that would move it: sentences, the most telling first."""

from __future__ import annotations

from rpconsole.domain.action import ACTION_OF_STEP
from rpconsole.domain.run import FINAL_STEPS, NETWORK_STEPS, NO_SESSION, Run, Step
from rpconsole.domain.schedule import Situation, closed_gate
from rpconsole.domain.stage import Stage

#: what goes on by itself at a step, where nothing holds it up
WAITS_AT = {
    Step.PREPARE: "its lists are being written",
    Step.SHIP: "its inputs are being shipped",
    Step.SUBMIT: "its job is being submitted",
    Step.RECONCILE: "the evidence of a doubtful submit is being looked for",
    Step.POLL: "its job is with the scheduler; the next poll will tell more",
    Step.RETRIEVE: "its products are coming home",
    Step.APPLY: "its dbinfo is being applied",
    Step.ADVANCE: "the next stage is being registered",
}


def reasons(run: Run, situation: Situation) -> tuple[str, ...]:
    """Everything that keeps the run where it is."""
    if run.step is Step.DONE:
        return ("it is done",)
    if run.step in FINAL_STEPS:
        return (run.hold or "it stopped", f"order 'rpconsole run retry {run.remote_id}' (A) once the cause is mended")
    held_up = (
        _session(run, situation),
        _gate(run, situation),
        situation.too_long.get(run.remote_id, "") if run.step in (Step.SHIP, Step.RETRIEVE) else "",
        situation.throttled.get(run.remote_id, ""),
        _silence(run, situation),
    )
    found = [sentence for sentence in held_up if sentence]
    if situation.site_away is None or run.hold != situation.site_away.sentence:
        wait = _wait(run, situation, hold="" if _cause(run.hold) in map(_cause, found) else run.hold)
        found += [wait] if wait else []
    if not found:
        return (run.hold or WAITS_AT[run.step],)
    return tuple(found)


class Reasons:
    """The reasons of many runs in one situation: runs that the same things hold up share their sentences."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._apart = frozenset(situation.throttled) | frozenset(situation.too_long)
        self._shared: dict[tuple[Step, Stage, str | None], tuple[str, ...]] = {}

    def of(self, run: Run) -> tuple[str, ...]:
        """What ``reasons`` says of the run."""
        if run.next_try_at is not None or run.remote_id in self._apart:
            return reasons(run, self._situation)
        key = (run.step, run.stage, run.hold)
        found = self._shared.get(key)
        if found is None:
            found = reasons(run, self._situation)
            if not self._names_the_run(run.step):
                self._shared[key] = found
        return found

    def _names_the_run(self, step: Step) -> bool:
        return step in FINAL_STEPS or (self._situation.site_away is not None and step in NETWORK_STEPS)


#: at the console a key does it; the other gates are resumed there with the same words
_GATE_KEYS = {"exec": " (e)", "poll": " (p)"}


def _session(run: Run, situation: Situation) -> str:
    if run.step not in NETWORK_STEPS:
        return ""
    if not situation.session:
        return f"{NO_SESSION}: 'rpconsole login' (L) moves it"
    if situation.site_away is not None:
        wait_s = max(0.0, situation.site_away.again_at - situation.now)
        return (
            f"the helper at the site does not serve: {situation.site_away.sentence} "
            f"It is asked again in {wait_s:.0f} s; 'rpconsole run retry {run.remote_id}' (A) asks at once"
        )
    if not situation.may_transfer and run.step in (Step.SHIP, Step.RETRIEVE):
        return "the session ends too soon for a transfer: 'rpconsole login' (L) with a new token moves it"
    return ""


def _gate(run: Run, situation: Situation) -> str:
    kind = ACTION_OF_STEP.get(run.step)
    gate = closed_gate(kind, run, situation.closed_gates) if kind else ""
    return f"the {gate} gate is closed: 'rpconsole resume {gate}'{_GATE_KEYS.get(gate, '')} moves it" if gate else ""


def _silence(run: Run, situation: Situation) -> str:
    if run.step is not Step.POLL or situation.silence is None:
        return ""
    return f"the scheduler gives no queue ({situation.silence}); its job is not touched, and it is asked again"


def _cause(sentence: str | None) -> str:
    """A sentence without its advice: what a run was told when it stopped may be what still holds it."""
    return (sentence or "").partition(": ")[0]


def _wait(run: Run, situation: Situation, hold: str | None) -> str:
    if run.next_try_at is None or run.next_try_at <= situation.now:
        return hold or ""
    wait_s = run.next_try_at - situation.now
    cause = f"{hold}; " if hold else ""
    return f"{cause}tried again in {wait_s:.0f} s; 'rpconsole run retry {run.remote_id}' (A) tries at once"
