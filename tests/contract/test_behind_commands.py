"""The contracts of ``Sessions`` and ``Site`` behind a gateway that runs commands only.

Each channel is a login from the gateway to the front end here, a quarter of a second of two processors, so these are the rules that
the way in could break: what a stream carries, how it ends, what a cut and a close mean. The others are held by the adapters below it.
Nobody is asked at the front ends, so what the suites say of a series of tokens does not apply.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.contract import test_sessions, test_site
from tests.contract.site_worlds import World, command_world
from tests.servers.command_gateway import command_site
from tests.servers.sshd import PrivateSshd, require_sshd

pytestmark = pytest.mark.needs_sshd

CHOSEN = {
    test_sessions: (
        "test_who_declines_sends_nothing",
        "test_a_cut_session_is_noticed_at_once_and_wakes_who_waits",
        "test_no_login_is_tried_without_a_person",
        "test_one_login_revives_the_site",
        "test_a_session_that_we_close_is_not_lost",
        "test_a_draining_session_begins_no_transfer_and_answers_everything_else",
    ),
    test_site: (
        "test_many_small_files_and_some_larger_ones_arrive_whole",
        "test_files_come_home_whole",
        "test_an_order_runs_once_however_often_it_is_given",
        "test_a_poll_brings_the_queue_and_whole_new_lines",
        "test_a_program_that_takes_too_long_is_said_to_have_timed_out",
        "test_a_tail_counts_from_the_end",
        "test_a_session_that_ends_before_the_answer_is_lost_not_failed",
    ),
}
for suite, names in CHOSEN.items():
    for name in names:
        globals()[name] = getattr(suite, name)
open_world = test_site.open_world


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[PrivateSshd, PrivateSshd]]:
    require_sshd()
    with tempfile.TemporaryDirectory(prefix="rpc-hop-") as folder, command_site(Path(folder)) as made:
        yield made[1], made[2][0]


@pytest.fixture
async def world(servers: tuple[PrivateSshd, PrivateSshd], tmp_path: Path) -> AsyncIterator[World]:
    async with command_world(tmp_path, *servers) as made:
        yield made
