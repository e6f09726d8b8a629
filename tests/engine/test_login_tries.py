"""With each question a person is told how many wrong answers the site still takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.conftest import OWNER

from rpconsole.domain.fault import LoginRefused
from rpconsole.engine.service import Engine


class Person:
    """Answers from a list and notes what he was told."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.told = []

    async def __call__(self, challenge):
        self.told.append(challenge.tries_left)
        answer = self.answers.pop(0)
        return None if answer is None else [answer for _ in challenge.prompts]


def engine_with(bench, tries):
    return Engine(replace(bench.world, settings=replace(bench.world.settings, login_tries=tries)), OWNER)


async def told(engine, *answers):
    person = Person(*answers)
    try:
        await engine.login(person, user=None, hosts=(), who="ann")
    except LoginRefused:
        pass
    return person.told


async def test_each_wrong_answer_takes_a_try_and_a_right_one_gives_them_back(bench):
    engine = engine_with(bench, 3)
    assert await told(engine, "wrong") == [3]
    assert await told(engine, "wrong") == [2]
    # the first host takes the token, the second refuses its one
    assert await told(engine, bench.sessions.issue(), "wrong") == [1, 3]
    assert await told(engine, bench.sessions.issue()) == [2]
    bench.sessions.drop()
    assert await told(engine, bench.sessions.issue(), bench.sessions.issue()) == [3, 3]


async def test_wrong_answers_are_counted_over_a_restart_of_the_engine_until_one_is_right(bench):
    await told(engine_with(bench, 3), "wrong")
    await told(engine_with(bench, 3), "wrong")
    again = engine_with(bench, 3)
    assert await told(again, bench.sessions.issue(), bench.sessions.issue()) == [1, 3]
    bench.sessions.drop()
    assert await told(engine_with(bench, 3), "wrong") == [3]


async def test_who_declines_has_tried_nothing(bench):
    engine = engine_with(bench, 3)
    await told(engine, None)
    assert await told(engine, "wrong") == [3]


@pytest.mark.parametrize("wrong", [1, 4])
async def test_where_the_limit_is_unknown_nothing_is_promised(bench, wrong):
    engine = engine_with(bench, None)
    for _ in range(wrong):
        assert await told(engine, "wrong") == [None]
