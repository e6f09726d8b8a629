"""Whether storage hosts are reached from here, and have the folders that they should have; nothing is moved."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, List

from . import asked
from .frames import Cut, frame_of, read_frame
from .storage_line import Connection

_AT_ONCE = 16


def reach(request: Dict[str, Any]) -> List[Dict[str, Any]]:
    """One answer a storage host, with an empty error where all is well."""
    timeout_s = asked.number(request, "timeout_s", 30.0, 0.1, 3600.0)
    hosts = asked.items(request, "hosts")
    if not hosts:
        return []
    with ThreadPoolExecutor(min(_AT_ONCE, len(hosts))) as pool:
        return list(pool.map(lambda host: _one(host, timeout_s), hosts))


def _one(host: Dict[str, Any], timeout_s: float) -> Dict[str, Any]:
    folders = asked.texts(host, "folders")
    answer = {"name": asked.text(host, "name"), "error": ""}
    try:
        connection = Connection(asked.words(host), asked.flag(host, "program"))
    except OSError as error:
        return dict(answer, error="{} cannot be run: {}".format(host["argv"][0], error.strerror))
    alarm = threading.Timer(timeout_s, connection.kill)
    alarm.start()
    missing: List[str] = []
    try:
        connection.send_program()
        connection.greeted()
        connection.write(frame_of({"id": 1, "verb": "stat", "paths": folders}))
        found = read_frame(connection.out)
        if found is None:
            raise Cut("it ended")
        missing = ["{} is {}".format(one["path"], one["kind"]) for one in found["result"] if one["kind"] != "dir"]
    except Exception as error:
        return dict(answer, error=connection.why_it_ended() or str(error))
    finally:
        alarm.cancel()
        connection.kill()
        connection.end()
    return dict(answer, error="; ".join(missing))
