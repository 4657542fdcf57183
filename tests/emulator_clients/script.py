"""The script that every client runs, with its repetitions written out; knows no client."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

Step: TypeAlias = dict[str, Any]

_SCRIPT = Path(__file__).with_name("script.toml")
_REPEATED = re.compile(r"([a-z]+)\*([0-9]+):(.*)", re.DOTALL)
_FOR_THE_CLIENT = ("name", "do", "sql", "rows", "batch", "kinds", "password", "tls", "after_s")


@cache
def steps() -> tuple[Step, ...]:
    """All steps in order, rows of parameters written out."""
    with _SCRIPT.open("rb") as file:
        return tuple(_written_out(step) for step in tomllib.load(file)["steps"])


def job(client: str) -> list[Step]:
    """What a client sees of the steps: what to do, never what should come of it."""
    return [
        {key: step[key] for key in _FOR_THE_CLIENT if key in step}
        for step in steps()
        if client not in step.get("without", {})
    ]


def _written_out(step: Step) -> Step:
    if "rows" not in step:
        return step
    rows = step["rows"]
    if "times" in step:
        rows = [
            [value.replace("{i}", str(i)) for value in row]
            for i in range(step["times"])
            for row in rows
        ]
    return {**step, "rows": [[_repeated(value) for value in row] for row in rows]}


def _repeated(parameter: str) -> str:
    match = _REPEATED.fullmatch(parameter)
    return f"{match[1]}:{match[3] * int(match[2])}" if match else parameter
