"""Staged faults for trainees and tests: `RPPRACTICE_FAIL` names a JSON file of rules, first match wins.

A rule: `{"program": "ppImage", "match": "XY01", "mode": "exit", "times": 1}`. `match` is a piece of the command line
(`""` is any). Modes: `exit` (with `code`, default 1), `hang`, `no-product` and `empty-product` (of the products whose
name ends in `product`; default: all). `times` null or absent is for ever; else marks beside the rules file count, so
that programs running side by side agree on the number.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rpconsole.practice.programs.exits import BadUsage, ExitCode, ProgramFault

VARIABLE = "RPPRACTICE_FAIL"


class FaultMode(StrEnum):
    EXIT = "exit"
    HANG = "hang"
    NO_PRODUCT = "no-product"
    EMPTY_PRODUCT = "empty-product"


@dataclass(frozen=True, kw_only=True, slots=True)
class StagedFault:
    """One rule that matched this command line."""

    mode: FaultMode
    code: int
    product: str

    def before(self) -> None:
        """End or hold the program before it does any work."""
        while self.mode is FaultMode.HANG:
            time.sleep(3600)
        if self.mode is FaultMode.EXIT:
            fault = ProgramFault("this end was staged by the practice site")
            fault.code = ExitCode(self.code)
            raise fault

    def after(self, products: Sequence[str]) -> None:
        """Take away, or empty, what the program has written."""
        for path in products:
            if not path.endswith(self.product) or not os.path.exists(path):
                continue
            if self.mode is FaultMode.NO_PRODUCT:
                os.unlink(path)
            else:
                os.truncate(path, 0)


def staged(program: str, argv: Sequence[str]) -> StagedFault | None:
    """The fault that somebody staged for this command line, if any."""
    rules_file = os.environ.get(VARIABLE)
    if not rules_file or not os.path.exists(rules_file):
        return None
    line = " ".join(argv)
    for number, rule in enumerate(_rules(rules_file)):
        if rule.get("program") in (program, None) and str(rule.get("match", "")) in line:
            if not _claim(rules_file, number, rule.get("times")):
                continue
            return _fault(rule)
    return None


def _rules(rules_file: str) -> list[dict[str, object]]:
    import json  # a run without staged faults does not pay for it

    with open(rules_file, encoding="utf-8") as stream:
        try:
            rules: list[dict[str, object]] = json.load(stream)
        except ValueError as error:
            raise BadUsage(f"{rules_file} ({VARIABLE}): {error}") from None
    return rules


def _fault(rule: dict[str, object]) -> StagedFault:
    try:
        mode = FaultMode(str(rule["mode"]))
    except (KeyError, ValueError):
        raise BadUsage(f"a staged fault needs a mode of {', '.join(FaultMode)}: {rule}") from None
    return StagedFault(mode=mode, code=int(str(rule.get("code", 1))), product=str(rule.get("product", "")))


def _claim(rules_file: str, number: int, times: object) -> bool:
    if times is None:
        return True
    for count in range(int(str(times))):
        try:
            os.close(os.open(f"{rules_file}.rule{number}.{count}", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            continue
        return True
    return False
