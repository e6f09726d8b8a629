"""What a person looks at before and after an order: one command of a component, and what an order would do exactly."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandView:
    """One command line of a run's merged list, with what became of it."""

    #: number, from 1, of the line in the run's merged list
    task: int
    stage_id: int | None
    #: what it works on: class_id, exp_tag or skycell_id
    item: str
    command: str
    #: waiting, running, pass, retry (failed, and will be tried again), fail (abandoned)
    state: str
    attempts: int = 0
    code: int | None = None
    signal: int | None = None
    node: str | None = None
    #: epoch seconds of the last ended attempt's start
    start: float | None = None
    wall_s: float | None = None
    max_rss_kb: int | None = None
    #: the last attempt's own output at the site; None when it printed nothing
    log: str | None = None
    #: what was wrong with its products or its dbinfo
    sentence: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandPage:
    """Some of a run's commands."""

    commands: tuple[CommandView, ...]
    #: how many there are of this kind
    count: int
    #: why their results are not known; empty when they are
    unread: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderPreview:
    """What an order would do to one run, in the words of those who are told: programs and the database."""

    remote_id: int
    #: command lines that go to the site
    site: tuple[str, ...] = ()
    #: statements to the database, and how many rows they touch
    rows: tuple[str, ...] = ()
    #: what follows by itself
    then: str = ""
    #: why it does not fit; empty when it does
    refused: str = ""
