"""The practice site as a client meets it: real processes, real ssh on loopback."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import asyncssh
import pytest
from tests.integration.main_job.world import text_in_files
from tests.servers.processes import wait_for

from rpconsole.commands.moab import Moab
from rpconsole.commands.scheduler import JobOrder, JobOutcome
from rpconsole.domain.event import JobAccepted, SubmitUnknown
from rpconsole.domain.fault import AlreadyOwned
from rpconsole.ports.site import Answer
from rpconsole.practice.launching import running
from rpconsole.practice.moab.spool import Job, State
from rpconsole.practice.paths import SiteSettings
from rpconsole.practice.processes import alive, marked
from rpconsole.practice.site import PracticeSite

MOAB = Moab()
HEAD = "#!/bin/tcsh\n#MSUB -l nodes={nodes}:ppn=2,walltime={walltime}\n#MSUB -j oe\n#MSUB -V\n#MSUB -o {out}\n"


class Person(asyncssh.SSHClient):
    """Answers each challenge once, with whatever the test gives him."""

    def __init__(self, answer: Callable[[], str]) -> None:
        self._answer = answer
        self.asked = 0

    def kbdint_auth_requested(self) -> str | None:
        return ""

    def kbdint_challenge_received(self, name, instructions, lang, prompts):
        self.asked += bool(prompts)
        # asyncssh asks again and again after a refusal: a person would not
        return None if self.asked > 1 else [self._answer() for _ in prompts]


@asynccontextmanager
async def login(
    site: PracticeSite, answer: Callable[[], str] | None = None, *, host: str = "fe1", user: str = "operator"
) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """Through the gateway to a front end; ``answer`` is what the person types at the gateway."""
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(
            _connect(site, "127.0.0.1", site.settings.ports["gateway"], user, answer)
        )
        if host == "gateway":
            yield gateway
            return
        yield await stack.enter_async_context(_connect(site, host, 22, user, None, tunnel=gateway))


def _connect(site: PracticeSite, host: str, port: int, user: str, answer: Callable[[], str] | None, **options):
    return asyncssh.connect(
        host,
        port,
        username=user,
        client_factory=lambda: Person(answer or (lambda: site.token(user))),
        known_hosts=str(site.paths.known_hosts),
        config=None,
        client_keys=None,
        **options,
    )


@pytest.fixture
async def site(tmp_path):
    async with PracticeSite(tmp_path / "practice", settings=SiteSettings(slots=2, kill_wait_s=2.0)) as practice:
        yield practice


async def run(connection: asyncssh.SSHClientConnection, *argv: str, stdin: str = "") -> Answer:
    done = await connection.run(" ".join(argv), input=stdin)
    return Answer(rc=done.exit_status, out=str(done.stdout), err=str(done.stderr))


async def submit(
    site: PracticeSite,
    connection: asyncssh.SSHClientConnection,
    body: str,
    *,
    walltime: str = "1:00:00",
    nodes: int = 1,
) -> Answer:
    head = HEAD.format(nodes=nodes, walltime=walltime, out=site.paths.scratch / "job.out")
    path = str(site.paths.home / "run.cmd")
    await run(connection, "cat", ">", path, stdin=head + body)
    order = JobOrder(script=path, name="rp1.1.ab", cwd=str(site.paths.home))
    return await run(connection, *MOAB.submit_command(order))


def accepted(answer: Answer) -> str:
    event = MOAB.read_submit(answer)
    assert isinstance(event, JobAccepted), event
    return event.job


async def until(site: PracticeSite, number: str, *states: State) -> Job:
    for _ in range(3000):
        job = site.spool.job(number)
        if job is not None and job.state in states:
            return job
        await asyncio.sleep(0.02)
    raise AssertionError(f"job {number} is {job.state if job else 'gone'}, not {' or '.join(states)}")


def end_wall_time(site: PracticeSite, number: str) -> None:
    """A job's time is up now, whenever it began."""
    with site.spool.changing():
        (job,) = [job for job in site.spool.jobs() if job.job == number]
        site.spool.change(job, walltime_s=0)
        site.spool.ring()


async def eventually(check: Callable[[], bool]) -> None:
    for _ in range(3000):
        if check():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about")


