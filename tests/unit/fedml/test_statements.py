"""Statements of clauses: INSERTED_AT is added in the right place, and no clause leaves its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.fedml.statements import (
    alter,
    clause,
    delete,
    tokens,
    update,
    with_inserted_at,
)
from flight_client.protocol.errors import InvalidSql

ADDED = '\n, "INSERTED_AT" TIMESTAMP NOT NULL'
TABLE = '"LAB"."T"'


@pytest.mark.parametrize(
    "query",
    [
        "CREATE TABLE T (ID INTEGER|)",
        "CREATE TABLE T (ID INTEGER|) ",
        "CREATE TABLE T (ID INTEGER|);",
        "create column table LAB.T(\n  ID INTEGER PRIMARY KEY,\n  B DECIMAL(10, 2)\n|)\n;\n",
        'CREATE TABLE "a(b" (ID INTEGER|)',
        "CREATE TABLE T (A NVARCHAR(3) DEFAULT ')', B INTEGER|)",
        "CREATE TABLE T (A NVARCHAR(3) DEFAULT 'it''s (', B INTEGER|)",
        'CREATE TABLE T ("A)" INTEGER|)',
        "CREATE TABLE T (A INTEGER -- not the end)\n|)",
        "CREATE TABLE T (A INTEGER /* nor this) */|)",
        "CREATE TABLE T (A INTEGER, PRIMARY KEY (A)|)",
        "CREATE TABLE T /* INSERTED_AT */ (A INTEGER DEFAULT 'INSERTED_AT'|)",
        "CREATE TABLE T (INSERTED_AT_NOON INTEGER|)",
        'CREATE TABLE T ("inserted_at" INTEGER|)',
        "CREATE TABLE T (A INTEGER|) COMMENT 'with (brackets)'",
    ],
)
def test_column_is_added_at_the_end_and_nothing_is_cut_off(query: str) -> None:
    assert with_inserted_at(query.replace("|", "")) == query.replace("|", ADDED)


@pytest.mark.parametrize(
    "query",
    [
        "CREATE TABLE T (ID INTEGER, INSERTED_AT TIMESTAMP)",
        "CREATE TABLE T (ID INTEGER, inserted_at TIMESTAMP NOT NULL, B INTEGER)",
        'CREATE TABLE T ("INSERTED_AT" TIMESTAMP)',
    ],
)
def test_column_that_is_there_is_not_added(query: str) -> None:
    assert with_inserted_at(query) == query


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("CREATE TABLE T", "this statement has none"),
        ("CREATE TABLE T AS (SELECT 1 AS A FROM DUMMY)", "this statement has none"),
        ("CREATE TABLE T LIKE (S)", "this statement has none"),
        ("CREATE TABLE T (ID INTEGER", "opens a bracket and does not close it"),
        ("CREATE TABLE T (ID INTEGER))", "closes a bracket that it does not open"),
        ("CREATE TABLE T (A NVARCHAR(3) DEFAULT 'x)", "opens ' and does not close it"),
        ('CREATE TABLE "T (A INTEGER)', 'opens " and does not close it'),
        ("CREATE TABLE T (A INTEGER /* )", r"opens /\* and does not close it"),
        ("", "the text of a CREATE TABLE; got ''"),
        (None, "the text of a CREATE TABLE; got None"),
    ],
)
def test_definition_without_a_list_of_columns_is_refused(query: object, sentence: str) -> None:
    with pytest.raises(InvalidSql, match=sentence):
        with_inserted_at(query)


def test_clauses_stand_on_lines_of_their_own() -> None:
    assert update(TABLE, "A = 1, B = 'x;y'", "ID = 1 OR ID = 2") == (
        f"UPDATE {TABLE} SET\nA = 1, B = 'x;y'\nWHERE (\nID = 1 OR ID = 2\n)"
    )
    assert update(TABLE, "A = 1", None) == f"UPDATE {TABLE} SET\nA = 1\n"
    assert delete(TABLE, "ID IN (1, 2)") == f"DELETE FROM {TABLE}\nWHERE (\nID IN (1, 2)\n)"
    assert delete(TABLE, None) == f"DELETE FROM {TABLE}\n"
    assert alter(TABLE, "ADD (N INTEGER)") == f"ALTER TABLE {TABLE}\nADD (N INTEGER)"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1=1; DROP TABLE X", "holds a semicolon"),
        ("ID=1) OR (1=1", "closes a bracket"),
        ("ID IN (1", "opens a bracket"),
        ("ID = 1 -- and no more", "holds a comment"),
        ("ID = 1 /* and no more */", "holds a comment"),
        ("ID = 1 /* and", r"opens /\*"),
        ("NAME = 'x", "opens '"),
        ('"NAME = 1', 'opens "'),
        ("", "is a text of SQL; got ''"),
        (7, "is a text of SQL; got 7"),
    ],
)
@pytest.mark.parametrize(
    ("made", "what"),
    [
        (lambda text: update(TABLE, text, "ID = 1"), "The set_clause"),
        (lambda text: update(TABLE, "A = 1", text), "The where_clause"),
        (lambda text: delete(TABLE, text), "The where_clause"),
        (lambda text: alter(TABLE, text), "The clause"),
    ],
    ids=["set", "update-where", "delete-where", "alter"],
)
def test_clause_that_reaches_out_of_its_place_is_refused(
    made: object, what: str, text: object, sentence: str
) -> None:
    with pytest.raises(InvalidSql, match=f"{what} {sentence}"):
        made(text)


FRAGMENTS = st.sampled_from(
    ["A", " ", "= 1", "'x'", "''", '"N"', "(", ")", ";", "--", "\n", "/*", "*/", "'", '"', "-"]
)


@given(st.lists(FRAGMENTS).map("".join))
def test_clause_that_passes_stays_whole_between_others(text: str) -> None:
    try:
        kept = clause(text, "It")
    except InvalidSql:
        return
    alone = [(token.kind, token.text) for token in tokens(kept, "It")]
    between = list(tokens(f"SET\n{kept}\nWHERE (\n{kept}\n)", "It"))
    assert [(token.kind, token.text) for token in between] == [
        ("word", "SET"), *alone, ("word", "WHERE"), ("mark", "("), *alone, ("mark", ")")
    ]  # fmt: skip
    assert [token.depth for token in between if token.text == "WHERE"] == [0]


@given(st.lists(FRAGMENTS).map("".join))
def test_definition_keeps_every_letter(text: str) -> None:
    query = f"CREATE TABLE T ({text})"
    try:
        made = with_inserted_at(query)
    except InvalidSql:
        return
    assert made.replace(ADDED, "") == query.replace(ADDED, "")
