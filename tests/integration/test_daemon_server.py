"""The server and its clients over a real socket, the engine from memory."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from tests.fakes.engine import FakeEngine, a_run_row
from tests.fakes.serving import serving

from rpconsole.domain.fault import ExitCode, FaultKind
from rpconsole.protocol.client import EngineClient
from rpconsole.protocol.delta import apply_delta
from rpconsole.protocol.errors import EngineGone, EngineSaid, ForeignProtocol, NoEngine
from rpconsole.protocol.messages import PROTOCOL, AlertSaid, Change, WholeSnapshot

TOKEN = "123456"


@pytest.fixture
def socket_path():
    folder = Path(tempfile.mkdtemp(prefix="rp"))
    yield folder / "s" / "engine.sock"
    shutil.rmtree(folder)


@pytest.fixture
def engine():
    return FakeEngine(rows=[a_run_row(7), a_run_row(8)], token=TOKEN)


class Person:
    """Answers prompts from a list; waits for ever when it is empty."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.challenges = []
        self.ends = []
        self.complaints = []
        self.cancelled = 0

    async def ask(self, challenge):
        self.challenges.append(challenge)
        try:
            return self.answers.pop(0) if self.answers else await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    def closed(self, answered):
        self.ends.append(answered)

    def rejected(self, rejected):
        self.complaints.append(rejected.sentence)


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the fakes have no event to wait for
            await asyncio.sleep(0.005)


async def test_the_hello_says_which_engine_it_is_and_under_which_name_acts_are_recorded(engine, socket_path):
    async with serving(engine, socket_path), await EngineClient.connect(socket_path, who="ann") as client:
        assert (client.hello.site, client.hello.database) == ("practice", "gpc1")
        assert client.hello.who.startswith("ann as ")
        await client.call("poll")
        assert engine.asked == [("poll", (), client.hello.who)]


async def test_answers_find_their_requests_when_many_are_under_way(engine, socket_path):
    async with serving(engine, socket_path), await EngineClient.connect(socket_path) as client:
        first, second, runs = await asyncio.gather(
            client.call("run", remote_id=7), client.call("run", remote_id=8), client.call("runs")
        )
    assert (first["remote_id"], second["remote_id"]) == (7, 8)
    assert [run["remote_id"] for run in runs["runs"]] == [7, 8]


@pytest.mark.parametrize(
    ("verb", "args", "words"),
    [
        ("statsu", {}, "'statsu' is not a verb; did you mean 'status'"),
        ("run", {}, "remote_id: Field required"),
        ("run", {"remote_id": -1}, "greater than or equal to 1"),
        ("run", {"remote_id": 10**30}, "remote_id"),
        ("run", {"remote_id": "7; drop"}, "valid integer"),
        ("run", {"remote_di": 7}, "takes no 'remote_di'; did you mean 'remote_id'"),
        ("gates", {"names": ["pol"], "open": False}, "or all; did you mean 'poll'"),
        ("gates", {"names": [], "open": False}, "at least 1 item"),
        (
            "define",
            {"stage": "chop", "label": "L", "path_base": "/p"},
            "'chop' is not a stage; the stages are chip, camera, warp, stack",
        ),
        ("define", {"stage": "cam", "label": "L" * 65, "path_base": "/p"}, "at most 64"),
        ("define", {"stage": "cam", "label": "a\nb", "path_base": "/p"}, "control character"),
        ("define", {"stage": "cam", "label": "L", "path_base": "/p", "limit": 40000}, "32767"),
        ("define", {"stage": "cam", "label": "日", "path_base": "/p"}, "cannot hold the character '日'"),
        ("define", {"stage": "cam", "label": "L", "path_base": "remote/L"}, "'remote/L' is not an absolute path"),
        ("runs", {"states": ["fulll"]}, "Input should be 'new'"),
    ],
)
async def test_a_wrong_request_gets_a_sentence_and_the_engine_hears_nothing(engine, socket_path, verb, args, words):
    async with serving(engine, socket_path), await EngineClient.connect(socket_path) as client:
        with pytest.raises(EngineSaid) as failure:
            await client.call(verb, **args)
        assert words in str(failure.value)
        assert failure.value.exit_code is ExitCode.USAGE
        assert not engine.asked
        await client.call("status")


