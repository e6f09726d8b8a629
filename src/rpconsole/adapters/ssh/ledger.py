"""What of one transfer has arrived, what cannot, and what is open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import replace

from rpconsole.adapters.ssh.bundles import Bundle
from rpconsole.adapters.ssh.storage_hosts import Leg
from rpconsole.adapters.ssh.throttle import Throttle
from rpconsole.ports.site import Delivery, Progress, Shipment, Undelivered


class Ledger:
    """Each shipment is entered once; a second entry is ignored."""

    def __init__(
        self, progress: Progress | None, throttle: Throttle | None = None, legs: Mapping[Shipment, Leg] | None = None
    ) -> None:
        self._throttle = throttle or Throttle(())
        #: by which storage host those files go that front ends carry by themselves
        self.legs = dict(legs or {})
        self._progress = progress
        self._settled: set[Shipment] = set()
        #: shipment -> (bundle, stream, attempt) that it went with last
        self._carriers: dict[Shipment, tuple[int, str, int]] = {}
        self.delivered: list[Delivery] = []
        self.undelivered: list[Undelivered] = []
        self._counts: Callable[[int], None] | None = None

    def counted_by(self, counts: Callable[[int], None]) -> Ledger:
        """This very ledger in the hands of one stream, whose bytes are counted."""
        # a shallow copy: whatever is entered through it is entered here
        held = copy(self)
        held._counts = counts
        return held

    def deliver(self, delivery: Delivery) -> None:
        """Both sides have computed the same checksum, and the file bears its name."""
        if delivery.shipment in self._settled:
            return
        self._settled.add(delivery.shipment)
        bundle, stream, attempts = self._carriers.pop(delivery.shipment, (0, "", 1))
        self.delivered.append(replace(delivery, bundle=bundle, stream=stream, attempts=attempts))
        if self._progress is not None:
            self._progress(1, 0)

    @property
    def settled(self) -> int:
        """How many shipments are, one way or the other."""
        return len(self._settled)

    @property
    def has_ceiling(self) -> bool:
        """Whether ``spend`` may ever wait."""
        return self._throttle.has_ceilings

    async def spend(self, count: int) -> None:
        """Wait until so many bytes more may move, where the site has a ceiling."""
        await self._throttle.spend(count)

    def moved(self, count: int) -> None:
        """So many bytes of files have crossed, of files that may still be under way."""
        if self._counts is not None:
            self._counts(count)
        if self._progress is not None and count:
            self._progress(0, count)

    def through_session(self, shipments: Iterable[Shipment]) -> None:
        """These go by no storage host any more."""
        for shipment in shipments:
            self.legs.pop(shipment, None)

    def begin(self, bundle: Bundle, stream: str) -> None:
        """A stream has taken a bundle."""
        for shipment in bundle.shipments:
            leg = self.legs.get(shipment)
            name = stream if leg is None else f"{stream} {leg.host}"
            self._carriers[shipment] = (bundle.number, name, bundle.failures + 1)

    def miss(self, shipment: Shipment, sentence: str, *, retryable: bool, site_away: bool = False) -> None:
        """It did not arrive, and sending it again now would not change that; ``site_away`` = nothing is wrong with the file."""
        if shipment in self._settled:
            return
        self._settled.add(shipment)
        bundle, stream, attempts = self._carriers.pop(shipment, (0, "", 1))
        self.undelivered.append(
            Undelivered(
                shipment=shipment,
                sentence=sentence,
                retryable=retryable,
                site_away=site_away,
                bundle=bundle,
                stream=stream,
                attempts=attempts,
            )
        )

    def rest_of(self, bundle: Bundle) -> Bundle:
        """What of a bundle is not settled."""
        sizes = bundle.sizes or (0,) * len(bundle.shipments)
        left = [pair for pair in zip(bundle.shipments, sizes, strict=True) if pair[0] not in self._settled]
        return Bundle(
            shipments=tuple(shipment for shipment, _ in left),
            sizes=tuple(size for _, size in left),
            failures=bundle.failures,
            number=bundle.number,
        )
