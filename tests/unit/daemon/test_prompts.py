"""The login dialogue with several people: who is asked, who wins, who is told."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from rpconsole.daemon.prompts import PromptDesk
from rpconsole.ports.sessions import Challenge, Prompt
from rpconsole.protocol.messages import Answered, ChallengeAsked, Decline, Rejected, Reply

TOKEN = "314159"


class Somebody:
    """A person who keeps what he is told."""

    def __init__(self, who):
        self.who = who
        self.told = []

    def tell(self, message):
        self.told.append(message)

    @property
    def challenge(self):
        return next(message for message in self.told if isinstance(message, ChallengeAsked))

    def reply(self, *answers):
        return Reply(ask_id=self.challenge.ask_id, answers=tuple(SecretStr(answer) for answer in answers))


def a_challenge(prompts=1):
    asked = tuple(Prompt(text=f"code {number}: ", echo=False) for number in range(prompts))
    return Challenge(host="gate", user="op", position=(2, 4), title="t", instructions="i", prompts=asked)


@pytest.fixture
def ann():
    return Somebody("ann")


@pytest.fixture
def bob():
    return Somebody("bob")


async def asking(desk, asker, challenge=None):
    task = asyncio.create_task(desk.ask(challenge or a_challenge(), asker=asker, who="ann"))
    await asyncio.sleep(0)
    return task


async def test_everyone_is_asked_and_the_first_valid_answer_wins(ann, bob):
    desk = PromptDesk()
    desk.attach(ann)
    desk.attach(bob)
    ask = await asking(desk, ann)
    desk.reply(bob, bob.reply(TOKEN))
    desk.reply(ann, ann.reply("000000"))
    assert await ask == [TOKEN]
    assert ann.challenge.position == (2, 4)
    told = [message for message in ann.told if isinstance(message, Answered)]
    assert [(message.outcome, message.by) for message in told] == [("answered", "bob")]
    assert isinstance(ann.told[-1], Rejected)
    assert "nothing was sent" in ann.told[-1].sentence


async def test_no_message_to_anyone_holds_the_answer(ann, bob):
    desk = PromptDesk()
    desk.attach(ann)
    desk.attach(bob)
    ask = await asking(desk, ann)
    desk.reply(bob, bob.reply(TOKEN))
    await ask
    assert TOKEN not in repr([*ann.told, *bob.told, desk.__dict__])


@pytest.mark.parametrize("answers", [(), ("1", "2"), ("12\n34",), ("1\0",), ("9" * 5000,)])
async def test_an_answer_that_does_not_fit_is_handed_back_and_may_be_given_again(ann, answers):
    desk = PromptDesk()
    desk.attach(ann)
    ask = await asking(desk, ann)
    desk.reply(ann, ann.reply(*answers))
    assert isinstance(ann.told[-1], Rejected)
    assert not ask.done()
    desk.reply(ann, ann.reply(TOKEN))
    assert await ask == [TOKEN]


async def test_a_challenge_without_prompts_is_answered_with_nothing(ann):
    desk = PromptDesk()
    desk.attach(ann)
    ask = await asking(desk, ann, a_challenge(prompts=0))
    desk.reply(ann, ann.reply())
    assert await ask == []


async def test_the_decline_of_him_who_began_ends_the_challenge(ann, bob):
    desk = PromptDesk()
    desk.attach(ann)
    desk.attach(bob)
    ask = await asking(desk, ann)
    desk.decline(ann, Decline(ask_id=ann.challenge.ask_id))
    assert await ask is None
    assert bob.told[-1].outcome == "declined"


async def test_the_decline_of_another_only_takes_him_out(ann, bob):
    desk = PromptDesk()
    desk.attach(ann)
    desk.attach(bob)
    ask = await asking(desk, ann)
    desk.decline(bob, Decline(ask_id=bob.challenge.ask_id))
    assert not ask.done()
    desk.reply(ann, ann.reply(TOKEN))
    assert await ask == [TOKEN]


async def test_a_client_that_vanishes_in_mid_prompt_leaves_it_to_the_others(ann, bob):
    desk = PromptDesk()
    desk.attach(ann)
    desk.attach(bob)
    ask = await asking(desk, ann)
    desk.detach(ann)
    assert not ask.done()
    desk.reply(bob, bob.reply(TOKEN))
    assert await ask == [TOKEN]


async def test_when_the_last_one_vanishes_the_challenge_is_declined(ann):
    desk = PromptDesk()
    desk.attach(ann)
    ask = await asking(desk, ann)
    desk.detach(ann)
    assert await ask is None


async def test_who_attaches_later_is_asked_too(ann, bob):
    desk = PromptDesk()
    desk.attach(ann)
    ask = await asking(desk, ann)
    desk.attach(bob)
    desk.reply(bob, bob.reply(TOKEN))
    assert await ask == [TOKEN]


async def test_with_nobody_attached_the_site_gets_no_answer():
    assert await PromptDesk().ask(a_challenge(), asker=None, who="ann") is None


async def test_a_challenge_that_nobody_answers_expires_and_everyone_is_told(ann):
    desk = PromptDesk(answer_within_s=0.0)
    desk.attach(ann)
    assert await desk.ask(a_challenge(), asker=ann, who="ann") is None
    assert ann.told[-1].outcome == "expired"
    desk.reply(ann, ann.reply(TOKEN))
    assert isinstance(ann.told[-1], Rejected)


async def test_closing_the_desk_declines_what_is_open(ann):
    desk = PromptDesk()
    desk.attach(ann)
    ask = await asking(desk, ann)
    desk.close()
    assert await ask is None
