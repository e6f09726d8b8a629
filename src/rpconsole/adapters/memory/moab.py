"""A batch system in memory that answers as Moab's clients do; jobs move only when they are told to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from posixpath import basename
from xml.sax.saxutils import quoteattr

from rpconsole.ports.clock import Clock
from rpconsole.ports.site import Answer


class JobWord(StrEnum):
    """Moab's words for the states that matter here."""

    IDLE = "Idle"
    RUNNING = "Running"
    COMPLETED = "Completed"


@dataclass(kw_only=True, slots=True)
class MemoryJob:
    """One job."""

    job: str
    name: str
    argv: tuple[str, ...]
    cwd: str
    word: JobWord = JobWord.IDLE
    code: int = 0


class MemoryMoab:
    """``msub``, ``showq``, ``checkjob`` and ``canceljob``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.jobs: dict[str, MemoryJob] = {}
        #: answers given instead of the true ones, by program; taken away after so many uses
        self._scripted: dict[str, list[Answer]] = {}
        #: every program that was asked, in order
        self.asked: list[str] = []
        #: seconds that ended jobs are said to be remembered
        self.purge_s: int | None = None

    def scripted(self, program: str) -> int:
        """How many of the answers given beforehand are left."""
        return len(self._scripted.get(program, ()))

    def answer_next(self, program: str, *answers: Answer) -> None:
        """The next uses of a program print this."""
        self._scripted.setdefault(program, []).extend(answers)

    def answer_truly(self) -> None:
        """Take back what ``answer_next`` has left."""
        self._scripted.clear()

    def named(self, name: str) -> list[MemoryJob]:
        """All jobs that were ever submitted under a name."""
        return [job for job in self.jobs.values() if job.name == name]

    def start(self, name: str) -> None:
        """Let the newest job of a name run."""
        self.named(name)[-1].word = JobWord.RUNNING

    def finish(self, name: str, code: int = 0) -> None:
        """Let the newest job of a name end."""
        job = self.named(name)[-1]
        job.word, job.code = JobWord.COMPLETED, code

    def forget(self, name: str) -> None:
        """As after the purge time: the name is unknown."""
        for job in self.named(name):
            del self.jobs[job.job]

    def run(self, argv: Sequence[str], cwd: str) -> Answer:
        """What a client prints."""
        program = basename(argv[0])
        self.asked.append(program)
        scripted = self._scripted.get(program)
        if scripted:
            return scripted.pop(0)
        match program:
            case "msub":
                return self._msub(argv, cwd)
            case "showq":
                return self._showq("-c" in argv)
            case "checkjob":
                return self._checkjob(argv[-1])
            case "canceljob":
                return self._canceljob(argv[-1])
        return Answer(rc=127, out="", err=f"{argv[0]}: No such file or directory")

    def _msub(self, argv: Sequence[str], cwd: str) -> Answer:
        number = f"Moab.{len(self.jobs) + 1}"
        name = argv[argv.index("-N") + 1] if "-N" in argv else "STDIN"
        self.jobs[number] = MemoryJob(job=number, name=name, argv=tuple(argv), cwd=cwd)
        return Answer(rc=0, out=f"\n{number}\n", err="")

    def _showq(self, is_history: bool) -> Answer:
        if is_history:
            queues: dict[str, tuple[JobWord, ...]] = {"completed": (JobWord.COMPLETED,)}
        else:
            queues = {"active": (JobWord.RUNNING,), "eligible": (JobWord.IDLE,), "blocked": ()}
        parts = [f'<Data><Object>queue</Object><cluster time="{int(self._clock.now())}"/>']
        for option, words in queues.items():
            rows = [_row(job) for job in self.jobs.values() if job.word in words]
            purge = f' purgetime="{self.purge_s}"' if is_history and self.purge_s is not None else ""
            parts.append(f'<queue count="{len(rows)}" option="{option}"{purge}>{"".join(rows)}</queue>')
        return Answer(rc=0, out="".join(parts) + "</Data>\n", err="")

    def _checkjob(self, number: str) -> Answer:
        job = self.jobs.get(number)
        if job is None:
            return _unknown(number)
        code = f"Completion Code: {job.code}\n" if job.word is JobWord.COMPLETED else ""
        return Answer(rc=0, out=f"job {number}\n\nAName: {job.name}\nState: {job.word}\n{code}", err="")

    def _canceljob(self, number: str) -> Answer:
        job = self.jobs.get(number)
        if job is None:
            return _unknown(number)
        job.word, job.code = JobWord.COMPLETED, 271
        return Answer(rc=0, out=f"\njob '{number}' cancelled\n", err="")


def _row(job: MemoryJob) -> str:
    code = f' CompletionCode="{job.code}"' if job.word is JobWord.COMPLETED else ""
    return f'<job JobID={quoteattr(job.job)} JobName={quoteattr(job.name)} State="{job.word}"{code}/>'


def _unknown(number: str) -> Answer:
    return Answer(rc=1, out="", err=f"\nERROR:  invalid job specified ({number})\n")
