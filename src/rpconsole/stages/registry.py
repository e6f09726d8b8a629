"""The four stages behind one face, so that whoever prepares a run needs to know none of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

from rpconsole.domain.cost import COST_H
from rpconsole.domain.paths import BadKey, key_path, refuse_beyond_ascii
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import DetrendRun, StageRows
from rpconsole.stages import camera, chip, stack, warp
from rpconsole.stages.base import CannotPrepare, Detrends, PreparedComponent, SiteLayout, Wants
from rpconsole.stages.detrend import detrends_for


@dataclass(frozen=True, kw_only=True, slots=True)
class StageRules:
    """How a stage is prepared; the order of calls is that of the fields. All but the last may raise CannotPrepare."""

    #: rows, candidates best or not -> the detrends whose files must be loaded first
    detrends_for: Callable[[Any, Sequence[DetrendRun]], tuple[DetrendRun, ...]]
    #: rows, layout, detrends -> keys to look up and keys to make
    wants: Callable[[Any, SiteLayout, Detrends], Wants]
    #: rows, key -> disk path, layout, detrends -> the prepared component
    prepare: Callable[[Any, Mapping[str, str], SiteLayout, Detrends], PreparedComponent]
    #: hours that one command takes on the average
    cost_h: float


Asked = ParamSpec("Asked")
Told = TypeVar("Told")


def _refusing(function: Callable[Asked, Told]) -> Callable[Asked, Told]:
    """A row that holds what is no key is one more reason why a component cannot be prepared."""

    @wraps(function)
    def asked(*args: Asked.args, **kwargs: Asked.kwargs) -> Told:
        try:
            return function(*args, **kwargs)
        except BadKey as error:
            raise CannotPrepare(str(error)) from error

    return asked


def _checked(wants: Callable[Asked, Wants]) -> Callable[Asked, Wants]:
    """Refuse a bad key before the storage is asked for it together with others' good ones."""

    @wraps(wants)
    def asked(*args: Asked.args, **kwargs: Asked.kwargs) -> Wants:
        wanted = wants(*args, **kwargs)
        # what is to be made lies below one output root: if the longest can be a key, all can
        for key in wanted.resolve:
            _refuse_bad(key)
        if wanted.create:
            _refuse_bad(max(wanted.create, key=len))
        return wanted

    return asked


@lru_cache(maxsize=8192)
def _refuse_bad(key: str) -> None:
    """BadKey for what is none; exposures share their detrends, so most have been looked at before."""
    key_path(key)
    refuse_beyond_ascii(key)


def _no_detrends(rows: StageRows, runs: Sequence[DetrendRun]) -> tuple[DetrendRun, ...]:
    return ()


def _rules(stage: Stage, module: Any, choose: Callable[..., tuple[DetrendRun, ...]] = _no_detrends) -> StageRules:
    return StageRules(
        detrends_for=choose,
        wants=_refusing(_checked(module.wants)),
        prepare=_refusing(module.prepare),
        cost_h=COST_H[stage],
    )


STAGES: Mapping[Stage, StageRules] = {
    Stage.CHIP: _rules(Stage.CHIP, chip, detrends_for),
    Stage.CAMERA: _rules(Stage.CAMERA, camera),
    Stage.WARP: _rules(Stage.WARP, warp),
    Stage.STACK: _rules(Stage.STACK, stack),
}
