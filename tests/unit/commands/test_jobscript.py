"""The batch script of a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rpconsole.commands.jobscript import Directives, JobScript, job_script, log_path
from rpconsole.commands.known_schedulers import KNOWN_SCHEDULERS
from rpconsole.domain.fault import BadConfiguration

SCRIPT = JobScript(
    nodes=162,
    hours=2,
    proc_per_node=24,
    log="/scratch9/ops/stask_logs/chip.17.out",
    runner=("python3", "/scratch9/ops/rpconsole/stask"),
    config="/scratch9/ops/r/remote_chip.17.config",
)


def text_for(scheduler: str, script: JobScript) -> str:
    return job_script(script, KNOWN_SCHEDULERS[scheduler]("").script_header(script))


BODY = (
    "date\n"
    "srun -n $SLURM_JOB_NUM_NODES -m cyclic -l /bin/hostname | sort -n | awk '{print $2}' > hosts.$SLURM_JOB_ID\n"
    "python3 /scratch9/ops/rpconsole/stask /scratch9/ops/r/remote_chip.17.config hosts.$SLURM_JOB_ID 1\n"
    "date\n"
)


def test_the_whole_script_for_moab():
    assert text_for("moab", SCRIPT) == (
        "#!/bin/tcsh\n"
        "#MSUB -l nodes=162:ppn=24,walltime=2:00:00\n"
        "#MSUB -j oe\n"
        "#MSUB -V\n"
        "#MSUB -o /scratch9/ops/stask_logs/chip.17.out\n" + BODY
    )


def test_the_whole_script_for_slurm():
    assert text_for("slurm", SCRIPT) == (
        "#!/bin/tcsh\n"
        "#SBATCH --time 2:00:00\n"
        "#SBATCH --nodes 162\n"
        "#SBATCH --open-mode=append\n"
        "#SBATCH --export=ALL\n"
        "#SBATCH --exclusive\n"
        "#SBATCH --no-kill\n"
        "#SBATCH -o /scratch9/ops/stask_logs/chip.17.out\n" + BODY
    )


DIRECTIVES = Directives(account="w12_survey", queue="standard", qos="high", features=("bigmem", "ib"))


@pytest.mark.parametrize(
    ("scheduler", "lines"),
    [
        (
            "moab",
            ["#MSUB -A w12_survey", "#MSUB -q standard", "#MSUB -l qos=high", "#MSUB -l feature=bigmem:ib"],
        ),
        (
            "slurm",
            [
                "#SBATCH --account=w12_survey",
                "#SBATCH --partition=standard",
                "#SBATCH --qos=high",
                "#SBATCH --constraint=bigmem&ib",
            ],
        ),
    ],
)
def test_a_sites_own_directives_end_the_header(scheduler, lines):
    text = text_for(scheduler, replace(SCRIPT, directives=DIRECTIVES)).splitlines()
    assert text[text.index("date") - 4 : text.index("date")] == lines


def test_directives_of_one_scheduler_only_for_some_read_the_first_kind_alone():
    text = text_for("moab", replace(SCRIPT, directives=DIRECTIVES))
    assert "#SBATCH" not in text
    assert "#PBS" not in text


def test_a_site_without_slurm_lets_the_runner_find_its_nodes():
    text = text_for("moab", replace(SCRIPT, shell="/bin/sh", hosts_command=None, multiplier=3))
    assert text.startswith("#!/bin/sh\n")
    assert text.endswith(
        "date\npython3 /scratch9/ops/rpconsole/stask /scratch9/ops/r/remote_chip.17.config - 3\ndate\n"
    )


def test_words_of_the_runner_are_quoted_where_they_need_it():
    script = replace(SCRIPT, runner=("python3", "/my place/stask", "--name", "a;b"), config="/c d.config")
    assert "python3 '/my place/stask' --name 'a;b' '/c d.config' hosts.$SLURM_JOB_ID 1\n" in text_for("moab", script)


@pytest.mark.parametrize("word", ["a b", "a\nrm -rf ~", "", "a;b", "$(id)", "a'b"])
@pytest.mark.parametrize("scheduler", KNOWN_SCHEDULERS)
def test_a_header_takes_plain_words_only(scheduler, word):
    for changes in ({"log": word}, {"shell": word}, {"directives": Directives(features=(word,))}):
        with pytest.raises(BadConfiguration, match="one plain word"):
            text_for(scheduler, replace(SCRIPT, **changes))


def test_the_log_lies_where_the_old_scripts_look_for_it():
    assert log_path("/scratch9/ops/", "chip", 17) == "/scratch9/ops/stask_logs/chip.17.out"
