"""What is gathered while a statement is compiled: markers, session values, system views."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.hana_emulator.engine.catalogue import Catalogue, Table
from tests.hana_emulator.engine.terms import Term, cast
from tests.hana_emulator.engine.types import TEXT
from tests.hana_emulator.values import DeclaredType, ResultColumn


class SessionFacts(Protocol):
    """What the value of an expression may depend on besides rows."""

    user: str
    schema: str
    connection_id: int
    variables: Mapping[str, str]
    temporary: Mapping[str, Table]
    isolation: str
    last_identity: int | None


@dataclass(frozen=True, slots=True)
class SystemView:
    """A view whose rows are made from the catalogue when it is read."""

    name: str
    columns: tuple[ResultColumn, ...]
    rows: Callable[[SessionFacts], Sequence[Sequence[Any]]]


@dataclass(slots=True)
class Build:
    """One statement under way; shared by all its parts and the views in it.

    Attributes:
        markers: The type of each marker, None until something says it.
        session_values: Parameters of DuckDB that are computed when the statement runs.
        packed: Long IN lists: each a DuckDB parameter with its values, as (marker, constant).
        marker_sql: How DuckDB is told of marker n; a column where a batch is a table.
    """

    catalogue: Catalogue
    system_views: Mapping[str, SystemView]
    markers: list[DeclaredType | None]
    marker_sql: str = "$m{}"
    session_values: dict[str, Callable[[SessionFacts], Any]] = field(default_factory=dict)
    packed: dict[str, tuple[DeclaredType, list[tuple[int | None, Any]]]] = field(
        default_factory=dict
    )
    used_views: dict[str, SystemView] = field(default_factory=dict)
    aggregates: bool = False
    view_markers: bool = True
    view_samples: bool = True
    names: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def alias(self) -> str:
        """A name that nothing else in the statement has."""
        return f"r{next(self.names)}"

    def marker(self, number: int) -> Term:
        """A marker; untyped unless something has said its type."""
        found = self.markers[number]
        if found is None:
            return Term("NULL", TEXT, marker=number)
        return Term(cast(self.marker_sql.format(number), found), found)

    def settle(self, term: Term, type_: DeclaredType) -> Term:
        """Say the type of a marker that has none; other terms are returned as they are."""
        if term.marker is None:
            return term
        if type_.name == "NULL":
            type_ = TEXT
        self.markers[term.marker] = type_
        return self.marker(term.marker)

    def session_value(self, name: str, type_: DeclaredType, value: Callable[[SessionFacts], Any]
                      ) -> Term:  # fmt: skip
        """A value that is known when the statement runs."""
        self.session_values[name] = value
        return Term(cast(f"${name}", type_), type_)

    def pack(self, type_: DeclaredType, terms: Sequence[Term]) -> str:
        """A list as one parameter; returns its name."""
        name = f"p{len(self.packed)}"
        self.packed[name] = (type_, [(term.marker, term.constant) for term in terms])
        return name
