"""Messages on the wire: what is written, what is refused, and what is never shown."""

from __future__ import annotations

import asyncio
import json
import string
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from tests.fakes.engine import FakeEngine, a_run_row

from rpconsole.domain.fault import ExitCode, FaultKind
from rpconsole.domain.snapshot import Snapshot
from rpconsole.protocol.codec import decode_from_client, decode_from_engine, encode, plain, read_line, result
from rpconsole.protocol.errors import BadMessage
from rpconsole.protocol.messages import Answer, ClientHello, EngineHello, Reply, Request, WholeSnapshot, WireError

TOKEN = "987654"


def test_a_snapshot_survives_the_wire_with_its_types():
    snapshot = FakeEngine(rows=[a_run_row(7)]).snapshot()
    message = decode_from_engine(encode(WholeSnapshot(snapshot=snapshot)))
    assert isinstance(message, WholeSnapshot)
    assert isinstance(message.snapshot, Snapshot)
    assert message.snapshot == snapshot


def test_an_error_survives_the_wire_with_its_kind_and_exit_code():
    error = WireError(sentence="no", kind=FaultKind.NEEDS_LOGIN, exit_code=ExitCode.LOGIN_NEEDED)
    message = decode_from_engine(encode(Answer(id=3, ok=False, error=error)))
    assert isinstance(message, Answer)
    assert message.error == error


def test_the_answers_of_a_reply_are_readable_on_the_wire_and_nowhere_else():
    reply = Reply(ask_id=1, answers=(SecretStr(TOKEN),))
    assert json.loads(encode(reply))["answers"] == [TOKEN]
    for shown in (repr(reply), str(reply), reply.model_dump_json(), str(reply.model_dump()), str(plain(reply))):
        assert TOKEN not in shown


@pytest.mark.parametrize(
    "line",
    [
        b'{"kind":"reply","ask_id":"%s","answers":[1]}',
        b'{"kind":"reply","ask_id":1,"answers":"%s"}',
        b'{"kind":"reply","ask_id":1,"answers":["x"],"extra":"%s"}',
        b"%s",
        b'{"kind":"reply","ask_id":1,"answers":["%s"',
    ],
)
def test_a_broken_line_is_refused_with_a_sentence_that_does_not_repeat_its_content(line):
    with pytest.raises(BadMessage) as failure:
        decode_from_client(line.replace(b"%s", b"se-cret"))
    assert "se-cret" not in str(failure.value)
    assert failure.value.__cause__ is None
    assert failure.value.__suppress_context__


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_a_sentence(garbage):
    for decode in (decode_from_client, decode_from_engine):
        with suppress(BadMessage):
            assert decode(garbage).kind


def test_a_hello_of_a_later_version_is_understood_though_it_has_more_fields():
    hello = decode_from_client(b'{"kind":"hello","protocol":9,"version":"9.0","colour":"blue"}')
    assert isinstance(hello, ClientHello)
    assert hello.protocol == 9


def test_unknown_fields_of_a_request_are_refused_by_name():
    with pytest.raises(BadMessage, match="verbb"):
        decode_from_client(b'{"kind":"request","id":1,"verb":"status","verbb":1}')


@given(st.text(string.printable + "\u2028\x1b\U0001f52d", max_size=80))
def test_a_message_is_always_exactly_one_line(text):
    line = encode(Request(id=1, verb=text, args={"label": text}))
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    message = decode_from_client(line)
    assert isinstance(message, Request)
    assert message.args == {"label": text}


async def test_a_line_beyond_the_limit_is_refused():
    reader = asyncio.StreamReader(limit=64)
    reader.feed_data(b"x" * 200 + b"\n")
    with pytest.raises(BadMessage, match="longer"):
        await read_line(reader)


async def test_a_line_cut_by_the_end_of_the_connection_is_no_message():
    reader = asyncio.StreamReader()
    reader.feed_data(b'{"kind":"fol')
    reader.feed_eof()
    assert await read_line(reader) is None


def test_every_result_begins_with_its_version():
    assert list(result(runs=[a_run_row(7)])) == ["version", "runs"]
    assert result(runs=[a_run_row(7)])["runs"][0]["stage"] == "chip"


def test_the_engine_hello_names_process_site_and_database():
    hello = EngineHello(protocol=1, version="1", pid=9, since=1.5, site="s", database="d", who="w")
    assert decode_from_engine(encode(hello)) == hello


def test_the_name_of_a_file_that_is_no_text_is_spelt_out_and_breaks_no_message():
    line = encode(Answer(id=1, ok=True, result={"version": 1, "sentence": 'caf\udce9 "did" \\not arrive'}))
    found = decode_from_engine(line)
    assert isinstance(found, Answer)
    assert found.result == {"version": 1, "sentence": 'caf\\udce9 "did" \\not arrive'}
