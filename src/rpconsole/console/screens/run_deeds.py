"""What can be asked or ordered about runs, in the table of runs and on a run's own screen alike."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message
from textual.message_pump import MessagePump


class RunsOrdered(Message):
    """A person wants something done to runs."""

    def __init__(self, verb: str, remote_ids: Sequence[int]) -> None:
        super().__init__()
        self.verb, self.remote_ids = verb, remote_ids


class RunAsked(Message):
    """A person wants to know something of a run: ``why``, ``log`` or ``raw``."""

    def __init__(self, what: str, remote_id: int) -> None:
        super().__init__()
        self.what, self.remote_id = what, remote_id


class RunDeeds(MessagePump):
    """The keys of runs; whoever has them says which runs are meant."""

    def chosen_runs(self) -> list[int]:
        """The runs that are meant."""
        return []

    def do_run_why(self) -> None:
        self._ask("why")

    def do_run_log(self) -> None:
        self._ask("log")

    def do_run_raw(self) -> None:
        self._ask("raw")

    def do_run_retry(self) -> None:
        self._order_them("retry")

    def do_run_resubmit(self) -> None:
        self._order_them("resubmit")

    def do_run_cancel(self) -> None:
        self._order_them("cancel")

    def do_run_revert(self) -> None:
        self._order_them("revert")

    def do_run_rebundle(self) -> None:
        self._order_them("rebundle")

    def _ask(self, what: str) -> None:
        runs = self.asked_runs()
        if runs:
            self.post_message(RunAsked(what, runs[0]))

    def asked_runs(self) -> list[int]:
        """The run that a question is about."""
        return self.chosen_runs()

    def _order_them(self, verb: str) -> None:
        runs = self.chosen_runs()
        if runs:
            self.post_message(RunsOrdered(verb, runs))
