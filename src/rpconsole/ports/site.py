"""The supercomputer's side: the verbs that the helper there carries out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from rpconsole.domain.fault import SessionLost
from rpconsole.ports.local_files import FileFact


@dataclass(frozen=True, kw_only=True, slots=True)
class Shipment:
    """One file to bring from ``source`` to ``target`` (absolute paths; which side is which follows from the verb)."""

    source: str
    target: str
    #: bytes, where known beforehand (to size bundles); None = unknown
    size: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One file that arrived whole: both sides computed the same checksum before the last rename."""

    shipment: Shipment
    size: int
    sha256: str
    #: modification time at the site, for later comparison without hashing
    site_mtime_ns: int | None = None
    #: which bundle of the transfer it was in, which stream (front end and number) carried it, and how often it was begun
    bundle: int = 0
    stream: str = ""
    attempts: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Undelivered:
    """One file that did not arrive, and why; ``retryable`` says whether sending it again can help."""

    shipment: Shipment
    sentence: str
    retryable: bool
    #: what should have carried it ended or did not start: no fault of the file
    site_away: bool = False
    bundle: int = 0
    stream: str = ""
    attempts: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmitOrder:
    """One submission: carried out at most once for each ``claim_dir``."""

    #: directory whose creation is the claim; absolute
    claim_dir: str
    argv: tuple[str, ...]
    cwd: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a program at the site printed."""

    rc: int | None
    out: str
    err: str
    timed_out: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What the site knows of a submission."""

    #: the claim directory is there: the order was taken up at least once
    claimed: bool
    #: the scheduler's answer, once the submit program has ended
    answer: Answer | None
    #: seconds since the claim was made; None without a claim
    age_s: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultsAsk:
    """Ask for the new lines of a run's results file."""

    remote_id: int
    path: str
    offset: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultsPiece:
    """Whole new lines of a results file, from the asked offset to ``offset``; ``missing`` = no such file yet."""

    remote_id: int
    text: str
    offset: int
    missing: bool
    #: there are more whole lines than one answer carries: ask again from ``offset``
    more: bool = False
    #: the file is shorter than the asked offset, so it is another one: ask again from 0
    shrunk: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class PollAnswer:
    """One round trip for all runs of a site: the queue was read first, then the results."""

    #: the site's clock, epoch seconds
    now: float
    queue: Answer
    results: tuple[ResultsPiece, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tail:
    """A piece of a text file."""

    text: str
    #: offset in bytes of the first byte after the text
    offset: int
    size: int


class Urgency(IntEnum):
    """Who goes first where transfers compete for the line; a less urgent one yields at the next border of a bundle."""

    #: what the site is about to purge
    RESCUE = 0
    #: what a run waits for
    RUN = 1
    #: what a person sends by hand
    BY_HAND = 2


Progress = Callable[[int, int], None]
"""Called now and then with (files acknowledged, bytes moved) since the last call; what has to go again is counted again."""


class TransferCut(SessionLost):
    """The session ended in the middle of a transfer; ``delivered`` has arrived, ``undelivered`` cannot, the rest is open."""

    def __init__(self, message: str, delivered: Sequence[Delivery], undelivered: Sequence[Undelivered]) -> None:
        super().__init__(message)
        self.delivered = list(delivered)
        self.undelivered = list(undelivered)


class Site(Protocol):
    """The verbs of the helper at the site; each is safe to repeat.

    Every method raises NoSession when none is open (nothing was tried), SessionLost when it ended before the answer (what happened
    there is unknown), NoAnswer when the time is up, SiteRefused with the site's sentence, SiteFailed for what may work later. Where a
    session lives, HelperAway when the helper there does not start (nothing was tried) and HelperDied when it ended before it had
    answered (what happened is unknown).
    """

    async def stat(self, paths: Collection[str], *, hashed: bool = False) -> Mapping[str, FileFact]:
        """Facts of the files that exist at the site; the others are left out."""
        ...

    async def send(
        self, shipments: Sequence[Shipment], progress: Progress | None = None, *, urgency: Urgency = Urgency.RUN
    ) -> tuple[list[Delivery], list[Undelivered]]:
        """Bring files to the site in bundles: temporary name, checksum, rename.

        TransferCut tells what was acknowledged before the session ended; that stays delivered, and ``progress`` has seen it.
        """
        ...

    async def fetch(
        self, shipments: Sequence[Shipment], progress: Progress | None = None, *, urgency: Urgency = Urgency.RUN
    ) -> tuple[list[Delivery], list[Undelivered]]:
        """Bring files home, likewise."""
        ...

    async def submit(self, order: SubmitOrder, *, wait_s: float) -> Receipt:
        """Claim and submit, detached from the session; wait a while for the scheduler's answer.

        A second call with the same claim never submits again; it reports.
        """
        ...

    async def receipt(self, claim_dir: str) -> Receipt:
        """What is known of a submission; does nothing."""
        ...

    async def run(self, argv: Sequence[str], *, timeout_s: float) -> Answer:
        """Run one scheduler query or command; argv, never a shell."""
        ...

    async def poll(self, queue: Sequence[str], asks: Sequence[ResultsAsk], *, timeout_s: float) -> PollAnswer:
        """Read the queue, then the results of all runs, in one round trip."""
        ...

    async def tail(self, path: str, *, offset: int = -65536, limit: int = 65536) -> Tail:
        """A piece of a file; a negative offset counts from its end. BadData when there is no such file."""
        ...

    async def remove(self, root: str, paths: Collection[str]) -> int:
        """Remove files strictly below root; returns how many were there."""
        ...
