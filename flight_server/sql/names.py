"""Finds what each name of a query means: spaces, entities, CTEs, aliases, columns.

Tables are qualified in place. HANA distinguishes "Ab" from "AB" and DuckDB does not, so that a
query which works on the embedded database by accident of case would fail on HANA; this module
matches HANA's names exactly and says so. It knows nothing of functions or of rights: what the
lookup does not show does not exist.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlglot import exp

from flight_client.protocol.errors import (
    AmbiguousEntity,
    InvalidSql,
    RefusedSql,
    UnknownColumn,
    UnknownEntity,
    UnknownSpace,
)
from flight_server.planning.names import nearest
from flight_server.sql.lookup import TableLookup, clipped, suggestion
from flight_server.sql.writer import child, children

DUMMY: Final = "DUMMY"
"""HANA's table of one row and one column, both of this name."""

MAX_COLUMNS: Final = 65_535
"""Most columns of one query [SQL:system-limitations]; stars of stars double them."""

_SIMPLE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_$#]*")
_SYSTEM_SPACE: Final = re.compile(
    r"SYS|_SYS.*|SYSTEM|PUBLIC|INFORMATION_SCHEMA|PG_CATALOG|MAIN|TEMP", re.IGNORECASE
)

QUERIES: Final = (exp.Select, exp.SetOperation, exp.Subquery)


def fold(tree: exp.Expr) -> None:
    """Reads unquoted names as HANA does: in upper case. Every name is quoted afterwards.

    Raises:
        InvalidSql: An unquoted name is not made of ASCII letters, digits and ``_ $ #``.
    """
    for name in tree.find_all(exp.Identifier):
        if not name.args.get("quoted"):
            if not _SIMPLE_NAME.fullmatch(name.name):
                raise InvalidSql(f"The name '{name.name[:40]}' needs double quotes.")
            name.args.update(this=name.name.upper(), quoted=True)


@dataclass(frozen=True, slots=True)
class Source:
    """One thing in a FROM: its name, its columns and, for a table without alias, its space."""

    name: str
    columns: Sequence[str]
    space: str | None = None
    counts: Mapping[str, int] = field(init=False)
    """How often each column occurs; counted once, because queries may have many of both."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", Counter(self.columns))


@dataclass(frozen=True, slots=True)
class Scope:
    """What a column may refer to: the sources of its query, then those around it."""

    sources: tuple[Source, ...]
    outer: "Scope | None" = None
    aliases: tuple[Source, ...] = ()
    """Names that ORDER BY may use before those of the sources."""

    def chain(self) -> Iterable["Scope"]:
        """This scope and those around it, inside out."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer


Ctes = Mapping[str, tuple[str, ...]]


