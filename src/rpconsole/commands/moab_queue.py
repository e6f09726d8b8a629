"""Reading ``showq --xml`` and ``mjobctl -q diag --xml``."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree

from rpconsole.commands.moab_words import completion_code, outcome_of, seconds_of
from rpconsole.commands.scheduler import JobState, QueueListing

#: real builds let binary bytes through
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_START = re.compile(r"<\?xml|<(?:[\w.-]+:)?Data\b")
_END = re.compile(r"</(?:[\w.-]+:)?Data\s*>")
#: a document type; comments are harmless
_DECLARED = re.compile(r"<!(?!--|\[CDATA\[)")

#: of the year 9999, after which no date can be written
_LAST_EPOCH = 253402300799


def queue_listing(text: str) -> QueueListing | None:
    """None unless the text holds one whole ``<Data>`` with a queue or jobs in it: an error may come in the same frame.

    Greetings around it are passed over, row counts are not believed.
    """
    root = _root(text)
    if root is None or not _is_listing(root):
        return None
    now = _number(root.find("cluster"), "time")
    blocked = {id(job) for job in root.iterfind("queue[@option='blocked']/job")}
    jobs = [_job(element, now, is_blocked=id(element) in blocked) for element in root.iter("job")]
    return QueueListing(
        jobs=tuple(job for job in jobs if job is not None),
        now=now,
        purge_s=_number(root.find("queue[@option='completed']"), "purgetime"),
    )


def _root(text: str) -> ElementTree.Element | None:
    start, ends = _START.search(text), list(_END.finditer(text))
    # entities could be made to grow without end
    if start is None or not ends or _DECLARED.search(text):
        return None
    try:
        root = ElementTree.fromstring(_NOT_XML.sub("", text[start.start() : ends[-1].end()]))
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    for element in root.iter():
        # whatever name space a version puts its words into, they are the same words
        element.tag = element.tag.rpartition("}")[2]
    return root if root.tag == "Data" else None


def _is_listing(root: ElementTree.Element) -> bool:
    if any(child.tag.lower() == "error" for child in root):
        return False
    return root.find("queue") is not None or any(job.get("State") is not None for job in root.iter("job"))


def _job(element: ElementTree.Element, now: float | None, *, is_blocked: bool) -> JobState | None:
    """One row; attributes by name, so that EState is never taken for State."""
    job, word = element.get("JobID", "").strip(), element.get("State", "")
    if not job:
        return None
    reason = element.get("BlockReason") or element.get("Description") or ("blocked" if is_blocked else "")
    hold = element.get("Hold", "")
    return JobState(
        outcome=outcome_of(word, hold),
        job=job,
        name=element.get("JobName"),
        word=f"{word} ({hold} hold)" if hold else word,
        code=completion_code(element.get("CompletionCode", "")),
        sentence=" ".join(reason.split()),
        left_s=_left_s(element, now),
        starts=_starts(element),
    )


def _starts(element: ElementTree.Element) -> str:
    """By Moab's reservation for it, which it may move; a job that runs has one too."""
    if _number(element, "StartTime"):
        return ""
    planned = _number(element, "RsvStartTime")
    if not planned or planned > _LAST_EPOCH:
        return ""
    return f"{datetime.fromtimestamp(planned, UTC):%Y-%m-%d %H:%M} UTC"


def _left_s(element: ElementTree.Element, now: float | None) -> float | None:
    """Of its wall time; the start is 0 while it waits. Old builds print durations as text."""
    limit = seconds_of(element.get("ReqAWDuration", ""))
    start = _number(element, "StartTime") or 0.0
    if limit is None or not start:
        return limit
    return None if now is None else max(0.0, start + limit - now)


def _number(element: ElementTree.Element | None, name: str) -> float | None:
    text = "" if element is None else element.get(name, "")
    return float(text) if re.fullmatch(r"\d{1,12}", text) else None
