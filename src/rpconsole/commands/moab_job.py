"""Reading ``checkjob``: five layouts in the wild, searched by label and never by position."""

from __future__ import annotations

import re

from rpconsole.commands.moab_words import NOT_HEARD, completion_code, outcome_of, plain_text, seconds_of, unknown_job
from rpconsole.commands.scheduler import JobDetail, JobOutcome, JobState, Printed, job_key, last_words

#: a word with a digit is an id; ``job violates constraints`` is none
_HEADER = re.compile(r"^\s*(?:checking )?job ([^\s()']*\d[^\s()']*)(?: \(RM job '([^']+)'\))?", re.MULTILINE)
_LABEL = r"^\s*{}:[ \t]*(\S[^\n]*)$"
_STATE = re.compile(r"^\s*State:[ \t]+(\S+)", re.MULTILINE)
#: three layouts, one search: on the state's line, below it, or below a `Complete Time:`
_CODE = re.compile(r"Completion Code:\s*(CNCLD(?:\(-?\d+\))?|-?\d+)")
_ENDED_AT = re.compile(r"(?:Completion Code:.*?[ \t]Time:|Complete Time:)\s+(\S[^\n]*\S)")
_WALL = re.compile(r"^\s*WallTime:\s+(\S+) of (\S+)", re.MULTILINE)
_TASKS = re.compile(r"^\s*Total (?:Requested )?Tasks:\s+(\d{1,9})\b", re.MULTILINE)
_ALLOCATED = re.compile(r"^(?:Allocated Nodes|Task Distribution):[ \t]*\n((?:[ \t]*\S[^\n]*\n?)+)", re.MULTILINE)
_NODE = re.compile(r"\[([^\[\]:\s]+):(\d{1,9})\]")
_REASON = re.compile(r"^\s*(?:BLOCK MSG|NOTE|Note|Message\[\d+\]):?\s+(\S[^\n]*)$", re.MULTILINE)


def job_detail(job: str, printed: Printed) -> JobDetail:
    """The state, and what else the text shows; unknown and unheard are outcomes."""
    text = plain_text(printed.out, printed.err)
    state = _state(job, printed, text)
    if state.outcome in (JobOutcome.GONE, JobOutcome.NO_ANSWER):
        return JobDetail(state=state)
    header, wall, tasks = _HEADER.search(text), _WALL.search(text), _TASKS.search(text)
    allocated, ended = _ALLOCATED.search(text), _ENDED_AT.search(text)
    node_text = " ".join(allocated.group(1).split()) if allocated else ""
    return JobDetail(
        state=state,
        rm_job=header.group(2) if header else None,
        wall_used_s=seconds_of(wall.group(1)) if wall else None,
        wall_limit_s=seconds_of(wall.group(2)) if wall else seconds_of(_label(text, "TimeLimit")),
        tasks=int(tasks.group(1)) if tasks else None,
        nodes=tuple((name, int(count)) for name, count in _NODE.findall(node_text)),
        node_text=node_text,
        completed_at=ended.group(1) if ended else None,
    )


def _state(job: str, printed: Printed, text: str) -> JobState:
    header, word = _HEADER.search(text), _STATE.search(text)
    if word is None and unknown_job(job, text):
        return JobState(outcome=JobOutcome.GONE, job=job, sentence=last_words((printed.out, printed.err)))
    other = header is not None and job_key(header.group(1)) != job_key(job)
    if printed.timed_out or word is None or other:
        return JobState(outcome=JobOutcome.NO_ANSWER, job=job, sentence=_why_unheard(printed, text))
    code, reason, hold = _CODE.search(text), _REASON.search(text), _label(text, "Holds")
    return JobState(
        outcome=outcome_of(word.group(1), hold),
        job=header.group(1) if header else job,
        name=_label(text, "AName") or None,
        word=f"{word.group(1)} ({hold})" if hold else word.group(1),
        code=completion_code(code.group(1)) if code else None,
        sentence=" ".join(reason.group(1).split()) if reason else "",
    )


def _why_unheard(printed: Printed, text: str) -> str:
    said = last_words((printed.out, printed.err))
    if printed.timed_out or NOT_HEARD.search(text):
        return said or "checkjob did not answer in time"
    return (
        f"checkjob's answer is not understood: {said}"
        if said
        else f"checkjob ended with {printed.rc} and printed nothing"
    )


def _label(text: str, label: str) -> str:
    found = re.search(_LABEL.format(label), text, re.MULTILINE)
    return found.group(1).strip() if found else ""
