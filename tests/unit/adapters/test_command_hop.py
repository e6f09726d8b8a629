"""The words of a hop by commands."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.adapters.ssh.command_hop import hop_command, hop_fault
from rpconsole.adapters.ssh.options import FrontEnd, Gateway, SshOptions
from rpconsole.adapters.ssh.target import Target
from rpconsole.domain.fault import BadConfiguration, LoginRefused, SiteRefused, SiteUnreachable

TARGET = Target(name="fe1", host="fe1.example.org", port=2222, user="operator", position=(1, 1))


def options(front_ends=1, **changes):
    return SshOptions(
        front_ends=tuple(FrontEnd(name=f"fe{number}", host="fe.example.org") for number in range(front_ends)),
        user="operator",
        remote_root="/scratch",
        known_hosts="known_hosts",
        **{"gateway": Gateway(host="gateway.example.org"), "hops_by_commands": True, **changes},
    )


@given(st.text())
def test_the_command_is_one_word_and_the_last_whatever_is_in_it(command):
    words = shlex.split(hop_command(options(), TARGET, command))
    assert words[0] == "ssh"
    assert words[-3:] == ["fe1.example.org", "--", command]


def test_nothing_asks_and_nothing_but_the_programs_bytes_flows():
    words = shlex.split(hop_command(options(), TARGET, "true"))
    for setting in ("BatchMode=yes", "ClearAllForwardings=yes", "StrictHostKeyChecking=yes", "LogLevel=ERROR"):
        assert setting in words
    assert "-T" in words
    assert words[words.index("-l") + 1] == "operator"
    assert words[words.index("-p") + 1] == "2222"


@pytest.mark.parametrize(
    ("code", "said", "kind", "sentence"),
    [
        (255, "operator@fe1: Permission denied (publickey).\n", LoginRefused, "fe1 .* refused operator"),
        (255, "Host key verification failed.\n", SiteRefused, "does not know the host key of fe1"),
        (255, "ssh: connect to host fe1 port 22: No route to host", SiteUnreachable, "cannot reach fe1.*No route"),
        (255, "", SiteUnreachable, "cannot reach fe1.*exit code 255"),
        (1, "only scp is allowed here\n", SiteRefused, "does not run ssh to fe1.*only scp is allowed here"),
        (127, "sh: ssh: not found", SiteRefused, "does not run ssh to fe1.*not found"),
        (None, "", SiteRefused, "no reason given"),
        (255, "x" * 5000, SiteUnreachable, r"x{300}\.$"),
    ],
)
def test_what_the_gateways_ssh_says_is_told_in_a_sentence(code, said, kind, sentence):
    with pytest.raises(kind, match=sentence):
        raise hop_fault(TARGET, code, said)


def test_front_ends_share_the_channels_of_the_one_connection():
    assert [options(number).session_channels for number in (1, 2, 4, 5)] == [10, 5, 2, 2]
    assert options(2, hops_by_commands=False).session_channels == 10
    assert options(4).bulk_limit == 1


def test_a_hop_by_commands_needs_a_gateway():
    with pytest.raises(BadConfiguration, match="needs a gateway"):
        options(gateway=None)
