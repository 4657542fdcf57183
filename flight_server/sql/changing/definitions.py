"""Reads CREATE TABLE, ALTER TABLE, DROP TABLE and RENAME COLUMN of both dialects of callers.

Forms of HANA: [SQL:create-table, alter-table, drop-table, rename-column]. What a table may be
beside its columns and keys (partitions, placement, generated columns ...) is refused by name.
"""

import re
from typing import ClassVar

from sqlglot import exp

from flight_server.sql.changing import nodes
from flight_server.sql.changing.words import WordParser, refused

_TABLE_WORDS = (
    "GLOBAL", "LOCAL", "TEMPORARY", "TEMP", "HISTORY", "VIRTUAL", "OR", "UNIQUE", "PUBLIC",
)  # fmt: skip
_COLUMN_WORDS = (
    "AS", "CHECK", "COLLATE", "COMMENT", "CONSTRAINT", "FUZZY", "GENERATED", "HIDDEN", "MASKED",
    "MEMORY", "REFERENCES", "USING",
)  # fmt: skip
_KEY_WORDS = ("CONSTRAINT", "CHECK", "FOREIGN KEY", "INDEX", "LIKE", "PERIOD")
_ONLY_COLUMNS = "write columns, PRIMARY KEY and UNIQUE only"


class DefinitionParser(WordParser):
    """Reads one definition; the first word is behind."""

    HANA_FORMS: ClassVar = True
    """Whether HANA's forms are read, or DuckDB's."""

    # CREATE

    def create(self) -> nodes.Statement:
        """Behind CREATE."""
        store = next(
            (word for word in ("COLUMN", "ROW") if self.HANA_FORMS and self.takes(word)), None
        )
        if not self.takes("TABLE"):
            words = [self.said()]
            if words[0] in _TABLE_WORDS:
                words.append(re.sub(r"[^A-Z_]", "?", self._next.text[:40].upper()))
            raise refused(f"CREATE {' '.join(words)}", "only CREATE TABLE is answered")
        if_missing = self._if("NOT", "EXISTS")
        table = self.target()
        if self.sees("LIKE"):
            raise refused("CREATE TABLE ... LIKE", "write AS (SELECT ...) WITH NO DATA")
        if self.takes("AS"):
            query = self.query()
            found = nodes.CreateTable(
                this=table, store=store, if_missing=if_missing, query=query, empty=self._no_data()
            )
            return self.expression(found)
        parts = self.in_brackets(self._part)
        columns = [part for part in parts if isinstance(part, nodes.ColumnDefinition)]
        keys = [part for part in parts if isinstance(part, nodes.UniqueKey)]
        if not columns:
            self.fail("Expected a column")
        self._refuse_rest()
        return self.expression(
            nodes.CreateTable(
                this=table, store=store, if_missing=if_missing, columns=columns, keys=keys
            )
        )

    def _refuse_rest(self) -> None:
        if self._curr:
            raise refused(f"'{self.said()}' behind the columns of a table", _ONLY_COLUMNS)

    def _no_data(self) -> bool:
        if not self.takes("WITH"):
            return False
        empty = self.takes("NO")
        self.expect("DATA")
        return empty

    def _if(self, *rest: str) -> bool:
        """IF [NOT] EXISTS; whether HANA Cloud takes it is [U]."""
        if not self.takes("IF", *rest):
            return False
        if self.HANA_FORMS:
            raise refused(f"IF {' '.join(rest)}", "HANA is not known to take it; leave it out")
        return True

    def _part(self) -> nodes.ColumnDefinition | nodes.UniqueKey:
        """A column or a key of a table."""
        primary = self.takes_primary_key()
        if primary or self.takes("UNIQUE"):
            return self.expression(
                nodes.UniqueKey(expressions=self.in_brackets(self.name), primary=primary)
            )
        self._refuse_words(_KEY_WORDS)
        return self.column()

    def _refuse_words(self, words: tuple[str, ...]) -> None:
        for word in words:
            if self.sees(word) and not (self._next and self._next.text.upper() in self.TYPE_NAMES):
                raise refused(f"{word} in a table", _ONLY_COLUMNS)

    def column(self) -> nodes.ColumnDefinition:
        """A column with its type and constraints."""
        found = nodes.ColumnDefinition(this=self.name(), kind=self._parse_type_name())
        while self._constraint(found):
            pass
        self._refuse_words(_COLUMN_WORDS)
        return self.expression(found)

    def _constraint(self, column: nodes.ColumnDefinition) -> bool:
        if self.takes("NOT", "NULL"):
            slot, value = "nullable", False
        elif self.takes("NULL"):
            slot, value = "nullable", True
        elif self.takes_primary_key():
            slot, value = "primary", True
        elif self.takes("UNIQUE"):
            slot, value = "unique", True
        elif self.takes("DEFAULT"):
            slot, value = "default", self._constant()
        else:
            return False
        if slot in column.args:
            self.fail("A constraint is said twice")
        column.set(slot, value)
        return True

    def _constant(self) -> exp.Expr:
        # A bitwise operand, because NOT NULL may follow.
        found = self._parse_unary()
        if found is None:
            self.fail("Expected a value")
        return found

    # ALTER, RENAME

    def alter(self) -> nodes.Statement:
        """Behind ALTER."""
        self.only_table("ALTER")
        table = self.target()
        return self._alter_hana(table) if self.HANA_FORMS else self._alter_duckdb(table)

    def only_table(self, verb: str) -> None:
        """TABLE, or a refusal that names what stands there."""
        if not self.takes("TABLE"):
            what = self.said()
            raise refused(f"{verb} {what}", f"only {verb} TABLE is answered")

    def _alter_hana(self, table: exp.Table) -> nodes.Statement:
        if self.takes("ADD"):
            self._refuse_words(("CONSTRAINT", "PRIMARY KEY", "PARTITION", "UNIQUE", "FOREIGN KEY"))
            return self.expression(
                nodes.AddColumns(this=table, columns=self.in_brackets(self.column))
            )
        if self.takes("ALTER"):
            return self.expression(
                nodes.AlterColumns(this=table, columns=self.in_brackets(self.column))
            )
        if self.takes("DROP"):
            self._refuse_words(("CONSTRAINT", "PRIMARY KEY", "PARTITION"))
            return self.expression(
                nodes.DropColumns(this=table, columns=self.in_brackets(self.name))
            )
        raise self._unknown_alteration("ADD (...), ALTER (...) or DROP (...)")

    def _alter_duckdb(self, table: exp.Table) -> nodes.Statement:
        if self.takes("ADD"):
            self._refuse_words(("CONSTRAINT", "PRIMARY KEY"))
            self.takes("COLUMN")
            return self.expression(nodes.AddColumns(this=table, columns=[self.column()]))
        if self.takes("DROP"):
            self.takes("COLUMN")
            found = nodes.DropColumns(this=table, columns=[self.name()])
            return self.expression(found)
        if self.takes("RENAME"):
            if not self.takes("COLUMN") and self.sees("TO"):
                raise refused("RENAME of a table", "create another and copy the rows")
            return self._renamed(table, self.name())
        if self.takes("ALTER"):
            self.takes("COLUMN")
            name = self.name()
            self.takes("SET", "DATA")
            self.expect("TYPE")
            column = nodes.ColumnDefinition(this=name, kind=self._parse_type_name())
            return self.expression(nodes.AlterColumns(this=table, columns=[column]))
        raise self._unknown_alteration("ADD, ALTER ... TYPE, DROP or RENAME of a column")

    def _unknown_alteration(self, forms: str) -> Exception:
        return refused(f"ALTER TABLE ... {self.said()}", f"write {forms}")

    def rename(self) -> nodes.Statement:
        """Behind RENAME; HANA's form ``RENAME COLUMN t.c TO d``."""
        if not self.takes("COLUMN"):
            raise refused(f"RENAME {self.said()}", "only RENAME COLUMN is answered")
        *table, column = self.names()
        if not table:
            self.fail("Expected the table before the column")
        return self._renamed(self.table_of(table), column)

    def _renamed(self, table: exp.Table, column: exp.Identifier) -> nodes.Statement:
        self.expect("TO")
        return self.expression(nodes.RenameColumn(this=table, column=column, to=self.name()))

    # DROP

    def drop(self) -> nodes.Statement:
        """Behind DROP."""
        self.only_table("DROP")
        if_exists = self._if("EXISTS")
        table = self.target()
        if self.takes("CASCADE"):
            raise refused("DROP TABLE ... CASCADE", "drop what depends on the table first")
        restrict = self.takes("RESTRICT")
        return self.expression(nodes.DropTable(this=table, if_exists=if_exists, restrict=restrict))
