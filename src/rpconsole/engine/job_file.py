"""A run's batch script: how much to ask for, and who runs the commands."""

from __future__ import annotations

from rpconsole.commands.jobscript import JobScript, job_script, log_path
from rpconsole.domain.allocation import Allocation, SitePlan, allocation_for
from rpconsole.domain.listfiles import CONFIG
from rpconsole.domain.run import Run
from rpconsole.domain.stage import Stage
from rpconsole.engine.remote_names import remote_stem, results_path
from rpconsole.engine.world import World

#: our runner, below the site's root
OUR_RUNNER = "/rpconsole/stask"
#: the IPP's own runners at the site, below its root
IPP_RUNNERS = {**dict.fromkeys(Stage, "stask_chip.py"), Stage.STACK: "stask_stack.py"}


def handover_text(world: World, run: Run, commands: int) -> str:
    """The ``.cmd`` that prepare leaves, with the IPP's own runner, so that the IPP's scripts can execute the run.

    Before rpconsole submits, it writes its own over it (``script_text``).
    """
    runner = f"{world.settings.layout.remote_root.rstrip('/')}/{IPP_RUNNERS[run.stage]}"
    allocation = allocation_for(run.stage, commands, world.settings.plan)
    return _script(world, run, allocation, (runner,), world.settings.scheduler.hosts_command)


def script_text(
    world: World, run: Run, commands: int, *, plan: SitePlan | None = None, name: str = "", takeover: bool = False
) -> str:
    """The text of ``.cmd`` for so many commands.

    ``name`` is the attempt's, with which the runner signs its marks. ``takeover`` lets the runner go on although an earlier attempt's
    runner never wrote its end mark: only for attempts that were intended after that job's end was proven, or after a person decided.
    ``plan`` None = as the configuration has it.
    """
    allocation = allocation_for(run.stage, commands, plan or world.settings.plan)
    hosts = world.settings.scheduler.hosts_command if world.settings.script.lists_nodes else None
    return _script(world, run, allocation, (*_runner(world, run, allocation), *_signed(name, takeover=takeover)), hosts)


def _script(world: World, run: Run, allocation: Allocation, runner: tuple[str, ...], hosts: str | None) -> str:
    settings = world.settings
    world.asked[run.remote_id] = allocation
    root = settings.layout.remote_root
    script = JobScript(
        nodes=allocation.nodes,
        hours=allocation.hours,
        proc_per_node=settings.plan.proc_per_node,
        log=log_path(root, run.stage, run.remote_id),
        runner=runner,
        config=remote_stem(run, root) + CONFIG,
        multiplier=allocation.multiplier,
        shell=settings.script.shell,
        hosts_command=hosts,
        directives=settings.script.directives_of(run.stage),
    )
    return job_script(script, settings.scheduler.script_header(script))


def is_ours(script: str) -> bool:
    """Whether a ``.cmd`` calls our own runner."""
    return OUR_RUNNER in script


def _signed(name: str, *, takeover: bool) -> tuple[str, ...]:
    return (*(("--name", name) if name else ()), *(("--takeover",) if takeover else ()))


def _runner(world: World, run: Run, allocation: Allocation) -> tuple[str, ...]:
    settings = world.settings
    root = settings.layout.remote_root.rstrip("/")
    options = (
        *("--results", results_path(run, root)),
        *("--attempts", str(settings.retry.component_tries)),
        *("--threads", str(allocation.threads)),
        *("--wall-s", str(allocation.hours * 3600)),
        *("--beat-s", f"{settings.beat_s:g}"),
        *(("--runner", settings.script.runner) if settings.script.runner != "workers" else ()),
    )
    return (settings.script.python, f"{root}{OUR_RUNNER}", *options)
