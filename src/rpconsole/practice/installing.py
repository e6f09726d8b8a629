"""Put the site's commands into its ``bin``: launchers that start fast, whatever the caller's environment."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import rpconsole
from rpconsole.practice.paths import SITE_VARIABLE, SitePaths
from rpconsole.practice.programs.install import install_programs

_COMMANDS = {
    "msub": ("msub", "main"),
    "showq": ("showq", "main"),
    "mshow": ("showq", "main"),
    "checkjob": ("checkjob", "main"),
    "canceljob": ("control", "main_canceljob"),
    "mjobctl": ("control", "main_mjobctl"),
}
#: what a job under Moab calls of Slurm's, where no real one is below
_SLURM_COMMANDS = {
    "srun": ("srun", "main"),
    "scontrol": ("slurm", "main_scontrol"),
    "hostname": ("slurm", "main_hostname"),
}


def install(paths: SitePaths, *, is_over_slurm: bool = False) -> None:
    """The scheduler's clients, and whatever jobs call."""
    install_moab(paths, is_over_slurm=is_over_slurm)
    install_for_jobs(paths)


def install_moab(paths: SitePaths, *, is_over_slurm: bool = False) -> None:
    """Moab's clients, and of Slurm's what a job under Moab calls; over a real Slurm the job finds that one's."""
    for name, (module, function) in (_COMMANDS if is_over_slurm else _COMMANDS | _SLURM_COMMANDS).items():
        _write(paths.bin / name, _launcher(paths, f"moab.{module}", function))
    _write(paths.bin / "lfs", _launcher(paths, "lustre", "main_lfs"))
    for name in _SLURM_COMMANDS if is_over_slurm else ():
        (paths.bin / name).unlink(missing_ok=True)


def install_for_jobs(paths: SitePaths) -> None:
    """The stand-ins of the IPP programs, a python3, and a top where the machine has none."""
    # not sys.executable's own path: below a virtual environment python would find its packages
    python = os.path.realpath(sys.executable)
    (paths.bin / "python3").unlink(missing_ok=True)
    (paths.bin / "python3").symlink_to(python)
    if shutil.which("top") is None:
        _write(
            paths.bin / "top",
            "#!/bin/sh\n# a stand-in: batch jobs keep one line of top among their tasks\nuptime 2>/dev/null || date\n",
        )
    install_programs(paths.bin, sys.executable)


def _launcher(paths: SitePaths, module: str, function: str) -> str:
    """A shell script, because a first line with ``#!`` takes neither long paths nor blanks; -I -S spares a third of a start."""
    source = str(Path(rpconsole.__file__).resolve().parent.parent)
    program = (
        f"import sys; sys.path.insert(0, {source!r}); "
        f"from rpconsole.practice.{module} import {function}; sys.exit({function}(sys.argv[1:]))"
    )
    return (
        "#!/bin/sh\n"
        f"{SITE_VARIABLE}={shlex.quote(str(paths.root))}\n"
        f"export {SITE_VARIABLE}\n"
        f'exec {shlex.quote(os.path.realpath(sys.executable))} -I -S -c {shlex.quote(program)} "$@"\n'
    )


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
