"""How many wrong answers the site still takes before it locks an account; told to the person with each question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rpconsole.domain.fault import LoginRefused
from rpconsole.domain.session import SessionView
from rpconsole.engine.logins import LoginDesk
from rpconsole.engine.notices import NoticeBoard
from rpconsole.engine.world import World
from rpconsole.ports.sessions import Ask, Challenge


class CountedLogins(LoginDesk):
    """Counts refusals in a row by account, whoever typed; a restart of the engine forgets them, and then too many are promised."""

    def __init__(self, world: World, notices: NoticeBoard) -> None:
        super().__init__(world, notices)
        self._limit = world.settings.login_tries
        self._refused: Counter[str] = Counter()

    async def login(self, ask: Ask, *, user: str | None, hosts: Sequence[str], who: str) -> list[SessionView]:
        """See ``LoginDesk``."""
        answered: Challenge | None = None

        async def counted(challenge: Challenge) -> Sequence[str] | None:
            nonlocal answered
            if answered is not None and (answered.host, answered.position) != (challenge.host, challenge.position):
                # the site goes on to another host: the answer before was right
                self._refused[answered.user] = 0
            answers = await ask(replace(challenge, tries_left=self._left(challenge.user)))
            # who declines has tried nothing
            answered = None if answers is None else challenge
            return answers

        try:
            views = await super().login(counted, user=user, hosts=hosts, who=who)
        except LoginRefused:
            if answered is not None:
                self._refused[answered.user] += 1
            raise
        if answered is not None:
            self._refused[answered.user] = 0
        return views

    def _left(self, user: str) -> int | None:
        return None if self._limit is None else max(0, self._limit - self._refused[user])
