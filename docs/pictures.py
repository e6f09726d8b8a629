"""The guide's pictures: the console itself on the tests' own example, photographed at each ``make docs``."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.console.support import NOON, FakeOrders, Hand, a_run, busy, live, settled
from tests.console.test_login import Site

from rpconsole.console.app import ConsoleApp
from rpconsole.console.model import Model
from rpconsole.console.starting import Options
from rpconsole.console.theme import load, shipped
from rpconsole.domain.action import Level
from rpconsole.domain.baton import Baton, Seat
from rpconsole.domain.run import RunState, Step
from rpconsole.domain.session import SessionState, SessionView
from rpconsole.domain.snapshot import Alert, Snapshot

IMAGES = Path(__file__).parent / "images"
#: fonts are the reader's own: nothing is fetched from elsewhere when a page is read
_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
PATIENCE = 500


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One screen: what there is, which keys are pressed, at which size, in which theme."""

    keys: tuple[str, ...] = ()
    snapshot: Callable[[], Snapshot] = busy
    size: tuple[int, int] = (80, 24)
    theme: str = "rp-dark"
    #: the screen is right once this stands on it
    shows: str = ""


def night() -> Snapshot:
    """Every session was cut, and runs wait for a login."""
    said = "the session to mu-fe1 ended (cut by the site): log in again"
    held = ("no session to the site is open: 'rpconsole login' (L) moves it",)
    runs = tuple(
        replace(run, state=RunState.AUTH, why=held) if run.step in (Step.POLL, Step.RETRIEVE) else run
        for run in busy().runs
    )
    sessions = tuple(
        SessionView(host=f"mu-fe{number}", state=SessionState.LOST, sentence="cut by the site at 02:06")
        for number in (1, 2, 3)
    )
    alerts = (Alert(at=NOON - 60, level=Level.ALERT, sentence=said),)
    return busy(sessions=sessions, runs=runs, alerts=alerts, rate_in=0.0, rate_out=0.0)


def held_by_another() -> Snapshot:
    """A colleague acts."""
    return busy(baton=Baton(holder=Seat(client=2, who="relief as ipp", place="pts/4"), since=NOON - 600))


def many() -> Snapshot:
    """A campaign, so that a larger terminal has something to show."""
    more = tuple(
        a_run(number, Step.SHIP if number % 3 else Step.POLL, job=None if number % 3 else f"90{number}", tasks=1200)
        for number in range(4717, 4729)
    )
    return busy(runs=(*busy().runs, *more))


PICTURES: dict[str, Picture] = {
    "login": Picture(keys=("L", "enter", "8", "3", "4", "9", "1", "1"), shows="••••••"),
    "day": Picture(snapshot=many, size=(120, 40), shows="ppImage ended with 3"),
    "run": Picture(keys=("enter",), shows="job accepted"),
    "why": Picture(keys=("j", "j", "j", "W"), shows="Why run 4714"),
    "night": Picture(snapshot=night, shows="L logs in"),
    "failed": Picture(keys=("enter", "c", "enter", "j"), shows="no product chip.XY11.fits"),
    "order": Picture(keys=("space", "space", "X"), shows="canceljob 904712"),
    "doubt": Picture(keys=("D", "enter"), shows="what to do"),
    "handing-over": Picture(snapshot=held_by_another, keys=("T",), theme="rp-light", shows="Ask relief"),
}


async def photographed(picture: Picture) -> str:
    """The screen as SVG."""
    with tempfile.TemporaryDirectory() as folder:
        app = _console(picture, Path(folder))
        async with app.run_test(size=picture.size) as pilot:
            await settled(app, pilot)
            for key in picture.keys:
                await pilot.press(key)
                await settled(app, pilot)
            for _ in range(PATIENCE):
                if picture.shows in _text(app):
                    break
                await pilot.pause(0.02)
            else:
                raise AssertionError(f"'{picture.shows}' never stood on the screen")
            await settled(app, pilot)
            return _plain(app.export_screenshot(title="rpconsole"))


def _console(picture: Picture, folder: Path) -> ConsoleApp:
    palettes, _ = load(shipped())
    model = live(Model(monotonic=Hand()), picture.snapshot())
    model.rates.extendleft((2e5 * (number % 30), 1e6 * (number % 40)) for number in range(100))
    orders = FakeOrders()
    options = Options(
        who="ipp",
        palette=palettes[picture.theme],
        palettes=palettes,
        crash_file=folder / "crash.txt",
    )
    app = ConsoleApp(options, model=model, link=orders)
    orders.answers["login"] = Site(app).login
    return app


def _text(app: Any) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def _plain(svg: str) -> str:
    """Without fonts from elsewhere, and line by line without blanks at the end."""
    svg = _FONT_FACE.sub("", svg).replace("font-family: Fira Code, monospace", "font-family: monospace")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


@contextmanager
def in_utc() -> Iterator[None]:
    """Clocks on the pictures show the same hour everywhere."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


def write_pictures() -> None:
    """Photograph every screen anew."""
    with in_utc():
        for name, picture in PICTURES.items():
            path = IMAGES / f"{name}.svg"
            svg = asyncio.run(photographed(picture))
            if not path.exists() or path.read_text(encoding="utf-8") != svg:
                path.write_text(svg, encoding="utf-8")
