"""The nodes of statements that change data; sqlglot's own have slots for thirty dialects."""

from typing import ClassVar

from sqlglot.expressions.core import Expression


class Statement(Expression):
    """A whole statement; ``this`` is the table that it changes."""


class Row(Expression):
    """The values of one row."""

    arg_types: ClassVar = {"expressions": True}


class DefaultValue(Expression):
    """DEFAULT in a row of values."""

    arg_types: ClassVar = {}


class Assignment(Expression):
    """``column = value``; the qualifiers are gone once the column was found."""

    arg_types: ClassVar = {"this": True, "table": False, "db": False, "expression": True}


class InsertInto(Statement):
    """INSERT of rows of values, or of a query."""

    arg_types: ClassVar = {"this": True, "columns": False, "rows": False, "query": False}


class UpsertInto(Statement):
    """HANA's UPSERT: a row with WHERE or WITH PRIMARY KEY, or a query by primary key."""

    arg_types: ClassVar = {
        "this": True,
        "columns": False,
        "row": False,
        "where": False,
        "by_key": False,
        "query": False,
    }


class UpdateTable(Statement):
    """UPDATE."""

    arg_types: ClassVar = {"this": True, "assignments": True, "where": False}


class DeleteFrom(Statement):
    """DELETE."""

    arg_types: ClassVar = {"this": True, "where": False}


class MergeInto(Statement):
    """MERGE INTO; the branches in the order of the text."""

    arg_types: ClassVar = {"this": True, "source": True, "on": True, "branches": True}


class MergeUpdate(Expression):
    """WHEN MATCHED [AND condition] THEN UPDATE SET."""

    arg_types: ClassVar = {"condition": False, "assignments": True}


class MergeDelete(Expression):
    """WHEN MATCHED [AND condition] THEN DELETE."""

    arg_types: ClassVar = {"condition": False}


class MergeInsert(Expression):
    """WHEN NOT MATCHED [AND condition] THEN INSERT."""

    arg_types: ClassVar = {"condition": False, "columns": False, "row": True}


class TruncateTable(Statement):
    """TRUNCATE TABLE."""

    arg_types: ClassVar = {"this": True}


class ColumnDefinition(Expression):
    """A column with its type; ``nullable`` is missing where the text does not say."""

    arg_types: ClassVar = {
        "this": True,
        "kind": True,
        "nullable": False,
        "default": False,
        "primary": False,
        "unique": False,
    }


class UniqueKey(Expression):
    """PRIMARY KEY or UNIQUE of several columns."""

    arg_types: ClassVar = {"expressions": True, "primary": False}


class CreateTable(Statement):
    """CREATE TABLE with columns, or AS a query."""

    arg_types: ClassVar = {
        "this": True,
        "store": False,
        "if_missing": False,
        "columns": False,
        "keys": False,
        "query": False,
        "empty": False,
    }


class AddColumns(Statement):
    """ALTER TABLE ... ADD."""

    arg_types: ClassVar = {"this": True, "columns": True}


class AlterColumns(Statement):
    """ALTER TABLE ... ALTER."""

    arg_types: ClassVar = {"this": True, "columns": True}


class DropColumns(Statement):
    """ALTER TABLE ... DROP."""

    arg_types: ClassVar = {"this": True, "columns": True}


class RenameColumn(Statement):
    """RENAME COLUMN."""

    arg_types: ClassVar = {"this": True, "column": True, "to": True}


class DropTable(Statement):
    """DROP TABLE."""

    arg_types: ClassVar = {"this": True, "if_exists": False, "restrict": False}
