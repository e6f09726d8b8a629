"""``msub``: take a script, print an id."""

from __future__ import annotations

import getopt
import grp
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from rpconsole.practice.moab.client import Site, never_answer, refuse, time_out
from rpconsole.practice.moab.forms import span_of
from rpconsole.practice.moab.spool import Job, State
from rpconsole.practice.paths import JOB_VARIABLE

_LETTERS = "a:A:C:d:e:EF:hIj:kKl:m:M:N:o:p:q:r:S:t:u:v:VW:x:z"
_PREFIXES = ("#PBS", "#@", "#BSUB", "#MOAB", "#MSUB")
_HOLDS = {"batch": State.BATCH_HOLD, "user": State.USER_HOLD}


@dataclass
class Wishes:
    """What options and directives ask for; the command line comes first and beats the script."""

    letters: dict[str, str] = field(default_factory=dict)
    resources: dict[str, str] = field(default_factory=dict)

    def add(self, options: list[tuple[str, str]]) -> None:
        for name, value in options:
            if name == "-l":
                for item in value.split(","):
                    key, _, wanted = item.partition("=")
                    self.resources.setdefault(key.strip(), wanted.strip())
            else:
                self.letters.setdefault(name, value)


def main(arguments: list[str]) -> int:
    site = Site()
    try:
        wishes, xml, script, script_name = _read(arguments)
        job = _job(site, wishes, script_name)
    except (getopt.GetoptError, ValueError, OSError) as error:
        return refuse(f"cannot submit job - {error}")
    staged = site.faults.take("msub")
    if staged in _STAGED_REFUSALS:
        return refuse(_STAGED_REFUSALS[staged])
    with site.spool.changing():
        job = replace(job, job=site.spool.new_id())
        site.spool.script(job.job).write_text(script, encoding="utf-8", errors="surrogateescape")
        site.spool.write(job)
    site.spool.ring()
    if staged:
        return _STAGED_SILENCES[staged]()
    if "-z" not in wishes.letters:
        sys.stdout.write(f'<Data><job JobID="{job.job}"/></Data>\n' if xml else f"\n{job.job}\n")
    return 0


def _nothing_printed() -> int:
    return 1


def _no_answer() -> int:
    never_answer()
    return 1


_STAGED_REFUSALS = {
    "refuse": "cannot submit job - account is not permitted to use this partition",
    "full": "cannot submit job - maximum number of jobs reached for user",
}
_STAGED_SILENCES: dict[str, Callable[[], int]] = {"lost": _nothing_printed, "hang": _no_answer, "timeout": time_out}


def _read(arguments: list[str]) -> tuple[Wishes, bool, str, str]:
    options, rest = getopt.gnu_getopt(arguments, _LETTERS, ["xml", "host=", "timeout="])
    xml = any(name == "--xml" for name, _ in options)
    if len(rest) > 1:
        raise ValueError(f"unexpected argument '{rest[1]}'")
    if rest:
        script, name = Path(rest[0]).read_text(encoding="utf-8", errors="surrogateescape"), os.path.basename(rest[0])
    else:
        script, name = sys.stdin.read(), "STDIN"
    wishes = Wishes()
    wishes.add([option for option in options if not option[0].startswith("--")])
    wishes.add(_directives(script, wishes.letters.get("-C")))
    return wishes, xml, script, name


def _directives(script: str, prefix: str | None) -> list[tuple[str, str]]:
    """Options in the script's comments: of the first known prefix only, as far as the first command."""
    found: list[tuple[str, str]] = []
    for line in script.splitlines():
        text = line.strip()
        if text and not text.startswith("#"):
            break
        if prefix is None:
            prefix = next((known for known in _PREFIXES if text.startswith(known)), None)
        if prefix and text.startswith(prefix):
            words = text[len(prefix) :].split(" #")[0].split()
            found += getopt.gnu_getopt(words, _LETTERS)[0]
    return found


def _job(site: Site, wishes: Wishes, script_name: str) -> Job:
    nodes, ppn = _nodes(wishes.resources.get("nodes", "1"))
    hold = site.faults.take("hold") or ("user" if "-h" in wishes.letters else "")
    cwd = wishes.letters.get("-d") or os.getcwd()
    joined = wishes.letters.get("-j", "n") == "oe"
    out = _path(wishes.letters.get("-o", ""), cwd)
    return Job(
        job="0",
        name=wishes.letters.get("-N", script_name),
        user=site.user,
        group=_group(),
        state=_HOLDS.get(hold, State.IDLE),
        cwd=cwd,
        nodes=nodes,
        ppn=ppn,
        walltime_s=span_of(wishes.resources.get("walltime", "3600")),
        out=out,
        err="" if joined else _path(wishes.letters.get("-e", ""), cwd) or "separate",
        account=wishes.letters.get("-A", ""),
        queue=wishes.letters.get("-q", "practice"),
        environment=_exported(os.environ) if "-V" in wishes.letters else {},
        submitted_at=time.time(),
    )


def _nodes(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)(?::ppn=(\d+))?(?::\S*)?", text)
    if not found or int(found.group(1)) < 1:
        raise ValueError(f"invalid node specification 'nodes={text}'")
    return int(found.group(1)), int(found.group(2) or 1)


def _path(text: str, cwd: str) -> str:
    plain = text.partition(":")[2] if re.match(r"[\w.-]+:/", text) else text
    return os.path.join(cwd, plain) if plain else ""


def _exported(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value for name, value in environment.items() if name != JOB_VARIABLE and not name.startswith("SLURM_")
    }


def _group() -> str:
    try:
        return grp.getgrgid(os.getgid()).gr_name
    except KeyError:
        return str(os.getgid())
