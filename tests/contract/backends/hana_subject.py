"""HANA under contract: the backend over real readers, and the emulator behind them."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Final

import pyarrow as pa

from flight_server.backends.base import Backend
from flight_server.backends.hana.opening import hana_backend
from flight_server.config import HanaSection
from tests.contract.backends.shared_tables import SPACE
from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.server import EmulatorServer

USER: Final = f"{SPACE}#READER"
PASSWORD: Final = "Sesame-open-1"

_SCALED: Final = f"""
CREATE VIEW "{SPACE}"."SCALED" (IN "P_FACTOR" INTEGER, IN "P_SHIFT" INTEGER DEFAULT 10) AS
  SELECT "ID", "ID" * :P_FACTOR + :P_SHIFT AS "SCALED" FROM "{SPACE}"."NUMBERS"
"""

_landscapes: Final = ExitStack()
_ports: Final[dict[tuple[str, ...], int]] = {}


def make_hana(tables: Mapping[str, pa.Table]) -> Backend:
    """A backend of its own; tables of the same names share an emulator, which only reads."""
    names = tuple(sorted(tables))
    if names not in _ports:
        _ports[names] = _serve(tables)
    return _backend(_ports[names])


def make_writable_hana(tables: Mapping[str, pa.Table]) -> Backend:
    """A backend of its own over an emulator of its own, in whose space the user may write."""
    return _backend(_serve(tables, writable=True))


def _backend(port: int) -> Backend:
    section = HanaSection.model_validate(
        {
            "address": "127.0.0.1",
            "port": port,
            "allow_plaintext": True,
            "user": USER,
            "password": PASSWORD,
            "max_readers": 10,
            "statements_per_space": 9,
        }
    )
    return hana_backend(section)


def close_emulators() -> None:
    """End every emulator that was started."""
    _landscapes.close()
    _ports.clear()


def _serve(tables: Mapping[str, pa.Table], *, writable: bool = False) -> int:
    engine = DuckEngine(lock_wait_s=1.0)  # so that whoever waits for nothing does so briefly
    _landscapes.callback(engine.close)
    engine.add_space(SPACE)
    engine.add_user(USER, PASSWORD)
    for name, table in tables.items():
        engine.load_arrow(SPACE, name, table)
    if "NUMBERS" in tables:
        engine.run_script(_SCALED)
    engine.run_script(f'GRANT SELECT ON SCHEMA "{SPACE}" TO "{USER}"')
    if writable:
        engine.run_script(f'GRANT ALL PRIVILEGES ON SCHEMA "{SPACE}" TO "{USER}"')
    return _landscapes.enter_context(EmulatorServer(engine)).port