@dataclass(slots=True)
class Resolver:
    """Resolves one query.

    Attributes:
        lookup: What the caller may read.
        default_space: Where unqualified names are looked for; None means in all spaces.
        exact: Whether names must fit in case and columns are checked (HANA), or not (DuckDB).
        tables: (space, entity) of everything that is read, filled by ``resolve``.
    """

    lookup: TableLookup
    default_space: str | None
    exact: bool
    tables: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def resolve(self, tree: exp.Expr) -> None:
        """Qualifies every table of ``tree`` in place and checks every column.

        Raises:
            UnknownSpace, UnknownEntity, AmbiguousEntity, UnknownColumn: A name is not known.
            RefusedSql: A system schema is named.
            InvalidSql: Names contradict each other.
        """
        self._query(tree, None, {})

    # queries

    def _query(self, node: exp.Expr, outer: Scope | None, ctes: Ctes) -> tuple[str, ...]:
        """Resolves a query and returns the names of its columns."""
        ctes = self._with(node, ctes)
        if isinstance(node, exp.Select):
            return self._select(node, outer, ctes)
        if not isinstance(node.this, QUERIES):
            raise InvalidSql("An alias stands behind a table in brackets; write it inside them.")
        columns = self._query(node.this, outer, ctes)
        if isinstance(node, exp.SetOperation):
            self._query(node.expression, outer, ctes)
        order = child(node, "order")
        if order is not None:
            self._values(order, Scope((Source("", columns),), outer), ctes)
        return columns

    def _with(self, node: exp.Expr, ctes: Ctes) -> Ctes:
        known = dict(ctes)
        own: set[str] = set()
        with_ = child(node, "with_")
        for cte in children(with_) if with_ is not None else []:
            alias: exp.Expr = cte.args["alias"]
            name = self._key(alias.name)
            if self.exact and name == DUMMY:
                raise InvalidSql("A query of WITH is called DUMMY like HANA's table; rename it.")
            if name in own:
                raise InvalidSql(
                    f"Two queries of WITH are called '{clipped(alias.name)}'; rename one."
                )
            columns = self._query(cte.this, None, known)
            named = tuple(column.name for column in children(alias, "columns"))
            if named and self.exact and len(named) != len(columns):
                raise InvalidSql(
                    f"WITH '{clipped(alias.name)}' names {len(named)} columns, and its query has "
                    f"{len(columns)}; name each one."
                )
            own.add(name)
            known[name] = named or columns
        return known

    def _select(self, node: exp.Select, outer: Scope | None, ctes: Ctes) -> tuple[str, ...]:
        sources: list[Source] = []
        conditions: list[exp.Expr] = []
        from_ = child(node, "from_")
        if from_ is not None:
            self._source(from_.this, outer, ctes, sources, conditions)
        self._joins(node, outer, ctes, sources, conditions)
        scope = Scope(tuple(sources), outer)
        clauses = [child(node, slot) for slot in ("where", "group", "having")]
        for part in [*conditions, *children(node), *filter(None, clauses)]:
            self._values(part, scope, ctes)
        columns = self._projection(node, scope)
        order = child(node, "order")
        if order is not None:
            aliases = tuple(item.alias for item in children(node) if isinstance(item, exp.Alias))
            self._values(order, Scope(tuple(sources), outer, (Source("", aliases),)), ctes)
        return columns

    def _projection(self, node: exp.Select, scope: Scope) -> tuple[str, ...]:
        names: list[str] = []
        for item in children(node):
            if isinstance(item, exp.Star):
                names += [column for source in scope.sources for column in source.columns]
            elif isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
                names += self._named_source(item, scope).columns if self.exact else ()
            else:
                names.append(item.alias_or_name)
            if len(names) > MAX_COLUMNS:
                raise InvalidSql(
                    f"A query has more than {MAX_COLUMNS} columns; name those you need."
                )
        return tuple(names)

    # sources

    def _joins(
        self,
        node: exp.Expr,
        outer: Scope | None,
        ctes: Ctes,
        sources: list[Source],
        conditions: list[exp.Expr],
    ) -> None:
        for join in children(node, "joins"):
            self._source(join.this, outer, ctes, sources, conditions)
            condition = child(join, "on")
            if condition is not None:
                conditions.append(condition)

    def _source(
        self,
        node: exp.Expr,
        outer: Scope | None,
        ctes: Ctes,
        sources: list[Source],
        conditions: list[exp.Expr],
    ) -> None:
        """Adds what one table, derived table or join in brackets brings to a FROM."""
        alias = child(node, "alias")
        if alias is not None and children(alias, "columns"):
            raise RefusedSql(
                f"The alias '{clipped(alias.name)}' names columns; name them in the query itself.",
                construct="alias with columns",
            )
        if isinstance(node, exp.Table):
            sources.append(self._table(node, alias, ctes))
        elif isinstance(node.this, exp.Table | exp.Subquery) and alias is None:
            self._source(node.this, outer, ctes, sources, conditions)
        else:
            columns = self._query(node, outer, ctes)
            sources.append(Source(alias.name if alias else "", columns))
        self._joins(node, outer, ctes, sources, conditions)

    def _table(self, node: exp.Table, alias: exp.Expr | None, ctes: Ctes) -> Source:
        called = isinstance(node.this, exp.Anonymous)
        name = self._entity_name(node.this)
        space = node.args.get("db")
        if called:
            for argument in children(node.this):
                self._parameter(argument)
        if space is None and not called and self._key(name) in ctes:
            return Source(alias.name if alias else name, ctes[self._key(name)])
        if not called and self.exact and name == DUMMY and (space is None or space.name == "SYS"):
            node.set("db", None)
            return Source(alias.name if alias else name, (DUMMY,))
        found = self._entity(space.name if space is not None else None, name)
        self.tables.add(found)
        self._spell(node, found)
        columns = self.lookup.columns(*found) or ()
        return Source(alias.name if alias else found[1], columns, None if alias else found[0])

    def _entity_name(self, node: exp.Expr) -> str:
        if not isinstance(node, exp.Anonymous):
            return node.name
        name: object = node.args["this"]
        if isinstance(name, str):
            name = name.upper() if self.exact else name
            node.set("this", exp.Identifier(this=name, quoted=True))
        return node.name

    @staticmethod
    def _parameter(argument: exp.Expr) -> None:
        """Refuses anything but a constant as an input parameter."""
        for node in argument.find_all(exp.Column, exp.Anonymous, *QUERIES):
            raise RefusedSql(
                f"An input parameter is given as {type(node).__name__}; give a constant or ?.",
                construct="input parameter",
            )

    def _spell(self, node: exp.Table, found: tuple[str, str]) -> None:
        space, entity = (exp.Identifier(this=name, quoted=True) for name in found)
        node.set("db", space)
        (node.this if isinstance(node.this, exp.Anonymous) else node).set("this", entity)

    def _entity(self, space: str | None, name: str) -> tuple[str, str]:
        if space is not None:
            return self._in_space(self._space(space), name)
        if self.default_space is not None:
            return self._in_space(self.default_space, name)
        spaces = self.lookup.spaces()
        found = [(each, entity) for each in spaces if (entity := self._match(each, name))]
        if len(found) == 1:
            return found[0]
        if found:
            names = sorted(each for each, _ in found)
            raise AmbiguousEntity(
                f"The name '{clipped(name)}' stands in the spaces {clipped(', '.join(names))}; "
                f'write the space before it: "{clipped(names[0])}"."{clipped(name)}".',
                entity=name,
                spaces=names,
            )
        close = nearest(name, {entity for each in spaces for entity in self.lookup.entities(each)})
        raise UnknownEntity(
            f"There is no entity '{clipped(name)}' in any space{suggestion(close)}",
            entity=name,
            nearest=close,
        )

    def _space(self, name: str) -> str:
        spaces = self.lookup.spaces()
        found = find(name, spaces, exact=self.exact)
        if found is not None:
            return found
        if _SYSTEM_SPACE.fullmatch(name):
            raise RefusedSql(
                f"The schema '{clipped(name)}' belongs to the system; use the catalogue.",
                construct="system schema",
            )
        close = nearest(name, spaces)
        raise UnknownSpace(
            f"There is no space '{clipped(name)}'{suggestion(close)}", space=name, nearest=close
        )

    def _in_space(self, space: str, name: str) -> tuple[str, str]:
        found = self._match(space, name)
        if found is not None:
            return space, found
        close = nearest(name, self.lookup.entities(space))
        raise UnknownEntity(
            f"There is no entity '{clipped(name)}' in space '{clipped(space)}'{suggestion(close)}",
            space=space,
            entity=name,
            nearest=close,
        )

    def _match(self, space: str, name: str) -> str | None:
        if self.lookup.columns(space, name) is not None:
            return name
        if self.exact:
            return None
        found = find(name, self.lookup.entities(space), exact=False)
        return found if found and self.lookup.columns(space, found) is not None else None

    # columns

    def _values(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> None:
        """Checks every column below ``node``, and resolves the queries in it."""
        pending = [node]
        while pending:
            found = pending.pop()
            if isinstance(found, QUERIES):
                self._query(found, scope, ctes)
            elif isinstance(found, exp.Column):
                if self.exact:
                    self._column(found, scope)
            else:
                pending.extend(found.iter_expressions())

    def _column(self, node: exp.Column, scope: Scope) -> None:
        if isinstance(node.this, exp.Star):
            return
        if node.table:
            self._found(node.name, [self._named_source(node, scope)])
            return
        levels = [level for each in scope.chain() for level in (each.aliases, each.sources)]
        for level in levels:
            if any(node.name in source.counts for source in level):
                self._found(node.name, level)
                return
        raise self._unknown(node.name, [source for level in levels for source in level])

    def _found(self, name: str, sources: Sequence[Source]) -> None:
        """Refuses a name that stands for no column (260 on HANA), or for several (268)."""
        count = sum(source.counts.get(name, 0) for source in sources)
        if not count:
            raise self._unknown(name, sources)
        if count > 1:
            raise InvalidSql(
                f"The column '{clipped(name)}' is ambiguous; write its table before it."
            )

    @staticmethod
    def _named_source(node: exp.Column, scope: Scope) -> Source:
        space = node.args.get("db")
        for each in scope.chain():
            for source in each.sources:
                fits = space is None or source.space == space.name
                if source.name == node.table and fits:
                    return source
        names = {source.name for each in scope.chain() for source in each.sources if source.name}
        close = nearest(node.table, names)
        raise UnknownColumn(
            f"The query has no table or alias '{clipped(node.table)}'{suggestion(close)}",
            column=node.name,
            nearest=close,
        )

    @staticmethod
    def _unknown(name: str, sources: Sequence[Source]) -> UnknownColumn:
        close = nearest(name, {column for source in sources for column in source.counts})
        place = f" in '{clipped(sources[0].name)}'" if len(sources) == 1 and sources[0].name else ""
        return UnknownColumn(
            f"There is no column '{clipped(name)}'{place}{suggestion(close)}",
            column=name,
            nearest=close,
        )

    def _key(self, name: str) -> str:
        return name if self.exact else name.casefold()


def find(name: str, candidates: Iterable[str], *, exact: bool) -> str | None:
    """The candidate of this name; without ``exact`` also the only one that differs in case."""
    known = list(candidates)
    if name in known:
        return name
    alike = [candidate for candidate in known if candidate.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 and not exact else None
