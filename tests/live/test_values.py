"""What the driver says of columns and gives as values: questions 2 and 3."""

import pytest

from tests.live.findings import Findings
from tests.live.tenant import Answer, Tenant, attempt

DESCRIBED = {
    "TINYINT": "CAST(1 AS TINYINT)",
    "SMALLINT": "CAST(1 AS SMALLINT)",
    "INTEGER": "CAST(1 AS INTEGER)",
    "BIGINT": "CAST(1 AS BIGINT)",
    "DECIMAL(15,2)": "CAST('1.50' AS DECIMAL(15, 2))",
    "DECIMAL(38,10)": "CAST('1.50' AS DECIMAL(38, 10))",
    "DECIMAL": "CAST('1.50' AS DECIMAL)",
    "SMALLDECIMAL": "CAST('1.50' AS SMALLDECIMAL)",
    "REAL": "CAST(0.5 AS REAL)",
    "DOUBLE": "CAST(0.5 AS DOUBLE)",
    "BOOLEAN": "CAST(TRUE AS BOOLEAN)",
    "NVARCHAR(10)": "CAST('a' AS NVARCHAR(10))",
    "VARCHAR(10)": "CAST('a' AS VARCHAR(10))",
    "NCLOB": "TO_NCLOB('a')",
    "BLOB": "TO_BLOB(X'00FF')",
    "VARBINARY(2)": "CAST(X'00FF' AS VARBINARY(2))",
    "DATE": "DATE'2024-02-29'",
    "TIME": "TIME'23:59:59'",
    "SECONDDATE": "TO_SECONDDATE('2024-02-29 23:59:59', 'YYYY-MM-DD HH24:MI:SS')",
    "TIMESTAMP": "TIMESTAMP'2024-02-29 23:59:59.1234567'",
    "a sum of decimals": "CAST('1.50' AS DECIMAL(15, 2)) + CAST('1' AS DECIMAL(15, 2))",
    "a quotient of decimals": "CAST('1.50' AS DECIMAL(15, 2)) / CAST('3' AS DECIMAL(15, 2))",
    "MIN of DECIMAL(15,2)": "MIN(CAST('1.50' AS DECIMAL(15, 2)))",
    "MAX of TIMESTAMP": "MAX(TIMESTAMP'2024-02-29 23:59:59.1234567')",
    "SUM of DECIMAL(15,2)": "SUM(CAST('1.50' AS DECIMAL(15, 2)))",
    "AVG of DECIMAL(15,2)": "AVG(CAST('1.50' AS DECIMAL(15, 2)))",
    "SUM of INTEGER": "SUM(CAST(1 AS INTEGER))",
    "COUNT": "COUNT(*)",
    "an integer literal": "1",
    "a decimal literal": "1.5",
    "a text literal": "'a'",
    "NULL": "NULL",
}
"""Expressions over DUMMY, by what they are."""


@pytest.mark.parametrize("what", DESCRIBED)
def test_description_has_seven_elements_and_the_extension_is_noted(
    tenant: Tenant, findings: Findings, what: str
) -> None:
    sql = f'SELECT {DESCRIBED[what]} AS "V" FROM DUMMY'
    with tenant.connect() as connection:
        cursor = connection.cursor()
        found = attempt(connection, sql)
        if not isinstance(found, Answer):
            findings.note(2, f"{what}: {found}.")
            return
        cursor.execute(sql)
        extended = [tuple(column) for column in cursor.description_ext() or ()]
        cursor.close()
    (described,) = found.description
    findings.note(2, f"{what}: description {tuple(described)}, description_ext {extended}.")
    assert len(described) == 7


def test_marker_in_the_select_list_says_what_it_becomes(tenant: Tenant, findings: Findings) -> None:
    found = tenant.ask('SELECT ? AS "V" FROM DUMMY', 1)
    if isinstance(found, Answer):
        findings.note(2, f"? bound to 1: {tuple(found.description[0])}, value {found.value!r}.")
    else:
        findings.note(2, f"? bound to 1: {found}.")


VALUES = {
    **{what: DESCRIBED[what] for what in list(DESCRIBED)[:20]},
    "the greatest TINYINT": "CAST(255 AS TINYINT)",
    "DECIMAL with zeros behind": "CAST('1.500' AS DECIMAL(38, 3))",
    "DECIMAL of 34 digits": "CAST('1234567890123456789012345678901234' AS DECIMAL)",
    "DECIMAL with an exponent": "CAST('1E-50' AS DECIMAL)",
    "the first DATE": "DATE'0001-01-01'",
    "a DATE of the Julian calendar": "DATE'1500-02-28'",
    "the last DATE": "DATE'9999-12-31'",
    "the empty date": "CAST('' AS DATE)",
    "the zero date": "TO_DATE('0000-00-00')",
    "the empty timestamp": "CAST('' AS TIMESTAMP)",
    "TIME of 24 hours": "TO_TIME('24:00:00')",
    "the last TIMESTAMP": "TIMESTAMP'9999-12-31 23:59:59.9999999'",
    "a character beyond the first plane": "N'🛒'",
    "half a surrogate pair": "NCHAR(55357)",
    "ST_POINT": "NEW ST_Point(1, 2)",
    "REAL_VECTOR": "TO_REAL_VECTOR('[1, 2.5]')",
}


@pytest.mark.parametrize("what", VALUES)
def test_values_have_the_python_type_that_is_noted(
    tenant: Tenant, findings: Findings, what: str
) -> None:
    found = tenant.ask(f'SELECT {VALUES[what]} AS "V" FROM DUMMY')
    if not isinstance(found, Answer):
        findings.note(3, f"{what}: {found}.")
        return
    value = found.value
    shown = bytes(value) if isinstance(value, memoryview) else value
    findings.note(3, f"{what}: {type(value).__name__}, {shown!r:.120}.")


def test_binary_values_become_bytes(tenant: Tenant) -> None:
    found = tenant.ask("SELECT CAST(X'00FF' AS VARBINARY(2)), TO_BLOB(X'00FF') FROM DUMMY")
    assert isinstance(found, Answer)
    assert [bytes(value) for value in found.rows[0]] == [b"\x00\xff"] * 2


def test_empty_date_says_on_which_side_of_a_comparison_it_stands(
    tenant: Tenant, findings: Findings
) -> None:
    dates = "(SELECT CAST('' AS DATE) AS D FROM DUMMY)"
    for condition in ("D < DATE'0001-01-02'", "D >= DATE'0001-01-01'", "D IS NULL"):
        found = tenant.ask(f"SELECT COUNT(*) FROM {dates} WHERE {condition}")
        meaning = bool(found.value) if isinstance(found, Answer) else found
        findings.note(3, f"The empty date as D: {condition} is {meaning}; ranges count on it.")
