"""``lfs quota``: what the practice site's scratch holds, and what it may."""

from __future__ import annotations

import sys

from rpconsole.practice.moab.client import Site, never_answer
from rpconsole.practice.scratch import used_bytes


def main_lfs(arguments: list[str]) -> int:
    site = Site()
    match site.faults.take("lfs"):
        case "hang":
            never_answer()
        case "refuse":
            sys.stderr.write("lfs: failed for '/scratch': Permission denied\n")
            return 1
        case "garbage":
            sys.stdout.write("Disk quotas for usr \x07:\n     Filesystem  kbytes   quota\n /scratch 12 ?\n")
            return 0
    if not arguments or arguments[0] != "quota":
        sys.stderr.write("lfs: only 'lfs quota PATH' is there at the practice site\n")
        return 1
    staged = site.faults.value("scratch_used")
    used = used_bytes(site.paths) if staged is None else int(float(staged) * 1e9)
    limit = site.settings.scratch_bytes
    star = "*" if used > limit else ""
    columns = f"{used // 1024}{star} {limit // 1024} {limit // 1024}       -       0       0       0       -"
    sys.stdout.write(
        f"Disk quotas for usr {site.user} (uid 1000):\n"
        "     Filesystem  kbytes   quota   limit   grace   files   quota   limit   grace\n"
        f"{site.paths.scratch}\n                {columns}\n"
    )
    return 0
