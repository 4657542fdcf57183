"""Functions on texts and bytes."""

from typing import Final

from tests.hana_emulator.engine import tree, types
from tests.hana_emulator.engine.errors import unsupported
from tests.hana_emulator.engine.functions import Arguments, function
from tests.hana_emulator.engine.scope import Scope
from tests.hana_emulator.engine.terms import Term, cast, convert, quoted
from tests.hana_emulator.engine.types import Family
from tests.hana_emulator.values import DeclaredType

_SAME: Final = {"UPPER": "upper", "UCASE": "upper", "LOWER": "lower", "LCASE": "lower"}


@function("UPPER UCASE LOWER LCASE", 1)
def _case(arguments: Arguments) -> Term:
    term = arguments.text(0)
    return term.like(f"{_SAME[arguments.call.name]}({term.sql})")


@function("LENGTH", 1)
def _length(arguments: Arguments) -> Term:
    term = arguments.term(0)
    if term.family in {Family.BYTES, Family.LOB_BYTES}:
        return term.like(cast(f"octet_length({term.sql})", types.INTEGER), types.INTEGER)
    return term.like(f"h_length({arguments.text(0).sql})", types.INTEGER)


@function("SUBSTRING SUBSTR", 2, 3)
def _substring(arguments: Arguments) -> Term:
    """A position below 1 is 1, a length below 0 is 0 [facts 6.4]."""
    term = arguments.text(0)
    start = f"greatest({_int(arguments, 1)}, 1)"
    if arguments.count == 2:
        return term.like(f"substr({term.sql}, {start})")
    return term.like(f"substr({term.sql}, {start}, greatest({_int(arguments, 2)}, 0))")


def _int(arguments: Arguments, at: int) -> str:
    return cast(arguments.whole(at).sql, types.INTEGER)


@function("SUBSTR_BEFORE SUBSTR_AFTER", 2)
def _around(arguments: Arguments) -> Term:
    """Empty if the pattern does not occur [SQL:substr-before]."""
    term, pattern = arguments.text(0), arguments.text(1).sql
    place = f"strpos({term.sql}, {pattern})"
    if arguments.call.name == "SUBSTR_BEFORE":
        return term.like(f"left({term.sql}, greatest({place} - 1, 0))")
    after = f"substr({term.sql}, {place} + length({pattern}))"
    return term.like(f"CASE WHEN {place} = 0 THEN '' ELSE {after} END")


@function("LEFT RIGHT", 2)
def _left(arguments: Arguments) -> Term:
    term, count = arguments.text(0), f"greatest({_int(arguments, 1)}, 0)"
    return term.like(f"{arguments.call.name.lower()}({term.sql}, {count})")


@function("LPAD RPAD", 2, 3)
def _pad(arguments: Arguments) -> Term:
    term = arguments.text(0)
    pad = arguments.text(2).sql if arguments.count == 3 else "' '"
    width = f"least(greatest({_int(arguments, 1)}, 0), 5000)"
    return term.like(f"{arguments.call.name.lower()}({term.sql}, {width}, {pad})", types.TEXT)


@function("LTRIM RTRIM", 1, 2)
def _trim_side(arguments: Arguments) -> Term:
    term = arguments.text(0)
    characters = f", {arguments.text(1).sql}" if arguments.count == 2 else ""
    return term.like(f"{arguments.call.name.lower()}({term.sql}{characters})")


_TRIMS: Final = {"BOTH": "trim", "LEADING": "ltrim", "TRAILING": "rtrim"}


@function("TRIM", 2, 3)
def _trim(arguments: Arguments) -> Term:
    mode = arguments.call.arguments[0]
    assert isinstance(mode, tree.Word)
    term = arguments.text(1)
    characters = f", {arguments.text(2).sql}" if arguments.count == 3 else ""
    return term.like(f"{_TRIMS[mode.text]}({term.sql}{characters})")


@function("REPLACE", 3)
def _replace(arguments: Arguments) -> Term:
    term, old, new = (arguments.text(at) for at in range(3))
    return Term(f"replace({term.sql}, {old.sql}, {new.sql})", types.TEXT)


@function("LOCATE", 2, 3)
def _locate(arguments: Arguments) -> Term:
    """LOCATE(haystack, needle [, start]) [facts 6.1]."""
    haystack, needle = arguments.text(0), arguments.text(1)
    if arguments.count == 2:
        return Term(cast(f"strpos({haystack.sql}, {needle.sql})", types.INTEGER), types.INTEGER)
    start = f"greatest({_int(arguments, 2)}, 1)"
    found = f"strpos(substr({haystack.sql}, {start}), {needle.sql})"
    sql = f"CASE WHEN {found} = 0 THEN 0 ELSE {found} + {start} - 1 END"
    return Term(cast(sql, types.INTEGER), types.INTEGER)


@function("CONCAT", 2)
def _concat(arguments: Arguments) -> Term:
    left, right = arguments.terms()
    return arguments.compiler.concatenation(left, right)


