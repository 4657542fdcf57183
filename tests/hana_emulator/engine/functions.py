"""The functions that compute on one row, by name; each says its types and its SQL.

What each does follows facts/datasphere-hana.md 6.4 and the HANA Cloud SQL reference; where they
leave something open, the README says so. A name that is not here is error 328.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from tests.hana_emulator.engine import tree, types
from tests.hana_emulator.engine.build import Build
from tests.hana_emulator.engine.compile_values import as_text
from tests.hana_emulator.engine.errors import unsupported
from tests.hana_emulator.engine.scope import Scope
from tests.hana_emulator.engine.terms import Term, cast, convert, quoted
from tests.hana_emulator.engine.types import Family
from tests.hana_emulator.values import DeclaredType, HanaError


class Compiler(Protocol):
    """What a function asks of the compiler."""

    build: Build

    def typed(self, node: tree.Value, scope: Scope, hint: DeclaredType = types.TEXT) -> Term: ...
    def value(self, node: tree.Value, scope: Scope) -> Term: ...
    def arithmetic(self, operator: str, left: Term, right: Term, position: int) -> Term: ...
    def concatenation(self, left: Term, right: Term) -> Term: ...
    def unify(self, terms: list[Term], position: int) -> list[Term]: ...
    def pair(self, left: Term, right: Term, position: int) -> tuple[Term, Term]: ...


class Arguments(NamedTuple):
    """The arguments of one call, not yet compiled: a marker's type depends on the function."""

    compiler: Compiler
    call: tree.Call
    scope: Scope

    def __bool__(self) -> bool:
        return bool(self.call.arguments)

    @property
    def count(self) -> int:
        return len(self.call.arguments)

    @property
    def position(self) -> int:
        return self.call.position

    def term(self, at: int, hint: DeclaredType = types.TEXT) -> Term:
        return self.compiler.typed(self.call.arguments[at], self.scope, hint)

    def terms(self) -> list[Term]:
        return [self.compiler.value(one, self.scope) for one in self.call.arguments]

    def text(self, at: int) -> Term:
        """An argument as a text."""
        term = self.term(at)
        return convert(term, as_text(term), self.position)

    def whole(self, at: int) -> Term:
        """An argument as an INTEGER or BIGINT."""
        term = self.term(at, types.INTEGER)
        if term.family is Family.INTEGER:
            return term
        return convert(term, types.BIGINT, self.position)

    def double(self, at: int) -> Term:
        return convert(self.term(at, types.DOUBLE), types.DOUBLE, self.position)

    def number(self, at: int) -> Term:
        """An argument as a number of its own type."""
        term = self.term(at, types.DECIMAL)
        if term.family in types.NUMERIC:
            return term
        return convert(term, types.DECIMAL, self.position)

    def literal(self, at: int) -> str:
        """An argument that must be a string literal."""
        node = self.call.arguments[at]
        if not isinstance(node, tree.Constant) or node.kind != "string":
            raise unsupported(f"{self.call.name} with a computed text", self.position)
        return node.value


Handler = Callable[[Arguments], Term]


class Function(NamedTuple):
    least: int
    most: int
    handler: Handler


FUNCTIONS: Final[dict[str, Function]] = {}


def function(names: str, least: int, most: int | None = None) -> Callable[[Handler], Handler]:
    """Enter a handler under these names, with the number of its arguments."""

    def enter(handler: Handler) -> Handler:
        for name in names.split():
            FUNCTIONS[name] = Function(least, least if most is None else most, handler)
        return handler

    return enter


def apply(arguments: Arguments) -> Term:
    """The value of a call.

    Raises:
        HanaError: 328 for an unknown function, 316 for a wrong number of arguments.
    """
    name = arguments.call.name
    found = FUNCTIONS.get(name)
    if found is None:
        raise HanaError(
            328, f"invalid name of function or procedure: {name}", position=arguments.position
        )
    if not found.least <= arguments.count <= found.most:
        raise HanaError(
            316,
            f"wrong number of arguments in function invocation: {name}",
            position=arguments.position,
        )
    return found.handler(arguments)


# numbers

_DOUBLES: Final = {
    "ACOS": "acos", "ASIN": "asin", "ATAN": "atan", "COS": "cos", "COSH": "cosh", "COT": "cot",
    "EXP": "exp", "LN": "ln", "SIN": "sin", "SINH": "sinh", "SQRT": "sqrt", "TAN": "tan",
    "TANH": "tanh",
}  # fmt: skip


@function(" ".join(_DOUBLES), 1)
def _double(arguments: Arguments) -> Term:
    term = arguments.double(0)
    return term.like(f"{_DOUBLES[arguments.call.name]}({term.sql})")


@function("ATAN2 POWER", 2)
def _double_pair(arguments: Arguments) -> Term:
    one, other = arguments.double(0), arguments.double(1)
    return Term(f"{arguments.call.name.lower()}({one.sql}, {other.sql})", types.DOUBLE)


@function("LOG", 2)
def _log(arguments: Arguments) -> Term:
    base, number = arguments.double(0), arguments.double(1)
    return Term(f"(ln({number.sql}) / ln({base.sql}))", types.DOUBLE)


@function("ABS SIGN", 1)
def _abs(arguments: Arguments) -> Term:
    term, name = arguments.number(0), arguments.call.name.lower()
    if term.family is Family.FLOATING:
        zero = quoted("1")
        sign = f"CASE WHEN {term.sql} > {zero} THEN 1 WHEN {term.sql} = {zero} THEN 0 "
        sign += f"WHEN {term.sql} < {zero} THEN -1 END"
        if name == "sign":
            return Term(cast(sign, types.INTEGER), types.INTEGER)
        minus = f"h_calculate('-', {zero}, {term.sql})"
        return term.like(f"CASE WHEN {term.sql} < {zero} THEN {minus} ELSE {term.sql} END")
    result = types.INTEGER if name == "sign" else term.type
    return term.like(cast(f"{name}({term.sql})", result), result)


