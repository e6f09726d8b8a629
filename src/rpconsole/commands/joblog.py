"""What a job's own output, or a scheduler's mail about it, says of why it was ended: the first of the known sentences."""

from __future__ import annotations

import re

_SENTENCES = tuple(
    re.compile(pattern, re.MULTILINE | re.IGNORECASE)
    for pattern in (
        r"job exceeded (?:its )?(?:wallclock|walltime|memory|swap|processor)\w* limit[^\n]*",
        r"\*\*\* (?:JOB|STEP) \S+ ON \S+ CANCELLED AT \S+ DUE TO [^*\n]*",
        r"\*\*\* (?:JOB|STEP) \S+ ON \S+ CANCELLED AT \S+[^*\n]*",
        r"job killed: (?:walltime|node|mem)[^\n]*",
        r"Job deleted at request of \S+",
        r"^[^\n]*\boom[-_ ]kill[^\n]*",
        r"srun: error: Multi_prog config file \S+ is too large",
        r"srun: error: Line \d+ of configuration file \S+ too long",
        r"srun: error: \S+ tasks? [\d,-]+: (?:Killed|Terminated|Exited with exit code \d+|Out Of Memory)[^\n]*",
    )
)
_MOST_CHARACTERS = 160


def why_ended(text: str) -> str:
    """The sentence, as it was printed; nothing where none is known. It explains, and decides nothing."""
    for sentence in _SENTENCES:
        found = sentence.search(text)
        if found:
            plain = "".join(ch for ch in " ".join(found.group().split()).strip("* ") if ch.isprintable())
            return plain[:_MOST_CHARACTERS]
    return ""
