"""What ``srun --multi-prog`` is given: one line for all ranks, within the limits of every Slurm.

A file may have 60,000 bytes, and before Slurm 17.11 a line 254; commands of ours are longer. So the ranks run one small script,
which finds its command by its rank in a list of our own.
"""

from typing import List

from .faults import Fault

MOST_FILE_BYTES = 60000
#: with the newline
MOST_LINE_BYTES = 254
SCRIPT_NAME = "run_one.sh"
#: the variables are exported to every rank; srun itself expands none
SCRIPT = """#!/bin/sh
exec "$RPR_PYTHON" -I "$RPR_PROGRAM" one "$RPR_CHUNK" "$1"
"""


def config_text(ranks: int, script: str) -> str:
    """The whole file; srun reads no double quotes, so that a path may hold nothing that needs any."""
    if not script or not all(ch.isalnum() or ch in "/._-+:,@" for ch in script):
        raise Fault(
            "srun --multi-prog cannot be told of {!r}: letters, digits and /._-+:,@ are all it may hold".format(script)
        )
    text = "{} {} %t\n".format("0" if ranks == 1 else "0-{}".format(ranks - 1), script)
    if len(text.encode("utf-8")) > MOST_LINE_BYTES:
        raise Fault(
            "the path of {} is too long for a line of srun --multi-prog, {} bytes".format(script, MOST_LINE_BYTES)
        )
    return text


def srun_command(ranks: int, nodes: List[str], config: str) -> List[str]:
    """Ranks go to the nodes in turn; a dead node or a failed rank ends none of the others, and all hear the end of our output."""
    return [
        "srun",
        "--no-kill",
        "--kill-on-bad-exit=0",
        "--overcommit",
        "--distribution=cyclic",
        "--input=all",
        "--nodes={}".format(min(ranks, len(nodes))),
        "--nodelist={}".format(",".join(nodes[:ranks])),
        "--ntasks={}".format(ranks),
        "--multi-prog",
        config,
    ]
