"""Orders about runs: what each would do exactly is shown first, and done when a person says yes."""

from __future__ import annotations

from collections.abc import Sequence

from rpconsole.console import later
from rpconsole.console.desk import Result
from rpconsole.console.operating import Operating
from rpconsole.domain.fault import RpconsoleError

#: the engine previews so many runs at once
MOST = 1000


class Ordering(Operating):
    """Bulk orders, the same for one run and for many."""

    def order_runs(self, verb: str, remote_ids: Sequence[int]) -> None:
        """Ask the engine what the order would do, then a person."""
        ids = [one for one in remote_ids if one in self.desk.model.ids]
        if len(ids) > MOST:
            self.say(f"{len(ids):,} runs are marked; at most {MOST:,} can be ordered at once", severity="error")
        elif ids:
            self.desk.sight.look("ordered", ids[: later.NAMED])
            self.order(self._proposed(verb, ids))

    async def _proposed(self, verb: str, remote_ids: Sequence[int]) -> str:
        previews: list[Result] = (await self.desk.link.call("preview", order=verb, remote_ids=list(remote_ids)))["runs"]
        fit = [one for one in previews if not one["refused"]]
        if not fit:
            return self._summed(verb, [f"run {one['remote_id']}: {one['refused']}" for one in previews])
        runs = self.desk.model.runs
        dialog = later.Dialog(
            self.desk,
            title=later.order_title(verb, len(fit)),
            sentences=later.order_sentences(verb, previews, runs),
            choices=[later.Choice(key="y", says="do it", value="yes")],
            typed=str(len(fit)) if len(fit) >= later.MANY else "",
        )
        ids = [int(one["remote_id"]) for one in fit]
        self.push_screen(dialog, lambda answer: self.order(self._each(verb, ids)) if answer else None)
        return ""

    async def _each(self, verb: str, remote_ids: Sequence[int]) -> str:
        """Try every run; what one of them refuses is said with its number."""
        said = []
        for remote_id in remote_ids:
            try:
                said.append(str((await self.desk.link.call(verb, remote_id=remote_id))["sentence"]))
            except RpconsoleError as error:
                said.append(f"run {remote_id}: {error}")
        return self._summed(verb, said)

    def _summed(self, verb: str, said: Sequence[str]) -> str:
        if len(said) == 1:
            return said[0]
        return f"{verb}: {len(said)} runs. " + "; ".join(said[:3]) + (" …" if len(said) > 3 else "")
