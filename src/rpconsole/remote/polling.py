"""One question for all runs: the queue first, then the results, under one time stamp.

The order matters: a job that ends between the two looks running although its end mark is read, never the other way
round.
"""

import os
import time
from typing import Any, BinaryIO, Dict, Optional

from . import asked
from .faults import fault_of
from .looking import open_regular
from .paths import absolute
from .presence import MARK, mine
from .processes import plain_environment, run_bounded

RUN_LIMIT_BYTES = 256 << 10
ANSWER_LIMIT_BYTES = 8 << 20
_LINE_LIMIT_BYTES = 1 << 20


def run(request: Dict[str, Any]) -> Dict[str, Any]:
    """One program by its argument list, no shell; for the scheduler's own commands."""
    argv = asked.words(request)
    cwd = asked.optional_text(request, "cwd")
    outcome = run_bounded(
        argv,
        asked.number(request, "timeout_s", 60, 0.05, 86400),
        None if cwd is None else absolute(cwd, "cwd"),
        asked.text(request, "stdin", "").encode("utf-8", "surrogateescape"),
        plain_environment(dict(asked.environment(request), **{MARK: mine().tag})),
        watcher=mine(),
    )
    return outcome.told()


def poll(request: Dict[str, Any]) -> Dict[str, Any]:
    runs = asked.items(request, "runs")
    now = time.time()
    queue = _queue(request.get("queue"))
    left = ANSWER_LIMIT_BYTES
    told = []
    for wanted in runs:
        entry = _results(wanted, left)
        left -= entry["offset_end"] - wanted.get("offset", 0) if entry["text"] else 0
        told.append(entry)
    return {"now": now, "queue": queue, "runs": told}


def _queue(wanted: Any) -> Optional[Dict[str, Any]]:
    """A queue command that cannot be started still lets the results through: rc is null then."""
    if wanted is None:
        return None
    try:
        asked.only(wanted, "queue", ("argv", "timeout_s"))
        return run(wanted)
    except OSError as error:
        sentence = str(fault_of(error, "cannot run {}".format(wanted["argv"][0])))
        return {"rc": None, "out": "", "err": sentence, "timed_out": False, "truncated": False, "wall_s": 0.0}


def _results(wanted: Dict[str, Any], room: int) -> Dict[str, Any]:
    asked.only(wanted, "runs", ("key", "results", "offset", "limit"))
    path = absolute(wanted.get("results"), "results")
    offset = asked.whole(wanted, "offset", 0, 0, 1 << 60)
    limit = asked.whole(wanted, "limit", RUN_LIMIT_BYTES, 1, ANSWER_LIMIT_BYTES)
    entry: Dict[str, Any] = {"key": wanted.get("key"), "size": None, "text": "", "offset_end": offset, "missing": False}
    entry.update(more=False, shrunk=False)
    try:
        with open_regular(path) as stream:
            entry["size"] = os.fstat(stream.fileno()).st_size
            _read_on(stream, entry, offset, min(limit, room))
    except (FileNotFoundError, NotADirectoryError):
        entry["missing"] = True
    except OSError as error:
        entry["error"] = str(fault_of(error))
    return entry


def _read_on(stream: BinaryIO, entry: Dict[str, Any], offset: int, limit: int) -> None:
    if entry["size"] < offset:
        # another file has taken its place: the reader must begin again
        entry.update(shrunk=True, offset_end=0, more=True)
        return
    if limit <= 0:
        entry["more"] = entry["size"] > offset
        return
    stream.seek(offset)
    data = stream.read(limit)
    if len(data) == limit and b"\n" not in data:
        data += stream.read(_LINE_LIMIT_BYTES)
    whole = data[: data.rfind(b"\n") + 1]
    text = whole
    if not whole and len(data) > _LINE_LIMIT_BYTES:
        # no record is so long: let it pass as one damaged line
        whole, text = data, data + b"\n"
    end = offset + len(whole)
    entry["text"] = text.decode("utf-8", "replace")
    entry.update(offset_end=end, more=len(data) >= limit and end < entry["size"])
