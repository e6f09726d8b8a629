"""The two ways over an ssh to a storage host: files pulled from it, and files pushed to it."""

import os
from typing import List

from .faults import fault_of, told
from .frames import Cut, Garbage, Message, frame_of, read_frame
from .giving import send_file
from .looking import open_regular
from .metering import Meter
from .paths import below_any
from .receiving import Answers, Receiver
from .storage_line import Connection, Order


class Pull:
    """The other side is ``give``: requests in, files out, in the order of the requests."""

    def __init__(self, receiver: Receiver, meter: Meter) -> None:
        self._receiver = receiver
        self._meter = meter

    def put(self, connection: Connection, order: Order) -> None:
        connection.write(frame_of({"path": order.source, "size": order.size}))

    def take(self, connection: Connection) -> None:
        """Until the stream ends; Garbage when another file comes than the one that is due."""
        while True:
            header = read_frame(connection.out)
            if header is None or header.get("end") is True:
                return
            order = _due(connection, header)
            if "error" in header:
                del connection.open[order.number]
                self._receiver.refuse(order.number, header)
                continue
            found = {"path": order.target, "size": header.get("size"), "mode": header.get("mode")}
            self._receiver.take(connection.out, order.number, found)
            # what is whole is acknowledged by the receiver, whatever becomes of the connection
            connection.open.pop(order.number, None)
            if not connection.open:
                self._meter.flush()


def _due(connection: Connection, header: Message) -> Order:
    order = next(iter(connection.open.values()), None)
    if order is None or header.get("path") != order.source:
        raise Garbage("it gives {!r}, which is not what is due".format(header.get("path")))
    return order


class Push:
    """The other side is ``receive``: files in, acknowledgements out, as they are settled."""

    def __init__(self, roots: List[str], answers: Answers, meter: Meter) -> None:
        self._roots = roots
        self._answers = answers
        self._meter = meter

    def put(self, connection: Connection, order: Order) -> None:
        try:
            stream = open_regular(below_any(self._roots, order.source))
        except Exception as error:
            connection.open.pop(order.number, None)
            self._answers.add(dict(told(fault_of(error, "cannot give {}".format(order.source))), n=order.number))
            return
        with stream:
            found = os.fstat(stream.fileno())
            order.mtime_ns, order.size = found.st_mtime_ns, found.st_size
            connection.sent[len(connection.sent) + 1] = order
            _, order.sha256 = send_file(
                lambda data: self._write(connection, data), {"path": order.target}, order.source, stream
            )
        if connection.orders.empty():
            self._meter.flush()

    def _write(self, connection: Connection, data: bytes) -> None:
        self._meter.pay(len(data))
        try:
            connection.write(data)
        finally:
            self._meter.moved(len(data))

    def take(self, connection: Connection) -> None:
        """Until the stream ends; Garbage for an acknowledgement of what was never sent."""
        while True:
            answer = read_frame(connection.out)
            if answer is None:
                raise Cut("it ended")
            if answer.get("end") is True:
                return
            order = connection.sent.get(answer.get("n") or 0)
            if order is None or connection.open.pop(order.number, None) is None:
                raise Garbage("it acknowledges what was not sent: {}".format(answer.get("error") or answer))
            self._tell(order, answer)

    def _tell(self, order: Order, answer: Message) -> None:
        if answer.get("ok") is not True:
            self._answers.add(
                {"ok": False, "n": order.number, "kind": answer.get("kind"), "error": answer.get("error")}
            )
            return
        self._answers.add(
            {
                "ok": True,
                "n": order.number,
                "size": order.size,
                "sha256": answer.get("sha256") if answer.get("sha256") == order.sha256 else None,
                "mtime_ns": order.mtime_ns,
            }
        )
