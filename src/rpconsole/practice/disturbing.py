"""Disturbances by name: knobs that stay set, and acts that happen at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from difflib import get_close_matches

from rpconsole.domain.fault import BadData
from rpconsole.practice.faults import KNOBS
from rpconsole.practice.programs.faults import FaultMode
from rpconsole.practice.scratch import purge
from rpconsole.practice.site import PracticeSite


def _kill(site: PracticeSite, job: str) -> str:
    if site.spool.job(job) is None:
        raise BadData(f"the practice site has no job '{job}'")
    site.kill_job(job)
    return f"job {job} is killed, as by the out-of-memory killer; Moab will show it as completed with code 0"


def _purge(site: PracticeSite, _: str) -> str:
    site.purge()
    return "the scheduler has forgotten every finished job"


def _sweep(site: PracticeSite, seconds: str) -> str:
    try:
        age_s = float(seconds or 0)
    except ValueError:
        raise BadData(f"sweep takes a number of seconds, not '{seconds}'") from None
    removed = purge(site.paths, age_s)
    return f"{removed} files that nobody looked at or changed for {age_s:g} s are gone from scratch"


def _cut(site: PracticeSite, _: str) -> str:
    site.cut()
    return "every login is cut"


def _freeze(site: PracticeSite, _: str) -> str:
    site.freeze()
    return "gateway and front ends answer nothing until 'fault thaw'"


def _thaw(site: PracticeSite, _: str) -> str:
    site.thaw()
    return "gateway and front ends answer again"


ACTS: dict[str, tuple[Callable[[PracticeSite, str], str], str]] = {
    "cut": (_cut, "end every login at once"),
    "freeze": (_freeze, "keep the connections and answer nothing"),
    "thaw": (_thaw, "end a freeze"),
    "kill": (_kill, "JOB: kill all its processes"),
    "sweep": (_sweep, "SECONDS: purge what lay on scratch for so long without a look; 0 = everything"),
    "purge": (_purge, "forget every finished job"),
}
#: `ppImage=exit`: the program's name, then what it does wrong
_PROGRAM = "program"


def disturb(site: PracticeSite, knob: str, value: str, times: int | None) -> str:
    """Carry out an act or set a knob; BadData says what can be said instead."""
    if knob in ACTS:
        return ACTS[knob][0](site, value)
    if knob == _PROGRAM:
        return _stage_program(site, value, times)
    if knob not in KNOBS:
        known = [*ACTS, *KNOBS, _PROGRAM]
        near = get_close_matches(knob, known, n=1, cutoff=0.5)
        hint = f"; the nearest is '{near[0]}'" if near else f"; there are {', '.join(known)}"
        raise BadData(f"there is no disturbance '{knob}'{hint}")
    site.faults.stage(knob, _checked(knob, value), times)
    return f"{knob} is set to {value}" + (f" for {times} time{'s' * (times != 1)}" if times else "")


def clear_faults(site: PracticeSite, knob: str) -> str:
    """Clear one knob, or everything that was staged."""
    if knob in ("", _PROGRAM):
        site.paths.program_faults.unlink(missing_ok=True)
        for mark in site.paths.root.glob(f"{site.paths.program_faults.name}.rule*"):
            mark.unlink()
    if knob != _PROGRAM:
        site.faults.clear(knob or None)
    return f"{knob} is cleared" if knob else "nothing is staged any more"


def list_faults(site: PracticeSite) -> str:
    """Every disturbance with its values, and what is staged."""
    staged = site.faults.read()
    lines = [f"{name:<13} {sentence}" for name, (_, sentence) in ACTS.items()]
    for name, (values, sentence) in KNOBS.items():
        mark = f"   [staged: {staged[name].get('value')}]" if isinstance(staged.get(name), dict) else ""
        lines.append(f"{name:<13} {'|'.join(values)}: {sentence}{mark}")
    lines.append(
        f"{_PROGRAM:<13} NAME=MODE[,PIECE]: a stand-in goes wrong where PIECE is in its command line; {', '.join(FaultMode)}"
    )
    return "\n".join(lines)


def _checked(knob: str, value: str) -> str | float:
    values = KNOBS[knob][0]
    if values[0].isupper():
        try:
            return float(value)
        except ValueError:
            raise BadData(f"{knob} takes a number, not '{value}'") from None
    if value not in values:
        raise BadData(f"{knob} takes {' or '.join(values)}, not '{value}'")
    return value


def _stage_program(site: PracticeSite, text: str, times: int | None) -> str:
    """Add a rule to the file that the stand-ins of the IPP programs read."""
    program, _, rest = text.partition("=")
    mode, _, piece = rest.partition(",")
    if mode not in list(FaultMode):
        raise BadData(f"'{text}' is not NAME=MODE[,PIECE] with a mode of {', '.join(FaultMode)}")
    path = site.paths.program_faults
    rules = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    rules.append({"program": program, "match": piece, "mode": mode, "times": times})
    path.write_text(json.dumps(rules, indent=1) + "\n", encoding="utf-8")
    return f"{program} will go wrong ({mode})" + (f" where its command line holds '{piece}'" if piece else "")
