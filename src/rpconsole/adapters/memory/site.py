"""A site in memory: a dictionary of files, claims, a batch system, and trouble at will."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from rpconsole.adapters.memory.home import DiskHome, MemoryHome
from rpconsole.adapters.memory.moab import MemoryMoab
from rpconsole.adapters.memory.sessions import MemorySessions
from rpconsole.adapters.traffic import Lane
from rpconsole.domain.fault import BadData, NoSession, RpconsoleError, SessionLost, SiteRefused
from rpconsole.domain.haul import Way
from rpconsole.ports.clock import Clock
from rpconsole.ports.local_files import FileFact
from rpconsole.ports.scratch import DiskRoom, FileAge
from rpconsole.ports.site import (
    Answer,
    Delivery,
    PollAnswer,
    Progress,
    Receipt,
    ResultsAsk,
    ResultsPiece,
    Shipment,
    SubmitOrder,
    Tail,
    TransferCut,
    Undelivered,
    Urgency,
)


@dataclass(kw_only=True, slots=True)
class MemoryFile:
    """One file at the site."""

    data: bytes
    mtime_ns: int


@dataclass(kw_only=True, slots=True)
class Trouble:
    """What goes wrong at the n-th call of a verb from now: before its effect, after it, or after some files of a transfer."""

    verb: str
    #: None = the sessions are cut
    error: RpconsoleError | None = None
    nth: int = 1
    is_after: bool = False
    after_files: int | None = None


@dataclass(kw_only=True, slots=True)
class _Claim:
    order: SubmitOrder
    made_at: float
    answer: Answer | None = None


@dataclass(kw_only=True, slots=True)
class _Haul:
    """One transfer under way."""

    verb: str
    progress: Progress | None
    lane: Lane
    delivered: list[Delivery] = field(default_factory=list)
    undelivered: list[Undelivered] = field(default_factory=list)


class MemorySite:
    """Serves ``ports.site.Site``; ``home`` says where files at home lie (default: on the real disk)."""

    def __init__(
        self, sessions: MemorySessions, clock: Clock, *, root: str, home: DiskHome | MemoryHome | None = None
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._root = root.rstrip("/") + "/"
        self._home = home or DiskHome()
        self._claims: dict[str, _Claim] = {}
        self._troubles: list[Trouble] = []
        #: what every verb ends with while it lasts: a helper that does not start, or that dies
        self.ailing: Callable[[str], RpconsoleError | None] = _well
        self.files: dict[str, MemoryFile] = {}
        self.moab = MemoryMoab(clock)
        #: every verb that was begun, in order
        self.calls: list[str] = []
        #: programs beside the scheduler's, by name
        self.programs: dict[str, Callable[[Sequence[str]], Answer]] = {}
        #: bytes of a results file in one answer
        self.results_limit = 262_144
        #: awaited after each file of a transfer
        self.between_files: Callable[[], Awaitable[None]] = _at_once
        #: the scheduler's answer to a submit is held back: claimed, and no receipt yet
        self.is_slow = False
        #: the file system's size, and what is used of it where that is not what lies there
        self.total = 10**12
        self.used: int | None = None

    def trouble(self, verb: str, error: RpconsoleError | None = None, **changes: object) -> None:
        """Something will go wrong; see Trouble."""
        self._troubles.append(Trouble(verb=verb, error=error, **changes))  # type: ignore[arg-type]

    def put(self, path: str, data: bytes) -> None:
        """Write a file at the site."""
        self.files[path] = MemoryFile(data=data, mtime_ns=int(self._clock.now() * 1e9))

    def append(self, path: str, text: str) -> None:
        """As the runner does with its results file."""
        before = self.files[path].data if path in self.files else b""
        self.put(path, before + text.encode())

    async def stat(self, paths: Collection[str], *, hashed: bool = False) -> Mapping[str, FileFact]:
        """See the port."""
        self._begin("stat")
        facts = {path: _fact(self.files[path], hashed) for path in paths if path in self.files}
        self._end("stat")
        return facts

    async def send(
        self, shipments: Sequence[Shipment], progress: Progress | None = None, *, urgency: Urgency = Urgency.RUN
    ) -> tuple[list[Delivery], list[Undelivered]]:
        """See the port."""
        return await self._haul("send", shipments, progress, self._sent)

    async def fetch(
        self, shipments: Sequence[Shipment], progress: Progress | None = None, *, urgency: Urgency = Urgency.RUN
    ) -> tuple[list[Delivery], list[Undelivered]]:
        """See the port."""
        return await self._haul("fetch", shipments, progress, self._fetched)

    async def submit(self, order: SubmitOrder, *, wait_s: float) -> Receipt:
        """See the port."""
        self._begin("submit")
        if order.claim_dir not in self._claims:
            claim = _Claim(order=order, made_at=self._clock.now())
            self._claims[order.claim_dir] = claim
            if not self.is_slow:
                claim.answer = self._run(order.argv, order.cwd)
        self._end("submit")
        return self._receipt(order.claim_dir)

    async def receipt(self, claim_dir: str) -> Receipt:
        """See the port."""
        self._begin("receipt")
        self._end("receipt")
        return self._receipt(claim_dir)

    async def run(self, argv: Sequence[str], *, timeout_s: float) -> Answer:
        """See the port."""
        self._begin("run")
        answer = self._run(argv, "/")
        self._end("run")
        return answer

    async def poll(self, queue: Sequence[str], asks: Sequence[ResultsAsk], *, timeout_s: float) -> PollAnswer:
        """See the port."""
        self._begin("poll")
        answer = PollAnswer(
            now=self._clock.now(),
            queue=self._run(queue, "/") if queue else Answer(rc=None, out="", err=""),
            results=tuple(self._piece(ask) for ask in asks),
        )
        self._end("poll")
        return answer

    async def tail(self, path: str, *, offset: int = -65536, limit: int = 65536) -> Tail:
        """See the port."""
        self._begin("tail")
        if path not in self.files:
            raise BadData(f"{path} cannot be read at the site: no such file")
        data = self.files[path].data
        start = max(0, len(data) + offset) if offset < 0 else min(offset, len(data))
        piece = data[start : start + limit]
        self._end("tail")
        return Tail(text=piece.decode("utf-8", "replace"), offset=start + len(piece), size=len(data))

    async def remove(self, root: str, paths: Collection[str]) -> int:
        """See the port."""
        self._begin("remove")
        for path in paths:
            if not path.startswith(root.rstrip("/") + "/"):
                raise SiteRefused(f"{path!r} is not below {root!r}")
        count = sum(self.files.pop(path, None) is not None for path in paths)
        self._end("remove")
        return count

    async def disk(self, path: str) -> DiskRoom:
        """See ``ports.scratch``."""
        self._begin("disk")
        self._end("disk")
        used = sum(len(file.data) for file in self.files.values())
        return DiskRoom(used=used if self.used is None else self.used, total=self.total)

    async def ages(self, paths: Collection[str]) -> Mapping[str, FileAge]:
        """See ``ports.scratch``."""
        self._begin("ages")
        found = {path: self.files[path] for path in paths if path in self.files}
        self._end("ages")
        return {
            path: FileAge(accessed=file.mtime_ns / 1e9, changed=file.mtime_ns / 1e9, bytes=len(file.data))
            for path, file in found.items()
        }

    # -- trouble -------------------------------------------------------------------------------------------------------

    def _begin(self, verb: str) -> None:
        self.calls.append(verb)
        if not self._sessions.alive():
            raise NoSession
        if (error := self.ailing(verb)) is not None:
            raise error
        for trouble in self._troubles:
            if trouble.verb == verb:
                trouble.nth -= 1
        self._strike(verb, lambda trouble: not trouble.is_after and trouble.after_files is None)

    def _end(self, verb: str) -> None:
        self._strike(verb, lambda trouble: trouble.is_after)

    def _strike(self, verb: str, is_meant: Callable[[Trouble], bool]) -> None:
        for trouble in self._troubles:
            if trouble.verb == verb and trouble.nth <= 0 and is_meant(trouble):
                self._troubles.remove(trouble)
                if trouble.error is not None:
                    raise trouble.error
                self._sessions.drop()
                raise SessionLost

    # -- transfers -----------------------------------------------------------------------------------------------------

    async def _haul(
        self, verb: str, shipments: Sequence[Shipment], progress: Progress | None, carry: Callable[[Shipment], Delivery]
    ) -> tuple[list[Delivery], list[Undelivered]]:
        self._begin(verb)
        with self._sessions.carrying(Way(verb)) as lane:
            return await self._carry_all(_Haul(verb=verb, progress=progress, lane=lane), shipments, carry)

    async def _carry_all(
        self, haul: _Haul, shipments: Sequence[Shipment], carry: Callable[[Shipment], Delivery]
    ) -> tuple[list[Delivery], list[Undelivered]]:
        verb = haul.verb
        try:
            for shipment in dict.fromkeys(shipments):
                self._strike(verb, lambda trouble: trouble.after_files == len(haul.delivered))
                if self._sessions.is_draining:
                    raise SessionLost("The transfer was cut between two files: the sessions are being renewed.")
                self._carry(haul, shipment, carry)
                await self.between_files()
            self._end(verb)
        except SessionLost as lost:
            raise TransferCut(str(lost), haul.delivered, haul.undelivered) from lost
        return haul.delivered, haul.undelivered

    def _carry(self, haul: _Haul, shipment: Shipment, carry: Callable[[Shipment], Delivery]) -> None:
        try:
            delivery = carry(shipment)
        except (OSError, SiteRefused) as error:
            haul.undelivered.append(Undelivered(shipment=shipment, sentence=str(error), retryable=False))
            return
        haul.delivered.append(delivery)
        haul.lane.took(1, delivery.size)
        haul.lane.moved(delivery.size)
        if haul.progress is not None:
            haul.progress(1, delivery.size)

    def _sent(self, shipment: Shipment) -> Delivery:
        data = self._home.read(shipment.source)
        if shipment.size is not None and shipment.size != len(data):
            raise SiteRefused(
                f"{shipment.source} has {len(data)} bytes, not the {shipment.size} that it was entered with."
            )
        self._refuse_outside(shipment.target)
        self.put(shipment.target, data)
        return _delivery(shipment, self.files[shipment.target])

    def _fetched(self, shipment: Shipment) -> Delivery:
        self._refuse_outside(shipment.source)
        if shipment.source not in self.files:
            raise FileNotFoundError(2, "No such file or directory", shipment.source)
        file = self.files[shipment.source]
        self._home.write(shipment.target, file.data)
        return _delivery(shipment, file)

    def _refuse_outside(self, path: str) -> None:
        if not path.startswith(self._root):
            raise SiteRefused(f"{path!r} is not below {self._root!r}")

    # -- the rest ------------------------------------------------------------------------------------------------------

    def _run(self, argv: Sequence[str], cwd: str) -> Answer:
        program = self.programs.get(argv[0])
        return self.moab.run(argv, cwd) if program is None else program(argv)

    def _receipt(self, claim_dir: str) -> Receipt:
        claim = self._claims.get(claim_dir)
        if claim is None:
            return Receipt(claimed=False, answer=None, age_s=None)
        return Receipt(claimed=True, answer=claim.answer, age_s=max(0.0, self._clock.now() - claim.made_at))

    def _piece(self, ask: ResultsAsk) -> ResultsPiece:
        if ask.path not in self.files:
            return ResultsPiece(remote_id=ask.remote_id, text="", offset=ask.offset, missing=True)
        new = self.files[ask.path].data[ask.offset :]
        whole = new[: new.rfind(b"\n", 0, self.results_limit) + 1]
        return ResultsPiece(
            remote_id=ask.remote_id,
            text=whole.decode("utf-8", "replace"),
            offset=ask.offset + len(whole),
            missing=False,
            more=b"\n" in new[len(whole) :],
        )


async def _at_once() -> None:
    """Transfers take no time unless somebody wants them to."""


def _well(verb: str) -> None:
    """The helper does what it is asked."""


def _fact(file: MemoryFile, hashed: bool) -> FileFact:
    return FileFact(
        size=len(file.data), mtime_ns=file.mtime_ns, sha256=hashlib.sha256(file.data).hexdigest() if hashed else None
    )


def _delivery(shipment: Shipment, file: MemoryFile) -> Delivery:
    return Delivery(
        shipment=shipment,
        size=len(file.data),
        sha256=hashlib.sha256(file.data).hexdigest(),
        site_mtime_ns=file.mtime_ns,
    )
