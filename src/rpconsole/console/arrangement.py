"""Where each pane lies at a size of the terminal. Pure: the same panes at 80×24, 120×40 and 200×60, never other facts."""

from __future__ import annotations

from collections.abc import Mapping

from textual.geometry import Region

LEAST_WIDTH, LEAST_HEIGHT = 60, 16
SPLIT_WIDTH, WIDE_WIDTH, TALL_HEIGHT, ROOMY_HEIGHT = 100, 160, 36, 50
#: the header and the alert row above, the status row and the keys below
ABOVE, BELOW = 2, 2

Places = Mapping[str, Region]

PANES = ("sessions", "queues", "runs", "run", "transfer", "log")


def too_small(width: int, height: int) -> bool:
    """Below this only one line is shown."""
    return width < LEAST_WIDTH or height < LEAST_HEIGHT


def places(width: int, height: int, *, zoomed: str | None = None, front_ends: int = 2) -> Places:
    """Pane -> its place below the alert row; a pane that has none is not shown."""
    body = Region(0, ABOVE, width, max(0, height - ABOVE - BELOW))
    if zoomed is not None:
        return {zoomed: body}
    if width < SPLIT_WIDTH or height < TALL_HEIGHT:
        return _stacked(body)
    top_height = max(6, min(8, front_ends + 2))
    if width < WIDE_WIDTH:
        return _split(body, top_height)
    # a plot of the throughput has room beside the queues
    return _wide(body, max(top_height, 13) if height >= ROOMY_HEIGHT else top_height)


def _stacked(body: Region) -> Places:
    """80×24: queues, runs, transfer."""
    queues = 6 if body.height >= 16 else 0
    transfer = 3 if body.height >= 19 else 0
    x, y, width = body.x, body.y, body.width
    found = {"runs": Region(x, y + queues, width, body.height - queues - transfer)}
    if queues:
        found["queues"] = Region(x, y, width, queues)
    if transfer:
        found["transfer"] = Region(x, y + body.height - transfer, width, transfer)
    return found


def _split(body: Region, top: int) -> Places:
    """120×40: six panes, the runs take the spare rows."""
    lower, log = 8, 6
    # what the queues take; more is worth more to the sessions
    left = max(38, min(64, body.width - 76))
    middle = body.height - top - lower - log
    y = body.y
    return {
        "sessions": Region(0, y, left, top),
        "queues": Region(left, y, body.width - left, top),
        "runs": Region(0, y + top, body.width, middle),
        "run": Region(0, y + top + middle, body.width // 2, lower),
        "transfer": Region(body.width // 2, y + top + middle, body.width - body.width // 2, lower),
        "log": Region(0, y + top + middle + lower, body.width, log),
    }


def _wide(body: Region, top: int) -> Places:
    """200×60: three panes on top, runs beside one run, the log below."""
    log = 10
    left, queues, runs = 54, 76, body.width * 3 // 5
    middle = body.height - top - log
    y = body.y
    return {
        "sessions": Region(0, y, left, top),
        "queues": Region(left, y, queues, top),
        "transfer": Region(left + queues, y, body.width - left - queues, top),
        "runs": Region(0, y + top, runs, middle),
        "run": Region(runs, y + top, body.width - runs, middle),
        "log": Region(0, y + top + middle, body.width, log),
    }
