"""The space of ``--sample``: a table of orders, views over it, one of them with parameters."""

from pathlib import Path

from tests.hana_emulator.engine import DuckEngine

_SPACE = "SALES"
_SCRIPT = Path(__file__).with_name("sample.sql")
_EXPOSED = ("SALES_ORDERS", "REVENUE_BY_REGION", "MixedCase View")
"""Datasphere shows an SQL client the views that are exposed, and no local tables."""


def make_sample(engine: DuckEngine, user: str) -> None:
    """Make the space SALES and let a user read its views."""
    engine.add_space(_SPACE)
    engine.run_script(_SCRIPT.read_text(encoding="utf-8"))
    for view in _EXPOSED:
        engine.run_script(f'GRANT SELECT ON "{_SPACE}"."{view}" TO "{user}"')
