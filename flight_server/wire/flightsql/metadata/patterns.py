"""Search patterns of metadata commands: ``%``, ``_`` and an escape, in linear memory and no regex.

A pattern may come from anybody and be of any length, so nothing here goes back more than to the
last ``%``: the work is bounded by the square of the name's length, and names are short.
"""

from dataclasses import dataclass
from typing import Final, Self

ESCAPE: Final = "\\"
"""Makes ``%``, ``_`` and itself stand for themselves; before anything else it is a character."""

_ESCAPABLE: Final = frozenset({"%", "_", ESCAPE})

_Run = tuple[str | None, ...]
"""Characters between two ``%``; None stands for any one."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Names that a client looks for. Letters of another case are other letters, as in HANA."""

    runs: tuple[_Run, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """The pattern that a client wrote."""
        runs: list[list[str | None]] = [[]]
        rest = iter(range(len(text)))
        for at in rest:
            character = text[at]
            if character == ESCAPE and text[at + 1 : at + 2] in _ESCAPABLE:
                runs[-1].append(text[next(rest)])
            elif character == "%":
                runs.append([])
            else:
                runs[-1].append(None if character == "_" else character)
        inner = [run for run in runs[1:-1] if run]  # %% is %
        kept = runs if len(runs) == 1 else [runs[0], *inner, runs[-1]]
        return cls(tuple(map(tuple, kept)))

    @property
    def literal(self) -> str | None:
        """The only name that fits; None where several may."""
        first, *others = self.runs
        characters = [found for found in first if found is not None]
        return "".join(characters) if not others and len(characters) == len(first) else None

    @property
    def takes_all(self) -> bool:
        """Whether every name fits."""
        return len(self.runs) > 1 and not any(self.runs)

    def matches(self, name: str) -> bool:
        """Whether a name fits."""
        first, last = self.runs[0], self.runs[-1]
        if len(self.runs) == 1:
            return len(first) == len(name) and _fits(first, name, 0)
        end = len(name) - len(last)
        if sum(map(len, self.runs)) > len(name):
            return False
        if not _fits(first, name, 0) or not _fits(last, name, end):
            return False
        at = len(first)
        for run in self.runs[1:-1]:  # the leftmost place leaves the most room for what follows
            found = _find(run, name, at, end)
            if found is None:
                return False
            at = found + len(run)
        return True


ALL: Final = Pattern.parse("%")
"""Every name."""


def _fits(run: _Run, name: str, at: int) -> bool:
    return all(
        character is None or character == name[at + offset] for offset, character in enumerate(run)
    )


def _find(run: _Run, name: str, start: int, end: int) -> int | None:
    places = range(start, end - len(run) + 1)
    return next((at for at in places if _fits(run, name, at)), None)
