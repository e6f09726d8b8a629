"""Write launchers with the programs' real names into a directory."""

from __future__ import annotations

import shlex
from pathlib import Path

import rpconsole

# Those that need the standard library only start without site-packages, in a third of the time.
PROGRAMS = {
    "ppImage": "ppimage",
    "psastro": "psastro",
    "pswarp": "pswarp",
    "ppStack": "ppstack",
}
LIGHT_PROGRAMS = {
    "dvoImageExtract": "dvoimageextract",
    "ppStatsFromMetadata": "ppstats",
    "sc_mk_stack_mdc.pl": "mkstackmdc",
}


def install_programs(bin_dir: Path, python: str) -> None:
    """Make `bin_dir` with one launcher a program; `python` must have numpy and astropy (the practice extra)."""
    bin_dir.mkdir(parents=True, exist_ok=True)
    for name, module in {**PROGRAMS, **LIGHT_PROGRAMS}.items():
        launcher = bin_dir / name
        launcher.write_text(launcher_text(module, python, light=name in LIGHT_PROGRAMS), encoding="utf-8")
        launcher.chmod(0o755)


def launcher_text(module: str, python: str, *, light: bool) -> str:
    """A shell script, because a first line with `#!` takes neither long paths nor blanks.

    Isolated mode keeps the working directory and `PYTHON*` variables out of the import path; one BLAS thread, for a
    thread pool costs more to start than these images take.
    """
    source = str(Path(rpconsole.__file__).resolve().parent.parent)
    program = (
        f"import sys; sys.path.insert(0, {source!r}); "
        f"from rpconsole.practice.programs.{module} import main; sys.exit(main(sys.argv[1:]))"
    )
    flags = "-I -S" if light else "-I"
    return (
        "#!/bin/sh\n"
        "export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1\n"
        f'exec {shlex.quote(python)} {flags} -c {shlex.quote(program)} "$@"\n'
    )
