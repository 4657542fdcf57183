"""The questions that only a tenant answers, and the report of what it answered."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

QUESTIONS: Final = {
    0: "Does the product find and read what the database user may read?",
    1: "Do data access controls hold for a database user?",
    2: "What do description and description_ext hold; what type have expressions and aggregates?",
    3: "Which Python values does hdbcli give for each type, and what is the empty date?",
    4: "Does a view with parameters take markers, or literals only?",
    5: "Does TABLESAMPLE work on a view?",
    6: "May a database user say EXPLAIN PLAN?",
    7: "Does cancel() from another thread end an execute and a fetch, and how soon?",
    8: "What is the unit of setquerytimeout, and which error ends the statement?",
    9: "Do execute and fetch let other threads run, and which fetch size is fastest?",
    10: "Does Datasphere fill COMMENTS and ANNOTATIONS?",
    11: "Do the parts by hash and by range lose no row, and does HANA prune ranges?",
    12: "Is logging on by JSON web token available?",
    13: "Are READ ONLY and DDL OFF accepted, and do they hold?",
    14: "Does an idle connection on port 443 stay?",
    15: "Does AUTOCOMMIT DDL OFF let a transaction take its definitions back, and who sees them?",
    16: "What does an array insert tell: counts, the row that failed, and is the rest kept?",
}
"""By number as in the list of first things to verify; 0, 15 and 16 were added."""


@dataclass(slots=True)
class Findings:
    """What was found, by question."""

    answers: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    unanswered: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))

    def note(self, question: int, sentence: str) -> None:
        """An answer, or a part of it."""
        self.answers[question].append(sentence)

    def leave(self, question: int, reason: str) -> None:
        """Why there is no answer, or a part of it is missing."""
        self.unanswered[question].append(reason)

    def write(self, file: Path, server: str, *, emulated: bool) -> None:
        """The report, as Markdown."""
        mark = "(emulator) " if emulated else ""
        lines = [
            "# What the tenant answered",
            "",
            f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC. {server}",
        ]
        if emulated:
            lines += [
                "",
                "**This was the emulator.** Its answers prove that the checks run, and nothing "
                "about SAP HANA Cloud.",
            ]
        for number, question in QUESTIONS.items():
            lines += ["", f"## {number}. {question}", ""]
            lines += [f"- {mark}{answer}" for answer in self.answers.get(number, ())]
            lines += [f"- not answered: {reason}" for reason in self.unanswered.get(number, ())]
            if number not in self.answers and number not in self.unanswered:
                lines.append("- not asked in this run")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join([*lines, ""]), encoding="utf-8")
