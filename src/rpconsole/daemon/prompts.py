"""The login dialogue: the site's challenge goes to every attached person, the first valid answer goes to the site."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from pydantic import SecretStr

from rpconsole.ports.sessions import Challenge
from rpconsole.protocol.messages import Answered, ChallengeAsked, Decline, Message, PromptText, Rejected, Reply

MAX_ANSWER_CHARS = 4096


class Person(Protocol):
    """An attached client that declared that it can answer prompts."""

    @property
    def who(self) -> str:
        """Under which name he acts."""
        ...

    def tell(self, message: Message) -> None:
        """Send him something; never waits and never fails."""
        ...


@dataclass(kw_only=True, slots=True, eq=False)
class _Open:
    """A challenge that waits for an answer."""

    message: ChallengeAsked
    expires_at: float
    #: the person who began the login; his decline ends it
    asker: Person | None
    #: who may still answer
    people: set[Person]
    answer: asyncio.Future[Sequence[SecretStr] | None] = field(repr=False)


class PromptDesk:
    """Every open challenge and everyone who can answer one."""

    def __init__(self, *, answer_within_s: float = 120.0) -> None:
        self._answer_within_s = answer_within_s
        self._people: set[Person] = set()
        self._open: dict[int, _Open] = {}
        self._ids = count(1)

    def attach(self, person: Person) -> None:
        """He can answer from now on, challenges that are open already included."""
        self._people.add(person)
        now = asyncio.get_running_loop().time()
        for challenge in self._open.values():
            challenge.people.add(person)
            left_s = max(0.0, challenge.expires_at - now)
            self._show(challenge, person, left_s)

    def detach(self, person: Person) -> None:
        """He is gone; a challenge that nobody is left to answer is declined."""
        self._people.discard(person)
        for challenge in list(self._open.values()):
            self._withdraw(challenge, person)

    def is_anyone_there(self) -> bool:
        """Whether a person is attached who can answer."""
        return bool(self._people)

    async def ask(self, challenge: Challenge, *, asker: Person | None, who: str) -> list[str] | None:
        """Ask everyone; the winner's answers, or None when all declined, nobody is there, or the time is up."""
        if not self._people:
            return None
        opened = self._opened(challenge, asker, who)
        ask_id = opened.message.ask_id
        self._open[ask_id] = opened
        for person in self._people:
            self._show(opened, person, self._answer_within_s)
        try:
            async with asyncio.timeout(self._answer_within_s):
                answers = await opened.answer
        except TimeoutError:
            self._tell_all(Answered(ask_id=ask_id, outcome="expired"))
            return None
        except asyncio.CancelledError:
            self._tell_all(Answered(ask_id=ask_id, outcome="declined"))
            raise
        finally:
            self._open.pop(ask_id, None)
        return None if answers is None else [answer.get_secret_value() for answer in answers]

    def reply(self, person: Person, reply: Reply) -> None:
        """Take an answer: the first valid one wins, an invalid one is handed back with a sentence."""
        challenge = self._open.get(reply.ask_id)
        if challenge is None or challenge.answer.done():
            person.tell(
                Rejected(ask_id=reply.ask_id, sentence="this challenge is closed; nothing was sent to the site")
            )
            return
        complaint = _complaint(reply.answers, challenge.message.prompts)
        if complaint:
            person.tell(Rejected(ask_id=reply.ask_id, sentence=complaint))
            return
        challenge.answer.set_result(reply.answers)
        self._tell_all(Answered(ask_id=reply.ask_id, outcome="answered", by=person.who))

    def decline(self, person: Person, decline: Decline) -> None:
        """He will not answer: that ends the challenge if he began the login or nobody else is left."""
        challenge = self._open.get(decline.ask_id)
        if challenge is None:
            return
        if person is challenge.asker:
            self._give_up(challenge, by=person.who)
        else:
            self._withdraw(challenge, person)

    def close(self) -> None:
        """Decline everything: the engine stops."""
        for challenge in list(self._open.values()):
            self._give_up(challenge, by="")

    def _withdraw(self, challenge: _Open, person: Person) -> None:
        challenge.people.discard(person)
        if not challenge.people:
            self._give_up(challenge, by=person.who)

    def _give_up(self, challenge: _Open, *, by: str) -> None:
        if not challenge.answer.done():
            challenge.answer.set_result(None)
            self._tell_all(Answered(ask_id=challenge.message.ask_id, outcome="declined", by=by))

    def _show(self, challenge: _Open, person: Person, left_s: float) -> None:
        yours = person is challenge.asker
        person.tell(challenge.message.model_copy(update={"answer_within_s": left_s, "yours": yours}))

    def _tell_all(self, message: Message) -> None:
        for person in self._people:
            person.tell(message)

    def _opened(self, challenge: Challenge, asker: Person | None, who: str) -> _Open:
        loop = asyncio.get_running_loop()
        message = ChallengeAsked(
            ask_id=next(self._ids),
            asker=who,
            host=challenge.host,
            user=challenge.user,
            position=challenge.position,
            title=challenge.title,
            instructions=challenge.instructions,
            prompts=tuple(PromptText(text=prompt.text, echo=prompt.echo) for prompt in challenge.prompts),
            answer_within_s=self._answer_within_s,
            tries_left=challenge.tries_left,
        )
        return _Open(
            message=message,
            expires_at=loop.time() + self._answer_within_s,
            asker=asker,
            people=set(self._people),
            answer=loop.create_future(),
        )


def _complaint(answers: Sequence[SecretStr], prompts: Sequence[PromptText]) -> str:
    """Why these answers cannot be sent to the site; empty when they can."""
    if len(answers) != len(prompts):
        return f"the site asks for {len(prompts)} answers, {len(answers)} were given"
    for number, answer in enumerate(answers, start=1):
        text = answer.get_secret_value()
        if len(text) > MAX_ANSWER_CHARS:
            return f"answer {number} is longer than {MAX_ANSWER_CHARS} characters"
        if any(ch in text for ch in "\n\r\0"):
            return f"answer {number} holds a line end or a NUL"
    return ""
