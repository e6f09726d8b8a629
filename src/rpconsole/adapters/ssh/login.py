"""One login: the site's questions go to a person, his answers go to the site once, and nothing of them stays."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncssh

from rpconsole.adapters.ssh.host_keys import read_known_hosts, refusal_of
from rpconsole.adapters.ssh.link import OnLost
from rpconsole.adapters.ssh.options import SshOptions
from rpconsole.adapters.ssh.sent_once import SentOnce
from rpconsole.adapters.ssh.target import Target
from rpconsole.domain.fault import LoginRefused, RpconsoleError, SiteRefused, SiteUnreachable
from rpconsole.ports.sessions import Ask, Challenge, Prompt

_TEXT_LIMIT = 4096
_ADMINISTRATIVELY_PROHIBITED = 1


class Dialogue(asyncssh.SSHClient):
    """Carries questions and answers of one login, and remembers of it only how it went."""

    def __init__(self, target: Target, ask: Ask, on_lost: OnLost) -> None:
        self._target = target
        self._ask = ask
        self._on_lost = on_lost
        self._limit: asyncio.Timeout | None = None
        self._patience_s = 0.0
        self._starts = 0
        self._sent = SentOnce()
        self.is_complete = False
        self.has_answered = False
        self.was_refused = False
        self.was_declined = False
        self.was_cut_off = False
        self.strange_key: asyncssh.SSHKey | None = None
        self._connection: asyncssh.SSHClientConnection | None = None
        self.failure: Exception | None = None

    def limit_by(self, limit: asyncio.Timeout, patience_s: float) -> None:
        """Count the site's time, not the person's."""
        self._limit = limit
        self._patience_s = patience_s

    @property
    def was_turned_away(self) -> bool:
        """The site took the connection and ended it before it said which ssh it speaks."""
        return self._connection is not None and self._connection.get_extra_info("server_version") is None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self._connection = conn

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.strange_key = key
        return False

    def auth_completed(self) -> None:
        self.is_complete = True
        self._sent.forget()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.is_complete:
            self._on_lost(exc)

    def kbdint_auth_requested(self) -> str | None:
        # asyncssh begins anew after each refusal: a second begin means that the answers were not accepted
        self._starts += 1
        self.was_refused = self._starts > 1
        return None if self.was_refused else ""

    async def kbdint_challenge_received(
        self, name: str, instructions: str, lang: str, prompts: Sequence[tuple[str, bool]]
    ) -> list[str] | None:
        if self.was_refused or self.was_declined:
            return None
        if not prompts and not (name + instructions).strip():
            return []
        challenge = Challenge(
            host=self._target.name,
            user=self._target.user,
            position=self._target.position,
            title=name[:_TEXT_LIMIT],
            instructions=instructions[:_TEXT_LIMIT],
            prompts=tuple(Prompt(text=text[:_TEXT_LIMIT], echo=echo) for text, echo in prompts),
        )
        self._wait_for_person()
        answers = await self._answers(challenge)
        self._wait_for_site()
        return answers

    async def _answers(self, challenge: Challenge) -> list[str] | None:
        try:
            given = await self._ask(challenge)
        except asyncio.CancelledError:
            self.was_cut_off = True
            raise
        except Exception as error:
            self.failure = error
            return None
        if given is None:
            self.was_declined = True
            return None
        answers = list(given)
        if len(answers) != len(challenge.prompts):
            self.failure = ValueError(f"{len(challenge.prompts)} answers are needed, {len(answers)} were given")
            return None
        if answers and not self._sent.is_new([prompt.text for prompt in challenge.prompts], answers):
            self.was_refused = True
            return None
        self.has_answered = self.has_answered or bool(answers)
        return answers

    def _wait_for_person(self) -> None:
        self._reschedule(None)

    def _wait_for_site(self) -> None:
        self._reschedule(asyncio.get_running_loop().time() + self._patience_s)

    def _reschedule(self, when: float | None) -> None:
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(when)


async def log_in(
    options: SshOptions,
    target: Target,
    ask: Ask,
    *,
    tunnel: asyncssh.SSHClientConnection | None,
    on_lost: OnLost,
) -> asyncssh.SSHClientConnection:
    """Connect, check the host key, let a person answer. Raises LoginRefused, SiteUnreachable or SiteRefused, each with a sentence."""
    dialogue = Dialogue(target, ask, on_lost)
    known = read_known_hosts(options.known_hosts)
    try:
        async with asyncio.timeout(options.connect_timeout_s) as limit:
            dialogue.limit_by(limit, options.connect_timeout_s)
            connection, _ = await asyncssh.create_connection(
                lambda: dialogue,
                target.host,
                target.port,
                tunnel=tunnel or (),
                username=target.user,
                known_hosts=known,
                encryption_algs=list(options.ciphers),
                keepalive_interval=options.keepalive_s,
                keepalive_count_max=options.keepalive_count,
                **_ONLY_QUESTIONS,
            )
    except (TimeoutError, OSError, asyncssh.Error) as error:
        raise _fault_of(error, options, target, dialogue) from error
    return connection


#: a person's answers are the only way in: no keys, no agent, no passwords, no configuration that we did not write
_ONLY_QUESTIONS: dict[str, object] = {
    "config": None,
    "client_keys": None,
    "agent_path": None,
    "password": None,
    "gss_host": None,
    "gss_auth": False,
    "gss_kex": False,
    "host_based_auth": False,
    "public_key_auth": False,
    "password_auth": False,
    "kbdint_auth": True,
    "preferred_auth": "keyboard-interactive",
    "compression_algs": None,
    "login_timeout": 0,
}


def _fault_of(error: Exception, options: SshOptions, target: Target, dialogue: Dialogue) -> RpconsoleError:
    if dialogue.failure is not None:
        return LoginRefused(f"The login to {target} was not answered: {type(dialogue.failure).__name__}.")
    if dialogue.was_declined:
        return LoginRefused(f"The login to {target} was given up.")
    if isinstance(error, asyncssh.HostKeyNotVerifiable | asyncssh.KeyExchangeFailed):
        return _key_fault(error, options, target, dialogue)
    if dialogue.was_cut_off:
        return SiteUnreachable(f"{target} closed the connection while it waited for the answer.")
    if dialogue.was_refused or dialogue.has_answered or isinstance(error, asyncssh.PermissionDenied):
        return _refusal(error, target, dialogue)
    if isinstance(error, asyncssh.ChannelOpenError):
        return _gateway_fault(error, target)
    if isinstance(error, TimeoutError):
        return SiteUnreachable(f"{target}, port {target.port}, did not answer within {options.connect_timeout_s:g} s.")
    if dialogue.was_turned_away:
        return turned_away(target)
    return SiteUnreachable(f"{target}, port {target.port}, cannot be reached: {_reason(error)}.")


def turned_away(target: Target) -> SiteUnreachable:
    """What sshd does at MaxStartups, and with addresses that it bars; both speak before any name is given."""
    return SiteUnreachable(
        f"{target}, port {target.port}, closed the connection before it said anything: too many log in there at once (sshd's "
        f"MaxStartups), or it bars this host. Nothing was sent; log in again in a minute."
    )


def _key_fault(error: Exception, options: SshOptions, target: Target, dialogue: Dialogue) -> RpconsoleError:
    if isinstance(error, asyncssh.KeyExchangeFailed) and "host key" not in str(error):
        return SiteRefused(f"{target} speaks none of our ciphers or key exchanges: {_reason(error)}.")
    return refusal_of(options.known_hosts, target.host, target.port, dialogue.strange_key)


def _refusal(error: Exception, target: Target, dialogue: Dialogue) -> RpconsoleError:
    if isinstance(error, TimeoutError):
        return SiteUnreachable(f"{target} fell silent during the login; the answer will not be sent again.")
    if isinstance(error, asyncssh.ConnectionLost) and dialogue.has_answered:
        return LoginRefused(
            f"{target} closed the connection upon the answer for {target.user}; it will not be sent again. Take a new code."
        )
    if dialogue.has_answered:
        return LoginRefused(
            f"{target} refused the answer for {target.user}; it will not be sent again. Take a new code and log in again.",
            evidence=_reason(error),
        )
    return LoginRefused(
        f"{target} refused {target.user} without asking anything: {_reason(error)}.", evidence=_reason(error)
    )


def _gateway_fault(error: asyncssh.ChannelOpenError, target: Target) -> RpconsoleError:
    if error.code == _ADMINISTRATIVELY_PROHIBITED:
        return SiteRefused(f"The gateway does not forward to {target}, port {target.port}: {_reason(error)}.")
    return SiteUnreachable(f"The gateway cannot reach {target}, port {target.port}: {_reason(error)}.")


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).strip().rstrip(".")
