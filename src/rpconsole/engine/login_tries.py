"""How many wrong answers the site still takes before it locks an account; told to the person with each question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rpconsole.domain.fault import LoginRefused
from rpconsole.domain.session import SessionView
from rpconsole.engine.audit import Audit
from rpconsole.engine.logins import LoginDesk
from rpconsole.engine.notices import NoticeBoard
from rpconsole.engine.world import World
from rpconsole.ports.sessions import Ask, Challenge

#: acts that are read at the first login
LOOKED_BACK = 1000
#: how the audit tells of answers; the account follows
WRONG, RIGHT = "wrong answer to the site as ", "right answer to the site as "


class CountedLogins(LoginDesk):
    """Counts refusals in a row by account, whoever typed; the audit remembers them over a restart of the engine."""

    def __init__(self, world: World, notices: NoticeBoard) -> None:
        super().__init__(world, notices)
        self._limit = world.settings.login_tries
        self._audit = Audit(world)
        self._operations = world.operations
        #: None = not read from the audit yet
        self._refused: Counter[str] | None = None

    async def login(self, ask: Ask, *, user: str | None, hosts: Sequence[str], who: str) -> list[SessionView]:
        """See ``LoginDesk``."""
        answered: Challenge | None = None
        refused = self._refused = await self._remembered() if self._refused is None else self._refused

        async def counted(challenge: Challenge) -> Sequence[str] | None:
            nonlocal answered
            if answered is not None and (answered.host, answered.position) != (challenge.host, challenge.position):
                # the site goes on to another host: the answer before was right
                await self._taken(refused, answered.user, who)
            left = None if self._limit is None else max(0, self._limit - refused[challenge.user])
            answers = await ask(replace(challenge, tries_left=left))
            # who declines has tried nothing
            answered = None if answers is None else challenge
            return answers

        try:
            views = await super().login(counted, user=user, hosts=hosts, who=who)
        except LoginRefused:
            if answered is not None:
                refused[answered.user] += 1
                await self._audit.note(who, f"{WRONG}{answered.user}", f"{refused[answered.user]} in a row")
            raise
        if answered is not None:
            await self._taken(refused, answered.user, who)
        return views

    async def _taken(self, refused: Counter[str], user: str, who: str) -> None:
        """The site took an answer: it counts anew."""
        if refused[user]:
            refused[user] = 0
            await self._audit.note(who, f"{RIGHT}{user}")

    async def _remembered(self) -> Counter[str]:
        """What the audit has of each account since its last right answer."""
        refused: Counter[str] = Counter()
        for act in await self._operations.acts(limit=LOOKED_BACK):
            if act.what.startswith(WRONG):
                refused[act.what.removeprefix(WRONG)] += 1
            elif act.what.startswith(RIGHT):
                refused[act.what.removeprefix(RIGHT)] = 0
        return refused
