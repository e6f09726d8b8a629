"""The verbs of the helper, over whichever session lives."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rpconsole.adapters.ssh.carriage import Carriage
from rpconsole.adapters.ssh.file_threads import in_file_thread
from rpconsole.adapters.ssh.helper_client import SitePermanent, fault_of
from rpconsole.adapters.ssh.ledger import Ledger
from rpconsole.adapters.ssh.options import SshOptions
from rpconsole.adapters.ssh.packer import sizes_at_home
from rpconsole.adapters.ssh.pool import SshSessions
from rpconsole.adapters.ssh.throttle import Throttle
from rpconsole.adapters.ssh.transfer import Transfer
from rpconsole.adapters.ssh.trees import SshTrees
from rpconsole.domain.fault import BadData, HelperAway, NoAnswer, SessionLost, SiteFailed
from rpconsole.domain.tuning import Spread
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
    Undelivered,
    Urgency,
)
from rpconsole.ports.site_files import Reach

_PATHS_AT_ONCE = 1000
#: hashing reads the files: fewer at once, and more time
_HASHED_AT_ONCE = 64
_HASHING_S = 900.0
#: what a file at the site is taken to weigh when nobody says
_UNKNOWN_BYTES = 1 << 20


class SshSite:
    """Serves ``ports.site.Site`` over the sessions of one site."""

    def __init__(self, options: SshOptions, sessions: SshSessions) -> None:
        self._options = options
        self._sessions = sessions
        self._throttle = Throttle(options.ceilings)
        self._carriage = Carriage(options, sessions)
        self._spread: Spread | None = None
        #: looking about in the site's files
        self.trees = SshTrees(self._again, options.answer_timeout_s)

    async def stat(self, paths: Collection[str], *, hashed: bool = False) -> Mapping[str, FileFact]:
        """See the port. A path that cannot be looked at is not taken for absent: SiteFailed names it."""
        self._sessions.first()
        wanted = list(dict.fromkeys(paths))
        step = _HASHED_AT_ONCE if hashed else _PATHS_AT_ONCE
        timeout_s = _HASHING_S if hashed else self._options.answer_timeout_s
        facts: dict[str, FileFact] = {}
        for start in range(0, len(wanted), step):
            part = wanted[start : start + step]
            entries = await self._again("stat", {"paths": part, "hash": hashed}, timeout_s)
            facts.update(_facts_in(entries))
        return facts

    async def send(
        self, shipments: Sequence[Shipment], progress: Progress | None = None, *, urgency: Urgency = Urgency.RUN
    ) -> tuple[list[Delivery], list[Undelivered]]:
        """See the port; SessionLost carries ``delivered``."""
        sized = await in_file_thread(sizes_at_home, shipments)
        return await self._transfer("receive", sized, progress, urgency)

    async def fetch(
        self, shipments: Sequence[Shipment], progress: Progress | None = None, *, urgency: Urgency = Urgency.RUN
    ) -> tuple[list[Delivery], list[Undelivered]]:
        """See the port; SessionLost carries ``delivered``."""
        sized = [(shipment, _UNKNOWN_BYTES if shipment.size is None else shipment.size) for shipment in shipments]
        return await self._transfer("give", sized, progress, urgency)

    def most(self) -> Spread:
        """See ``ports.site_files.Line``."""
        sessions = self._sessions.live()
        channels = max((session.streams.limit for session in sessions), default=self._options.bulk_limit)
        return Spread(sessions=max(1, len(sessions)), channels=channels)

    def use(self, spread: Spread | None) -> None:
        """See ``ports.site_files.Line``."""
        self._spread = spread

    async def reach(self) -> Sequence[Reach]:
        """See ``ports.site_files.Line``."""
        return await self._carriage.reach()

    async def submit(self, order: SubmitOrder, *, wait_s: float) -> Receipt:
        """See the port."""
        fields = {
            "claim_dir": order.claim_dir,
            "argv": list(order.argv),
            "cwd": order.cwd,
            "name": order.name,
            "wait_s": wait_s,
        }
        return _receipt_in(await self._once("submit", fields, wait_s + self._options.answer_timeout_s))

    async def receipt(self, claim_dir: str) -> Receipt:
        """See the port."""
        return _receipt_in(await self._again("receipt", {"claim_dir": claim_dir}, self._options.answer_timeout_s))

    async def run(self, argv: Sequence[str], *, timeout_s: float) -> Answer:
        """See the port."""
        fields = {"argv": list(argv), "timeout_s": timeout_s}
        return _answer_in(await self._once("run", fields, timeout_s + self._options.answer_timeout_s))

    async def poll(self, queue: Sequence[str], asks: Sequence[ResultsAsk], *, timeout_s: float) -> PollAnswer:
        """See the port."""
        fields = {
            "queue": {"argv": list(queue), "timeout_s": timeout_s} if queue else None,
            "runs": [{"key": ask.remote_id, "results": ask.path, "offset": ask.offset} for ask in asks],
        }
        found = await self._again("poll", fields, timeout_s + self._options.answer_timeout_s)
        return PollAnswer(
            now=float(found["now"]),
            queue=_answer_in(found["queue"] or {"rc": None, "out": "", "err": ""}),
            results=tuple(_piece_in(entry) for entry in found["runs"]),
        )

    async def tail(self, path: str, *, offset: int = -65536, limit: int = 65536) -> Tail:
        """See the port."""
        try:
            fields = {"path": path, "offset": offset, "limit": limit}
            found = await self._again("tail", fields, self._options.answer_timeout_s)
        except SitePermanent as error:
            raise BadData(f"{path} cannot be read at the site: {error}", evidence=error.evidence) from error
        return Tail(text=found["text"], offset=found["offset_end"], size=found["size"])

    async def remove(self, root: str, paths: Collection[str]) -> int:
        """See the port; what cannot be removed is said after the others are gone."""
        entries = await self._again("remove", {"root": root, "paths": list(paths)}, self._options.answer_timeout_s)
        failed = [entry for entry in entries if "error" in entry]
        if failed:
            sentence = f"{len(failed)} of {len(entries)} could not be removed: {failed[0]['error']}"
            raise fault_of(failed[0].get("kind"), sentence)
        return sum(entry.get("removed") is True for entry in entries)

    async def disk(self, path: str) -> DiskRoom:
        """See ``ports.scratch``."""
        found = await self._again("disk", {"path": path}, self._options.answer_timeout_s)
        return DiskRoom(used=int(found["used"]), total=int(found["total"]))

    async def ages(self, paths: Collection[str]) -> Mapping[str, FileAge]:
        """See ``ports.scratch``. A file that cannot be looked at is not taken for absent: SiteFailed names it."""
        self._sessions.first()
        wanted = list(dict.fromkeys(paths))
        ages: dict[str, FileAge] = {}
        for start in range(0, len(wanted), _PATHS_AT_ONCE):
            part = wanted[start : start + _PATHS_AT_ONCE]
            ages.update(_ages_in(await self._again("ages", {"paths": part}, self._options.answer_timeout_s)))
        return ages

    async def _transfer(
        self, verb: str, sized: Sequence[tuple[Shipment, int]], progress: Progress | None, urgency: Urgency
    ) -> tuple[list[Delivery], list[Undelivered]]:
        legs = self._carriage.legs(verb, sized)
        ledger = Ledger(progress, self._throttle, legs)
        left = await self._carriage.carry(verb, sized, ledger, urgency, self._spread)
        if left or not sized:
            await Transfer(verb, self._sessions.live, ledger, urgency, self._spread).run(left)
        return ledger.delivered, ledger.undelivered

    async def _again(self, verb: str, fields: Mapping[str, Any], timeout_s: float) -> Any:
        """For verbs that only look, or may be repeated at once: another front end is asked when one is lost on the way."""
        while True:
            try:
                return await self._once(verb, fields, timeout_s)
            except SessionLost:
                if not self._sessions.alive():
                    raise

    async def _once(self, verb: str, fields: Mapping[str, Any], timeout_s: float) -> Any:
        """Where the helper does not start nothing was sent: another front end is asked."""
        in_vain: set[str] = set()
        while True:
            session = self._sessions.first()
            try:
                return await session.helper.call(verb, fields, timeout_s=timeout_s)
            except NoAnswer:
                self._sessions.was_silent(session)
                raise
            except HelperAway:
                self._sessions.was_silent(session)
                in_vain.add(session.name)
                if not {other.name for other in self._sessions.live()} - in_vain:
                    raise


def _facts_in(entries: Sequence[Mapping[str, Any]]) -> dict[str, FileFact]:
    for entry in entries:
        if entry.get("kind") == "unknown":
            raise SiteFailed(f"{entry['path']} cannot be looked at: {entry.get('error', 'no reason given')}")
    return {
        entry["path"]: FileFact(size=entry["size"], mtime_ns=entry["mtime_ns"], sha256=entry.get("sha256"))
        for entry in entries
        if entry.get("kind") == "file"
    }


def _ages_in(entries: Sequence[Mapping[str, Any]]) -> dict[str, FileAge]:
    for entry in entries:
        if "error" in entry and entry.get("missing") is not True:
            raise SiteFailed(f"{entry['path']} cannot be looked at: {entry['error']}")
    return {
        entry["path"]: FileAge(
            accessed=float(entry["oldest_access"]), changed=float(entry["oldest_modify"]), bytes=int(entry["bytes"])
        )
        for entry in entries
        if entry.get("missing") is not True and entry.get("oldest_access") is not None
    }


def _answer_in(found: Mapping[str, Any]) -> Answer:
    return Answer(rc=found["rc"], out=found["out"], err=found["err"], timed_out=found.get("timed_out") is True)


def _receipt_in(found: Mapping[str, Any]) -> Receipt:
    answer = found.get("receipt")
    return Receipt(
        claimed=found.get("claim") is True,
        answer=None if answer is None else _answer_in(answer),
        age_s=found.get("age_s"),
    )


def _piece_in(entry: Mapping[str, Any]) -> ResultsPiece:
    return ResultsPiece(
        remote_id=entry["key"],
        text=entry["text"],
        offset=entry["offset_end"],
        missing=entry["missing"] is True,
        more=entry.get("more") is True,
        shrunk=entry.get("shrunk") is True,
    )
