"""What a job was asked to do: the arguments of stask, and who we are to the scheduler."""

import argparse
import os
import socket
from typing import Dict, List, NamedTuple

DEFAULT_ATTEMPTS = 3
DEFAULT_MARGIN_S = 120.0
TERM_GRACE_S = 15.0
DEFAULT_BEAT_S = 20.0


class Plan(NamedTuple):
    config: str
    hosts: str
    cores_per_task: int
    results: str
    fence: str
    attempts: int
    slots: int
    wall_s: float
    margin_s: float
    term_grace_s: float
    silence_s: float
    beat_s: float
    way: str
    runner: str
    again: bool
    takeover: bool
    me: Dict[str, str]

    @property
    def logs(self) -> str:
        return self.results + ".tasks"

    def log_of(self, task: int, attempt: int) -> str:
        """A thousand tasks a folder; the name says task and attempt."""
        return "{}/{:03d}/{}.{}.log".format(self.logs, task // 1000, task, attempt)


def plan_of(words: List[str], environ: Dict[str, str]) -> Plan:
    asked = _parser().parse_args(words)
    config = os.path.abspath(asked.config)
    results = os.path.abspath(asked.results or _stem(config) + ".results")
    return Plan(
        config=config,
        hosts=asked.hosts,
        cores_per_task=asked.multiplier * asked.threads,
        results=results,
        fence=os.path.abspath(asked.fence or results + ".fence"),
        attempts=asked.attempts,
        slots=asked.slots,
        wall_s=asked.wall_s,
        margin_s=min(asked.margin_s, asked.wall_s / 2) if asked.wall_s else asked.margin_s,
        term_grace_s=asked.term_grace_s,
        silence_s=asked.silence_s,
        beat_s=asked.beat_s,
        way=asked.launch,
        runner=asked.runner,
        again=asked.again,
        takeover=asked.takeover,
        me=_identity(asked.name, environ),
    )


def _stem(config: str) -> str:
    return config[: -len(".config")] if config.endswith(".config") else config


def _identity(name: str, environ: Dict[str, str]) -> Dict[str, str]:
    """Job id and name as the scheduler says them; empty where there is none."""
    job = next(
        (environ[key] for key in ("SLURM_JOB_ID", "SLURM_JOBID", "PBS_JOBID", "MOAB_JOBID") if environ.get(key)), ""
    )
    said = next((environ[key] for key in ("SLURM_JOB_NAME", "PBS_JOBNAME", "MOAB_JOBNAME") if environ.get(key)), "")
    return {"job": job, "name": name or said or job or "{}.{}".format(socket.gethostname(), os.getpid())}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="stask", description="Run a list of commands on the nodes of a job.")
    parser.add_argument("config", help="one shell command line per line; its number is the task's")
    parser.add_argument("hosts", help="one node name per line; missing or empty: ask the scheduler")
    parser.add_argument("multiplier", type=_positive, help="how many cores' worth one task takes")
    parser.add_argument("--results", help="JSON lines, appended (CONFIG without .config, plus .results)")
    parser.add_argument(
        "--attempts", type=_positive, default=DEFAULT_ATTEMPTS, help="tries of a task before it is abandoned"
    )
    parser.add_argument("--threads", type=_positive, default=1, help="threads of one task, times the multiplier")
    parser.add_argument(
        "--slots", type=int, default=int(os.environ.get("RPR_SLOTS") or 0), help="tasks at once on a node"
    )
    parser.add_argument("--wall-s", type=float, default=0.0, help="the job's wall time; 0: not known")
    parser.add_argument(
        "--margin-s", type=float, default=DEFAULT_MARGIN_S, help="hand out nothing so long before the end"
    )
    parser.add_argument(
        "--term-grace-s", type=float, default=TERM_GRACE_S, help="how long tasks may go on after SIGTERM"
    )
    parser.add_argument("--silence-s", type=float, default=300.0, help="a node silent for so long is taken as dead")
    parser.add_argument(
        "--beat-s", type=float, default=DEFAULT_BEAT_S, help="between two signs of life among the results"
    )
    parser.add_argument(
        "--launch", default="auto", choices=("auto", "local", "srun", "ssh"), help="how workers are started"
    )
    parser.add_argument(
        "--runner", default="workers", choices=("workers", "multi-prog"), help="workers that stay, or srun --multi-prog"
    )
    parser.add_argument("--fence", help="folder of the fence (RESULTS.fence)")
    parser.add_argument("--name", default="", help="this attempt's name (the job's)")
    parser.add_argument("--again", action="store_true", help="try abandoned tasks again")
    parser.add_argument("--takeover", action="store_true", help="go on although another job holds the fence")
    return parser


def _positive(word: str) -> int:
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1, not {}".format(number))
    return number
