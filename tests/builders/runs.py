"""Remote runs as gpc1 has them."""

from __future__ import annotations

from rpconsole.domain.run import Run, RunRow


def row_of(run: Run) -> RunRow:
    """The database row of a run."""
    return RunRow(
        remote_id=run.remote_id,
        state=run.state,
        stage=run.stage,
        label=run.label,
        path_base=run.path_base,
        job_id=run.job_id,
        last_poll=None,
        fault=run.fault,
    )