@function("CONCAT_NAZ", 2)
def _concat_naz(arguments: Arguments) -> Term:
    """NULL counts as empty, but two NULLs are NULL [SQL:concat-naz]."""
    left, right = arguments.text(0), arguments.text(1)
    joined = f"coalesce({left.sql}, '') || coalesce({right.sql}, '')"
    missing = f"{left.sql} IS NULL AND {right.sql} IS NULL"
    return Term(f"CASE WHEN {missing} THEN NULL ELSE {joined} END", types.TEXT)


@function("ASCII UNICODE", 1)
def _code(arguments: Arguments) -> Term:
    term = arguments.text(0)
    sql = f"CASE WHEN {term.sql} = '' THEN NULL ELSE unicode({term.sql}) END"
    return Term(cast(sql, types.INTEGER), types.INTEGER)


@function("CHAR NCHAR", 1)
def _character(arguments: Arguments) -> Term:
    return Term(f"chr({_int(arguments, 0)})", DeclaredType("NVARCHAR", 2))


# bytes


def _bytes(arguments: Arguments, at: int) -> Term:
    term = arguments.term(at, types.BYTES)
    return convert(term, types.BYTES, arguments.position)


@function("BINTOHEX", 1)
def _bintohex(arguments: Arguments) -> Term:
    return Term(f"hex({_bytes(arguments, 0).sql})", types.TEXT)


@function("HEXTOBIN", 1)
def _hextobin(arguments: Arguments) -> Term:
    return Term(f"h_unhex({arguments.text(0).sql})", types.BYTES)


@function("HEXTONUM", 1)
def _hextonum(arguments: Arguments) -> Term:
    """At most 16 hex digits, as a BIGINT [facts 2.5]."""
    return Term(f"h_hex_number({arguments.text(0).sql})", types.BIGINT)


@function("BINTOSTR", 1)
def _bintostr(arguments: Arguments) -> Term:
    return Term(f"decode({_bytes(arguments, 0).sql})", types.TEXT)


@function("STRTOBIN", 2)
def _strtobin(arguments: Arguments) -> Term:
    if arguments.literal(1).upper() not in {"UTF-8", "UTF8"}:
        raise unsupported("STRTOBIN with another encoding than UTF-8", arguments.position)
    return Term(f"encode({arguments.text(0).sql})", types.BYTES)


@function("HASH_MD5 HASH_SHA256", 1)
def _hash(arguments: Arguments) -> Term:
    """Of one binary value; [U] how several are joined, so they are refused."""
    term = arguments.term(0, types.BYTES)
    if term.family not in {Family.BYTES, Family.LOB_BYTES}:
        term = convert(term, types.BYTES, arguments.position)
    name, length = ("md5", 16) if arguments.call.name == "HASH_MD5" else ("sha256", 32)
    return Term(f"unhex({name}({term.sql}))", DeclaredType("VARBINARY", length))


# regular expressions


def regex(compiler: object, node: tree.Regex, scope: Scope) -> Term:
    """``REPLACE_REGEXPR`` and its kin; RE2's syntax, where HANA has PCRE's."""
    call = tree.Call(node.name, tuple(node.parts.values()), node.position)
    arguments = Arguments(compiler, call, scope)  # type: ignore[arg-type]
    at = {slot: number for number, slot in enumerate(node.parts)}
    for slot in ("start", "side"):
        if slot in at:
            raise unsupported(f"{node.name} with {slot.upper()}", node.position)
    pattern, subject = arguments.text(at["pattern"]).sql, arguments.text(at["subject"]).sql
    flag = arguments.literal(at["flag"]) if "flag" in at else ""
    every = "occurrence" not in at or isinstance(node.parts["occurrence"], tree.Word)
    first = not every and getattr(node.parts["occurrence"], "value", "") == "1"
    group = cast(arguments.whole(at["group"]).sql, types.INTEGER) if "group" in at else "0"
    match node.name:
        case "REPLACE_REGEXPR" if every or first:
            new = arguments.text(at["replacement"]).sql if "replacement" in at else "''"
            options = quoted(flag + ("" if first else "g"))
            return Term(f"regexp_replace({subject}, {pattern}, {new}, {options})", types.TEXT)
        case "SUBSTRING_REGEXPR" | "SUBSTR_REGEXPR" if "occurrence" not in at or first:
            sql = f"regexp_extract({subject}, {pattern}, {group}, {quoted(flag)})"
            matches = f"regexp_matches({subject}, {pattern}, {quoted(flag)})"
            return Term(f"CASE WHEN {matches} THEN {sql} END", types.TEXT)
        case "OCCURRENCES_REGEXPR":
            sql = f"len(regexp_extract_all({subject}, {pattern}, 0, {quoted(flag)}))"
            return Term(cast(sql, types.INTEGER), types.INTEGER)
    raise unsupported(f"{node.name} in this form", node.position)
