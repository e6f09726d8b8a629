"""The real file, run by the system's own Python as a site would run it."""

from __future__ import annotations

import itertools
import json
import os
import select
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from rpconsole.adapters.ssh.helper_file import helper_bytes, helper_name

SITE_PYTHON = os.environ.get("RPCONSOLE_SITE_PYTHON", "/usr/bin/python3")


def frame_of(message: dict[str, Any]) -> bytes:
    body = json.dumps(message).encode()
    return b"%08x\n" % len(body) + body


class Channel:
    """A program that speaks frames; reading gives up after a while instead of hanging the suite."""

    def __init__(self, argv: list[str], *, banner: bool = True) -> None:
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
        )
        self.bytes = bytearray()
        self.greeting: dict[str, Any] = {}
        if banner:
            line = self._until(lambda: b"\n" in self.bytes and self.bytes.index(b"\n") + 1)
            assert line.startswith(b"RPR1 ")
            self.greeting = json.loads(line[5:])

    def _until(self, enough, patience_s: float = 60.0) -> bytes:
        give_up = time.monotonic() + patience_s
        while not (count := enough()):
            assert self.process.stdout is not None
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, give_up - time.monotonic()))
            assert ready, "no answer in time"
            data = os.read(self.process.stdout.fileno(), 1 << 16)
            if not data:
                raise EOFError(bytes(self.bytes))
            self.bytes += data
        taken = bytes(self.bytes[:count])
        del self.bytes[:count]
        return taken

    def take(self, count: int) -> bytes:
        return self._until(lambda: len(self.bytes) >= count and count) if count else b""

    def read(self) -> dict[str, Any]:
        header = self.take(9)
        assert header.endswith(b"\n")
        message: dict[str, Any] = json.loads(self.take(int(header, 16)))
        return message

    def write(self, *messages: dict[str, Any] | bytes) -> None:
        assert self.process.stdin is not None
        for message in messages:
            data = message if isinstance(message, bytes) else frame_of(message)
            while data:
                data = data[self.process.stdin.write(data) or 0 :]

    def close_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def end(self, patience_s: float = 60.0) -> int:
        self.close_input()
        return self.process.wait(patience_s)

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()

    def discard(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


class Service(Channel):
    """The control channel."""

    numbers = itertools.count(1)

    def ask(self, verb: str, **fields: Any) -> int:
        number = next(self.numbers)
        self.write({"id": number, "verb": verb, **fields})
        return number

    def answers(self, *numbers: int) -> list[dict[str, Any]]:
        found: dict[int, dict[str, Any]] = {}
        while len(found) < len(numbers):
            answer = self.read()
            found[answer["id"]] = answer
        return [found[number] for number in numbers]

    def call(self, verb: str, **fields: Any) -> Any:
        (answer,) = self.answers(self.ask(verb, **fields))
        assert answer["ok"], answer
        return answer["result"]

    def refusal(self, verb: str, **fields: Any) -> dict[str, Any]:
        (answer,) = self.answers(self.ask(verb, **fields))
        assert not answer["ok"], answer
        return answer


@pytest.fixture(scope="session")
def helper(tmp_path_factory) -> Path:
    path = Path(tmp_path_factory.mktemp("site")) / helper_name()
    path.write_bytes(helper_bytes())
    return path


@pytest.fixture
def helper_argv(helper) -> list[str]:
    return [SITE_PYTHON, "-I", str(helper)]


@pytest.fixture
def opened():
    channels: list[Channel] = []
    yield channels.append
    for channel in channels:
        channel.discard()


@pytest.fixture
def serve(helper_argv, opened):
    def start(*badge: str) -> Service:
        service = Service([*helper_argv, "serve", *badge])
        opened(service)
        return service

    return start


@pytest.fixture
def stream(helper_argv, opened):
    def start(what: str, root: Path, *badge: str) -> Channel:
        channel = Channel([*helper_argv, what, "--root", str(root), *badge])
        opened(channel)
        return channel

    return start


@pytest.fixture
def small_disk(tmp_path):
    """One mebibyte of disk; needs the right to mount."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("may not mount a small disk here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)
