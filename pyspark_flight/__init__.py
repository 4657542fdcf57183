"""Where Spark finds ``format("flight")`` by itself: ``DefaultSource``; nothing heavy at import.

Spark imports every top-level module named ``pyspark_*`` and takes its ``DefaultSource`` [pyspark
4.3, sql/worker/lookup_data_sources.py]; a module that fails there takes all data sources with it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyspark_flight.map_in_arrow import read_with_map_in_arrow
    from pyspark_flight.source import FlightDataSource

__all__ = ["FlightDataSource", "read_with_map_in_arrow"]

_HOMES: Final = {
    "DefaultSource": ("pyspark_flight.source", "FlightDataSource"),
    "FlightDataSource": ("pyspark_flight.source", "FlightDataSource"),
    "read_with_map_in_arrow": ("pyspark_flight.map_in_arrow", "read_with_map_in_arrow"),
}


if not TYPE_CHECKING:  # a type checker would believe that every name is there

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home, what = _HOMES[name]
        value = globals()[name] = getattr(import_module(home), what)
        return value
