"""The sub-commands of this file."""

import importlib
import os
import re
import sys
from typing import Any, List, Optional

from .faults import Fault
from .presence import appear
from .sharing import share_with_group

USAGE = """usage: rpr serve [OWNER.SESSION]
       rpr receive --root DIR [--root DIR ...] [OWNER.SESSION]
       rpr give --root DIR [--root DIR ...] [OWNER.SESSION]
       rpr pull --root DIR [--root DIR ...] [OWNER.SESSION]
       rpr push --root DIR [--root DIR ...] [OWNER.SESSION]
       rpr stask CONFIG HOSTS MULTIPLIER [options]   (also by the name stask)
"""
EXIT_USAGE = 3
_SERVICES = ("serve", "receive", "give", "pull", "push")
#: whose helper it is, in words that make a file's name
_BADGE = re.compile(r"[0-9a-z]{1,40}\.[0-9a-z]{1,40}$")
#: name -> module and function; each imports all that it needs at its top: the file may be replaced while a job uses it
_MODULES = {
    "serve": "serving.serve",
    "receive": "receiving.receive",
    "give": "giving.give",
    "pull": "carrying.pull",
    "push": "carrying.push",
    "stask": "stask.main",
    "worker": "worker.main",
    "one": "one.main",
    "detach": "submitting.detach",
}


def main(argv: Optional[List[str]] = None) -> int:
    words = list(sys.argv if argv is None else argv)
    if os.path.basename(words[0]).startswith("stask"):
        words.insert(1, "stask")
    name, rest = (words[1], words[2:]) if len(words) > 1 else ("", [])
    try:
        return _run(name, rest)
    except Fault as fault:
        sys.stderr.write("{}: {}\n".format(name, fault))
        return EXIT_USAGE
    except BrokenPipeError:
        return 1


def _run(name: str, rest: List[str]) -> int:
    badge = rest.pop() if name in _SERVICES and len(rest) % 2 == 1 and _BADGE.match(rest[-1]) else None
    if name in _SERVICES:
        share_with_group()
        appear(name, badge)
    if name in ("receive", "give", "pull", "push") and rest and len(rest) % 2 == 0 and set(rest[::2]) == {"--root"}:
        return int(_function(name)(rest[1::2]))
    if name in ("stask", "worker", "one"):
        return int(_function(name)(rest))
    if name in ("serve", "detach") and not rest:
        return int(_function(name)())
    sys.stderr.write(USAGE)
    return EXIT_USAGE


def _function(name: str) -> Any:
    module, function = _MODULES[name].split(".")
    return getattr(importlib.import_module("." + module, __package__), function)
