"""The two tables of remote processing itself."""

from __future__ import annotations

from rpconsole.adapters.gpc1.notation import gpc1_table, when_made

remote_run = gpc1_table(
    "remoteRun",
    """
    *remote_id:B!+ *state:V64! *stage:V64! *label:V64! *path_base:V255! *job_id:B *last_poll:TS! *fault:S!
    """,
    pk="remote_id",
    keys=(
        "state",
        "stage",
        "label",
        "job_id",
    ),
)

remote_component = gpc1_table(
    "remoteComponent",
    """
    *remote_id:B *stage_id:B *jobs:I *state:V64! *path_base:V255
    """,
    # MySQL makes the second one by itself, for the reference
    keys=("stage_id", "remote_id"),
    refers={"remote_id": "remoteRun.remote_id"},
)

# every real change of a row stamps it; on SQLite the run store writes the time itself
when_made(
    remote_run,
    "mysql",
    "ALTER TABLE `remoteRun` MODIFY `last_poll` TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP",
)
