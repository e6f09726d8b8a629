"""The sub-commands of this file."""

import os
import sys
from typing import List, Optional

# everything is imported before anything runs: the file may be replaced while a job uses it
from . import giving, receiving, serving, stask, submitting, worker
from .faults import Fault

USAGE = """usage: rpr serve
       rpr receive --root DIR
       rpr give --root DIR
       rpr stask CONFIG HOSTS MULTIPLIER [options]   (also by the name stask)
"""
EXIT_USAGE = 3


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
    if name in ("receive", "give") and len(rest) == 2 and rest[0] == "--root":
        return receiving.receive(rest[1]) if name == "receive" else giving.give(rest[1])
    if name == "stask":
        return stask.main(rest)
    if name == "worker":
        return worker.main(rest)
    if name == "serve" and not rest:
        return serving.serve()
    if name == "detach" and not rest:
        return submitting.detach()
    sys.stderr.write(USAGE)
    return EXIT_USAGE