async def test_the_engines_sentence_kind_and_exit_code_reach_the_client(engine, socket_path):
    async with serving(engine, socket_path), await EngineClient.connect(socket_path) as client:
        with pytest.raises(EngineSaid, match="there is no run 99") as failure:
            await client.call("why", remote_id=99)
    assert failure.value.exit_code is ExitCode.DATA
    assert failure.value.kind is FaultKind.PERMANENT


async def test_an_unforeseen_failure_stays_in_the_log_and_the_engine_lives_on(engine, socket_path, caplog):
    engine.story = None
    async with serving(engine, socket_path), await EngineClient.connect(socket_path) as client:
        with pytest.raises(EngineSaid, match="not foreseen") as failure:
            await client.call("story", remote_id=7)
        assert failure.value.exit_code is ExitCode.UNEXPECTED
        assert (await client.call("status"))["site"] == "practice"
    assert "story failed" in caplog.text


async def test_a_follower_gets_the_whole_then_changes_and_alerts(engine, socket_path):
    async with serving(engine, socket_path), await EngineClient.connect(socket_path) as client:
        events = client.follow()
        first = await anext(events)
        assert isinstance(first, WholeSnapshot)
        engine.say("the queue is full")
        later = [await anext(events), await anext(events)]
        change = next(event for event in later if isinstance(event, Change))
        alert = next(event for event in later if isinstance(event, AlertSaid))
        assert apply_delta(first.snapshot, change.delta) == engine.snapshot()
        assert alert.alert.sentence == "the queue is full"


async def test_of_two_persons_the_first_answer_wins_and_both_see_who_gave_it(engine, socket_path):
    ann, bob = Person(), Person([TOKEN], [TOKEN])
    async with (
        serving(engine, socket_path),
        await EngineClient.connect(socket_path, who="ann", dialogue=ann) as asking,
        await EngineClient.connect(socket_path, who="bob", dialogue=bob),
    ):
        done = await asking.call("login")
        await until(lambda: len(ann.ends) == 2)
    assert [session["state"] for session in done["sessions"]] == ["open", "open"]
    assert [challenge.position for challenge in ann.challenges] == [(1, 2), (2, 2)]
    assert all(end.by.startswith("bob") for end in ann.ends)
    assert ann.cancelled == 2
    assert engine.tokens_seen == [[TOKEN], [TOKEN]]


async def test_a_wrong_token_is_sent_once_and_ends_the_login_with_the_sites_sentence(engine, socket_path):
    ann = Person(["000000"], [TOKEN])
    async with serving(engine, socket_path), await EngineClient.connect(socket_path, dialogue=ann) as client:
        with pytest.raises(EngineSaid, match="refused the answer") as failure:
            await client.call("login")
    assert failure.value.exit_code is ExitCode.LOGIN_NEEDED
    assert engine.tokens_seen == [["000000"]]


async def test_a_reply_that_does_not_fit_is_asked_for_again_before_the_site_hears_of_it(engine, socket_path):
    ann = Person(["one", "two"], [TOKEN])
    async with serving(engine, socket_path), await EngineClient.connect(socket_path, dialogue=ann) as client:
        await client.call("login", hosts=["fe1"])
    assert ann.complaints == ["the site asks for 1 answers, 2 were given"]
    assert engine.tokens_seen == [[TOKEN]]


async def test_a_decline_sends_nothing_to_the_site(engine, socket_path):
    ann = Person(None)
    async with serving(engine, socket_path), await EngineClient.connect(socket_path, dialogue=ann) as client:
        with pytest.raises(EngineSaid, match="nobody answered"):
            await client.call("login")
    assert engine.tokens_seen == [None]


async def test_a_login_whose_client_vanishes_is_taken_over_by_another(engine, socket_path):
    ann, bob = Person(), Person()
    async with serving(engine, socket_path), await EngineClient.connect(socket_path, dialogue=bob):
        asking = await EngineClient.connect(socket_path, dialogue=ann)
        call = asyncio.create_task(asking.call("login", hosts=["fe1"]))
        await until(lambda: bob.challenges)
        await asking.close()
        with pytest.raises(EngineGone):
            await call
        late = Person([TOKEN])
        async with await EngineClient.connect(socket_path, dialogue=late):
            await until(lambda: engine.tokens_seen)
    assert engine.tokens_seen == [[TOKEN]]


