"""``rpconsole login`` as a person and as a script meet it: a real process, a real terminal, a running engine."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from pathlib import Path

import pytest
from tests.fakes.process import COMMAND, ENVIRON, an_engine, script
from tests.integration.terminal import Terminal

from rpconsole.protocol.client import EngineClient

TOKEN = "123456"


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="rp") as path:
        yield Path(path)


async def states(folder):
    async with await EngineClient.connect(folder / "run" / "engine.sock") as client:
        return [view["state"] for view in (await client.call("session"))["sessions"]]


def at_terminal(folder, *words):
    return Terminal([*COMMAND, str(folder), *words], ENVIRON)


async def test_a_person_answers_a_series_and_his_tokens_are_never_seen(folder):
    async with an_engine(folder):
        with at_terminal(folder, "login") as terminal:
            terminal.until("login 1 of 2: operator at fe1 says")
            terminal.until("  | Use your card.")
            terminal.until("  | Enter PASSCODE: ")
            terminal.until_silent()
            terminal.type(TOKEN + "\n")
            terminal.until("login 2 of 2")
            terminal.until_silent()
            terminal.type(TOKEN + "\n")
            assert terminal.ended() == 0
            assert TOKEN not in terminal.seen
            assert terminal.echoes()
        assert await states(folder) == ["open", "open"]
        assert TOKEN not in (folder / "engine.log").read_text()


async def test_a_wrong_token_is_refused_in_a_sentence_and_sent_once(folder):
    async with an_engine(folder):
        with at_terminal(folder, "login") as terminal:
            terminal.until("PASSCODE: ")
            terminal.until_silent()
            terminal.type("000000\n")
            assert terminal.ended() == 7
        assert "rpconsole: the site refused the answer" in terminal.seen
        assert terminal.seen.count("PASSCODE") == 1
        assert "000000" not in terminal.seen


async def test_ctrl_c_declines_and_leaves_the_terminal_as_it_was(folder):
    async with an_engine(folder):
        with at_terminal(folder, "login") as terminal:
            terminal.until("PASSCODE: ")
            terminal.until_silent()
            terminal.type("\x03")
            assert terminal.ended() == 130
            assert terminal.echoes()
        assert await states(folder) == ["closed", "closed"]


async def test_nothing_typed_is_asked_for_again_before_it_costs_a_try(folder):
    async with an_engine(folder):
        with at_terminal(folder, "login", "fe2") as terminal:
            terminal.until("PASSCODE: ")
            terminal.until_silent()
            terminal.type("\n")
            terminal.until("an empty line again")
            terminal.until_silent()
            terminal.type(TOKEN + "\n")
            assert terminal.ended() == 0
        assert await states(folder) == ["closed", "open"]


async def test_a_token_that_was_pasted_with_a_blank_is_asked_for_again_before_it_costs_a_try(folder):
    async with an_engine(folder):
        with at_terminal(folder, "login", "fe2") as terminal:
            terminal.until("PASSCODE: ")
            terminal.until_silent()
            terminal.type(f"{TOKEN} \r\n")
            terminal.until("the same again sends it with the blank")
            terminal.until_silent()
            terminal.type(TOKEN + "\n")
            assert terminal.ended() == 0
            assert TOKEN not in terminal.seen
        assert await states(folder) == ["closed", "open"]


async def test_somebody_who_was_faster_is_named_and_the_login_goes_on(folder):
    class Bob:
        async def ask(self, challenge):
            return [TOKEN] if challenge.host == "fe1" else None

        def closed(self, answered):
            pass

        def rejected(self, rejected):
            pass

    async with an_engine(folder):
        with at_terminal(folder, "login") as terminal:
            terminal.until("login 1 of 2")
            async with await EngineClient.connect(folder / "run" / "engine.sock", who="bob", dialogue=Bob()):
                terminal.until_silent()
                await asyncio.to_thread(terminal.until, "answered by bob")
                await asyncio.to_thread(terminal.until, "login 2 of 2")
                terminal.until_silent()
                terminal.type(TOKEN + "\n")
                assert await asyncio.to_thread(terminal.ended) == 0
                assert terminal.echoes()


async def test_a_script_gives_the_answers_on_stdin(folder):
    async with an_engine(folder):
        done = script(folder, "login", "--stdin", "--json", answers=f"{TOKEN}\n{TOKEN}\n")
        assert done.returncode == 0
        assert '"state": "open"' in done.stdout
        assert TOKEN not in done.stdout + done.stderr


async def test_a_script_whose_answers_end_declines(folder):
    async with an_engine(folder):
        done = script(folder, "login", "--stdin")
        assert done.returncode == 7
        assert "nobody answered" in done.stderr


async def test_without_a_terminal_the_command_says_how_scripts_answer(folder):
    async with an_engine(folder):
        done = script(folder, "login")
        assert done.returncode == 3
        assert "--stdin" in done.stderr


async def test_a_killed_login_leaves_the_engine_free_for_the_next(folder):
    async with an_engine(folder):
        with at_terminal(folder, "login") as terminal:
            terminal.until("PASSCODE: ")
            terminal.child.send_signal(signal.SIGKILL)
            terminal.child.wait()
            done = script(folder, "login", "--stdin", answers=f"{TOKEN}\n{TOKEN}\n")
            assert done.returncode == 0


async def test_a_renewal_is_one_command_that_tells_its_steps_and_asks_for_tokens(folder):
    async with an_engine(folder):
        with at_terminal(folder, "login", "--renew", "--user", "ann") as terminal:
            terminal.until("3 drain: what is under way ends")
            terminal.until("login 1 of 2")
            terminal.until_silent()
            terminal.type(TOKEN + "\n")
            terminal.until("login 2 of 2")
            terminal.until_silent()
            terminal.type(TOKEN + "\n")
            assert terminal.ended() == 0
            assert "the sessions are renewed" in terminal.seen
            assert TOKEN not in terminal.seen


async def test_a_renewal_whose_token_is_refused_ends_with_the_reason(folder):
    async with an_engine(folder):
        done = script(folder, "login", "--renew", "--stdin", "--json", answers="918273\n")
        assert done.returncode == 7
        assert "the site refused the answer" in done.stderr
        assert '"outcome": "failed"' in done.stdout
        assert "918273" not in done.stdout + done.stderr


async def test_nothing_to_give_up_or_to_cut_is_said(folder):
    async with an_engine(folder):
        done = script(folder, "login", "--renew", "--abandon", "--stdin")
        assert done.returncode != 0
        assert "no renewal is under way" in done.stderr
        done = script(folder, "login", "--cut", "--stdin")
        assert done.returncode == 3
        assert "--renew" in done.stderr
        done = script(folder, "login", "fe1", "--renew", "--stdin")
        assert done.returncode == 3
        assert "takes no HOST" in done.stderr
