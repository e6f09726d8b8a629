"""Submission that a dropped channel cannot stop and a second call cannot repeat.

``mkdir claim_dir`` is the claim. The claimer is a process of its own session: it writes ``begin``, reserves room for
the receipt (a full disk is then found before the program runs, not after), runs the program, and renames ``receipt``
into place.
"""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any, Dict, Optional

from . import asked
from .faults import TRANSIENT, Fault, fault_of, told
from .paths import absolute, make_folder, sync_folder, write_whole
from .processes import run_bounded
from .program import program_argv

RUN_TIMEOUT_S = 600.0
_START_S = 60.0
_OUTPUT_LIMIT_BYTES = 64 << 10
_RESERVED_BYTES = 16 << 10
_SAVE_FOR_S = 600.0


def submit(request: Dict[str, Any]) -> Dict[str, Any]:
    """Claims and runs unless claimed before; either way waits up to wait_s for the receipt."""
    claim_dir = absolute(request.get("claim_dir"), "claim_dir")
    order = {
        "claim_dir": claim_dir,
        "argv": asked.words(request),
        "cwd": absolute(request.get("cwd"), "cwd"),
        "name": asked.text(request, "name"),
        "env": asked.environment(request),
        "timeout_s": asked.number(request, "timeout_s", RUN_TIMEOUT_S, 0.1, 86400),
    }
    wait_s = asked.number(request, "wait_s", 30, 0, 3600)
    claimed_now = False if os.path.isdir(claim_dir) else _claimed(order)
    return _awaited(claim_dir, claimed_now, time.monotonic() + wait_s)


def receipt(request: Dict[str, Any]) -> Dict[str, Any]:
    return standing(absolute(request.get("claim_dir"), "claim_dir"), False)


def standing(claim_dir: str, claimed_now: bool) -> Dict[str, Any]:
    """What the claim directory says: claim without begin = nothing ran so far; begin without receipt = unknown."""
    begin = _read(os.path.join(claim_dir, "begin"))
    since = begin["epoch"] if begin else _changed_at(claim_dir)
    return {
        "claim": os.path.isdir(claim_dir),
        "claimed_now": claimed_now,
        "begin": begin,
        "receipt": _read(os.path.join(claim_dir, "receipt")),
        "age_s": None if since is None else round(max(0.0, time.time() - since), 3),
    }


def _read(path: str) -> Optional[Dict[str, Any]]:
    try:
        with open(path, "rb") as stream:
            found = json.loads(stream.read().decode("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        raise Fault("{} is damaged: {}".format(path, error)) from None
    if not isinstance(found, dict) or not ("epoch" in found or "rc" in found):
        raise Fault("{} is damaged: it holds no record".format(path))
    return found


def _changed_at(path: str) -> Optional[float]:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return None


def _awaited(claim_dir: str, claimed_now: bool, deadline: float) -> Dict[str, Any]:
    pause_s = 0.01
    while True:
        found = standing(claim_dir, claimed_now)
        left_s = deadline - time.monotonic()
        if found["receipt"] or left_s <= 0:
            return found
        time.sleep(min(pause_s, left_s))
        pause_s = min(0.25, pause_s * 1.5)


def _claimed(order: Dict[str, Any]) -> bool:
    """Starts the detached claimer and hears whether the claim is its own."""
    child = subprocess.Popen(
        program_argv("detach"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/"
    )
    try:
        word, _ = child.communicate(json.dumps(order).encode("ascii"), timeout=_START_S)
    except subprocess.TimeoutExpired:
        raise Fault("no word yet from the detached submit of {}".format(order["name"]), TRANSIENT) from None
    try:
        heard = json.loads(word.decode("utf-8"))
    except ValueError:
        raise Fault("the detached submit of {} ended without a word".format(order["name"]), TRANSIENT) from None
    if "error" in heard:
        raise Fault(heard["error"], heard["kind"])
    return bool(heard["claimed_now"])


def detach() -> int:
    """Sub-command of this file: reads the order from standard input, leaves the caller's session, claims, runs."""
    order = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)
    word = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    claimed = _claim(order, word)
    os.close(word)
    if claimed:
        _run_to_receipt(order)
    return 0


def _claim(order: Dict[str, Any], word: int) -> bool:
    try:
        make_folder(os.path.dirname(order["claim_dir"]))
        is_mine = _made(order["claim_dir"])
        if is_mine:
            _prepare(order)
    except OSError as error:
        _say(word, told(fault_of(error, "nothing was run, the claim failed")))
        return False
    _say(word, {"claimed_now": is_mine})
    return is_mine


def _made(claim_dir: str) -> bool:
    try:
        os.mkdir(claim_dir)
    except FileExistsError:
        return False
    return True


def _say(word: int, message: Dict[str, Any]) -> None:
    try:
        os.write(word, json.dumps(message).encode("ascii"))
    except OSError:  # the caller is gone; the claim stands
        pass


def _prepare(order: Dict[str, Any]) -> None:
    """Begin and the room for the receipt; without them the claim is given back, as nothing has run under it."""
    try:
        _write_begin(order)
    except OSError:
        _unclaim(order["claim_dir"])
        raise


def _write_begin(order: Dict[str, Any]) -> None:
    claim_dir = order["claim_dir"]
    begin = {
        "name": order["name"],
        "argv": order["argv"],
        "cwd": order["cwd"],
        "epoch": time.time(),
        "pid": os.getpid(),
    }
    with open(os.path.join(claim_dir, "receipt.tmp"), "wb") as stream:
        stream.write(b" " * _RESERVED_BYTES)
        stream.flush()
        os.fsync(stream.fileno())
    write_whole(os.path.join(claim_dir, "begin"), json.dumps(begin).encode("ascii"))
    sync_folder(os.path.dirname(claim_dir))


def _unclaim(claim_dir: str) -> None:
    for name in os.listdir(claim_dir):
        os.unlink(os.path.join(claim_dir, name))
    os.rmdir(claim_dir)


def _run_to_receipt(order: Dict[str, Any]) -> None:
    began = time.time()
    record: Dict[str, Any] = {"rc": None, "out": "", "err": "", "began": began, "ran": True, "timed_out": False}
    try:
        outcome = run_bounded(
            order["argv"],
            order["timeout_s"],
            order["cwd"],
            env=dict(os.environ, **order["env"]),
            limit=_OUTPUT_LIMIT_BYTES,
        )
        record.update(rc=outcome.rc, out=outcome.out, err=outcome.err, timed_out=outcome.timed_out)
    except (OSError, ValueError) as error:
        record.update(rc=127, ran=False, err=str(fault_of(error, "cannot run {}".format(order["argv"][0]))))
    record["ended"] = time.time()
    _save(order["claim_dir"], json.dumps(record).encode("ascii"))


def _save(claim_dir: str, data: bytes) -> None:
    """Overwrites the reserved room; where even that fails, tries on for a while, as only the receipt can tell."""
    give_up = time.monotonic() + _SAVE_FOR_S
    while True:
        try:
            _save_once(claim_dir, data)
            return
        except OSError:
            if time.monotonic() > give_up:
                return
            time.sleep(5)


def _save_once(claim_dir: str, data: bytes) -> None:
    reserved = os.path.join(claim_dir, "receipt.tmp")
    with open(reserved, "r+b" if os.path.exists(reserved) else "w+b") as stream:
        stream.write(data)
        stream.flush()
        stream.truncate()
        os.fsync(stream.fileno())
    os.rename(reserved, os.path.join(claim_dir, "receipt"))
    sync_folder(claim_dir)
