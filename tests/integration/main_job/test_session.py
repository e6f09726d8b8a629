"""The session cut, frozen and refused at a real ssh server: runs wait, nothing is spent, and only a person logs in."""

from __future__ import annotations

import asyncio
import itertools
import random
import re
import time
from pathlib import Path

import pytest
from tests.integration.main_job.world import (
    COMMAND,
    ENVIRON,
    HOLDABLE,
    PATIENCE_S,
    ROOT,
    MainJob,
    main_job,
    text_in_files,
)

pytestmark = pytest.mark.slow

WAITING = {"new", "pending", "auth"}


async def sessions(job: MainJob) -> set[str]:
    async with job.client() as client:
        return {view["state"] for view in (await client.call("session"))["sessions"]}


async def gates(job: MainJob, *, is_open: bool) -> None:
    """Open or close what reaches for the site."""
    async with job.client() as client:
        await client.call("gates", names=["exec", "poll"], open=is_open)


async def until_lost(job: MainJob, within_s: float = PATIENCE_S) -> None:
    """Wait until the engine knows."""
    began = time.monotonic()
    while "open" in await sessions(job):
        assert time.monotonic() < began + within_s, "the engine takes dead sessions for open"
        await asyncio.sleep(0.05)


async def until_it_moves(job: MainJob) -> None:
    before = job.moves()
    await job.until(lambda: job.moves() > before or job.state(4) == "full")


async def waits_unharmed(job: MainJob) -> None:
    """For a while after a cut: no try spent, no failure, nobody at the site's door."""
    knocks = job.site.logins()
    await job.until(lambda: job.state() in WAITING | {"full"})
    await asyncio.sleep(0.6)
    assert job.site.logins() == knocks
    assert job.state() in WAITING | {"full"}
    assert job.journal("SELECT tries, attempts <= 1, fault FROM rp_run") in ([], [(0, 1, 0)])


async def test_cut_at_each_step_the_run_waits_and_a_login_revives_it(job):
    """A frozen site is in the middle of something; the cut comes when it wakes."""
    job.hold(*HOLDABLE)
    for step in HOLDABLE:
        # the login's own end may take longer than a step
        await gates(job, is_open=False)
        job.login()
        await gates(job, is_open=True)
        await job.until(lambda step=step: job.step() in (step, "done"), every_s=0.01)
        assert job.step() == step
        job.site.freeze()
        job.site.cut()
        job.site.thaw()
        await until_lost(job)
        await waits_unharmed(job)
        assert "'rpconsole login' (L) moves it" in job.why()
        job.let_go(step)
    job.login()
    await job.full()
    assert job.submitted() == 1
    assert not {"StepFailed", "JobKilled"} & set(job.story())


async def test_cut_again_and_again_at_any_moment_four_stages_come_to_their_end(tmp_path):
    dice = random.Random(3)
    stages = ("chip", "camera", "warp", "stack")
    async with main_job(tmp_path / "site", exposures=2, stages=stages) as job:
        for turn in itertools.count():
            if job.state(4) == "full":
                break
            job.login()
            # something comes of every second session, however slow the machine is
            if turn % 2:
                await until_it_moves(job)
            await asyncio.sleep(dice.uniform(0.0, 2.0))
            job.site.cut()
            await until_lost(job)
        assert job.submitted() == 4
        assert job.gpc1("SELECT state, count(*) FROM remoteRun GROUP BY state") == [("full", 4)]
        assert job.journal("SELECT sum(attempts), sum(tries) FROM rp_run") == [(4, 0)]


async def test_a_frozen_site_is_noticed_in_seconds_and_the_run_is_parked(tmp_path):
    async with main_job(tmp_path / "site", changes={"login": {"keepalive_s": 1.0, "keepalive_count": 2}}) as job:
        job.hold("poll")
        job.login()
        await job.until(lambda: job.step() == "poll", every_s=0.01)
        job.site.freeze()
        # long before an answer's own time is up, which is a minute
        await until_lost(job, within_s=40)
        await job.until(lambda: job.state() == "auth")
        await waits_unharmed(job)
        job.site.thaw()
        await waits_unharmed(job)
        job.let_go("poll")
        job.login()
        await job.full()
        assert job.submitted() == 1


async def test_a_login_whose_sessions_are_cut_before_it_ends_says_so_by_its_exit_code(job):
    """No helper starts, so that the last token is accepted and the login is not over."""
    waits, begun = job.folder / "wait", job.folder / "begun"
    waits.touch()
    job.stand_in("python3", f'touch {begun}; while [ -e {waits} ]; do sleep 0.05; done; exec "$real" "$@"')
    tokens = "".join(f"{job.site.token()}\n" for _ in range(3))
    login = asyncio.create_task(asyncio.to_thread(job.types, "login", "--stdin", stdin=tokens))
    await job.until(begun.exists, every_s=0.01)
    assert len(job.site.logins()) == 3
    job.site.cut()
    done = await login
    assert done.returncode == 7
    assert done.stderr.splitlines()[-1].startswith("rpconsole: The session to fe1 ended")
    assert "lost" in done.stdout


async def test_a_wrong_token_is_one_try_a_sentence_and_nowhere_to_be_found(job):
    token = "wr0ng-T0ken-8c41"
    typing = await asyncio.create_subprocess_exec(
        *(*COMMAND, "-c", str(job.engine.config), "--debug", "login", "--stdin"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=ENVIRON,
    )
    talk = asyncio.create_task(typing.communicate(f"{token}\n{token}\n{token}\n".encode()))
    shown = set()
    while not talk.done():
        shown |= {path.parent.name for path in Path("/proc").glob("[0-9]*/cmdline") if token in _read(path)}
        await asyncio.sleep(0.02)
    out, err = (text.decode() for text in await talk)
    assert typing.returncode == 7
    assert "refused the answer for operator; it will not be sent again" in err
    assert [(each["host"], each["verdict"]) for each in job.site.logins()] == [("gateway", "wrong")]
    await asyncio.sleep(1.0)
    assert len(job.site.logins()) == 1
    assert token not in out + err
    assert shown == set()
    assert text_in_files(job.folder, token) == []


async def test_right_tokens_are_in_no_log_and_no_database_either(job):
    tokens = job.login()
    await job.full()
    job.types("logout")
    assert job.engine.stop() == 0
    for path in (job.site.paths.logs, job.site.paths.state, job.site.paths.gpc1):
        for file in [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]:
            text = file.read_bytes().decode("latin-1")
            assert not [token for token in tokens if re.search(rf"(?<![0-9.]){token}(?![0-9])", text)], file


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
