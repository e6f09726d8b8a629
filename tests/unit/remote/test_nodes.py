from __future__ import annotations

import shutil
import socket

import pytest

from rpconsole.remote import nodes
from rpconsole.remote.nodes import slots_for


def test_the_hosts_file_names_each_node_once_in_order(tmp_path):
    (tmp_path / "hosts").write_text("mu002\nmu001 24\n\nmu002\n# comment\nmu003\r\n")
    assert nodes.node_names(str(tmp_path / "hosts"), {}) == ["mu002", "mu001", "mu003"]


def test_an_empty_hosts_file_lets_the_scheduler_say(tmp_path):
    (tmp_path / "hosts").write_text("\n")
    (tmp_path / "nodefile").write_text("n1\nn1\nn2\n")
    assert nodes.node_names(str(tmp_path / "hosts"), {"PBS_NODEFILE": str(tmp_path / "nodefile")}) == ["n1", "n2"]


def test_without_any_word_it_is_this_host(tmp_path):
    assert nodes.node_names(str(tmp_path / "none"), {}) == [socket.gethostname()]


@pytest.mark.parametrize(
    ("text", "widths"),
    [
        ("24(x2)", {"a": 24, "b": 24}),
        ("24", {"a": 24, "b": 24}),
        ("24,12", {"a": 24, "b": 12}),
        ("24,12,6", {}),
        ("", {}),
        ("junk", {}),
    ],
)
def test_the_width_of_nodes_is_read_or_left_open(text, widths):
    assert nodes.cpus_of(["a", "b"], {"SLURM_JOB_CPUS_PER_NODE": text}) == widths


def test_srun_is_used_only_inside_a_slurm_job(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/srun")
    assert nodes.way_to("far", 2, "auto", {}) == "ssh"
    assert nodes.way_to("far", 2, "auto", {"SLURM_JOB_ID": "7"}) == "srun"
    assert nodes.way_to("far", 1, "auto", {"SLURM_JOB_ID": "7"}) == "local"
    assert nodes.way_to(socket.gethostname(), 2, "auto", {"SLURM_JOB_ID": "7"}) == "local"


def test_words_for_ssh_survive_the_far_shell():
    command = nodes.worker_command("far", ["python3", "/a b/x.pyz", "worker"], "ssh", None)
    assert command[-1] == "exec python3 '/a b/x.pyz' worker"


def test_srun_asks_for_all_cores_of_the_node_and_holds_no_half_line_back():
    assert nodes.worker_command("mu1", ["p"], "srun", 24) == ["srun", "-u", "-N1", "-n1", "-c", "24", "-w", "mu1", "p"]


@pytest.mark.parametrize(
    ("cores", "each", "asked", "slots"), [(24, 1, 0, 24), (24, 4, 0, 6), (2, 3, 0, 1), (2, 1, 9, 9)]
)
def test_slots_follow_from_cores_unless_they_are_given(cores, each, asked, slots):
    assert slots_for(cores, each, asked) == slots
