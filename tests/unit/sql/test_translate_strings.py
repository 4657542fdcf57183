"""Texts and binaries mean on DuckDB what HANA's documentation says; [SQL] marks its examples."""

import hashlib

import duckdb
import pytest

from flight_client.protocol.errors import UnsupportedSql
from tests.support.hana_sql import ask, value


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("LOCATE('length in char', '')", 1),  # [SQL]
        ("LOCATE('length in char', 'length')", 1),  # [SQL]
        ("LOCATE('length in char', 'zchar')", 0),  # [SQL]
        ("LOCATE('abcabc', 'c')", 3),
        ("LOCATE('abcabc', 'c', 4)", 6),
        ("LOCATE('abcabc', 'c', 0)", 3),
        ("LOCATE('abcabc', 'a', 5)", 0),
        ("LOCATE('abcabc', 'c', 1, 1)", 3),
        ("LOCATE(NULL, 'c')", None),
        ("SUBSTRING('1234567890', 4, 2)", "45"),  # [SQL]
        ("SUBSTRING('1234567890', 0, 2)", "12"),
        ("SUBSTRING('1234567890', -5, 2)", "12"),
        ("SUBSTRING('1234567890', 9)", "90"),
        ("SUBSTRING('1234567890', -1)", "1234567890"),
        ("SUBSTRING('1234567890', 4, 0)", ""),
        ("SUBSTRING('1234567890', 4, -3)", ""),
        ("SUBSTRING('123', 2, 99)", "23"),
        ("SUBSTRING('123', NULL, 1)", None),
        ("SUBSTR('1234567890', 4, 2)", "45"),
        ("SUBSTR_AFTER('Hello My Friend', 'My ')", "Friend"),  # [SQL]
        ("SUBSTR_AFTER('Hello', 'x')", ""),
        ("SUBSTR_AFTER('Hello', '')", "Hello"),
        ("SUBSTR_AFTER(NULL, 'x')", None),
        ("SUBSTR_BEFORE('Hello My Friend', 'My')", "Hello "),
        ("SUBSTR_BEFORE('Hello', 'x')", ""),
        ("SUBSTR_BEFORE('Hello', '')", "Hello"),  # [SQL]
        ("SUBSTR_BEFORE('Hello', NULL)", None),
        ("LEFT('abc', 2)", "ab"),
        ("LEFT('abc', 0)", ""),
        ("LEFT('abc', -1)", ""),
        ("LEFT('abc', 9)", "abc"),
        ("LEFT('abc', NULL)", None),
        ("RIGHT('abc', 2)", "bc"),
        ("RIGHT('abc', -1)", ""),
        ("LPAD('end', 15, '12345')", "123451234512end"),  # [SQL]
        ("LPAD('end', 2, '12345')", "en"),  # [SQL]
        ("LPAD('end', 5)", "  end"),
        ("LPAD('end', -1)", ""),
        ("RPAD('end', 15, '12345')", "end123451234512"),
        ("RPAD('end', 5)", "end  "),
        ("LTRIM('babababAabend', 'ab')", "Aabend"),  # [SQL]
        ("LTRIM('  a ')", "a "),
        ("RTRIM(' a  ')", " a"),
        ("RTRIM('abbb', 'b')", "a"),
        ("TRIM('  a ')", "a"),
        ("TRIM(BOTH 'x' FROM 'xxaxx')", "a"),
        ("TRIM(LEADING 'x' FROM 'xxaxx')", "axx"),
        ("TRIM(TRAILING 'x' FROM 'xxaxx')", "xxa"),
        ("REPLACE('DOWNGRADE DOWNWARD', 'DOWN', 'UP')", "UPGRADE UPWARD"),
        ("UPPER('ant')", "ANT"),
        ("UCASE('ant')", "ANT"),
        ("LOWER('AnT')", "ant"),
        ("LCASE('AnT')", "ant"),
        ("LENGTH('length of this')", 14),  # [SQL]
        ("LENGTH('a\u20ac')", 2),
        ("LENGTH('a\U0001f600b')", 4),  # [SQL: supplementary characters count twice]
        ("LENGTH(NULL)", None),
        ("CONCAT('a', 'b')", "ab"),
        ("CONCAT('a', NULL)", None),
        ("CONCAT(1, 2)", "12"),
        ("'a' || NULL", None),
        ("'a' || 1 || 'b'", "a1b"),
        ("CONCAT_NAZ('a', NULL)", "a"),
        ("CONCAT_NAZ(NULL, 'b')", "b"),
        ("CONCAT_NAZ(NULL, NULL)", None),
        ("CONCAT_NAZ('a', 'b')", "ab"),
        ("ASCII('Ant')", 65),
        ("CHAR(65)", "A"),
        ("NCHAR(8364)", "\u20ac"),
        ("UNICODE('\u20ac')", 8364),
        ("BINTOHEX(TO_BINARY('abc'))", "616263"),
        ("BINTOHEX(X'abCD')", "ABCD"),
        ("HEXTOBIN('00ff')", b"\x00\xff"),
        ("HEXTONUM('ff')", 255),
        ("BINTOSTR(X'C3A4')", "\u00e4"),
        ("BINTOSTR(X'C3A4', 'UTF-8')", "\u00e4"),
        ("STRTOBIN('\u00e4', 'UTF-8')", b"\xc3\xa4"),
        ("X'00AB'", b"\x00\xab"),
        ("X''", b""),
        (
            "REPLACE_REGEXPR('([[:digit:]]{4})-([[:digit:]]{2})-([[:digit:]]{2})' IN '2014-04-01' "
            "WITH '\\3/\\2/\\1' OCCURRENCE ALL)",
            "01/04/2014",
        ),  # [SQL]
        ("REPLACE_REGEXPR('a' IN 'aAa' WITH 'b')", "bAb"),
        ("REPLACE_REGEXPR('a' FLAG 'i' IN 'aAa' WITH 'b')", "bbb"),
        ("REPLACE_REGEXPR('a' IN 'aa' WITH 'b' OCCURRENCE 1)", "ba"),
        ("REPLACE_REGEXPR('a' IN 'aba')", "b"),
        ("REPLACE_REGEXPR('a' IN 'aba' WITH 'c' FROM 1)", "cbc"),
        ("REPLACE_REGEXPR('a' IN NULL WITH 'c')", None),
        (
            "SUBSTR_REGEXPR('([[:digit:]]{4})([[:digit:]]{2})([[:digit:]]{2})' IN '20140401' "
            "GROUP 3)",
            "01",
        ),  # [SQL]
        ("SUBSTRING_REGEXPR('[0-9]+' IN 'a12b34')", "12"),
        ("SUBSTRING_REGEXPR('[0-9]+' IN 'a12b34' OCCURRENCE 2)", "34"),
        ("SUBSTRING_REGEXPR('[0-9]+' IN 'ab')", None),
        ("OCCURRENCES_REGEXPR('[0-9]' IN 'a12b34')", 4),
        ("CASE WHEN 'abc' LIKE_REGEXPR 'B' THEN 1 ELSE 0 END", 0),
        ("CASE WHEN 'abc' LIKE_REGEXPR 'B' FLAG 'i' THEN 1 ELSE 0 END", 1),
        ("CASE WHEN 'a' || CHAR(10) || 'b' LIKE_REGEXPR 'a.b' THEN 1 ELSE 0 END", 0),
        ("CASE WHEN 'a' || CHAR(10) || 'b' LIKE_REGEXPR 'a.b' FLAG 's' THEN 1 ELSE 0 END", 1),
        ("CASE WHEN 'a' || CHAR(10) || 'b' LIKE_REGEXPR '^b' FLAG 'm' THEN 1 ELSE 0 END", 1),
        ("SUBSTRING_REGEXPR('a+' FLAG 'U' IN 'aaa')", "a"),
        ("CASE WHEN 'a_b' LIKE 'a\\_b' ESCAPE '\\' THEN 1 ELSE 0 END", 1),
        ("CASE WHEN 'axb' LIKE 'a\\_b' ESCAPE '\\' THEN 1 ELSE 0 END", 0),
        ("CASE WHEN 'a\\b' LIKE 'a\\b' THEN 1 ELSE 0 END", 1),
        ("CASE WHEN 'A' LIKE 'a' THEN 1 ELSE 0 END", 0),
        ("CASE WHEN 'a' NOT LIKE 'b%' THEN 1 ELSE 0 END", 1),
    ],
)
def test_text_function_means_what_hana_documents(
    landscape: duckdb.DuckDBPyConnection, expression: str, expected: object
) -> None:
    assert value(landscape, expression) == expected


