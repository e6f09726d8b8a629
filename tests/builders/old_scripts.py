"""The IPP's own scripts as far as files tell of them, played from the rules: what they write, and what they make of what we write."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LISTS = ("transfer", "check", "config", "generate", "return")

#: program -> shell text; each makes what its options promise
PROGRAMS: Mapping[str, str] = {
    "ppImage": """
        while [ $# -gt 1 ]; do case $1 in -stats) base=${2%.stats};; -file) test -s "$2" || exit 5;; esac; shift; done
        for end in stats log mdl.fits ptn ch.fits ch.mk.fits ch.wt.fits cmf; do echo made > $base.$end; done""",
    "psastro": """
        while [ $# -gt 1 ]; do case $1 in -stats) base=${2%.stats};; -list) list=$2;; esac; shift; done
        for end in stats log smf psastro.mdc; do echo made > $base.$end; done
        for cmf in $(cat $list); do chip=${cmf%.cmf}; echo made > $base.${chip##*.}.mk.fits; done""",
    "pswarp": """
        while [ $# -gt 1 ]; do case $1 in -stats) base=${2%.stats};; esac; shift; done
        for end in stats log cmf psf pswarp.mdc fits mask.fits wt.fits; do echo made > $base.$end; done""",
    "ppStack": """
        while [ $# -gt 1 ]; do case $1 in -stats) base=${2%.stats};; esac; shift; done
        for end in stats log cmf ppStack.mdc target.psf stk.000.psf; do echo made > $base.$end; done
        for end in fits mask.fits wt.fits exp.fits expwt.fits num.fits; do echo made > $base.unconv.$end; done""",
    "ppStatsFromMetadata": """test -s "$1" && printf -- '-quality 0 -bg 12.500000 \\n'""",
    "dvoImageExtract": """for last; do :; done; echo sky > $last""",
    # it maps nothing: an input lies where the line says, or where the map has that very word
    "sc_mk_stack_mdc.pl": """
        while [ "${1#--}" != "$1" ]; do case $1 in --compmap) map=$2;; esac; shift 2; done
        for warp; do for end in fits mask.fits wt.fits psf cmf; do
            place=$warp.$end
            test -s "$place" || place=$(grep "^$place " "$map" | cut -d' ' -f2)
            test -s "$place" || exit 2
        done; done
        echo mdc""",
}


def install_programs(folder: Path) -> Path:
    """The survey's programs, as shell scripts."""
    folder.mkdir()
    for name, text in PROGRAMS.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return folder


def lines_of(stem: Path, ending: str) -> list[str]:
    return Path(f"{stem}.{ending}").read_text().splitlines()


@dataclass(frozen=True, kw_only=True)
class OldExecution:
    """sc_remote_exec, its transfer tool, the job, and sc_remote_poll, on one run's files; home and site are one disk."""

    stem: Path
    root: Path
    programs: Path

    def run(self) -> dict[str, str]:
        """Ship, run every line, return; ``.stat`` as local path -> PASS, PART or FAIL."""
        self._fetch()
        for line in lines_of(self.stem, "config"):
            if not line.startswith("top "):
                self._line(line)
        return self._return()

    def _fetch(self) -> None:
        """Whatever ``.check`` says, inputs land below ``<root>/tmp`` under their whole local path."""
        for local, _ in zip(lines_of(self.stem, "transfer"), lines_of(self.stem, "check"), strict=True):
            target = self.root / "tmp" / local.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(local, target)

    def _line(self, line: str) -> None:
        environment = {"PATH": f"{self.programs}:/usr/bin:/bin", "LC_ALL": "C"}
        subprocess.run(["/bin/sh", "-c", line], cwd=self.root, env=environment, timeout=60, check=False)

    def _return(self) -> dict[str, str]:
        stat = {}
        for remote, local in zip(lines_of(self.stem, "generate"), lines_of(self.stem, "return"), strict=True):
            link = self.root / "tmp" / local.lstrip("/")
            stat[local] = "PASS" if link.exists() else "PART" if Path(remote).exists() else "FAIL"
            if stat[local] == "PASS":
                assert link.is_symlink()
                shutil.copy(link, local)
        return stat


def as_the_old_poll_reads(dbinfo: str) -> list[str]:
    """The words that it would execute: the first line, every '-' made ' -'."""
    return dbinfo.split("\n", 1)[0].replace("-", " -").split()


@dataclass(frozen=True, kw_only=True)
class OldChip:
    """One OTA as sc_prepare_chip found it."""

    class_id: str
    #: local disk paths: raw image, burntool table, detrends, in the order of their options
    inputs: Sequence[tuple[str, str]]
    chip_imfile_id: int


class OldPrepare:
    """sc_prepare_chip and sc_prepare_run: five lists and no manifest. The root ends in '/', so that paths get '//'."""

    def __init__(self, home: Path, root: str) -> None:
        self.home, self.root = home, root
        self._instances = 0

    def instance(self, key: str) -> str:
        """A fresh empty nebulous instance of a key; returns its disk path."""
        self._instances += 1
        name = f"{900_000 + self._instances}.{key.split('/', 3)[3].replace('/', ':')}"
        path = self.home / "nebulous" / "1a" / "2b" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        return str(path)

    def chip(self, stem: Path, outroot: str, ids: Mapping[str, int], chips: Iterable[OldChip]) -> int:
        """One component's lists; returns the number of its command lines."""
        lists: dict[str, list[str]] = {name: [] for name in LISTS}
        for one in chips:
            for _, local in one.inputs:
                lists["transfer"].append(local)
                lists["check"].append(f"{self.root}/tmp/{local}")
            lists["config"].append(self._chip_line(outroot, ids, one, lists))
        self._write(stem, lists)
        return len(lists["config"])

    def _chip_line(self, outroot: str, ids: Mapping[str, int], one: OldChip, lists: dict[str, list[str]]) -> str:
        remote = f"{self.root}/{outroot.split('/', 3)[3]}"
        base = f"{remote}.{one.class_id}"
        options = " ".join(f"{option} {self.root}/tmp/{local}" for option, local in one.inputs)
        steps = [
            f"mkdir -p {remote.rpartition('/')[0]}",
            f"ppImage {options} {remote} -recipe PPIMAGE CHIP -recipe PSPHOT CHIP -recipe PPSTATS CHIPSTATS "
            f"-stats {base}.stats -threads 4 -image_id {one.chip_imfile_id} -tracedest {base}.trace -log {base}.log",
            f'echo -n "chiptool -addprocessedimfile -exp_id {ids["exp_id"]} -chip_id {ids["chip_id"]} '
            f"-class_id {one.class_id}  -uri {outroot}.ch.{one.class_id}.ch.fits -path_base {outroot}  -magicked 0 "
            f' -hostname LANL/Mustang -dtime_script 0  -dbname gpc1 " > {base}.dbinfo ',
            f"ppStatsFromMetadata {base}.stats - CHIP_IMFILE >> {base}.dbinfo",
        ]
        for end in ("dbinfo", "stats", "log", "mdl.fits", "ptn"):
            local = self.instance(f"{outroot}.{one.class_id}.{end}")
            lists["generate"].append(f"{base}.{end}")
            lists["return"].append(local)
            link = f"{self.root}/tmp/{local}"
            steps += [f"mkdir -p {link.rpartition('/')[0]}", f"ln -sf {base}.{end} {link}", f"touch {base}.{end}"]
        return " && ".join(steps)

    def merge(self, run_stem: Path, stems: Sequence[Path]) -> None:
        """sc_prepare_run: each list thinned by itself, a look at the load after the first component."""
        lists: dict[str, dict[str, None]] = {name: {} for name in LISTS}
        for number, stem in enumerate(stems):
            for name in LISTS:
                lists[name].update(dict.fromkeys(lines_of(stem, name)))
            if number == 0:
                lists["config"]["top -b -n 1"] = None
        self._write(run_stem, {name: list(found) for name, found in lists.items()})
        Path(f"{run_stem}.cmd").write_text("#!/bin/tcsh\n#MSUB -V\ndate\n")

    def _write(self, stem: Path, lists: Mapping[str, Sequence[str]]) -> None:
        stem.parent.mkdir(parents=True, exist_ok=True)
        for name, lines in lists.items():
            Path(f"{stem}.{name}").write_text("".join(f"{line}\n" for line in lines))