async def test_a_token_opens_the_gateway_and_another_a_front_end(site):
    async with login(site) as front_end:
        answer = await run(front_end, "hostname; echo $HOME; cat; exit 3", stdin="through\n")
    assert (answer.rc, answer.out) == (3, f"fe1\n{site.paths.home}\nthrough\n")
    assert [(each["host"], each["verdict"]) for each in site.logins()] == [("gateway", "accepted"), ("fe1", "accepted")]


async def test_a_wrong_token_is_one_answer_at_the_server(site):
    with pytest.raises(asyncssh.PermissionDenied):
        async with login(site, lambda: "000000"):
            pass
    assert [(each["host"], each["verdict"]) for each in site.logins()] == [("gateway", "wrong")]


async def test_a_token_is_refused_the_second_time(site):
    token = site.token()
    async with login(site, lambda: token, host="gateway"):
        pass
    with pytest.raises(asyncssh.PermissionDenied):
        async with login(site, lambda: token, host="gateway"):
            pass
    assert site.logins()[-1]["verdict"] == "used"


async def test_a_person_without_a_card_gets_nowhere(site):
    with pytest.raises(asyncssh.PermissionDenied):
        async with login(site, site.token, user="mallory"):
            pass
    assert site.logins()[-1]["verdict"] == "wrong"


async def test_no_token_is_in_any_file_but_the_card(site):
    shown: list[str] = []

    def press() -> str:
        shown.append(site.token())
        return shown[-1]

    async with login(site, press, host="gateway"):
        pass
    assert text_in_files(site.paths.root, shown[0]) == []
    assert stat.S_IMODE((site.paths.cards / "operator.json").stat().st_mode) == 0o600


async def test_the_gateway_leads_to_front_ends_only(site):
    async with login(site, host="gateway") as gateway:
        with pytest.raises(asyncssh.ChannelOpenError):
            await gateway.run("true")
        with pytest.raises(asyncssh.ChannelOpenError, match="is not a front end"):
            await gateway.open_connection("127.0.0.1", 1)


async def test_sessions_over_the_limit_are_refused_and_the_connection_lives_on(site):
    site.faults.stage("max_sessions", 2)
    async with login(site) as front_end:
        held = [await front_end.create_process("cat") for _ in range(2)]
        with pytest.raises(asyncssh.ChannelOpenError, match="open failed") as refused:
            await front_end.run("true")
        assert refused.value.code == asyncssh.OPEN_CONNECT_FAILED
        for process in held:
            process.stdin.write_eof()
            await process.wait()
        assert (await front_end.run("true")).exit_status == 0


async def test_large_streams_pass_unharmed_both_ways(site):
    block = os.urandom(3_000_000)
    async with login(site) as front_end:
        for _ in range(3):
            done = await front_end.run("cat", input=block, encoding=None)
            assert done.stdout == block


async def test_a_command_that_a_signal_ended_says_so(site):
    async with login(site) as front_end:
        done = await front_end.run("kill -TERM $$; sleep 9")
    assert done.exit_signal is not None
    assert done.exit_signal[0] == "TERM"


async def test_a_session_ends_when_its_time_is_over(site):
    async with login(site) as front_end:
        site.faults.stage("session_s", 0.2)
        await asyncio.wait_for(front_end.wait_closed(), 60)
        site.faults.clear()
    async with login(site) as again:
        assert (await again.run("true")).exit_status == 0


async def test_a_cut_leaves_the_command_running(site):
    mark = site.paths.scratch / "mark"
    async with login(site) as front_end:
        command = f"touch {mark}.begun; while [ ! -e {mark}.go ]; do sleep 0.02; done; touch {mark}.done"
        running_there = asyncio.create_task(front_end.run(command))
        await eventually(mark.with_suffix(".begun").exists)
        site.cut()
        done = await asyncio.wait_for(running_there, 60)
        assert done.exit_status is None
    mark.with_suffix(".go").touch()
    await eventually(mark.with_suffix(".done").exists)


async def test_a_cut_is_the_end_of_a_commands_input(site):
    mark = site.paths.scratch / "mark"
    async with login(site) as front_end:
        process = await front_end.create_process(f"touch {mark}.begun; cat; touch {mark}.done")
        await eventually(mark.with_suffix(".begun").exists)
        site.cut()
        await asyncio.wait_for(process.wait_closed(), 60)
    await eventually(mark.with_suffix(".done").exists)


