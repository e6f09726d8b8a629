"""Nebulous' own server, asked over HTTP: the only hand that may make objects."""

from __future__ import annotations

import asyncio
import http.client
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from rpconsole.adapters.nebulous.envelope import NAMESPACE, NoSoap, SoapFault, answer_in, call_text
from rpconsole.domain.fault import BadConfiguration, DiskFailed, StorageAway

#: an answer is a few lines; more is not read
LONGEST_ANSWER = 1 << 20
EXISTS = "Duplicate entry"
#: asked for to see whether the server answers; need not exist
NOBODYS_KEY = "neb:///rpconsole/doctor"


class SoapServer:
    """Serves ``Maker`` by the server's ``create_object``; ``connections`` calls are under way at once."""

    def __init__(self, url: str, *, connections: int = 8, timeout_s: float = 60.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadConfiguration("storage.nebulous.server must be a URL like http://nebserver.example.org/nebulous")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._path = parts.path or "/"
        self._timeout_s = timeout_s
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="nebulous")
        self._kept = threading.local()
        #: whatever thread holds them, so that they can be closed
        self._open: set[http.client.HTTPConnection] = set()

    @property
    def name(self) -> str:
        """How it is named in sentences."""
        return f"nebulous' server at {self._host}" + (f":{self._port}" if self._port else "")

    async def make(self, key: str) -> None:
        """An object with one empty instance, unless there is such an object."""
        try:
            await self.call("create_object", key)
        except SoapFault as fault:
            if EXISTS not in str(fault):
                raise DiskFailed(f"nebulous makes no file for '{key}': {_short(str(fault))}") from None

    async def repair(self, key: str) -> None:
        """The server offers no call for it: see ``neb-repair``."""

    async def look(self) -> str:
        """Any answer will do, a fault too: that it is nebulous that answers is what counts."""
        try:
            await self.call("stat_object", NOBODYS_KEY)
        except SoapFault:
            pass
        return f"{self.name} answers"

    async def call(self, method: str, *arguments: str) -> list[str]:
        """One call; SoapFault with the server's words, StorageAway, DiskFailed for an answer that is none."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._call, method, arguments)

    async def close(self) -> None:
        """Let calls end, then hang up."""
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._open:
            connection.close()

    def _call(self, method: str, arguments: Sequence[str]) -> list[str]:
        status, content = self._exchange(method, call_text(method, arguments))
        # a fault comes with 500
        if status not in (200, 500):
            raise _refused(self.name, status)
        try:
            return answer_in(content)
        except NoSoap as nonsense:
            raise DiskFailed(f"what {self.name} says to {method} cannot be read: {nonsense}") from None

    def _exchange(self, method: str, body: bytes) -> tuple[int, bytes]:
        """A connection that the server has closed in between is opened once more: it had not taken the call yet.

        A call that is sent twice does no harm: the second makes nothing, for the object is there.
        """
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{NAMESPACE}#{method}"'}
        for is_last in (False, True):
            connection, is_new = self._connection()
            try:
                connection.request("POST", self._path, body, headers)
                answer = connection.getresponse()
                content = answer.read(LONGEST_ANSWER + 1)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if is_new or is_last or isinstance(error, TimeoutError):
                    raise StorageAway(f"{self.name} does not answer: {_reason(error)}") from None
                continue
            if len(content) > LONGEST_ANSWER:
                connection.close()
                raise DiskFailed(f"{self.name} answers {method} with more than a megabyte: that is no answer")
            return answer.status, content
        raise AssertionError("unreachable")

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        kept: http.client.HTTPConnection | None = getattr(self._kept, "connection", None)
        if kept is None:
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            kept = self._kept.connection = kind(self._host, self._port, timeout=self._timeout_s)
            self._open.add(kept)
        return kept, kept.sock is None


def _refused(name: str, status: int) -> Exception:
    if status >= 500:
        return StorageAway(f"{name} does not serve now: HTTP status {status}")
    return BadConfiguration(f"{name} answers with HTTP status {status}; is storage.nebulous.server right?")


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the time is up"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:200]}…"
