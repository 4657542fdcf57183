"""Values of HANA SQL as typed SQL of DuckDB."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from tests.hana_emulator.engine import calendar, decimals, tree, types
from tests.hana_emulator.engine.build import Build
from tests.hana_emulator.engine.errors import inconsistent, syntax_error
from tests.hana_emulator.engine.scope import Compiled, Scope
from tests.hana_emulator.engine.terms import Term, cast, convert, quoted
from tests.hana_emulator.engine.texts import escape, units
from tests.hana_emulator.engine.types import Family, family
from tests.hana_emulator.values import DeclaredType, HanaError

_MOMENTS: Final = {
    "date": (Family.DATE, types.DATE),
    "time": (Family.TIME, types.TIME),
    "timestamp": (Family.TIMESTAMP, types.TIMESTAMP),
}


class ValueCompiler:
    """Compiles values; a subclass knows conditions and queries.

    Attributes:
        user: With whose rights names are looked up.
        schema: Where names without a schema are looked up.
        parameters: Input parameters of the view that is being compiled.
    """

    condition: Callable[[tree.Condition, Scope], str]
    query: Callable[[tree.Query, Scope | None], Compiled]
    call: Callable[[tree.Call, Scope], Term]
    regex: Callable[[tree.Regex, Scope], Term]

    def __init__(
        self, build: Build, user: str, schema: str, parameters: Mapping[str, Term] | None = None
    ) -> None:
        self.build = build
        self.user = user
        self.schema = schema
        self.parameters = parameters

    def value(self, node: tree.Value, scope: Scope) -> Term:
        """A value; a marker may still be without a type."""
        match node:
            case tree.Constant():
                return constant(node)
            case tree.Name():
                return scope.column(node.parts, node.position)
            case tree.MarkerRef():
                return self._marker(node)
            case tree.Unary():
                return self._negative(node, scope)
            case tree.Binary():
                return self._binary(node, scope)
            case tree.Call():
                return self.call(node, scope)
            case tree.Regex():
                return self.regex(node, scope)
            case tree.Cast():
                term = self.build.settle(self.value(node.operand, scope), _sent_as(node.type))
                return convert(term, node.type, node.position)
            case tree.Case():
                return self._case(node, scope)
            case tree.Scalar():
                return self._scalar(node, scope)
            case _:
                raise syntax_error(getattr(node, "text", "*"), node.position)

    def typed(self, node: tree.Value, scope: Scope, hint: DeclaredType = types.TEXT) -> Term:
        """A value whose type is known; a marker takes the hint."""
        return self.build.settle(self.value(node, scope), hint)

    def _marker(self, node: tree.MarkerRef) -> Term:
        if self.parameters is not None:
            if node.name in self.parameters:
                return self.parameters[node.name]
            raise HanaError(467, "cannot use parameter variable", position=node.position)
        return self.build.marker(node.number)

    def _negative(self, node: tree.Unary, scope: Scope) -> Term:
        match node.operand:
            case tree.Constant("integer" | "decimal" | "double" as kind, text, position):
                negative = text[1:] if text.startswith("-") else f"-{text}"
                return constant(tree.Constant(kind, negative, position))
        term = self.typed(node.operand, scope, types.DECIMAL)
        zero = tree.Constant("integer", "0", node.position)
        return self.arithmetic("-", constant(zero), term, node.position)

    def _binary(self, node: tree.Binary, scope: Scope) -> Term:
        left, right = self.value(node.left, scope), self.value(node.right, scope)
        if node.operator == "||":
            return self.concatenation(left, right)
        return self.arithmetic(node.operator, left, right, node.position)

    def concatenation(self, left: Term, right: Term) -> Term:
        """``a || b``; NULL if either is."""
        left, right = (self.build.settle(term, types.TEXT) for term in (left, right))
        if {left.family, right.family} & {Family.LOB_TEXT}:
            result = types.NCLOB
        elif Family.BYTES in {left.family, right.family}:
            result = types.BYTES
            return Term(f"({left.sql} || {right.sql})", result)
        else:
            left, right = convert(left, as_text(left)), convert(right, as_text(right))
            length = min((left.type.length or 1) + (right.type.length or 1), types.MAX_LENGTH)
            result = DeclaredType("NVARCHAR", length)
        left, right = (convert(term, as_text(term)) for term in (left, right))
        return Term(f"({left.sql} || {right.sql})", result, left.nullable or right.nullable)

    def arithmetic(self, operator: str, left: Term, right: Term, position: int) -> Term:
        """``+ - * / %``.

        Raises:
            HanaError: 266 if an operand is no number.
        """
        left, right = self._operands(left, right, position)
        kinds = {left.family, right.family}
        nullable = left.nullable or right.nullable
        if Family.APPROXIMATE in kinds:
            return _approximate(operator, left, right, nullable=nullable)
        if Family.FLOATING in kinds or operator == "/":
            return _floating(operator, left, right, nullable=nullable)
        if kinds == {Family.INTEGER}:
            result = types.common(types.common(left.type, right.type) or left.type, types.INTEGER)
            return _exact(operator, left, right, result or types.BIGINT, nullable=nullable)
        result = _result(operator, left.type, right.type)
        if family(result) is Family.FLOATING:
            return _floating(operator, left, right, nullable=nullable)
        return _exact(operator, left, right, result, nullable=nullable)

    def _operands(self, left: Term, right: Term, position: int) -> tuple[Term, Term]:
        if left.marker is not None:
            left = self.build.settle(left, _number_for(right))
        right = self.build.settle(right, _number_for(left))
        found = []
        for term in (left, right):
            if term.family in types.TEXTS or term.type.name == "NULL":
                term = convert(term, types.DECIMAL, position)  # noqa: PLW2901
            if term.family not in types.NUMERIC:
                raise inconsistent(f"{term.type.name} is not a number", position)
            found.append(term)
        return found[0], found[1]

    def unify(self, terms: list[Term], position: int) -> list[Term]:
        """Terms as one type, for CASE, COALESCE, IN and set operations.

        Raises:
            HanaError: 266 if there is no such type.
        """
        result: DeclaredType = types.NULL
        for term in terms:
            if term.marker is None:
                found = types.common(result, term.type)
                if found is None:
                    raise inconsistent(
                        f"{result.name} is not compatible with {term.type.name}", position
                    )
                result = found
        settled = [self.build.settle(term, result) for term in terms]
        return [convert(term, result, position) for term in settled]

    def pair(self, left: Term, right: Term, position: int) -> tuple[Term, Term]:
        """Two terms as they are compared.

        Raises:
            HanaError: 266 if they cannot be, for example BOOLEAN with a number, or a LOB.
        """
        if left.marker is not None:
            left = self.build.settle(left, types.TEXT if right.marker is not None else right.type)
        right = self.build.settle(right, left.type)
        for term in (left, right):
            if term.family in types.LOBS:
                raise inconsistent(f"{term.type.name} type is not comparable", position)
        result = types.common(left.type, right.type) or _across(left, right)
        if result is None:
            raise inconsistent(f"{left.type.name} and {right.type.name}", position)
        return convert(left, result, position), convert(right, result, position)

    def _case(self, node: tree.Case, scope: Scope) -> Term:
        whens: list[str] = []
        for when, _ in node.branches:
            if node.operand is None:
                whens.append(self.condition(when, scope))  # type: ignore[arg-type]
            else:
                left, right = self.value(node.operand, scope), self.value(when, scope)  # type: ignore[arg-type]
                left, right = self.pair(left, right, node.position)
                whens.append(f"{left.sql} = {right.sql}")
        results = [self.value(result, scope) for _, result in node.branches]
        if node.default is not None:
            results.append(self.value(node.default, scope))
        results = self.unify(results, node.position)
        branches = " ".join(
            f"WHEN {when} THEN {result.sql}" for when, result in zip(whens, results, strict=False)
        )
        default = f" ELSE {results[-1].sql}" if node.default is not None else ""
        return Term(f"CASE {branches}{default} END", results[0].type)

    def _scalar(self, node: tree.Scalar, scope: Scope) -> Term:
        compiled = self.query(node.query, scope)
        if len(compiled.fields) != 1:
            raise HanaError(269, "too many values", position=node.position)
        return Term(f"({compiled.sql})", compiled.fields[0].type)


def constant(node: tree.Constant) -> Term:
    """A literal."""
    match node.kind:
        case "string":
            length = max(units(node.value), 1)
            kind = DeclaredType("NVARCHAR", length) if length <= types.MAX_LENGTH else types.NCLOB
            text = escape(node.value)
            return Term(quoted(text), kind, nullable=False, constant=text)
        case "integer" | "decimal":
            return _exact_constant(node.value)
        case "double":
            number = float(node.value)
            return Term(f"CAST('{node.value}' AS DOUBLE)", types.DOUBLE, False, constant=number)
        case "binary":
            kind = DeclaredType("VARBINARY", max(len(node.value) // 2, 1))
            value = bytes.fromhex(node.value)
            return Term(f"unhex('{node.value}')", kind, nullable=False, constant=value)
        case "boolean":
            value = node.value == "TRUE"
            return Term(node.value.lower(), types.BOOLEAN, nullable=False, constant=value)
        case "null":
            return Term("CAST(NULL AS INTEGER)", types.NULL)
        case _:
            kind, declared = _MOMENTS[node.kind]
            try:
                number = calendar.parse(kind, node.value)
            except HanaError as error:
                error.position = node.position
                raise
            return Term(cast(str(number), declared), declared, nullable=False, constant=number)


def _exact_constant(text: str) -> Term:
    number = Decimal(text)
    if "." not in text:
        for declared in (types.INTEGER, types.BIGINT):
            low, high = types.RANGES[declared.name]
            if low <= number <= high:
                return Term(cast(text, declared), declared, nullable=False, constant=int(number))
    whole, _, fraction = text.lstrip("-").partition(".")
    declared = types.fixed(max(len(whole.lstrip("0")) + len(fraction), 1), len(fraction))
    if family(declared) is Family.FLOATING:
        sql = quoted(decimals.encode(number))
        return Term(sql, types.DECIMAL, nullable=False, constant=decimals.encode(number))
    return Term(cast(quoted(text), declared), declared, nullable=False, constant=number)


def as_text(term: Term) -> DeclaredType:
    """The text type that a term becomes in a text function."""
    match term.family:
        case Family.TEXT | Family.LOB_TEXT:
            return term.type
        case Family.NULL:
            return DeclaredType("NVARCHAR", 1)
        case _:
            return types.TEXT


def _sent_as(target: DeclaredType) -> DeclaredType:
    """[U] CAST(? AS t) is described as t."""
    return target


def _number_for(other: Term) -> DeclaredType:
    if other.marker is None and other.family in types.NUMERIC:
        return other.type
    return types.DECIMAL


def _across(left: Term, right: Term) -> DeclaredType | None:
    """The type for a comparison of text with something else: the other one's."""
    kinds = {left.family, right.family}
    if Family.TEXT not in kinds:
        return None
    other = right if left.family is Family.TEXT else left
    if other.family in types.NUMERIC:
        return types.DOUBLE if other.family is Family.APPROXIMATE else types.DECIMAL
    if other.family in types.MOMENTS | {Family.TIME}:
        return other.type
    return None


