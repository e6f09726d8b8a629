"""The sites that the survey's own recipes describe: what each gives to one job."""

from __future__ import annotations

from collections.abc import Mapping

from rpconsole.domain.allocation import SitePlan

#: PROC_PER_NODE, MIN_NODES and MAX_NODES, MIN_TIME and MAX_TIME of the recipes LANL and UHCRAY
KNOWN_SITES: Mapping[str, SitePlan] = {
    "lanl": SitePlan(proc_per_node=24, min_nodes=1, max_nodes=1000, min_hours=1, max_hours=8),
    "uhcray": SitePlan(proc_per_node=20, min_nodes=1, max_nodes=10, min_hours=1, max_hours=8),
}
