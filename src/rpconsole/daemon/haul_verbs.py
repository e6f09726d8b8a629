"""The verbs about hauls: what a person sends and fetches by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from rpconsole.daemon.verbs import Args, NoArgs, RunId
from rpconsole.domain.haul import Way
from rpconsole.engine.facade import EngineFacade
from rpconsole.protocol.codec import result

Result = dict[str, Any]


def _absolute(path: str) -> str:
    if not path.startswith("/") or not path.isprintable():
        raise ValueError("it must be an absolute path without control characters")
    return path


SitePath = Annotated[str, Field(min_length=2, max_length=4096), AfterValidator(_absolute)]
Number = Annotated[int, Field(strict=True, ge=1, le=(1 << 31) - 1)]


class HaulArgs(Args):
    """Send or fetch files and directories with everything in them, into a directory on the other side."""

    way: Literal["send", "fetch"]
    sources: Annotated[tuple[SitePath, ...], Field(min_length=1, max_length=10_000)]
    target: SitePath


class HaulPlanArgs(HaulArgs):
    """What such an order would move; nothing is moved."""


class BenchArgs(Args):
    """One measurement of the line: bytes of a file, bytes in all, over how many sessions with how many streams each."""

    size: Annotated[int, Field(strict=True, ge=1, le=1 << 40)]
    total: Annotated[int, Field(strict=True, ge=1, le=1 << 40)]
    front_ends: Annotated[int, Field(strict=True, ge=1, le=64)]
    streams: Annotated[int, Field(strict=True, ge=1, le=64)]


class HaulsArgs(Args):
    """How many of the last hauls."""

    limit: Annotated[int, Field(ge=1, le=10_000)] = 100


class HaulOrderArgs(Args):
    """stop a haul where it is, or go on behind what has arrived."""

    number: Number
    do: Literal["stop", "resume"]


class MovedArgs(Args):
    """What became of single files: of one haul or one run; ``state`` = only those that arrived or missed."""

    haul: Number | None = None
    remote_id: RunId | None = None
    state: Literal["arrived", "missed"] | None = None
    limit: Annotated[int, Field(ge=1, le=100_000)] = 1000


HAUL_VERBS: dict[str, type[Args]] = {
    "haul": HaulArgs,
    "haul_plan": HaulPlanArgs,
    "hauls": HaulsArgs,
    "bench": BenchArgs,
    "haul_order": HaulOrderArgs,
    "moved": MovedArgs,
    "pace": NoArgs,
    "reach": NoArgs,
}


def haul_table(engine: EngineFacade) -> dict[str, Callable[[Any, str], Awaitable[Result]]]:
    """Verb to what carries it out."""

    async def haul(args: HaulArgs, who: str) -> Result:
        return result(haul=await engine.hauls.order(Way(args.way), args.sources, args.target, who))

    async def plan(args: HaulPlanArgs, who: str) -> Result:
        return result(plan=await engine.hauls.plan(Way(args.way), args.sources, args.target))

    async def bench(args: BenchArgs, who: str) -> Result:
        cell = await engine.hauls.bench(
            size=args.size, total=args.total, front_ends=args.front_ends, streams=args.streams, who=who
        )
        return result(cell=cell)

    async def hauls(args: HaulsArgs, who: str) -> Result:
        return result(hauls=await engine.hauls.all(args.limit))

    async def haul_order(args: HaulOrderArgs, who: str) -> Result:
        act = engine.hauls.stop if args.do == "stop" else engine.hauls.resume
        return result(haul=await act(args.number, who))

    async def moved(args: MovedArgs, who: str) -> Result:
        found = await engine.hauls.files(haul=args.haul, remote_id=args.remote_id, state=args.state, limit=args.limit)
        return result(files=found)

    async def pace(args: NoArgs, who: str) -> Result:
        return result(learned=await engine.hauls.learned())

    async def reach(args: NoArgs, who: str) -> Result:
        return result(reach=await engine.hauls.reach())

    return {
        "haul": haul,
        "haul_plan": plan,
        "bench": bench,
        "hauls": hauls,
        "haul_order": haul_order,
        "moved": moved,
        "pace": pace,
        "reach": reach,
    }
