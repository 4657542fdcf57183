"""Files of rows as batches: what is taken, and the sentence about what is not."""

from pathlib import Path

import pyarrow as pa
import pytest

from flight_client.cli.files import Unreadable, batches_of


def read(path: Path, **types: pa.DataType) -> list[dict[str, object]]:
    return pa.Table.from_batches(batches_of(path, types)).to_pylist()


def csv_file(folder: Path, content: str | bytes) -> Path:
    path = folder / "rows.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_line_breaks_in_quotes_are_part_of_the_value(tmp_path: Path) -> None:
    note = "one\ntwo, " + "x" * 100
    rows = read(csv_file(tmp_path, "ID,NOTE\n" + f'1,"{note}"\n' * 20_000))  # over one block
    assert len(rows) == 20_000
    assert {row["NOTE"] for row in rows} == {note}


def test_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert read(csv_file(tmp_path, b"\xef\xbb\xbfID,A\n1,x\n")) == [{"ID": 1, "A": "x"}]


def test_file_of_names_alone_has_no_rows(tmp_path: Path) -> None:
    (batch,) = batches_of(csv_file(tmp_path, "ID\n"), {"ID": pa.int32()})
    assert (batch.num_rows, batch.schema) == (0, pa.schema({"ID": pa.int32()}))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "has no names of columns in its first line; add them"),
        ("ID;A\n1;2\n", "divides its columns by ';'; save it with commas"),
        ("ID\tA\n1\t1,5\n", r"divides its columns by '\t'; save it with commas"),
        ("ID,A,ID\n1,2,3\n", "has two columns 'ID'; rename one"),
        ("ID,A\n1,Müller\n".encode("latin-1"), "is not in UTF-8; save it as UTF-8"),
        ("ID,A\n".encode("utf-16"), "is not in UTF-8; save it as UTF-8"),
        ("ID,A\n1,2\n\n3\n", "has 1 values in line 4 for 2 columns; correct it"),
        ("ID,A\n1,2\n x ,3\n", "has 'x' in column 'ID' in line 3, which is no int32; correct it"),
    ],
)
def test_fault_of_a_csv_file_is_one_sentence(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    path = csv_file(tmp_path, content)
    with pytest.raises(Unreadable) as caught:
        read(path, ID=pa.int32())
    assert str(caught.value) == f"The file {str(path)!r} {said}. Nothing was kept."


def test_guessed_type_that_does_not_hold_names_the_option(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "ID\n" + "1\n" * 600_000 + "x\n")
    with pytest.raises(Unreadable, match=r"line 600002, .+ or declare the column with --type\."):
        read(path)


@pytest.mark.parametrize("name", ["rows.parquet", "rows.arrow", "rows.feather"])
@pytest.mark.parametrize("content", [b"", b"hello"])
def test_fault_of_other_files_names_the_file(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Unreadable, match=rf"{name}' cannot be read: .+[^.]\. Nothing was kept\.$"):
        read(tmp_path / name)
