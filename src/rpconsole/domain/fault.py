"""What can go wrong: the IPP's fault codes, what a failure means for the next try, and the base of all our errors."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Fault(IntEnum):
    """The IPP's numeric error code on a row (``remoteRun.fault``); 0 = none."""

    NONE = 0
    UNKNOWN = 1
    SYSTEM = 2
    CONFIG = 3
    PROGRAMMING = 4
    DATA = 5
    TIMEOUT = 6


class ExitCode(IntEnum):
    """Exit codes of every rpconsole command; 0 to 6 are the IPP's own."""

    DONE = 0
    UNEXPECTED = 1
    SYSTEM = 2
    USAGE = 3
    PROGRAMMING = 4
    DATA = 5
    TIMEOUT = 6
    LOGIN_NEEDED = 7


class FaultKind(StrEnum):
    """What an adapter says of a failure; the policy in ``retry`` decides what follows."""

    #: may go away by itself; counts against the step's tries
    TRANSIENT = "transient"
    #: no session lives: a state of the world, never counted
    NEEDS_LOGIN = "needs_login"
    #: a service that we depend on is away (database, storage host): waits, never counted
    AWAY = "away"
    #: the other side understood and said no
    REFUSED = "refused"
    #: trying again cannot help
    PERMANENT = "permanent"


class RpconsoleError(Exception):
    """Something went wrong."""

    kind = FaultKind.PERMANENT
    fault = Fault.UNKNOWN
    exit_code = ExitCode.UNEXPECTED

    def __init__(self, message: str | None = None, *, evidence: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])
        #: what the other side printed, for the story and the log; never part of the sentence
        self.evidence = evidence


class SessionLost(RpconsoleError):
    """The session ended before an answer came."""

    kind = FaultKind.NEEDS_LOGIN
    exit_code = ExitCode.LOGIN_NEEDED


class NoSession(SessionLost):
    """No session to the site is open: a person must log in."""


class LoginRefused(RpconsoleError):
    """The site refused the answer; it will not be sent again."""

    kind = FaultKind.REFUSED
    exit_code = ExitCode.LOGIN_NEEDED


class SiteUnreachable(RpconsoleError):
    """The site cannot be reached."""

    kind = FaultKind.AWAY
    fault = Fault.SYSTEM
    exit_code = ExitCode.SYSTEM


class NoAnswer(RpconsoleError):
    """The site did not answer in time; what happened there is unknown."""

    kind = FaultKind.TRANSIENT
    fault = Fault.TIMEOUT
    exit_code = ExitCode.TIMEOUT


class SiteRefused(RpconsoleError):
    """The site refused."""

    kind = FaultKind.REFUSED
    fault = Fault.SYSTEM
    exit_code = ExitCode.SYSTEM


class SiteFailed(RpconsoleError):
    """The site failed at something that may work later."""

    kind = FaultKind.TRANSIENT
    fault = Fault.SYSTEM
    exit_code = ExitCode.SYSTEM


class HelperAway(SiteFailed):
    """The helper at the site does not start; nothing was sent to it."""

    kind = FaultKind.AWAY


class HelperDied(NoAnswer):
    """The helper at the site ended before it had answered; what happened to the request is unknown."""

    kind = FaultKind.AWAY


class DatabaseAway(RpconsoleError):
    """The database does not answer."""

    kind = FaultKind.AWAY
    fault = Fault.SYSTEM
    exit_code = ExitCode.SYSTEM


class DatabaseRefused(RpconsoleError):
    """The database refused a statement."""

    kind = FaultKind.REFUSED
    fault = Fault.SYSTEM
    exit_code = ExitCode.SYSTEM


class StorageAway(RpconsoleError):
    """The storage's server does not answer."""

    kind = FaultKind.AWAY
    fault = Fault.SYSTEM
    exit_code = ExitCode.SYSTEM


class BadData(RpconsoleError):
    """A row or a file is not what it must be."""

    fault = Fault.DATA
    exit_code = ExitCode.DATA


class DiskFailed(RpconsoleError):
    """A disk at home failed at something that may work later."""

    kind = FaultKind.TRANSIENT
    fault = Fault.SYSTEM
    exit_code = ExitCode.SYSTEM


class BadConfiguration(RpconsoleError):
    """The configuration cannot be used."""

    fault = Fault.CONFIG
    exit_code = ExitCode.USAGE


class AlreadyOwned(RpconsoleError):
    """Another engine owns this database and site."""

    kind = FaultKind.REFUSED
    fault = Fault.SYSTEM
    exit_code = ExitCode.SYSTEM
