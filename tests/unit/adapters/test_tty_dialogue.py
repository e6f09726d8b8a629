"""A program that asks on a terminal: each question once, in its own words, secret or not; nothing typed is ever heard."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

from rpconsole.adapters.ssh.target import Target
from rpconsole.adapters.ssh.tty_dialogue import TtyDialogue

TARGET = Target(name="fe1", host="fe1.site", port=22, user="ann", position=(2, 4))


class Person:
    """Gives these answers, one a question."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    async def __call__(self, challenge):
        self.asked.append(challenge)
        answer = self.answers.pop(0)
        return None if answer is None else [answer]


async def played(script, person, *, patience_s=60.0):
    """A little program in the place of ssh."""
    dialogue = TtyDialogue(TARGET, person, patience_s=patience_s)
    return await dialogue.run([sys.executable, "-c", "import getpass, sys, time\n" + script], dict(os.environ))


async def test_each_question_comes_once_with_the_lines_before_it(tmp_path):
    heard = tmp_path / "heard"
    script = f"""
print("Welcome to the site")
first = getpass.getpass("(ann@fe1.site) PASSCODE: ")
print("Next token code needed")
second = getpass.getpass("(ann@fe1.site) Next: ")
open({str(heard)!r}, "w").write(first + " " + second)
"""
    person = Person("123456", "654321")
    ending = await played(script, person)
    assert ending.code == 0
    assert heard.read_text() == "123456 654321"
    assert [asked.instructions for asked in person.asked] == ["Welcome to the site", "Next token code needed"]
    assert [asked.prompts[0].text for asked in person.asked] == ["PASSCODE: ", "Next: "]
    assert not any(asked.prompts[0].echo for asked in person.asked)
    assert (person.asked[0].host, person.asked[0].user, person.asked[0].position) == ("fe1", "ann", (2, 4))


async def test_a_question_whose_answer_may_be_seen_is_known_by_its_echo():
    person = Person("ann", "123456")
    ending = await played('input("Account: "); getpass.getpass("PASSCODE: ")', person)
    assert ending.code == 0
    assert [(asked.prompts[0].text, asked.prompts[0].echo) for asked in person.asked] == [
        ("Account: ", True),
        ("PASSCODE: ", False),
    ]


async def test_nothing_that_was_typed_is_in_what_the_program_said():
    ending = await played(
        'print("hello"); input("Account: "); getpass.getpass("P: "); print("bye")', Person("ann7", "s3cret")
    )
    assert "hello" in ending.said
    assert "bye" in ending.said
    assert "ann7" not in ending.said
    assert "s3cret" not in ending.said


async def test_the_same_answer_to_the_same_question_is_not_typed_again():
    person = Person("123456", "123456")
    ending = await played('getpass.getpass("P: "); getpass.getpass("P: ")', person)
    assert ending.was_repeated
    assert ending.code is None


async def test_who_declines_ends_the_program():
    ending = await played('getpass.getpass("P: ")', Person(None))
    assert ending.was_declined
    assert not ending.has_answered


@pytest.mark.parametrize("answer", ["two\nlines", "a\x03b", "x" * 1001])
async def test_an_answer_that_is_no_line_is_not_typed(answer):
    ending = await played('getpass.getpass("P: ")', Person(answer))
    assert ending.failure is not None
    assert not ending.has_answered
    assert answer not in repr(ending)


async def test_a_program_that_hangs_up_withdraws_its_question(tmp_path):
    ended = asyncio.Event()
    asked = tmp_path / "asked"

    async def ask(challenge):
        asked.touch()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    script = f"""
import os, threading
def hang_up():
    while not os.path.exists({str(asked)!r}):
        time.sleep(0.02)
    os._exit(9)
threading.Thread(target=hang_up).start()
getpass.getpass("P: ")
"""
    ending = await played(script, ask)
    await asyncio.wait_for(ended.wait(), 60)
    assert ending.code == 9
    assert not ending.was_declined


async def test_a_program_that_says_nothing_is_given_up_on():
    ending = await played("time.sleep(60)", Person(), patience_s=0.3)
    assert ending.was_silent


async def test_a_persons_fault_is_an_ending_not_a_crash():
    async def ask(challenge):
        raise RuntimeError("the console crashed")

    ending = await played('getpass.getpass("P: ")', ask)
    assert isinstance(ending.failure, RuntimeError)