def _approximate(operator: str, left: Term, right: Term, *, nullable: bool) -> Term:
    one, other = convert(left, types.DOUBLE).sql, convert(right, types.DOUBLE).sql
    match operator:
        case "/":
            sql = f"h_divide({one}, {other})"
        case "%":
            sql = f"h_mod({one}, {other})"
        case _:
            sql = f"({one} {operator} {other})"
    return Term(sql, types.DOUBLE, nullable)


def _floating(operator: str, left: Term, right: Term, *, nullable: bool) -> Term:
    one, other = convert(left, types.DECIMAL).sql, convert(right, types.DECIMAL).sql
    return Term(f"h_calculate('{operator}', {one}, {other})", types.DECIMAL, nullable)


def _exact(operator: str, left: Term, right: Term, result: DeclaredType, *, nullable: bool) -> Term:
    if operator == "%":
        one, other = convert(left, result).sql, convert(right, result).sql
        return Term(cast(f"h_mod({one}, {other})", result), result, nullable)
    if operator == "*" and family(result) is Family.FIXED:
        one, other = (_as_fixed(term).sql for term in (left, right))
    else:
        one, other = convert(left, result).sql, convert(right, result).sql
    return Term(cast(f"({one} {operator} {other})", result), result, nullable)


def _as_fixed(term: Term) -> Term:
    precision, scale = types.digits(term.type)
    return convert(term, types.fixed(precision, scale))


def _result(operator: str, left: DeclaredType, right: DeclaredType) -> DeclaredType:
    """Precision and scale of arithmetic [SQL:operators]; too wide becomes floating."""
    (precision, scale), (other, other_scale) = types.digits(left), types.digits(right)
    if operator == "*":
        return types.fixed(precision + other, scale + other_scale)
    both = max(scale, other_scale)
    carry = 0 if operator == "%" else 1
    return types.fixed(max(precision - scale, other - other_scale) + both + carry, both)
