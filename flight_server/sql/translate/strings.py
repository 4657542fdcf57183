r"""Texts and binaries: HANA's functions in DuckDB's SQL.

Facts: datasphere-hana.md 6.4; rules from [SQL: the page of each function]. HANA counts in UTF-16
units: LENGTH does so here too, but positions (SUBSTRING, LOCATE, LEFT ...) count code points here,
so texts with characters above U+FFFF are cut elsewhere than on HANA. HANA's regular expressions
are PCRE, DuckDB's are RE2: look-around and back references fail there, loudly. [U]: the order of
such characters, UPPER('ß'), REPLACE of an empty text.
"""

from typing import Final

from sqlglot import exp

from flight_server.sql import growth
from flight_server.sql.translate.call import (
    Argument,
    Call,
    Translations,
    failure,
    same,
    template,
)
from flight_server.sql.writer import string

_SUPPLEMENTARY: Final = r"'[^\x{10000}-\x{10FFFF}]', '', 'g'"


def _at_least(slot: str, least: int) -> str:
    """``greatest`` would lose NULL."""
    return f"CASE WHEN {slot} < {least} THEN {least} ELSE {slot} END"


def _substring(call: Call) -> str:
    start = f"substr(#0, {_at_least('#1', 1)}"
    if len(call.arguments) == 2:
        return call.fill(f"{start})")
    return call.fill(f"{start}, {_at_least('#2', 0)})")


def _padded(name: str) -> Translations:
    """LPAD and RPAD, up to HANA's longest NVARCHAR."""

    def translate(call: Call) -> str:
        given = call.arguments[1].number
        if given is not None and float(given) > growth.MAX_PADDED:
            raise call.refuse(f"pads to {growth.MAX_PADDED} characters at most; got {given}.")
        width = growth.padding_width("#1")
        filling = "#2" if len(call.arguments) > 2 else "' '"
        return call.fill(f"{name}(#0, {width}, {filling})")

    return {name.upper(): translate}


def _replace(call: Call) -> str:
    """REPLACE; where it can only shorten a text nothing is checked."""
    subject, wanted, replacement = call.arguments
    texts = (subject.text, wanted.text, replacement.text)
    if (
        wanted.literal is not None
        and replacement.literal is not None
        and len(replacement.literal.encode()) <= len(wanted.literal.encode())
    ):
        return f"replace({', '.join(texts)})"
    return growth.replaced(*texts)


def _locate(call: Call) -> str:
    """The haystack comes first; the fourth argument is which match [SQL:locate]."""
    rest = [argument.number for argument in call.arguments[2:]]
    if any(number is None or number.startswith("-") or not number.isdigit() for number in rest):
        raise call.refuse("takes a start of 0 or more and an occurrence of 1, both as numbers.")
    if rest[1:] and rest[1] != "1":
        raise call.refuse("of another occurrence than the first has no translation.")
    skipped = max(int(rest[0] or 0), 1) - 1 if rest else 0
    if not skipped:
        return call.fill("CAST(strpos(#0, #1) AS INTEGER)")
    found = f"strpos(substr(#0, {skipped + 1}), #1)"
    return call.fill(f"CAST(CASE WHEN {found} = 0 THEN 0 ELSE {found} + {skipped} END AS INTEGER)")


def _hash(name: str) -> Translations:
    """The hash of the arguments behind one another [SQL:hash-md5].

    A text literal is read as hexadecimal digits, as the examples there have it. What bytes another
    text becomes is [U], so that it fails.
    """

    def translate(call: Call) -> str:
        parts = [_bytes(argument) for argument in call.arguments]
        return f"unhex({name}({' || '.join(parts)}))"

    return {f"HASH_{name.upper()}": translate}


def _bytes(argument: Argument) -> str:
    if argument.literal is not None:
        return f"unhex({string(argument.literal)})"
    refused = failure("HANA 266: a hash takes binary values; write TO_BINARY")
    text = argument.text
    return f"(CASE typeof({text}) WHEN 'BLOB' THEN {text} ELSE {refused} END)"


