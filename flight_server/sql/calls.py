"""Judges every function call of a query by the list in ``functions``; knows no translation."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from flight_client.protocol.errors import InvalidSql, RefusedSql
from flight_server.sql.functions import Kind, Signature
from flight_server.sql.strict import Niladic
from flight_server.sql.writer import child, children

_SEQUENCE_WORDS: Final = frozenset({"NEXTVAL", "CURRVAL"})
_TIME_PARTS: Final = frozenset({"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"})
_WITHIN_GROUP: Final = frozenset({"PERCENTILE_CONT", "PERCENTILE_DISC"})


@dataclass(frozen=True, slots=True)
class Rules:
    """The functions of one dialect.

    Attributes:
        signatures: Functions that may be called, by name in upper case.
        niladic: Functions without brackets that may be used.
        niladic_words: All words that the dialect reads as such functions.
        distinct: Aggregates that take DISTINCT.
        rounding_modes: Words in the third place of ROUND.
    """

    signatures: Mapping[str, Signature]
    niladic: frozenset[str]
    niladic_words: frozenset[str]
    distinct: frozenset[str]
    rounding_modes: frozenset[str]


def mark_words(tree: exp.Expr, rules: Rules) -> None:
    """Turns words that look like columns into what they are: functions and rounding modes.

    Raises:
        RefusedSql: A sequence is read.
    """
    for column in list(tree.find_all(exp.Column)):
        name = column.this
        if not isinstance(name, exp.Identifier) or name.args.get("quoted"):
            continue
        word = name.name.upper()
        if word in _SEQUENCE_WORDS:
            raise RefusedSql(
                f"The SQL uses {word}, which moves a sequence; a read may not.", construct=word
            )
        if column.args.get("table") is not None:
            continue
        call = column.parent
        if word in rules.niladic_words:
            column.replace(Niladic(this=word))
        elif (
            word in rules.rounding_modes
            and isinstance(call, exp.Anonymous)
            and call.name.upper() == "ROUND"
            and column.index == 2
        ):
            column.replace(exp.Var(this=word))


def check(tree: exp.Expr, rules: Rules) -> None:
    """Checks name, arity and place of every call below ``tree``.

    Raises:
        RefusedSql: A function is not in the list.
        InvalidSql: It is, and is called wrongly.
    """
    for node in tree.walk():
        if isinstance(node, exp.Anonymous):
            if isinstance(node.parent, exp.Table):
                _check_parameters(node)
            else:
                _check_call(node, rules)
        elif isinstance(node, Niladic) and node.name not in rules.niladic:
            raise RefusedSql(
                f"The SQL uses {node.name}, which tells about the session; a read may not.",
                construct=node.name,
            )
        elif isinstance(node, exp.Extract) and node.this.name not in _TIME_PARTS:
            raise InvalidSql(
                f"EXTRACT knows no '{node.this.name[:40]}'; use {sorted(_TIME_PARTS)}."
            )
        elif isinstance(node, exp.WithinGroup) and node.this.name.upper() not in _WITHIN_GROUP:
            raise InvalidSql(f"{node.this.name.upper()} takes no WITHIN GROUP; leave it out.")
        elif isinstance(node, exp.Var) and not isinstance(
            node.parent, exp.Extract | exp.TableSample
        ):
            _check_word(node)


def _check_word(node: exp.Var) -> None:
    call = node.parent
    rounding = isinstance(call, exp.Anonymous) and call.name.upper() == "ROUND"
    if not rounding and node.name != "ALL":
        raise InvalidSql(f"The word {node.name} does not belong there; remove it.")


def _check_parameters(node: exp.Anonymous) -> None:
    """A parametrised view is no function; its name is looked up later."""
    named = [isinstance(item, exp.Kwarg) for item in node.expressions]
    if any(named) and not all(named):
        raise InvalidSql("Input parameters are given by name or by position, not both.")
    for item in node.expressions:
        if isinstance(item, exp.Star | exp.Distinct | exp.Order | exp.Var):
            raise InvalidSql("An input parameter is not a value; give a constant or ?.")


def _check_call(node: exp.Anonymous, rules: Rules) -> None:
    name = node.name.upper()
    signature = rules.signatures.get(name) if isinstance(node.args.get("this"), str) else None
    if signature is None:
        close = difflib.get_close_matches(name, rules.signatures, n=1)
        advice = f"did you mean {close[0]}?" if close else "leave it out."
        raise RefusedSql(
            f"The function '{name[:60]}' is not in the list of those a read may call; {advice}",
            construct=name[:60],
        )
    _check_arguments(node, name, signature, rules)
    window = isinstance(node.parent, exp.Window) and node.arg_key == "this"
    if signature.kind is Kind.WINDOW and not window:
        raise InvalidSql(f"{name} needs OVER (...) behind it.")
    if signature.kind is Kind.SCALAR and window:
        raise InvalidSql(f"{name} is no window function; leave OVER out.")
    if name in _WITHIN_GROUP and not isinstance(node.parent, exp.WithinGroup):
        raise InvalidSql(f"{name} needs WITHIN GROUP (ORDER BY ...) behind it.")


def _check_arguments(node: exp.Anonymous, name: str, signature: Signature, rules: Rules) -> None:
    arguments = children(node)
    values = len(arguments)
    for position, argument in enumerate(arguments, 1):
        if isinstance(argument, exp.Kwarg):
            raise InvalidSql(f"{name} takes no named arguments; leave the name out.")
        if isinstance(argument, exp.Star) and name != "COUNT":
            raise InvalidSql(f"{name} takes no *; name a column.")
        if isinstance(argument, exp.Distinct):
            if name not in rules.distinct:
                raise InvalidSql(f"{name} takes no DISTINCT; leave it out.")
            if len(argument.expressions) != 1:
                raise InvalidSql(f"{name}(DISTINCT ...) takes one value; give one.")
        ordered = signature.ordered and position == values
        if isinstance(argument, exp.Order) and not (ordered and child(argument, "this")):
            raise InvalidSql(f"{name} takes no ORDER BY there; leave it out.")
    most = signature.most
    if values < signature.fewest or (most is not None and values > most):
        wanted = (
            str(signature.fewest)
            if most == signature.fewest
            else (
                f"{signature.fewest} to {most}"
                if most is not None
                else f"{signature.fewest} or more"
            )
        )
        raise InvalidSql(f"{name} takes {wanted} arguments and {values} are given.")
