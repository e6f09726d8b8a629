"""When to try again: the only place that decides it. Nothing here sleeps; waiting is a time written on the run.

Three budgets are kept apart. The *site circuit* has none: without a session nothing is tried, and nothing is counted. A helper there that
does not start, or that dies, is the site's fault as well: it is waited for, ever longer. The *row* may
fail a step a few times, with growing delays, before a person is asked. The *component* may have its command run a few times by
the runner at the site before it is abandoned and the run goes on without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rpconsole.domain.fault import FaultKind

#: operators are told of a run over which the helper has died so often in a row
DEATHS_TOLD = 5


class AbandonPolicy(StrEnum):
    """What a failed component means for its run, by label."""

    #: the run goes on without it
    IGNORE = "ignore"
    #: the run stops in ``error`` for a person
    STRICT = "strict"


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """The numbers of the three budgets; times in seconds."""

    step_tries: int = 3
    delays_s: tuple[float, ...] = (30.0, 300.0, 1200.0)
    #: each delay is stretched by up to this share, so that many rows do not come back together
    jitter: float = 0.25
    #: how long to wait for a service that is away, whatever the number of tries
    away_s: float = 30.0
    #: between two looks at a full queue
    queue_full_s: float = 300.0
    #: between two looks for the evidence of a doubtful submit
    reconcile_s: float = 60.0
    #: how often a run's job may be submitted anew for tasks that were cut
    job_attempts: int = 5
    #: how often the runner tries a component's command
    component_tries: int = 3
    strict_labels: frozenset[str] = frozenset()

    def policy_for(self, label: str) -> AbandonPolicy:
        """What a failed component means for runs of this label."""
        return AbandonPolicy.STRICT if label in self.strict_labels else AbandonPolicy.IGNORE


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryDecision:
    """Try again at a time, or stop and ask a person."""

    #: epoch seconds; None = a person is asked
    next_try_at: float | None
    counted: bool


def decide_retry(policy: RetryPolicy, kind: FaultKind, tries: int, now: float, spread: float = 0.5) -> RetryDecision:
    """When to repeat a step that failed for the ``tries + 1``-th time.

    ``spread`` in [0, 1] places the retry inside the jitter; the caller draws it, so that this stays a function of its arguments.
    """
    match kind:
        case FaultKind.NEEDS_LOGIN:
            return RetryDecision(next_try_at=now, counted=False)
        case FaultKind.AWAY:
            return RetryDecision(next_try_at=now + policy.away_s, counted=False)
        case FaultKind.PERMANENT | FaultKind.REFUSED:
            return RetryDecision(next_try_at=None, counted=True)
        case FaultKind.TRANSIENT:
            if tries + 1 >= policy.step_tries:
                return RetryDecision(next_try_at=None, counted=True)
            delay_s = policy.delays_s[min(tries, len(policy.delays_s) - 1)]
            return RetryDecision(next_try_at=now + delay_s * (1.0 + policy.jitter * spread), counted=True)


def site_delay_s(policy: RetryPolicy, times: int) -> float:
    """Until the site's helper is asked again, once it has failed ``times`` times in a row: each wait twice the one before, and the
    longest as long as the last delay of a step."""
    longest_s = max(policy.away_s, policy.delays_s[-1])
    return min(longest_s, policy.away_s * 2.0 ** min(times - 1, 30))


def spread_of(remote_id: int, tries: int) -> float:
    """A number in [0, 1) that differs from run to run and from try to try, and is the same whenever it is asked."""
    return ((remote_id * 2654435761 + tries * 40503) % 1000) / 1000.0
