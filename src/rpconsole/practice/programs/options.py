"""Command lines as the survey's programs take them: one dash, long words, a fixed number of values for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rpconsole.practice.programs.exits import BadUsage


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What one command line said."""

    options: Mapping[str, list[tuple[str, ...]]]
    arguments: Sequence[str]

    def one(self, option: str) -> str:
        """The last value given; these programs let the last one win."""
        return self.options[option][-1][-1]

    def maybe(self, option: str) -> str | None:
        return self.one(option) if option in self.options else None

    def every(self, option: str) -> list[tuple[str, ...]]:
        return self.options.get(option, [])


@dataclass(frozen=True, kw_only=True, slots=True)
class Synopsis:
    """Every option a program knows, with the number of its values; the rest are arguments, by name."""

    program: str
    options: Mapping[str, int]
    required: Sequence[str] = ()
    arguments: Sequence[str] = ()
    last_repeats: bool = field(default=False)

    def read(self, argv: Sequence[str]) -> Given:
        """Split a command line; raise `BadUsage` on any word that the program does not know."""
        options: dict[str, list[tuple[str, ...]]] = {}
        arguments: list[str] = []
        words = iter(argv)
        for word in words:
            if word.startswith("-") and word != "-":
                options.setdefault(word, []).append(self._values(word, words))
            else:
                arguments.append(word)
        self._check(options, arguments)
        return Given(options=options, arguments=arguments)

    def _values(self, option: str, words: Iterator[str]) -> tuple[str, ...]:
        if option not in self.options:
            raise BadUsage(f"unknown option {option}{self._nearest(option)}")
        values = tuple(next(words, "") for _ in range(self.options[option]))
        if "" in values:
            raise BadUsage(f"{option} takes {self.options[option]} value(s)")
        return values

    def _nearest(self, option: str) -> str:
        from difflib import get_close_matches  # only a wrong command line pays for it

        near = get_close_matches(option, list(self.options), n=1)
        return f"; did you mean {near[0]}?" if near else ""

    def _check(self, options: Mapping[str, object], arguments: Sequence[str]) -> None:
        missing = [option for option in self.required if option not in options]
        if missing:
            raise BadUsage(f"missing option {' '.join(missing)}")
        if len(arguments) < len(self.arguments):
            raise BadUsage(f"missing argument: {' '.join(self.arguments[len(arguments) :])}")
        if len(arguments) > len(self.arguments) and not self.last_repeats:
            raise BadUsage(f"too many arguments: {' '.join(arguments[len(self.arguments) :])}")
