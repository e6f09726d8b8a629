"""What can go wrong between a client and the engine's process."""

from __future__ import annotations

from rpconsole.domain.fault import ExitCode, Fault, FaultKind, RpconsoleError


class NoEngine(RpconsoleError):
    """No engine answers on the socket."""

    kind = FaultKind.AWAY
    fault = Fault.SYSTEM
    exit_code = ExitCode.SYSTEM


class EngineGone(RpconsoleError):
    """The engine went away before it answered; what became of the order is unknown."""

    kind = FaultKind.AWAY
    fault = Fault.SYSTEM
    exit_code = ExitCode.SYSTEM


class ForeignProtocol(RpconsoleError):
    """Client and engine do not speak the same protocol."""

    fault = Fault.CONFIG
    exit_code = ExitCode.SYSTEM


class BadMessage(RpconsoleError):
    """A line on the socket is not a message."""

    fault = Fault.DATA
    exit_code = ExitCode.DATA


class BadRequest(RpconsoleError):
    """The order cannot be understood."""

    kind = FaultKind.REFUSED
    fault = Fault.CONFIG
    exit_code = ExitCode.USAGE


class EngineSaid(RpconsoleError):
    """The engine refused."""

    def __init__(self, sentence: str, *, kind: FaultKind, exit_code: ExitCode) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.exit_code = exit_code
