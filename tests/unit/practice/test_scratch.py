"""The practice site's scratch: quota as Lustre prints it, and a purge."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from rpconsole.commands.quota import read_quota
from rpconsole.practice.faults import Faults
from rpconsole.practice.installing import install_moab
from rpconsole.practice.paths import SitePaths, SiteSettings, write_settings
from rpconsole.practice.scratch import Sweeper, purge, used_bytes


@pytest.fixture
def paths(tmp_path: Path) -> SitePaths:
    made = SitePaths(tmp_path / "site")
    made.make()
    write_settings(made, SiteSettings(scratch_bytes=1_024_000))
    return made


def a_file(paths: SitePaths, name: str, *, age_s: float = 0.0, size: int = 2048) -> Path:
    path = paths.scratch / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def lfs(paths: SitePaths, *words: str) -> subprocess.CompletedProcess[str]:
    install_moab(paths)
    return subprocess.run([str(paths.bin / "lfs"), *words], capture_output=True, text=True, check=False, timeout=60)


def test_the_quota_is_printed_as_our_reader_wants_it(paths):
    a_file(paths, "gpc1/a")
    a_file(paths, "rpconsole/helper.pyz")
    said = lfs(paths, "quota", str(paths.scratch))
    quota = read_quota(said.stdout, str(paths.scratch / "gpc1"))
    assert (quota.used, quota.limit) == (2048, 1_024_000)


def test_more_than_the_quota_has_a_star_and_may_be_staged(paths):
    Faults(paths).stage("scratch_used", 0.002)
    quota = read_quota(lfs(paths, "quota", str(paths.scratch)).stdout, str(paths.scratch))
    assert quota.used > quota.limit


def test_a_staged_fault_is_no_quota(paths):
    Faults(paths).stage("lfs", "refuse", 1)
    assert lfs(paths, "quota", str(paths.scratch)).returncode == 1
    Faults(paths).stage("lfs", "garbage", 1)
    assert read_quota(lfs(paths, "quota", str(paths.scratch)).stdout, str(paths.scratch)) is None
    assert "only 'lfs quota PATH'" in lfs(paths, "df").stderr


def test_the_purge_takes_what_nobody_looked_at_and_spares_the_helper(paths):
    old, young = a_file(paths, "a/old", age_s=100), a_file(paths, "a/young", age_s=10)
    looked_at, helper = a_file(paths, "a/seen", age_s=100), a_file(paths, "rpconsole/helper.pyz", age_s=100)
    os.utime(looked_at, (time.time(), time.time() - 100))
    assert purge(paths, 50) == 1
    assert [path.exists() for path in (old, young, looked_at, helper)] == [False, True, True, True]
    assert used_bytes(paths) == 2 * 2048


def test_the_standing_purge_goes_by_the_settings_or_by_a_staged_age(paths):
    path = a_file(paths, "a", age_s=3600)
    faults = Faults(paths)
    Sweeper(paths, SiteSettings(), faults).turn()
    assert path.exists()
    faults.stage("scratch_purge_s", 1800.0)
    Sweeper(paths, SiteSettings(), faults).turn()
    assert not path.exists()
