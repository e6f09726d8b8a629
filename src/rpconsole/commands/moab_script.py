"""The header of a batch script for Moab: its directives and no other scheduler's, as it reads the first kind that it finds alone."""

from __future__ import annotations

from collections.abc import Iterator

from rpconsole.commands.jobscript import JobScript, plain_word


def moab_header(script: JobScript) -> Iterator[str]:
    """``#MSUB`` lines."""
    extra = script.directives
    yield f"#MSUB -l nodes={script.nodes}:ppn={script.proc_per_node},walltime={script.hours}:00:00"
    yield "#MSUB -j oe"
    yield "#MSUB -V"
    yield f"#MSUB -o {plain_word(script.log)}"
    if extra.account:
        yield f"#MSUB -A {plain_word(extra.account)}"
    if extra.queue:
        yield f"#MSUB -q {plain_word(extra.queue)}"
    if extra.qos:
        yield f"#MSUB -l qos={plain_word(extra.qos)}"
    if extra.features:
        yield f"#MSUB -l feature={':'.join(map(plain_word, extra.features))}"