async def test_a_refused_login_burns_the_token_where_the_account_is_closed(site):
    site.faults.stage("login", "nologin", times=1)
    token = site.token()
    with pytest.raises(asyncssh.PermissionDenied):
        async with login(site, lambda: token, host="gateway"):
            pass
    with pytest.raises(asyncssh.PermissionDenied):
        async with login(site, lambda: token, host="gateway"):
            pass
    assert [each["verdict"] for each in site.logins()] == ["nologin", "used"]


async def test_a_job_lives_from_msub_to_the_schedulers_memory(site):
    async with login(site) as front_end:
        body = 'date\nsrun -N 2 -n 4 -m cyclic -l /bin/hostname | sort > hosts.$SLURM_JOB_ID\necho "$SLURM_JOB_NODELIST"\nexit 3\n'
        number = accepted(await submit(site, front_end, body, nodes=2))
        await until(site, number, State.COMPLETED)
        detail = MOAB.read_job(number, await run(front_end, *MOAB.job_command(number)))
        assert (detail.state.outcome, detail.state.code) == (JobOutcome.ENDED, 3)
        assert detail.nodes == (("mu001", 2), ("mu002", 2))
        queue = MOAB.read_queue(await run(front_end, *MOAB.queue_command("operator")))
        history = MOAB.read_queue(await run(front_end, *MOAB.history_command("operator")))
    assert queue is not None
    assert queue.by_job(number) is None
    assert history is not None
    (remembered,) = history.by_name("rp1.1.ab")
    assert (remembered.job, remembered.code, history.purge_s) == (number, 3, 300.0)
    assert "mu[001-002]" in (site.paths.scratch / "job.out").read_text()
    hosts = (site.paths.home / f"hosts.{number}").read_text().splitlines()
    assert hosts == ["0: mu001", "1: mu002", "2: mu001", "3: mu002"]


async def test_a_job_is_ended_at_its_wall_time_after_a_polite_word(site):
    async with login(site) as front_end:
        body = "trap 'echo warned; exit 0' TERM\necho begun\nwhile :; do sleep 0.05; done\n"
        number = accepted(await submit(site, front_end, body))
    out = site.paths.scratch / "job.out"
    await eventually(lambda: out.exists() and out.read_text() == "begun\n")
    end_wall_time(site, number)
    job = await until(site, number, State.REMOVED)
    assert job.code == "0"
    lines = out.read_text().splitlines()
    assert (lines[0], lines[-1]) == ("begun", "warned")


async def test_a_job_that_ignores_the_word_is_killed_with_all_that_it_started(site):
    async with login(site) as front_end:
        body = "trap '' TERM\nsetsid sleep 777 &\necho begun\nwhile :; do sleep 0.05; done\n"
        number = accepted(await submit(site, front_end, body))
    out = site.paths.scratch / "job.out"
    await eventually(lambda: out.exists() and out.read_text() == "begun\n")
    end_wall_time(site, number)
    await until(site, number, State.REMOVED)
    assert marked(site.paths.root, number) == []


async def test_a_cancelled_job_goes_from_canceling_to_removed(site):
    async with login(site) as front_end:
        number = accepted(await submit(site, front_end, "sleep 777\n"))
        await until(site, number, State.RUNNING)
        answer = MOAB.read_cancel(number, await run(front_end, *MOAB.cancel_command(number)))
        assert (answer.outcome, answer.others) == ("cancelled", ())
        assert (await until(site, number, State.REMOVED)).code == "CNCLD"
        again = MOAB.read_cancel(number, await run(front_end, *MOAB.cancel_command(number)))
        assert again.outcome == "refused"


async def test_an_unknown_job_is_gone_for_checkjob_and_canceljob(site):
    async with login(site) as front_end:
        detail = MOAB.read_job("77", await run(front_end, *MOAB.job_command("77")))
        cancel = MOAB.read_cancel("77", await run(front_end, *MOAB.cancel_command("77")))
    assert (detail.state.outcome, cancel.outcome) == (JobOutcome.GONE, "gone")


