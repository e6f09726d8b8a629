"""Operators with accounts of their own share a site: what the helper makes is open to the group where its root is, and only there."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest
from tests.integration.remote.conftest import Service


@pytest.fixture
def strict_umask():
    before = os.umask(0o077)
    yield
    os.umask(before)


def mode(path):
    return stat.S_IMODE(Path(path).stat().st_mode)


@pytest.mark.usefixtures("strict_umask")
@pytest.mark.parametrize(("root_mode", "bits"), [(0o2775, 0o770), (0o755, 0o700)])
def test_the_group_may_write_what_we_make_where_the_root_is_open_to_it(helper_argv, opened, tmp_path, root_mode, bits):
    ours = tmp_path / "root" / "rpconsole"
    ours.mkdir(parents=True)
    copy = shutil.copy(helper_argv[-1], ours)
    ours.parent.chmod(root_mode)
    ours.chmod(0o755)
    service = Service([*helper_argv[:-1], copy, "serve"])
    opened(service)
    made = ours.parent / "new" / "file"
    service.call("put_small", path=str(made), text="x", mode=0o664)
    assert mode(made.parent) & 0o777 == bits
    assert bool(mode(ours) & 0o020) == (bits == 0o770)
    assert int(service.call("run", argv=["sh", "-c", "umask"], timeout_s=10)["out"], 8) == 0o777 - bits
