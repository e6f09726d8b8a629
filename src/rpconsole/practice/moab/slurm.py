"""What lies below Moab: ``scontrol show hostnames``, and ``hostname`` as each node would answer."""

from __future__ import annotations

import os
import socket
import sys

from rpconsole.practice.moab.node_list import expanded

#: which of the site's machines a command believes to be on
HOST_VARIABLE = "RPPRACTICE_HOST"


def main_scontrol(arguments: list[str]) -> int:
    if arguments[:2] not in (["show", "hostnames"], ["show", "hostname"]):
        sys.stderr.write(f"invalid entity: {' '.join(arguments)}\n")
        return 1
    text = arguments[2] if len(arguments) > 2 else os.environ.get("SLURM_JOB_NODELIST", "")
    try:
        names = expanded(text)
    except ValueError:
        names = []
    if not names:
        sys.stderr.write("Invalid hostlist\n")
        return 1
    sys.stdout.write("\n".join(names) + "\n")
    return 0


def main_hostname(arguments: list[str]) -> int:
    name = os.environ.get("SLURMD_NODENAME") or os.environ.get(HOST_VARIABLE) or socket.gethostname()
    sys.stdout.write(f"{name}\n")
    return 0