async def test_a_second_login_is_refused_while_one_is_under_way(engine, socket_path):
    ann = Person()
    async with serving(engine, socket_path), await EngineClient.connect(socket_path, who="ann", dialogue=ann) as one:
        call = asyncio.create_task(one.call("login"))
        await until(lambda: ann.challenges)
        async with await EngineClient.connect(socket_path, dialogue=Person()) as two:
            with pytest.raises(EngineSaid, match=r"ann .*is logging in just now"):
                await two.call("login")
        call.cancel()


async def test_a_login_that_nobody_answers_expires(engine, socket_path):
    ann = Person()
    async with (
        serving(engine, socket_path, answer_within_s=0.05),
        await EngineClient.connect(socket_path, dialogue=ann) as client,
    ):
        with pytest.raises(EngineSaid, match="nobody answered"):
            await client.call("login")
    assert [end.outcome for end in ann.ends] == ["expired"]


HELLO = b'{"kind":"hello","protocol":%d,"version":"0"}\n' % PROTOCOL


GARBAGE = {
    "another protocol": b"GET / HTTP/1.1\r\n\r\n",
    "not text": b"\x00\xff\xfe\n",
    "an empty object": b"{}\n",
    "a list": b"[1,2]\n",
    "a request before the hello": b'{"kind":"request","id":1,"verb":"status"}\n',
    "a window before any follow": HELLO + b'{"kind":"look","runs":[7]}\n',
    "a window on more runs than fit in one": HELLO + b'{"kind":"look","runs":[%s]}\n' % b",".join([b"7"] * 1001),
    "an empty line": HELLO + b"\n",
    "two hellos": HELLO + HELLO,
    "a negative id": HELLO + b'{"kind":"request","id":-1,"verb":"status"}\n',
    "arguments as a list": HELLO + b'{"kind":"request","id":1,"verb":"status","args":[]}\n',
    "a line of two megabytes": HELLO + b"x" * (1 << 21) + b"\n",
    "a deep nest": HELLO
    + b'{"kind":"request","id":1,"verb":"a","args":'
    + b'{"a":' * 5000
    + b"1"
    + b"}" * 5001
    + b"\n",
}


def say_to(socket_path, sent):
    """What the server answers until it hangs up; a server that stops reading is no failure."""
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(60)
        raw.connect(str(socket_path))
        with suppress(BrokenPipeError, ConnectionResetError):
            raw.sendall(sent)
        received = b""
        with suppress(ConnectionResetError):
            while piece := raw.recv(65536):
                received += piece
    return received.splitlines()


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_gets_a_sentence_and_a_closed_connection_and_others_go_on(engine, socket_path, garbage):
    async with serving(engine, socket_path), await EngineClient.connect(socket_path) as other:
        lines = await asyncio.to_thread(say_to, socket_path, garbage)
        last = json.loads(lines[-1])
        assert last["kind"] == "bye"
        assert last["sentence"]
        assert (await other.call("status"))["site"] == "practice"


async def test_a_client_of_another_protocol_is_told_both_versions(engine, socket_path, monkeypatch):
    monkeypatch.setattr("rpconsole.protocol.client.PROTOCOL", PROTOCOL + 1)
    async with serving(engine, socket_path):
        with pytest.raises(ForeignProtocol, match=rf"protocol {PROTOCOL}, this program .* protocol {PROTOCOL + 1}"):
            await EngineClient.connect(socket_path)


async def test_another_user_is_refused(engine, socket_path, monkeypatch):
    monkeypatch.setattr("rpconsole.daemon.server.may_connect", lambda peer, own_uid: False)
    async with serving(engine, socket_path):
        with pytest.raises(NoEngine, match="does not serve user"):
            await EngineClient.connect(socket_path)


def shout_at(socket_path, request):
    """Send without reading until the server hangs up."""
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(90)
        raw.connect(str(socket_path))
        raw.sendall(HELLO)
        with suppress(BrokenPipeError, ConnectionResetError):
            while True:
                raw.sendall(request * 50)


async def test_a_client_that_never_reads_loses_its_connection_and_nobody_waits_for_it(engine, socket_path):
    async with serving(engine, socket_path), await EngineClient.connect(socket_path) as other:
        request = b'{"kind":"request","id":1,"verb":"run","args":{"remote_id":7}}\n'
        await asyncio.to_thread(shout_at, socket_path, request)
        assert (await other.call("status"))["site"] == "practice"


async def test_calls_fail_with_a_sentence_when_the_engine_goes_away(engine, socket_path):
    async with serving(engine, socket_path):
        client = await EngineClient.connect(socket_path)
    async with client:
        with pytest.raises(EngineGone):
            await client.call("status")