@function("CEIL FLOOR", 1)
def _ceil(arguments: Arguments) -> Term:
    term, name = arguments.number(0), arguments.call.name
    match term.family:
        case Family.INTEGER:
            return term
        case Family.FLOATING:
            mode = "ROUND_CEILING" if name == "CEIL" else "ROUND_FLOOR"
            return term.like(f"h_round({term.sql}, 0, '{mode}')")
        case Family.FIXED:
            precision, scale = types.digits(term.type)
            result = types.fixed(min(precision - scale + 1, 38), 0)
            return term.like(cast(f"{name.lower()}({term.sql})", result), result)
        case _:
            return term.like(cast(f"{name.lower()}({term.sql})", term.type))


@function("ROUND", 1, 3)
def _round(arguments: Arguments) -> Term:
    term = arguments.number(0)
    places = arguments.whole(1).sql if arguments.count > 1 else "0"
    mode = "ROUND_HALF_UP"
    if arguments.count > 2:
        word = arguments.call.arguments[2]
        if not isinstance(word, tree.Word):
            raise unsupported("ROUND with a computed mode", arguments.position)
        mode = word.text
    if term.family is Family.APPROXIMATE and mode == "ROUND_HALF_UP":
        return term.like(cast(f"round({term.sql}, CAST({places} AS INTEGER))", term.type))
    exact = convert(term, types.DECIMAL)
    sql = f"h_round({exact.sql}, CAST({places} AS INTEGER), '{mode}')"
    result = term.type
    if term.family is Family.FIXED:
        precision, scale = types.digits(term.type)
        result = types.fixed(min(precision + 1, 38), scale)
    return convert(Term(sql, types.DECIMAL), result)


@function("MOD", 2)
def _mod(arguments: Arguments) -> Term:
    left, right = arguments.terms()
    return arguments.compiler.arithmetic("%", left, right, arguments.position)


@function("NDIV0", 2)
def _ndiv0(arguments: Arguments) -> Term:
    left, right = arguments.terms()
    result = arguments.compiler.arithmetic("/", left, right, arguments.position)
    divisor = convert(arguments.number(1), types.DOUBLE)
    zero = convert(Term("0", types.INTEGER), result.type)
    return result.like(f"CASE WHEN {divisor.sql} = 0 THEN {zero.sql} ELSE {result.sql} END")


@function("RAND", 0)
def _rand(_: Arguments) -> Term:
    return Term("random()", types.DOUBLE, nullable=False)


_BITS: Final = {"BITAND": "&", "BITOR": "|"}


@function("BITAND BITOR BITXOR", 2)
def _bits(arguments: Arguments) -> Term:
    one, other = (convert(arguments.whole(at), types.BIGINT) for at in (0, 1))
    operator = _BITS.get(arguments.call.name)
    sql = f"({one.sql} {operator} {other.sql})" if operator else f"xor({one.sql}, {other.sql})"
    return Term(sql, types.BIGINT)


@function("BITNOT", 1)
def _bitnot(arguments: Arguments) -> Term:
    return Term(f"(~{convert(arguments.whole(0), types.BIGINT).sql})", types.BIGINT)


@function("BITCOUNT", 1)
def _bitcount(arguments: Arguments) -> Term:
    term = convert(arguments.whole(0), types.BIGINT)
    return Term(cast(f"bit_count({term.sql})", types.INTEGER), types.INTEGER)


# choices


@function("COALESCE", 2, 1000)
def _coalesce(arguments: Arguments) -> Term:
    terms = arguments.compiler.unify(arguments.terms(), arguments.position)
    return Term(f"coalesce({', '.join(term.sql for term in terms)})", terms[0].type)


@function("IFNULL", 2)
def _ifnull(arguments: Arguments) -> Term:
    return _coalesce(arguments)


@function("NULLIF", 2)
def _nullif(arguments: Arguments) -> Term:
    left, right = arguments.terms()
    one, other = arguments.compiler.pair(left, right, arguments.position)
    result = arguments.term(0, one.type)
    return Term(f"CASE WHEN {one.sql} = {other.sql} THEN NULL ELSE {result.sql} END", result.type)


@function("GREATEST LEAST", 1, 1000)
def _greatest(arguments: Arguments) -> Term:
    terms = arguments.compiler.unify(arguments.terms(), arguments.position)
    missing = " OR ".join(f"{term.sql} IS NULL" for term in terms)
    sql = f"{arguments.call.name.lower()}({', '.join(term.sql for term in terms)})"
    return Term(f"CASE WHEN {missing} THEN NULL ELSE {sql} END", terms[0].type)


@function("MAP", 3, 1000)
def _map(arguments: Arguments) -> Term:
    """MAP(x, s, r, ..., d)."""
    terms = arguments.terms()
    subject, rest = terms[0], terms[1:]
    searches, results = rest[:-1:2] if len(rest) % 2 else rest[::2], rest[1::2]
    if len(rest) % 2:
        results = [*results, rest[-1]]
    results = arguments.compiler.unify(list(results), arguments.position)
    branches = []
    for search, result in zip(searches, results, strict=False):
        one, other = arguments.compiler.pair(subject, search, arguments.position)
        branches.append(f"WHEN {one.sql} = {other.sql} THEN {result.sql}")
    default = f" ELSE {results[-1].sql}" if len(rest) % 2 else ""
    return Term(f"CASE {' '.join(branches)}{default} END", results[0].type)