@pytest.mark.parametrize(
    ("expression", "hashed"),
    [
        ("TO_BINARY('abcd'), TO_BINARY('efg')", "7AC66C0F148DE9519B8BD264312C4D64"),
        ("TO_BINARY('abc'), TO_BINARY('defg')", "7AC66C0F148DE9519B8BD264312C4D64"),
        ("TO_BINARY('abcd'), '00', TO_BINARY('efg')", "6BB6BD45C57D57ECC69A9EB81F7409BE"),
        ("TO_BINARY('abc'), '00', TO_BINARY('defg')", "1CEDEB6EB7ED12D948F66593589FBD23"),
    ],
)
def test_md5_gives_the_documented_hashes(
    landscape: duckdb.DuckDBPyConnection, expression: str, hashed: str
) -> None:
    assert value(landscape, f"HASH_MD5({expression})") == bytes.fromhex(hashed)


def test_sha256_is_binary(landscape: duckdb.DuckDBPyConnection) -> None:
    found = value(landscape, "HASH_SHA256(TO_BINARY('abc'))")

    assert found == hashlib.sha256(b"abc").digest()


def test_hash_of_a_text_column_fails_loudly(landscape: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error):
        ask(landscape, "SELECT HASH_MD5(name) FROM orders")


@pytest.mark.parametrize(
    ("expression", "construct"),
    [
        ("LOCATE('a', 'b', -1)", "LOCATE"),
        ("LOCATE('a', 'b', 1, 2)", "LOCATE"),
        ("LOCATE('a', 'b', id)", "LOCATE"),
        ("TRIM(BOTH 'xy' FROM name)", "TRIM"),
        ("TRIM(BOTH name FROM name)", "TRIM"),
        ("SOUNDEX(name)", "SOUNDEX"),
        ("HEXTONUM('ff', -1)", "HEXTONUM"),
        ("INITCAP(name)", "INITCAP"),
        ("HAMMING_DISTANCE(name, 'a')", "HAMMING_DISTANCE"),
        ("BINTOSTR(X'00', 'UTF-16')", "BINTOSTR"),
        ("STRTOBIN('a', 'CESU-8')", "STRTOBIN"),
        ("REPLACE_REGEXPR('a' FLAG 'x' IN name WITH 'b')", "REPLACE_REGEXPR"),
        ("REPLACE_REGEXPR('a' IN name WITH 'b' OCCURRENCE 2)", "REPLACE_REGEXPR"),
        ("REPLACE_REGEXPR('a' IN name WITH 'b' FROM 2)", "REPLACE_REGEXPR"),
        ("SUBSTR_REGEXPR('a' IN name FROM 2)", "SUBSTRING_REGEXPR"),
    ],
)
def test_text_form_without_counterpart_is_refused_by_name(
    landscape: duckdb.DuckDBPyConnection, expression: str, construct: str
) -> None:
    with pytest.raises(UnsupportedSql) as caught:
        ask(landscape, f"SELECT {expression} FROM orders")

    assert caught.value.details["construct"] == construct


def test_pattern_that_only_pcre_knows_fails_loudly(landscape: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error):
        ask(landscape, "SELECT id FROM orders WHERE name LIKE_REGEXPR '(?=a)'")


def test_tabs_are_not_trimmed(landscape: duckdb.DuckDBPyConnection) -> None:
    assert value(landscape, "LTRIM(CHAR(9) || 'a')") == "\ta"
    assert value(landscape, "TRIM(CHAR(9) || 'a')") == "\ta"


def test_text_parameter_stays_a_value(landscape: duckdb.DuckDBPyConnection) -> None:
    assert value(landscape, "UPPER(?) || '!'", "it's $1 #0 ?") == "IT'S $1 #0 ?!"
