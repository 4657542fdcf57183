"""Conversions between types, and functions of the session."""

from typing import Final

from tests.hana_emulator.engine import tree, types
from tests.hana_emulator.engine.compile_values import as_text
from tests.hana_emulator.engine.errors import unsupported
from tests.hana_emulator.engine.functions import Arguments, function
from tests.hana_emulator.engine.functions_time import read, written
from tests.hana_emulator.engine.terms import Term, convert
from tests.hana_emulator.engine.types import Family
from tests.hana_emulator.values import DeclaredType

_PLAIN: Final = {
    "TO_TINYINT": types.TINYINT,
    "TO_SMALLINT": types.SMALLINT,
    "TO_INTEGER": types.INTEGER,
    "TO_INT": types.INTEGER,
    "TO_BIGINT": types.BIGINT,
    "TO_REAL": types.REAL,
    "TO_DOUBLE": types.DOUBLE,
    "TO_SMALLDECIMAL": types.SMALLDECIMAL,
    "TO_BOOLEAN": types.BOOLEAN,
    "TO_BINARY": types.BYTES,
    "TO_BLOB": types.BLOB,
    "TO_NCLOB": types.NCLOB,
    "TO_CLOB": types.NCLOB,
}


@function(" ".join(_PLAIN), 1)
def _plain(arguments: Arguments) -> Term:
    target = _PLAIN[arguments.call.name]
    return convert(arguments.term(0, _hint(target)), target, arguments.position)


def _hint(target: DeclaredType) -> DeclaredType:
    """[U] A marker in a conversion is described as its result, or as text for binaries."""
    return types.TEXT if types.family(target) in {Family.BYTES, Family.LOB_TEXT} else target


@function("TO_DECIMAL", 1, 3)
def _decimal(arguments: Arguments) -> Term:
    """TO_DECIMAL(x, p, s) cuts what is behind the scale [facts 6.4]."""
    target = types.DECIMAL
    if arguments.count > 1:
        precision, scale = _literals(arguments)
        target = types.declared("DECIMAL", (precision, scale), arguments.position) or target
    return convert(arguments.term(0, types.DECIMAL), target, arguments.position)


def _literals(arguments: Arguments) -> tuple[int, int]:
    found = []
    for node in arguments.call.arguments[1:]:
        if not isinstance(node, tree.Constant) or node.kind != "integer":
            raise unsupported("TO_DECIMAL with a computed precision", arguments.position)
        found.append(int(node.value))
    return found[0], found[1] if len(found) > 1 else 0


_MOMENTS: Final = {
    "TO_DATE": types.DATE,
    "TO_TIME": types.TIME,
    "TO_SECONDDATE": types.SECONDDATE,
    "TO_TIMESTAMP": types.TIMESTAMP,
}


@function(" ".join(_MOMENTS), 1, 2)
def _moment(arguments: Arguments) -> Term:
    target = _MOMENTS[arguments.call.name]
    term = arguments.term(0, types.TEXT)
    if arguments.count == 2 and term.family in types.TEXTS:
        return read(term, target, arguments.literal(1))
    return convert(term, target, arguments.position)


@function("TO_NVARCHAR TO_VARCHAR", 1, 2)
def _text(arguments: Arguments) -> Term:
    term = arguments.term(0)
    if arguments.count == 2:
        if term.type.name == "NULL":
            term = convert(term, types.TIMESTAMP)
        if term.family not in types.MOMENTS | {Family.TIME}:
            raise unsupported(f"{arguments.call.name} of a number in a format", arguments.position)
        return Term(written(term, arguments.literal(1)), types.TEXT)
    target = types.TEXT if term.family is Family.LOB_TEXT else as_text(term)
    return convert(term, target, arguments.position)


@function("TO_DATS", 1)
def _dats(arguments: Arguments) -> Term:
    """A date as ABAP writes it: YYYYMMDD, eight zeros for the empty date [U]."""
    term = convert(arguments.term(0, types.DATE), types.DATE, arguments.position)
    sql = f"CASE WHEN {term.sql} = 0 THEN '00000000' ELSE {written(term, 'YYYYMMDD')} END"
    return Term(sql, DeclaredType("NVARCHAR", 8))


@function("TO_REAL_VECTOR", 1)
def _vector(arguments: Arguments) -> Term:
    return convert(arguments.text(0), DeclaredType("REAL_VECTOR"), arguments.position)


# the session

_NAME = DeclaredType("NVARCHAR", 256)


@function("CURRENT_USER SESSION_USER CURRENT_SCHEMA CURRENT_DATABASE", 0)
def _who(arguments: Arguments) -> Term:
    build = arguments.compiler.build
    match arguments.call.name:
        case "CURRENT_SCHEMA":
            return build.session_value("schema", _NAME, lambda session: session.schema)
        case "CURRENT_DATABASE":
            return build.session_value("database", _NAME, lambda _: "H00")
        case _:
            return build.session_value("user", _NAME, lambda session: session.user)


@function("CURRENT_CONNECTION", 0)
def _connection(arguments: Arguments) -> Term:
    build = arguments.compiler.build
    return build.session_value("connection", types.INTEGER, lambda session: session.connection_id)


@function("CURRENT_TRANSACTION_ISOLATION_LEVEL", 0)
def _isolation(arguments: Arguments) -> Term:
    build = arguments.compiler.build
    return build.session_value("isolation", _NAME, lambda session: session.isolation)


@function("CURRENT_IDENTITY_VALUE", 0)
def _identity(arguments: Arguments) -> Term:
    build = arguments.compiler.build
    return build.session_value("identity", types.BIGINT, lambda session: session.last_identity)


@function("SESSION_CONTEXT", 1)
def _context(arguments: Arguments) -> Term:
    key = arguments.literal(0).upper()
    build = arguments.compiler.build
    name = "context_" + key.encode().hex()
    kind = DeclaredType("NVARCHAR", 512)
    return build.session_value(name, kind, lambda session: session.variables.get(key))


@function("SYSUUID", 0)
def _sysuuid(_: Arguments) -> Term:
    return Term("unhex(replace(CAST(uuid() AS VARCHAR), '-', ''))", DeclaredType("VARBINARY", 16))


_MISSING: Final = """
ABAP_ALPHANUM ABAP_LOWER ABAP_UPPER ADD_MONTHS_LAST ADD_WORKDAYS BITSET BITUNSET
CONVERT_CURRENCY CONVERT_UNIT CORR_SPEARMAN CURRENT_MVCC_SNAPSHOT_TIMESTAMP HAMMING_DISTANCE INITCAP
LOCALTOUTC RECORD_ID SOUNDEX UTCTOLOCAL WEIGHTED_AVG WIDTH_BUCKET WORKDAYS_BETWEEN"""


@function(_MISSING, 0, 9)
def _missing(arguments: Arguments) -> Term:
    """Functions of HANA that the emulator has not: error 7, where an unknown name is 328."""
    raise unsupported(arguments.call.name, arguments.position)
