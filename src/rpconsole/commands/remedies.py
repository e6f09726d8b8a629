"""What would help a job that does not start, by what the scheduler says of it: one row a case, the first that fits.

``{job}`` and ``{run}`` stand for the scheduler's id and the run's number.
"""

from __future__ import annotations

import re

from rpconsole.commands.scheduler import JobOutcome, JobState

_AGAIN = "then 'rpconsole run retry {run}'"

_ROWS: tuple[tuple[str, str], ...] = (
    (
        r"DependencyNeverSatisfied|dependency (?:can )?never",
        "what it waits for has failed, so it would wait for ever: 'rpconsole run cancel {run}', then retry it",
    ),
    (
        r"launch failed|JobLaunchFailure",
        "a node could not start it: tell the site's staff, then 'scontrol release {job}' there",
    ),
    (
        r"JobHeldUser|requeued in held state",
        "somebody holds it under our account: 'scontrol release {job}' at the site frees it",
    ),
    (r"JobHeldAdmin", "the site's staff hold it: ask them"),
    (
        r"User ?Hold|\bUser(?::|\b.* hold)",
        "somebody holds it under our account: 'mjobctl -u user {job}' at the site frees it",
    ),
    (r"System ?Hold|\bSystem(?::|\b.* hold)|OperatorHold", "the site's staff hold it: ask them"),
    (
        r"Batch ?Hold|\bBatch(?::|\b.* hold)",
        "Moab gave up on starting it: 'checkjob -v {job}' says why; once that is mended, 'releasehold -b {job}' frees it",
    ),
    (
        r"\bDefer",
        "Moab could not start it and tries again by itself, usually within the hour; 'releasehold -a {job}' tries at once",
    ),
    (r"NotQueued|RMFailure", "Moab does not reach the resource manager below it: it goes on when that is back"),
    (
        r"invalid account|InvalidAccount|AccountNotAllowed|account[^\n]{0,40}(?:not (?:valid|found|allowed|permitted)|denied|expired)|"
        r"no (?:valid |default )?account|does not have access to account",
        "the account is wrong or missing: set site.account (or a stage's own), " + _AGAIN,
    ),
    (r"InvalidQOS|QOSNotAllowed|invalid qos", "set another site.qos (or a stage's own), " + _AGAIN),
    (
        r"PartitionTimeLimit|Max(?:imum )?Wall\w*(?:Limit|PerJob)|MAXWC|(?:wall ?(?:clock|time)|time) limit[^\n]{0,40}(?:exceed|invalid)|"
        r"Requested time limit is invalid|walltime[^\n]{0,30}too (?:long|high)|exceeds[^\n]{0,30}(?:wall|time)",
        "it asks for more hours than it may have: cancel it, set a lower site.max_hours or another queue, " + _AGAIN,
    ),
    (
        r"PartitionNodeLimit|PartitionConfig|MaxNodes?(?:Limit|Per)|MAXNODE|node count specification|"
        r"Requested node configuration is not available|more (?:nodes|processors) requested",
        "it asks for more nodes than it may have: cancel it, set a lower site.max_nodes or another queue, " + _AGAIN,
    ),
    (r"BadConstraints|invalid feature", "no node has the features that it asks for: correct site.features, " + _AGAIN),
    (
        r"invalid (?:partition|queue|class)|unknown (?:queue|class)",
        "there is no such queue: correct site.queue, " + _AGAIN,
    ),
    (
        r"MaxSubmit|MaxJob|MAXI?JOB|GrpSubmit|GrpJobs|queue is full|(?:job|submit) limit|JobLimit|"
        r"maximum (?:allowed )?(?:number of )?(?:\w+ )?jobs|too many jobs|temporarily unable to accept|Resource temporarily",
        "as many jobs as the site allows are there already: it goes on when one of them has ended",
    ),
    (
        r"Assoc\w+|QOS\w+|\bMAXP(?:ROC|S|E)\b|fairshare|exceeds? available partition procs",
        "what the account or the QOS may use is in use: it goes on when that ends, or with another site.account or site.qos",
    ),
    (
        r"ReqNodeNotAvail|DOWN, DRAINED|NodeDown|Reservation|maintenance|PartitionDown|PartitionInactive|FrontEndDown",
        "nodes are down or kept for something else: it goes on when they are free; the site's staff know when",
    ),
    (r"Licenses", "it waits for licences"),
    (r"BeginTime", "it waits for a time that it asked for"),
    (r"\bDependency\b", "it waits for another job"),
    (
        r"violates constraints",
        "if the job asks for nothing unusual this may be a fault of Moab's own: show the site's staff 'checkjob -v {job}'",
    ),
    (
        r"connect failure|communication error|timed out|not respond",
        "the scheduler does not answer; it is asked again by itself",
    ),
    (r"\bblocked\b", "a limit of the site keeps it from being considered: 'checkjob -v {job}' says which"),
    (r"[Hh]old|[Hh]eld", "it is held: the site's staff know why"),
)
_TABLE = tuple((re.compile(pattern, re.IGNORECASE), words) for pattern, words in _ROWS)


def remedy_for(text: str, *, job: str = "JOB", run: int | str = "ID") -> str:
    """What would help, or nothing where the words are not known to need any."""
    for pattern, words in _TABLE:
        if pattern.search(text):
            return words.format(job=job, run=run)
    return ""


def with_remedy(said: str, *, job: str = "JOB", run: int | str = "ID") -> str:
    """A sentence of the scheduler's with what would help."""
    remedy = remedy_for(said, job=job, run=run)
    return f"{said}; {remedy}" if remedy else said


def waiting_sentence(state: JobState, *, run: int) -> str:
    """Why a listed job does not start; nothing for one that only waits for its turn."""
    said = f"{state.word}: {state.sentence}" if state.sentence else state.word
    job = state.job or "JOB"
    remedy = remedy_for(said, job=job, run=run)
    if state.outcome is JobOutcome.HELD:
        return f"job {job} is held, in the scheduler's words '{said}'" + (f"; {remedy}" if remedy else "")
    sentences = [f"in the scheduler's words '{said}'", remedy] if remedy else []
    sentences += [f"the scheduler means to start it at {state.starts}"] if state.starts else []
    return f"job {job} waits, {'; '.join(sentences)}" if sentences else ""