def _utf8(form: str) -> Translations:
    """BINTOSTR and STRTOBIN of UTF-8; other encodings have no counterpart."""
    name, function = form.split("=")

    def translate(call: Call) -> str:
        if len(call.arguments) == 2 and (call.arguments[1].literal or "").upper() != "UTF-8":
            raise call.refuse("of another encoding than 'UTF-8' has no translation.")
        return f"{function}({call.arguments[0].text})"

    return {name: translate}


def trimmed(position: str, value: Argument, removed: Argument | None) -> str:
    """TRIM; DuckDB removes a set of characters, HANA one character [SQL:trim]."""
    call = Call("TRIM", (value,) if removed is None else (value, removed))
    if removed is not None and len(removed.literal or "") != 1:
        raise call.refuse("of anything but one character, as a text, has no translation.")
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(position, "trim")
    return f"{name}({value.text}, {removed.text if removed else string(' ')})"


def _regex_flags(flag: exp.Expr | None, call: Call) -> str:
    """PCRE's flags as RE2 writes them inside a pattern."""
    flags = flag.name if flag is not None else ""
    if set(flags) - set("imsU"):
        raise call.refuse(f"with the flag '{flags[:10]}' has no translation; use i, m, s or U.")
    return f"(?{flags})" if flags else ""


def pattern(argument: Argument, flag: exp.Expr | None, name: str) -> str:
    """The pattern of a regular expression, its flags inside."""
    flags = _regex_flags(flag, Call(name, (argument,)))
    return f"({string(flags)} || {argument.text})" if flags else argument.text


FUNCTIONS: Final[Translations] = {
    "ASCII": same("ascii"),
    "BINTOHEX": lambda call: growth.called("hex", [call.arguments[0].text], first_times=2),
    **_utf8("BINTOSTR=decode"),
    **_utf8("STRTOBIN=encode"),
    "CHAR": same("chr"),
    "CONCAT": lambda call: f"({growth.concatenated([each.text for each in call.arguments])})",
    "CONCAT_NAZ": lambda call: growth.concatenated_without_null(
        call.arguments[0].text, call.arguments[1].text
    ),
    **_hash("md5"),
    **_hash("sha256"),
    "HEXTOBIN": same("unhex"),
    "HEXTONUM": template("CAST(('0x' || #0) AS BIGINT)"),
    "LCASE": same("lower"),
    "LEFT": template(f"left(#0, {_at_least('#1', 0)})"),
    "LENGTH": template(
        f"CAST(length(#0) + length(regexp_replace(#0, {_SUPPLEMENTARY})) AS INTEGER)"
    ),
    "LOCATE": _locate,
    "LOWER": same("lower"),
    **_padded("lpad"),
    "LTRIM": template("ltrim(#0, ' ')", "ltrim(#0, #1)"),
    "NCHAR": same("chr"),
    "REPLACE": _replace,
    "RIGHT": template(f"right(#0, {_at_least('#1', 0)})"),
    **_padded("rpad"),
    "RTRIM": template("rtrim(#0, ' ')", "rtrim(#0, #1)"),
    "SUBSTR": _substring,
    "SUBSTRING": _substring,
    "SUBSTR_AFTER": template(
        "(CASE WHEN strpos(#0, #1) > 0 THEN substr(#0, strpos(#0, #1) + length(#1)) "
        "WHEN strpos(#0, #1) = 0 THEN '' END)"
    ),
    "SUBSTR_BEFORE": template(
        "(CASE WHEN #1 = '' THEN #0 "
        "WHEN strpos(#0, #1) > 0 THEN substr(#0, 1, strpos(#0, #1) - 1) "
        "WHEN strpos(#0, #1) = 0 THEN '' END)"
    ),
    "UCASE": same("upper"),
    "UNICODE": same("unicode"),
    "UPPER": same("upper"),
}
"""INITCAP, SOUNDEX and HAMMING_DISTANCE have no counterpart."""
