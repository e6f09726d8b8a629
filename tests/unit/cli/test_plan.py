"""plan, as a person types it."""

from __future__ import annotations

import pytest

from rpconsole.cli import configured
from rpconsole.domain.fault import BadConfiguration

VECTORS = [
    ("chip", 60, 1, 2),
    ("chip", 240, 2, 2),
    ("chip", 37_200, 162, 2),
    ("camera", 500, 25, 2),
    ("cam", 500, 25, 2),
    ("warp", 3_500, 12, 2),
    ("stack", 50, 9, 3),
    ("staticsky", 50, 33, 3),
    ("diff", 3_500, 31, 2),
    ("ff", 500, 5, 2),
    # the old scripts ask for 9 hours here, one more than the site gives
    ("chip", 2_000_000, 1000, 8),
]


@pytest.mark.parametrize(("stage", "commands", "nodes", "hours"), VECTORS)
def test_the_survey_s_figures_come_out_for_its_site(shell, stage, commands, nodes, hours):
    plan = shell("plan", "--stage", stage, "--commands", str(commands), "--site", "lanl", "--json").json
    assert (plan["nodes"], plan["hours"], plan["threads"]) == (nodes, hours, 2)
    assert plan["node_hours"] == nodes * hours


def test_a_cut_is_explained(shell):
    said = shell("plan", "--stage", "chip", "--commands", "2000000", "--site", "lanl")
    assert "9 h cut to the site's 8; the old scripts would ask for 9" in said.out
    assert "several jobs instead: 2 of 1000000 commands, each 869 nodes × 6 h" in said.out
    assert "does not fit" in said.err


def test_the_worked_example_without_the_safety_hour(shell):
    plan = shell("plan", "--stage", "chip", "--commands", "37200", "--site", "lanl", "--no-safety", "--json").json
    assert (plan["nodes"], plan["hours"], plan["node_hours"]) == (162, 1, 162)


def test_a_wish_for_long_jobs_takes_fewer_nodes_and_one_beyond_the_site_s_is_refused(shell):
    plan = shell("plan", "--stage", "chip", "--commands", "37200", "--hours", "8", "--json").json
    assert (plan["nodes"], plan["hours"]) == (24, 8)
    said = shell("plan", "--stage", "chip", "--commands", "37200", "--hours", "12")
    assert said.code == 3
    assert "the site gives 1 to 8 hours" in said.err


@pytest.mark.parametrize(("stage", "exposures"), [("chip", 525), ("camera", 2750), ("warp", 1000)])
def test_the_inverse_is_the_survey_s_estimate(shell, stage, exposures):
    filling = shell("plan", "--stage", stage, "--hours", "8", "--nodes", "5", "--json").json
    assert filling["exposures"] == exposures
    assert filling["node_hours"] == 40
    assert 0 < filling["cautious"] < exposures
    assert f"about {exposures}" in shell("plan", "--stage", stage, "--hours", "8", "--nodes", "5").out


def test_exposures_of_fewer_commands_are_more(shell):
    filling = shell("plan", "--stage", "chip", "--hours", "8", "--nodes", "5", "--each", "30", "--json").json
    assert filling["exposures"] == 1050
    assert "one stack takes" in shell("plan", "--stage", "stack", "--hours", "8", "--nodes", "5").out


def test_a_label_s_finished_tasks_are_reckoned_with_and_named(shell):
    plan = shell("plan", "--stage", "chip", "--commands", "37200", "--label", "L", "--json").json
    assert (plan["nodes"], plan["hours"]) == (81, 2)
    assert plan["reasons"][0].startswith("75 s a command, learned from 600 finished tasks of label L")
    said = shell("plan", "--stage", "chip", "--commands", "37200", "--label", "NEW", "--filter", "g")
    assert said.code == 0
    assert "too few tasks of label NEW and filter g have ended" in said.err


def test_more_threads_are_shown_as_they_were_tested(shell):
    lines = shell("plan", "--stage", "chip", "--commands", "60", "--json").json["threading"]
    assert [(line["threads"], line["job_s"], line["command_s"]) for line in lines] == [
        (2, 560, 94.1957),
        (3, 496, 81.9142),
        (4, 492, 81.7962),
    ]
    assert "81.7962" in shell("plan", "--stage", "chip", "--commands", "60").out
    assert shell("plan", "--stage", "camera", "--commands", "60", "--json").json["threading"] == []


def test_a_built_in_site_needs_no_configuration(shell, monkeypatch):
    def none(given):
        raise BadConfiguration("there is no configuration file")

    monkeypatch.setattr(configured, "_read", none)
    assert shell("plan", "--stage", "chip", "--commands", "60", "--site", "UHCRAY", "--json").json["site"] == "uhcray"
    said = shell("plan", "--stage", "chip", "--commands", "60")
    assert (said.code, "no configuration file" in said.err) == (3, True)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--stage", "chip"), "give --commands for a plan, or --hours and --nodes"),
        (("--stage", "chip", "--hours", "8"), "give --commands for a plan"),
        (("--stage", "chip", "--commands", "5", "--nodes", "5"), "--nodes goes with --hours"),
        (("--stage", "chip", "--hours", "0", "--nodes", "5"), "'--hours'"),
        (("--stage", "chip", "--hours", "8", "--nodes", "-5"), "'--nodes'"),
        (("--stage", "chip", "--hours", "8", "--nodes", "5", "--each", "0"), "'--each'"),
        (("--stage", "chip", "--commands", "1e5"), "'--commands'"),
        (("--stage", "staticsk", "--commands", "5"), "'staticsk' is not a stage"),
    ],
)
def test_what_cannot_be_planned_is_told(shell, words, sentence):
    said = shell("plan", *words)
    assert said.code == 3
    assert sentence in said.err.replace("\n", " ")


@pytest.mark.parametrize("option", [("--commands",), ("--hours", "8", "--nodes", "5", "--each")])
def test_a_number_that_no_survey_has_is_refused(shell, option):
    said = shell("plan", "--stage", "chip", "--site", "lanl", *option, "9" * 400)
    assert said.code == 3
    assert f"'{option[-1]}'" in said.err


def test_what_was_learned_of_stacks_says_nothing_of_a_stage_that_is_only_reckoned_with(shell):
    said = shell("plan", "--stage", "diff", "--commands", "60", "--site", "lanl", "--label", "L")
    assert said.code == 3
    assert "diff is not run here" in said.err


def test_what_fills_a_job_of_a_stage_that_is_only_reckoned_with_is_told_in_its_commands(shell):
    said = shell("plan", "--stage", "diff", "--hours", "8", "--nodes", "5", "--site", "lanl")
    assert "diff commands" in said.out
    assert "stack" not in said.out
