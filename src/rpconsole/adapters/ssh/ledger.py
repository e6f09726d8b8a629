"""What of one transfer has arrived, what cannot, and what is open."""

from __future__ import annotations

from rpconsole.adapters.ssh.bundles import Bundle
from rpconsole.domain.fault import SessionLost
from rpconsole.ports.site import Delivery, Progress, Shipment, Undelivered


class Ledger:
    """Each shipment is entered once; a second entry is ignored."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._settled: set[Shipment] = set()
        self.delivered: list[Delivery] = []
        self.undelivered: list[Undelivered] = []

    def deliver(self, delivery: Delivery) -> None:
        """Both sides have computed the same checksum, and the file bears its name."""
        if delivery.shipment in self._settled:
            return
        self._settled.add(delivery.shipment)
        self.delivered.append(delivery)
        if self._progress is not None:
            self._progress(1, delivery.size)

    def miss(self, shipment: Shipment, sentence: str, *, retryable: bool) -> None:
        """It did not arrive, and sending it again now would not change that."""
        if shipment in self._settled:
            return
        self._settled.add(shipment)
        self.undelivered.append(Undelivered(shipment=shipment, sentence=sentence, retryable=retryable))

    def rest_of(self, bundle: Bundle) -> Bundle:
        """What of a bundle is not settled."""
        sizes = bundle.sizes or (0,) * len(bundle.shipments)
        left = [pair for pair in zip(bundle.shipments, sizes, strict=True) if pair[0] not in self._settled]
        return Bundle(
            shipments=tuple(shipment for shipment, _ in left),
            sizes=tuple(size for _, size in left),
            failures=bundle.failures,
        )


class TransferCut(SessionLost):
    """The last session ended in the middle of a transfer; ``delivered`` has arrived, ``undelivered`` cannot, the rest is open."""

    def __init__(self, message: str, ledger: Ledger) -> None:
        super().__init__(message)
        self.delivered = list(ledger.delivered)
        self.undelivered = list(ledger.undelivered)
