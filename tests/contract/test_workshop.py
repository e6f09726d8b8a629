"""The contract of the workshop: threads of this process, and processes beside it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from rpconsole.adapters.workshop.processes import Processes
from rpconsole.domain.listfiles import lines_of
from rpconsole.engine.in_thread import InThread
from rpconsole.stages.base import CannotPrepare


@pytest.fixture(params=["in a thread", "one process", "two processes", "no spare core"])
async def workshop(request):
    match request.param:
        case "in a thread":
            yield InThread()
            return
        case "no spare core":
            made = Processes(0)
        case _:
            made = Processes(1 if request.param == "one process" else 2)
    yield made
    await made.close()


async def test_what_the_work_makes_comes_back(workshop):
    texts = [f"{number}\nlatin \xff\n" for number in range(20)]
    made = await asyncio.gather(*(workshop.call(lines_of, text) for text in texts))
    assert made == [[str(number), "latin \xff"] for number in range(20)]


def refuse(message: str) -> str:
    raise CannotPrepare(message, missing=["a", "b"], hard=True)


async def test_what_the_work_raises_comes_out_whole(workshop):
    with pytest.raises(CannotPrepare, match="no raw image") as caught:
        await workshop.call(refuse, "no raw image")
    assert (caught.value.missing, caught.value.hard) == (("a", "b"), True)
    assert await workshop.call(lines_of, "it goes on\n") == ["it goes on"]


def print_loudly(text: str) -> str:
    print(text * 1000)
    return text


async def test_what_the_work_prints_is_no_answer(workshop):
    assert await workshop.call(print_loudly, "noise") == "noise"


async def test_a_large_text_crosses_both_ways(workshop):
    text = "x" * 5_000_000
    assert await workshop.call(lines_of, text) == [text]


def own_pid(_: None) -> int:
    return os.getpid()


async def test_the_work_is_done_beside_this_process_and_again_when_that_dies():
    workshop = Processes(1)
    first = await workshop.call(own_pid, None)
    assert first != os.getpid()
    os.kill(first, signal.SIGKILL)
    assert await workshop.call(own_pid, None) == os.getpid()
    again = await workshop.call(own_pid, None)
    assert again not in {first, os.getpid()}
    await workshop.close()
    assert not os.path.exists(f"/proc/{again}")


def kill_yourself(parent: int) -> str:
    if os.getpid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return "done here"


async def test_work_whose_process_dies_under_it_is_done_here():
    workshop = Processes(1)
    assert await workshop.call(kill_yourself, os.getpid()) == "done here"
    await workshop.close()


def test_the_processes_end_with_their_parent_however_it_ends():
    program = textwrap.dedent("""
        import asyncio, os, signal
        from rpconsole.adapters.workshop.processes import Processes
        async def main():
            workshop = Processes(1)
            print(await workshop.call(pid, None), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        from tests.contract.test_workshop import own_pid as pid
        asyncio.run(main())
    """)
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    child = int(done.stdout)
    for _ in range(1200):
        if not os.path.exists(f"/proc/{child}"):
            return
        subprocess.run(["sleep", "0.05"], check=True)
    pytest.fail(f"process {child} lives on")
