"""Which names mean what at one place of a query: sources, their columns, queries with names."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.hana_emulator.engine.errors import unknown_column, unknown_table
from tests.hana_emulator.engine.terms import Term
from tests.hana_emulator.values import DeclaredType, HanaError


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a source; ``sql`` is how DuckDB is told of it."""

    name: str
    sql: str
    type: DeclaredType
    nullable: bool = True
    schema: str = ""
    table: str = ""

    def term(self) -> Term:
        return Term(self.sql, self.type, self.nullable, self.name, self.schema, self.table)


@dataclass(frozen=True, slots=True)
class Relation:
    """One source of a FROM clause, by the name that columns may be qualified with."""

    name: str
    schema: str
    fields: tuple[Field, ...]

    def nullable(self) -> "Relation":
        """As the side of an outer join that may be missing."""
        return replace(self, fields=tuple(replace(one, nullable=True) for one in self.fields))


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query in DuckDB's SQL; its columns are called o1, o2, ..."""

    sql: str
    fields: tuple[Field, ...]

    def under(self, alias: str) -> tuple[Field, ...]:
        """Its columns as a source of that name in DuckDB."""
        return tuple(
            replace(one, sql=f"{alias}.o{number}") for number, one in enumerate(self.fields, 1)
        )


@dataclass(slots=True)
class Scope:
    """Names that are visible; what is not found here is looked for in ``outer``."""

    outer: "Scope | None" = None
    relations: list[Relation] = field(default_factory=list)
    commons: Mapping[str, Compiled] = field(default_factory=dict)
    """Queries of WITH; ``sql`` is the name that each has in DuckDB."""

    def common(self, name: str) -> Compiled | None:
        if name in self.commons:
            return self.commons[name]
        return None if self.outer is None else self.outer.common(name)

    def column(self, parts: tuple[str, ...], position: int) -> Term:
        """What a name means.

        Raises:
            HanaError: 260 if nothing has it, 268 if several do.
        """
        *qualifier, name = parts
        found = [
            one
            for relation in self.relations
            if _matches(relation, tuple(qualifier))
            for one in relation.fields
            if one.name == name
        ]
        if len(found) > 1:
            raise HanaError(268, f"column ambiguously defined: {name}", position=position)
        if found:
            return found[0].term()
        if self.outer is None:
            raise unknown_column(".".join(parts), position)
        return self.outer.column(parts, position)

    def star(self, qualifier: tuple[str, ...], position: int) -> list[Field]:
        """The columns of ``*`` or ``T.*``."""
        matching = [one for one in self.relations if _matches(one, qualifier)]
        if not matching:
            raise unknown_table(".".join(qualifier), position)
        return [one for relation in matching for one in relation.fields]


def _matches(relation: Relation, qualifier: tuple[str, ...]) -> bool:
    match qualifier:
        case ():
            return True
        case (name,):
            return relation.name == name
        case (schema, name):
            return (relation.schema, relation.name) == (schema, name)
        case _:
            return False
