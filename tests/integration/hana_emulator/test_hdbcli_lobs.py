"""hdbcli reads and writes large objects in pieces."""

from collections.abc import Iterator
from typing import Any

import pytest
from hdbcli import dbapi

from tests.hana_emulator.values import DeclaredType, ResultColumn
from tests.support.hana_double_process import DoubleServer
from tests.support.hana_engine_double import Table

_COLUMNS = (
    ResultColumn("ID", DeclaredType("INTEGER")),
    ResultColumn("T", DeclaredType("NCLOB")),
    ResultColumn("B", DeclaredType("BLOB")),
)
_TEXT = "ä😀b" * 300_000  # 4 UTF-16 units and 9 bytes each, several packets
_BYTES = bytes(range(256)) * 8000


@pytest.fixture
def cursor(connection: Any) -> Iterator[Any]:
    opened = connection.cursor()
    yield opened
    opened.close()


@pytest.fixture
def objects(server: DoubleServer, cursor: Any) -> Any:
    """A text and a binary of several packets, as objects of hdbcli."""
    server.add("L", Table(_COLUMNS, [(1, _TEXT, _BYTES)]))
    cursor.execute("SELECT * FROM L")
    return cursor.fetchone(True)


def test_large_objects_are_read_whole(server: DoubleServer, cursor: Any) -> None:
    server.add("L", Table(_COLUMNS, [(1, _TEXT, _BYTES), (2, None, None), (3, "", b"")]))

    cursor.execute("SELECT * FROM L")
    first, second, third = cursor.fetchall()

    assert (first[1], bytes(first[2])) == (_TEXT, _BYTES)
    assert (second[1], second[2]) == (None, None)
    assert (third[1], bytes(third[2])) == ("", b"")


def test_text_is_read_in_pieces_of_characters(objects: Any) -> None:
    text, _ = objects[1], objects[2]
    pieces = []
    while piece := text.read(100_000):
        pieces.append(piece)

    assert len(pieces) > 10
    assert "".join(pieces) == _TEXT


def test_piece_from_the_middle_is_read(objects: Any) -> None:
    assert objects[1].read(8, 4 * 200_000 + 1) == "ä😀bä😀b"
    assert bytes(objects[2].read(4, 256 * 5000 + 3)) == b"\x02\x03\x04\x05"


def test_place_of_a_text_is_found(objects: Any) -> None:
    assert objects[1].find("b", 1, 4 * 200_000 + 1) == 4 * 200_000 + 4
    assert objects[1].find("q", 1, 1) is None


def test_object_ends_with_its_transaction(connection: Any, objects: Any) -> None:
    connection.setautocommit(False)
    connection.commit()

    with pytest.raises(dbapi.Error):
        objects[1].read(10, 500_000)


def test_batch_with_large_objects_arrives(server: DoubleServer, cursor: Any) -> None:
    server.add("L", Table(_COLUMNS))
    rows = [(n, "ä😀" * size, b"x" * size) for n, size in enumerate((0, 5, 400_000, 10))]

    cursor.executemany("INSERT INTO L VALUES (?, ?, ?)", [*rows, (9, None, None)])

    assert server.rows("L") == [*rows, (9, None, None)]


def test_object_is_written_piece_by_piece(server: DoubleServer, connection: Any) -> None:
    server.add("L", Table(_COLUMNS))
    connection.setautocommit(False)
    cursor = connection.cursor()
    lob = dbapi.LOB()

    cursor.execute("INSERT INTO L VALUES (?, ?, ?)", (1, lob, None))
    for _ in range(3):
        lob.write("ä😀" * 1000)
    before = server.rows("L")
    lob.close()

    assert before == []
    assert server.rows("L") == [(1, "ä😀" * 3000, None)]
    cursor.close()
