"""Task results of running jobs, read piece by piece as the runner writes them."""

from __future__ import annotations

from collections.abc import Sequence

from rpconsole.commands.results import TaskResults, read_results
from rpconsole.domain.run import Run
from rpconsole.engine.remote_names import results_path
from rpconsole.engine.world import World
from rpconsole.ports.site import ResultsAsk, ResultsPiece


class ResultsBook:
    """Task results as far as they were read; after a restart they are read from the start once more."""

    def __init__(self) -> None:
        self._offsets: dict[int, int] = {}
        self.of: dict[int, TaskResults] = {}
        #: when each job was first found in no list
        self.unlisted_since: dict[int, float] = {}

    def ask(self, run: Run, remote_root: str) -> ResultsAsk:
        """What to ask for a run."""
        offset = self._offsets.get(run.remote_id, 0)
        return ResultsAsk(remote_id=run.remote_id, path=results_path(run, remote_root), offset=offset)

    def take(self, piece: ResultsPiece) -> TaskResults:
        """Add what came; a file that is gone leaves what was read before."""
        if piece.shrunk:
            self.forget(piece.remote_id)
        before = self.of.get(piece.remote_id)
        if not piece.missing and not piece.shrunk:
            self._offsets[piece.remote_id] = piece.offset
        if piece.text or before is None:
            self.of[piece.remote_id] = read_results(piece.text, before=before)
        return self.of[piece.remote_id]

    def forget(self, remote_id: int) -> None:
        """Drop a run that has ended."""
        for book in (self._offsets, self.of, self.unlisted_since):
            book.pop(remote_id, None)


async def take_all(world: World, runs: Sequence[Run], pieces: Sequence[ResultsPiece], book: ResultsBook) -> None:
    """Read every results file to its end: thousands of tasks are more than one answer carries."""
    root = world.settings.layout.remote_root
    by_id = {run.remote_id: run for run in runs}
    while pieces:
        for piece in pieces:
            book.take(piece)
        rest = [by_id[piece.remote_id] for piece in pieces if piece.more or piece.shrunk]
        asks = [book.ask(run, root) for run in rest]
        pieces = (await world.site.poll((), asks, timeout_s=world.settings.waits.queue_s)).results if asks else ()


async def read_to_end(world: World, run: Run, book: ResultsBook) -> TaskResults:
    """A run's task results up to now, without asking the scheduler."""
    ask = book.ask(run, world.settings.layout.remote_root)
    again = await world.site.poll((), [ask], timeout_s=world.settings.waits.queue_s)
    await take_all(world, [run], again.results, book)
    return book.of[run.remote_id]
