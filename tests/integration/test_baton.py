"""The baton among consoles and commands over a real socket."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from pydantic import SecretStr
from tests.fakes.engine import FakeEngine, a_run_row
from tests.fakes.serving import serving

from rpconsole.cli.baton import Kept, _take
from rpconsole.daemon.baton import BatonDesk, NoBaton
from rpconsole.daemon.haul_verbs import HAUL_VERBS
from rpconsole.daemon.verbs import ACTS, ROUTINE, VERBS
from rpconsole.domain.baton import REFUSE_S, Seat
from rpconsole.protocol.client import EngineClient
from rpconsole.protocol.codec import encode
from rpconsole.protocol.errors import EngineSaid
from rpconsole.protocol.messages import PROTOCOL, ClientHello, Decline, Reply

#: what only looks, or is about the baton itself
LOOKS = {
    *("find_runs", "queues", "components", "failures"),
    "status",
    "session",
    "runs",
    "run",
    "story",
    "why",
    "acts",
    "labels",
    "tail",
    "reconcile",
    "commands",
    "preview",
    "scratch",
    "scratch_safe",
    "haul_plan",
    "hauls",
    "moved",
    "pace",
    "reach",
    "baton",
}


@pytest.fixture
def engine():
    return FakeEngine(rows=[a_run_row(7)])


@pytest.fixture
async def sit(engine, tmp_path):
    """Attach consoles (with a place) and commands (without)."""
    path = tmp_path / "s" / "e.sock"
    clients = []

    async def attach(who, place="", wants=True, looks=False):
        client = await EngineClient.connect(path, who=who, place=place, wants_baton=wants, looks=looks)
        clients.append(client)
        return client

    async with serving(engine, path):
        yield attach
        for client in clients:
            await client.close()


async def holder(client):
    found = (await client.call("status"))["baton"]["holder"]
    return found and found["client"]


async def refused(client, verb, **args):
    with pytest.raises(EngineSaid) as failure:
        await client.call(verb, **args)
    return str(failure.value)


async def until_noted(engine, words):
    async with asyncio.timeout(60):
        while not any(words in str(what) for _, what, _ in engine.asked):  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def test_every_verb_either_acts_or_looks():
    assert set(VERBS) | set(HAUL_VERBS) == ACTS | LOOKS
    assert ACTS.isdisjoint(LOOKS)
    assert ROUTINE < ACTS


async def test_the_second_console_looks_and_is_told_who_acts(sit, engine):
    first, second = await sit("ann", "pts/3"), await sit("relief", "pts/4")
    assert await holder(second) == first.hello.client
    sentence = await refused(second, "cancel", remote_id=7)
    assert "ann" in sentence
    assert "(pts/3) has the baton" in sentence
    assert not [one for one in engine.asked if one[0] == "cancel"]
    await first.call("cancel", remote_id=7)


async def test_anybody_may_close_a_gate_and_only_the_holder_opens_one(sit, engine):
    first, second = await sit("ann", "pts/3"), await sit("relief", "pts/4")
    await second.call("gates", names=["exec"], open=False)
    assert "has the baton" in await refused(second, "gates", names=["exec"], open=True)
    await first.call("gates", names=["exec"], open=True)


async def test_a_command_of_another_may_do_routine_work_and_overrule_nobody(sit):
    await sit("ann", "pts/3")
    cron = await sit("cron")
    await cron.call("define", stage="chip", label="L", path_base="/p")
    await cron.call("poll")
    assert "'rpconsole baton take'" in await refused(cron, "retry", remote_id=7)
    assert "has the baton" in await refused(cron, "login")


async def test_a_command_of_the_holders_name_acts(sit, engine):
    await sit("ann", "pts/3")
    shell = await sit("ann")
    await shell.call("cancel", remote_id=7)
    assert [(verb, args) for verb, args, _ in engine.asked if verb == "cancel"] == [("cancel", (7,))]


async def test_where_nobody_has_it_commands_act(sit, engine):
    await (await sit("cron")).call("cancel", remote_id=7)
    assert [(verb, args) for verb, args, _ in engine.asked if verb == "cancel"] == [("cancel", (7,))]


async def test_the_holder_hands_it_over_and_the_audit_says_so(sit, engine):
    first, second = await sit("ann", "pts/3"), await sit("relief", "pts/4")
    assert "30 s to refuse" in (await second.call("baton", do="ask"))["sentence"]
    await first.call("baton", do="give")
    assert await holder(first) == second.hello.client
    await until_noted(engine, "get the baton from ann")
    assert "has the baton" in await refused(first, "cancel", remote_id=7)


async def test_the_holder_keeps_it(sit):
    first, second = await sit("ann", "pts/3"), await sit("relief", "pts/4")
    await second.call("baton", do="ask")
    await first.call("baton", do="keep")
    assert (await first.call("status"))["baton"]["asker"] is None
    assert await holder(first) == first.hello.client


async def test_a_holder_who_goes_leaves_it_to_who_asks(sit):
    first, second = await sit("ann", "pts/3"), await sit("relief", "pts/4")
    await second.call("baton", do="ask")
    await first.close()
    async with asyncio.timeout(60):
        while await holder(second) != second.hello.client:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_who_comes_back_without_having_had_it_does_not_take_it(sit):
    back = await sit("ann", "pts/3", wants=False)
    assert await holder(back) is None
    assert "nobody has the baton: T takes it" in await refused(back, "cancel", remote_id=7)
    assert (await back.call("baton", do="ask"))["sentence"] == "you have the baton"


@pytest.mark.parametrize("place", ["", "pts/3"])
async def test_who_only_looks_is_refused_every_order_whatever_else_he_claims(sit, engine, place):
    looker = await sit("ann", place, looks=True)
    assert await holder(looker) is None
    for verb, args in (("cancel", {"remote_id": 7}), ("gates", {"names": ["exec"], "open": False}), ("poll", {})):
        assert "only looks (--read-only)" in await refused(looker, verb, **args)
    assert "only looks" in await refused(looker, "login")
    assert "only looks" in await refused(looker, "baton", do="ask")
    assert [run["remote_id"] for run in (await looker.call("runs"))["runs"]] == [7]
    assert not [one for one in engine.asked if one[0] in ("cancel", "gates", "poll")]


async def test_an_answer_of_who_only_looks_never_reaches_the_site(sit, tmp_path):
    await sit("ann", "pts/3")
    reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s" / "e.sock"))
    hello = ClientHello(protocol=PROTOCOL, version="1", who="x", answers=True, place="y", wants_baton=True, looks=True)
    for message in (hello, Reply(ask_id=1, answers=(SecretStr("123456"),)), Decline(ask_id=2)):
        writer.write(encode(message))
    async with asyncio.timeout(60):
        said = [await reader.readline() for _ in range(3)]
    writer.close()
    assert [b"only looks" in line for line in said] == [False, True, True]
    assert b"123456" not in b"".join(said)


async def test_a_word_that_is_none_gets_a_sentence(sit):
    assert "'ask', 'give' or 'keep'" in await refused(await sit("ann", "pts/3"), "baton", do="steal")


async def test_a_foreign_place_is_shown_and_never_obeyed(sit):
    await sit("ann", "pts\x1b[2J")
    assert "\x1b" not in str((await (await sit("relief", "x")).call("status"))["baton"])


def test_what_is_not_refused_in_time_moves_by_itself_and_is_noted():
    now, noted = [1000.0], []
    desk = BatonDesk(happened=lambda who, what: noted.append((who, what)), now=lambda: now[0])
    ann, relief = Seat(client=1, who="ann", place="a"), Seat(client=2, who="relief", place="b")
    desk.sit(ann)
    desk.ask(relief)
    now[0] += REFUSE_S - 1
    with pytest.raises(NoBaton):
        desk.check(relief, "cancel", {})
    now[0] += 1
    desk.check(relief, "cancel", {})
    assert noted[-1] == ("relief", "take the baton: ann (a) did not refuse")


def test_two_who_ask_are_not_both_promised_it():
    desk = BatonDesk(happened=lambda *_: None)
    seats = [Seat(client=number, who=f"o{number}", place="x") for number in range(3)]
    desk.sit(seats[0])
    desk.ask(seats[1])
    with pytest.raises(NoBaton, match=r"o1 \(x\) asks for the baton already"):
        desk.ask(seats[2])


async def test_a_shell_frees_it_or_is_told_that_it_is_kept(sit, tmp_path, capsys):
    settings = SimpleNamespace(socket_path=tmp_path / "s" / "e.sock")
    first = await sit("ann", "pts/3")
    for do in ("keep", "give"):
        taking = asyncio.create_task(_take(settings))  # type: ignore[arg-type]
        async with asyncio.timeout(60):
            while (await first.call("status"))["baton"]["asker"] is None:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        await first.call("baton", do=do)
        if do == "keep":
            with pytest.raises(Kept, match=r"ann.* keeps the baton"):
                await taking
    await taking
    assert "30 s to refuse" in capsys.readouterr().out
    async with asyncio.timeout(60):
        while await holder(first) is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
