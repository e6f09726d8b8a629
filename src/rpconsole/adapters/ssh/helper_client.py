"""The control channel of one session: many requests in flight, each answered or timed out by itself."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from rpconsole.adapters.ssh.channel import Channel, ChannelEnded
from rpconsole.adapters.ssh.frame_stream import FrameStream
from rpconsole.adapters.ssh.helper_file import helper_bytes, helper_name, helper_path, install_command, runner_path
from rpconsole.adapters.ssh.options import SshOptions
from rpconsole.domain.fault import (
    HelperAway,
    HelperDied,
    NoAnswer,
    RpconsoleError,
    SessionLost,
    SiteFailed,
    SiteRefused,
)

OpenChannel = Callable[[str], Awaitable[Channel]]

_INSTALLED = b"RPR-INSTALLED "
_CLEANING_S = 300.0


class _NotInstalled(SiteFailed):
    """There is no room for the helper at the site, or no right to put it there."""


class SitePermanent(SiteRefused):
    """The site must change before this can work."""


def fault_of(kind: object, sentence: str) -> RpconsoleError:
    """The helper's word for a failure as our error."""
    if kind == "transient":
        return SiteFailed(sentence)
    return SitePermanent(sentence) if kind == "permanent" else SiteRefused(sentence)


def _died(error: RpconsoleError) -> HelperDied:
    return HelperDied(f"{error} What happened to the request is unknown.", evidence=error.evidence)


def helper_command(options: SshOptions, *words: str) -> str:
    """The command line of the helper; words that every login shell reads alike."""
    return " ".join((options.python, "-I", helper_path(options.remote_root), *words))


class HelperClient:
    """Starts the helper when it is needed, installs it when it is not there, starts it again when it has died."""

    def __init__(self, host: str, options: SshOptions, open_channel: OpenChannel, badge: str) -> None:
        self._host = host
        self._options = options
        self._open_channel = open_channel
        self._badge = badge
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._starting = asyncio.Lock()
        self._frames: FrameStream | None = None
        self._reader: asyncio.Task[None] | None = None

    async def call(self, verb: str, fields: Mapping[str, Any], *, timeout_s: float) -> Any:
        """The result of a verb; the site's refusals as our errors, NoAnswer when the time is up.

        HelperAway when it does not start, HelperDied when it ended before it had answered.
        """
        frames = await self._running()
        number = next(self._numbers)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            await frames.send({**fields, "id": number, "verb": verb}, timeout_s)
            async with asyncio.timeout(timeout_s):
                answer = await future
        except ChannelEnded as error:
            raise _died(error) from error
        except TimeoutError:
            raise NoAnswer(
                f"{self._host} did not answer {verb!r} within {timeout_s:g} s; what happened is unknown."
            ) from None
        finally:
            self._waiting.pop(number, None)
        if answer.get("ok") is True:
            return answer.get("result")
        raise fault_of(answer.get("kind"), f"{self._host}: {answer.get('error', 'no reason given')}")

    async def prepare(self) -> None:
        """After a login: have the helper and the job runner's link in place."""
        await self._running()
        link = runner_path(self._options.remote_root)
        found = await self.call("stat", {"paths": [link]}, timeout_s=self._options.answer_timeout_s)
        if not found or found[0].get("kind") != "file":
            await self._install()

    async def clean(self, dead: Sequence[str] = ()) -> list[str]:
        """Remove old helpers and what broken streams left; takes its time where there are many files. The paths removed.

        ``dead`` are tags of helpers that are known to be gone.
        """
        fields = {"root": self._options.remote_root, "keep": [helper_name()], "dead": list(dead)}
        answer = await self.call("clean", fields, timeout_s=_CLEANING_S)
        return [str(path) for path in answer["removed"]]

    async def hunt(self, living: Collection[str]) -> list[dict[str, Any]]:
        """End what dead sessions of this engine have left on this host; ``living`` are the badges of those that live."""
        fields = {"owner": self._options.owner, "keep": sorted(badge.rpartition(".")[2] for badge in living)}
        answer: list[dict[str, Any]] = await self.call("hunt", fields, timeout_s=_CLEANING_S)
        return answer

    @property
    def is_running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._frames is not None and self._frames.channel.is_open

    async def answers(self, within_s: float) -> bool:
        """Whether a helper that runs gives a sign of life."""
        if not self.is_running:
            return False
        try:
            await self.call("ping", {}, timeout_s=within_s)
        except NoAnswer:
            return False
        except RpconsoleError:
            # it ended just now, and whoever waited for it has heard why
            return True
        return True

    def restart(self) -> None:
        """It hangs: requests in flight are unanswered, and the next one starts another."""
        if self._frames is not None:
            self._frames.channel.close()

    def close(self) -> None:
        """End the helper; requests in flight fail."""
        self._fail(SessionLost(f"The session to {self._host} was closed before an answer came."))
        if self._frames is not None:
            self._frames.channel.close()
        if self._reader is not None:
            self._reader.cancel()

    async def _running(self) -> FrameStream:
        async with self._starting:
            if self._frames is None or not self._frames.channel.is_open:
                self._frames = await self._start()
                self._reader = asyncio.create_task(self._read(self._frames), name=f"helper answers from {self._host}")
            return self._frames

    async def _start(self) -> FrameStream:
        try:
            return await self._served()
        except _NotInstalled as error:
            raise HelperAway(str(error), evidence=error.evidence) from error
        except (SiteFailed, NoAnswer) as error:
            raise HelperAway(f"The helper does not start. {error}", evidence=error.evidence) from error

    async def _served(self) -> FrameStream:
        try:
            return await self._serve()
        except ChannelEnded:
            await self._install()
        return await self._serve()

    async def _serve(self) -> FrameStream:
        frames = FrameStream(await self._open_channel(helper_command(self._options, "serve", self._badge)), self._host)
        try:
            greeting = await frames.greeting(self._options.answer_timeout_s)
        except BaseException:
            frames.channel.close()
            raise
        if greeting.get("sha256") != hashlib.sha256(helper_bytes()).hexdigest():
            frames.channel.close()
            raise ChannelEnded(f"The helper file at {self._host} is not the one that was sent.")
        return frames

    async def _install(self) -> None:
        channel = await self._open_channel(install_command(self._options.remote_root))
        heard = bytearray()
        try:
            await channel.write(helper_bytes(), self._options.answer_timeout_s)
            channel.write_end()
            while _INSTALLED not in heard:
                heard += await channel.read_some(4096, self._options.answer_timeout_s)
        except ChannelEnded as error:
            folder = helper_path(self._options.remote_root).rpartition("/")[0]
            said = channel.stderr or str(error)
            raise _NotInstalled(f"The helper cannot be installed in {folder} at {self._host}: {said}") from error
        finally:
            channel.close()

    async def _read(self, frames: FrameStream) -> None:
        try:
            while True:
                message = await frames.read(None)
                future = self._waiting.get(message.get("id") or 0)
                if future is not None and not future.done():
                    future.set_result(message)
        except SiteFailed as error:
            self._fail(_died(error))
        except RpconsoleError as error:
            self._fail(error)

    def _fail(self, error: RpconsoleError) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(type(error)(str(error), evidence=error.evidence))
