"""What the operator's own keys do wherever he is: gates, the baton, logins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from rpconsole.console import later
from rpconsole.console.actions import Kind
from rpconsole.console.desk import Desk
from rpconsole.console.text import foreign
from rpconsole.console.widgets.acting import Acting
from rpconsole.domain.baton import REFUSE_S
from rpconsole.domain.fault import RpconsoleError

if TYPE_CHECKING:
    from textual.app import App

    _Base = App[str]
else:
    _Base = object


class Operating(Acting, _Base):
    """The operator's keys; every order that the engine refuses becomes a sentence."""

    desk: Desk
    say: Callable[..., None]
    refuses: Callable[[Kind], bool]

    def order(self, work: Awaitable[str]) -> None:
        """Carry out an order beside the screen and say what became of it."""
        self.run_worker(self._carried_out(work), exit_on_error=False)

    async def _carried_out(self, work: Awaitable[str]) -> None:
        try:
            said = await work
        except RpconsoleError as error:
            self.say(str(error), severity="error")
            return
        if said:
            self.say(said)

    # -- gates -------------------------------------------------------------------------------------------------------

    def do_gate_poll(self) -> None:
        self._toggle("poll")

    def do_gate_exec(self) -> None:
        self._toggle("exec")

    def do_gate_prepare(self) -> None:
        self._toggle("prepare")

    def _toggle(self, name: str) -> None:
        snapshot = self.desk.model.snapshot
        gate = next((one for one in snapshot.gates if one.name == name), None) if snapshot is not None else None
        if gate is not None:
            self.set_gates([name], open=not gate.open)

    def set_gates(self, names: Sequence[str], *, open: bool) -> None:
        """Close gates, which anybody may, or open them, which the holder of the baton may."""
        if not self.refuses(Kind.ACT if open else Kind.GATE):
            self.order(self._gates_set(names, open=open))

    async def _gates_set(self, names: Sequence[str], *, open: bool) -> str:
        await self.desk.link.call("gates", names=list(names), open=open)
        return f"{', '.join(names)}: {'open' if open else 'closed; nothing new of its kind starts'}"

    # -- the baton ---------------------------------------------------------------------------------------------------

    def do_baton_take(self) -> None:
        model = self.desk.model
        holder, asker = model.baton.holder, model.baton.asker
        client = model.hello.client if model.hello is not None else None
        if holder is None:
            self._baton("ask")
        elif model.has_baton and asker is not None:
            self._ask_for_baton(
                f"{foreign(asker)} asks for the baton",
                "Handed over, that console acts and this one looks.",
                later.Choice(key="y", says="hand it over", value="give"),
                later.Choice(key="k", says="keep it", value="keep"),
            )
        elif model.has_baton:
            self._ask_for_baton(
                "Lay the baton down?",
                "Nobody has it then: commands act, and the console that asks first takes it.",
                later.Choice(key="y", says="lay it down", value="give"),
            )
        elif model.baton.is_asked_by(client):
            choice = later.Choice(key="y", says="ask no longer", value="keep")
            self._ask_for_baton("You ask for the baton", f"{foreign(holder)} has it until then.", choice)
        else:
            sentence = f"There are {REFUSE_S:.0f} s to refuse; then the baton is yours, and that console only looks."
            choice = later.Choice(key="y", says="ask", value="ask")
            self._ask_for_baton(f"Ask {foreign(holder)} for the baton?", sentence, choice)

    def _ask_for_baton(self, title: str, sentence: str, *choices: later.Choice) -> None:
        dialog = later.Dialog(self.desk, title=title, sentences=[(sentence, "text")], choices=choices)
        self.push_screen(dialog, lambda answer: self._baton(answer) if answer else None)

    def _baton(self, do: str) -> None:
        self.order(self._baton_moved(do))

    async def _baton_moved(self, do: str) -> str:
        return str((await self.desk.link.call("baton", do=do))["sentence"])

    # -- sessions ----------------------------------------------------------------------------------------------------

    def do_session_login(self) -> None:
        self.push_screen(later.LoginScreen(self.desk))

    def do_session_renew(self) -> None:
        self.push_screen(later.RenewScreen(self.desk))
