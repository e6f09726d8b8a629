"""The systemd unit starts what there is and says what the daemon says."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[3] / "etc" / "rpconsole.service"


def test_the_unit_waits_for_the_notice_and_makes_the_sockets_directory():
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(UNIT.read_text())
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert service["RuntimeDirectory"] == "rpconsole"
    assert service["RuntimeDirectoryMode"] == "0700"
    assert int(service["WatchdogSec"]) > 0
    assert service["Restart"] == "on-failure"
    assert service["RestartPreventExitStatus"] == "3"
    assert service["ExecStart"].endswith("--daemon")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_knows_every_line_of_the_unit(tmp_path):
    text = UNIT.read_text().replace("/opt/rpconsole/bin/rpconsole", "/bin/true").replace("User=ipp", "User=root")
    unit = tmp_path / "rpconsole.service"
    unit.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60
    )
    complaints = [line for line in done.stderr.splitlines() if str(unit) in line or "rpconsole.service" in line]
    assert complaints == []