async def test_a_lost_reply_is_unknown_and_the_job_is_found_by_its_name(site):
    site.faults.stage("msub", "lost", times=1)
    site.faults.stage("hold", "batch", times=1)
    async with login(site) as front_end:
        answer = await submit(site, front_end, "true\n")
        assert isinstance(MOAB.read_submit(answer), SubmitUnknown)
        listing = MOAB.read_queue(await run(front_end, *MOAB.queue_command("operator")))
    assert listing is not None
    (found,) = listing.by_name("rp1.1.ab")
    assert found.outcome is JobOutcome.HELD


async def test_a_job_killed_by_a_signal_looks_well_to_moab(site):
    async with login(site) as front_end:
        number = accepted(await submit(site, front_end, "sleep 777\n"))
        await until(site, number, State.RUNNING)
        site.kill_job(number)
        await until(site, number, State.COMPLETED)
        detail = MOAB.read_job(number, await run(front_end, *MOAB.job_command(number)))
    assert (detail.state.outcome, detail.state.code) == (JobOutcome.ENDED, 0)


async def test_jobs_wait_in_line_for_nodes_and_a_job_too_big_is_blocked(site):
    async with login(site) as front_end:
        first = accepted(await submit(site, front_end, "while [ ! -e go ]; do sleep 0.02; done\n", nodes=2))
        second = accepted(await submit(site, front_end, "true\n"))
        third = accepted(await submit(site, front_end, "true\n", nodes=9))
        await until(site, first, State.RUNNING)
        printed = await run(front_end, "showq", "-b")
        assert third in printed.out
        assert first not in printed.out
        assert second not in printed.out
        (site.paths.home / "go").touch()
        await until(site, second, State.COMPLETED)
    assert (await until(site, third, State.IDLE)).message != ""


async def test_finished_jobs_are_forgotten_after_the_purge_time(site):
    async with login(site) as front_end:
        number = accepted(await submit(site, front_end, "true\n"))
        await until(site, number, State.COMPLETED)
        site.faults.stage("purge_s", 0)
        await eventually(lambda: not site.spool.script(number).exists())
        detail = MOAB.read_job(number, await run(front_end, *MOAB.job_command(number)))
    assert detail.state.outcome is JobOutcome.GONE


async def test_the_site_is_up_once_and_comes_back_on_its_ports(tmp_path):
    first = PracticeSite(tmp_path, settings=SiteSettings(nodes=1))
    await first.up(tied=True)
    ports = dict(first.settings.ports)
    with pytest.raises(AlreadyOwned, match="is up already"):
        await PracticeSite(tmp_path).up(tied=True)
    await first.down()
    async with PracticeSite(tmp_path) as again:
        assert (again.settings.ports, again.settings.nodes) == (ports, 1)


async def test_nothing_is_left_after_down(tmp_path):
    async with PracticeSite(tmp_path) as site:
        pids = list(running(site.paths).values())
        ports = site.settings.ports.values()
        async with login(site) as front_end:
            number = accepted(await submit(site, front_end, "setsid sleep 777 &\nsleep 777\n"))
            await until(site, number, State.RUNNING)
            await front_end.run("setsid sleep 777 >/dev/null 2>&1 </dev/null &")
            assert marked(site.paths.root)
    assert not [pid for pid in pids if alive(pid)]
    assert marked(site.paths.root) == []
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


@pytest.mark.parametrize("frozen", [False, True])
def test_a_site_ends_when_whoever_started_it_is_killed(tmp_path, frozen):
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from rpconsole.practice.site import PracticeSite\n"
        "async def main():\n"
        "    async with PracticeSite(Path(sys.argv[1])):\n"
        "        print('up', flush=True)\n"
        "        await asyncio.sleep(777)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        site = PracticeSite(tmp_path)
        pids = list(running(site.paths).values())
        assert len(pids) == 2
        if frozen:
            site.freeze()
        parent.send_signal(signal.SIGKILL)
    give_up = time.monotonic() + 60
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < give_up, "the site outlived its parent"
        time.sleep(0.02)
    wait_for(lambda: marked(site.paths.root) == [])


async def test_a_frozen_site_answers_when_it_is_thawed(site):
    async with login(site) as front_end:
        site.freeze()
        waiting = asyncio.create_task(front_end.run("echo here"))
        done, _ = await asyncio.wait({waiting}, timeout=0.3)
        assert not done
        site.thaw()
        assert (await asyncio.wait_for(waiting, 60)).stdout == "here\n"
