from __future__ import annotations

import io
import random

import pytest

from rpconsole.remote.frames import (
    MAX_FRAME_BYTES,
    MAX_GARBAGE_BYTES,
    Cut,
    FrameBuffer,
    Garbage,
    frame_of,
    read_frame,
)


def messages_of(data: bytes, step: int = 1 << 20) -> tuple[list, int]:
    """All messages, and how many times damage was found."""
    buffer, found, damages = FrameBuffer(), [], 0
    for start in range(0, len(data), step):
        buffer.feed(data[start : start + step])
        while True:
            try:
                message = buffer.take()
            except Garbage:
                damages += 1
                continue
            if message is None:
                break
            found.append(message)
    return found, damages


A, B = {"id": 1, "verb": "hello"}, {"id": 2, "path": "/é\udcff"}


def test_a_frame_is_eight_hexadecimal_digits_a_newline_and_json():
    assert frame_of({"a": 1}) == b'00000007\n{"a":1}'


@pytest.mark.parametrize("step", [1, 2, 7, 4096])
def test_messages_come_whole_however_the_bytes_are_cut(step):
    assert messages_of(frame_of(A) + frame_of(B), step) == ([A, B], 0)


@pytest.mark.parametrize(
    "rubbish", [b"Welcome to mu-fe1\n", b"\0" * 40, b"zzzzzzzz\n", b"ffffffff\n", b"0000000\n", b"00000007 {"]
)
def test_rubbish_between_frames_is_reported_once_and_skipped(rubbish):
    assert messages_of(frame_of(A) + rubbish + frame_of(B), 5) == ([A, B], 1)


@pytest.mark.parametrize("body", [b"{", b"[1]", b"null", b'"x"', b"\xff\xfe{}", b"", b"[" * 5000])
def test_a_well_framed_body_that_is_no_object_costs_that_frame_alone(body):
    assert messages_of(frame_of(A) + b"%08x\n" % len(body) + body + frame_of(B)) == ([A, B], 1)


def test_a_lost_byte_costs_at_most_the_two_frames_it_joins():
    dice = random.Random(7)
    stream = [frame_of({"n": n, "pad": "x" * dice.randrange(40)}) for n in range(6)]
    data = b"".join(stream)
    for place in range(len(stream[0]), len(stream[0]) + len(stream[1])):
        found, damages = messages_of(data[:place] + data[place + 1 :])
        numbers = [message["n"] for message in found if "n" in message]
        assert damages >= 1
        assert numbers[0] == 0
        assert numbers[-2:] == [4, 5] or numbers[-1] == 5


def test_endless_rubbish_is_hopeless():
    buffer = FrameBuffer()
    buffer.feed(b"x" * 20)
    with pytest.raises(Garbage):
        buffer.take()
    buffer.feed(b"y" * (MAX_GARBAGE_BYTES + 100))
    assert buffer.take() is None
    assert buffer.is_hopeless


def test_reading_a_stream_tells_its_end_from_a_cut():
    assert read_frame(io.BytesIO(b"")) is None
    whole = frame_of(A)
    for place in range(1, len(whole)):
        with pytest.raises(Cut):
            read_frame(io.BytesIO(whole[:place]))


def test_a_frame_above_the_limit_is_refused_before_it_is_read():
    with pytest.raises(Garbage):
        read_frame(io.BytesIO(b"%08x\n" % (MAX_FRAME_BYTES + 1)))
