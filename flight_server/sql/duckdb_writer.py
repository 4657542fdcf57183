"""Writes an admitted query of DuckDB's own SQL, with a bound on the texts that it makes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlglot import exp

from flight_client.protocol.errors import UnsupportedSql
from flight_server.sql import growth
from flight_server.sql.writer import MARKER_NUMBER, Writer, children, spine


class DuckDbWriter(Writer):
    """DuckDB's SQL as it is, with numbered markers, because a check repeats an operand."""

    def __init__(self) -> None:
        super().__init__()
        self._writers[exp.DPipe] = self.concatenation

    def marker(self, node: exp.Expr) -> str:
        """A placeholder by its number."""
        return f"${node.meta[MARKER_NUMBER]}"

    def concatenation(self, node: exp.Expr) -> str:
        """``a || b || c``."""
        return growth.concatenated([self.closed(each) for each in spine(node, exp.DPipe)])

    def function(self, node: exp.Expr) -> str:
        """A call; one that can make a long text of short ones is checked."""
        bounded = _GROWING.get(node.name.upper())
        if bounded is None:
            return super().function(node)
        return bounded([self.closed(each) for each in children(node)])

    def closed(self, node: exp.Expr) -> str:
        """The text of a node, in brackets where an operator beside it could bind."""
        text = self.write(node)
        plain = isinstance(node, exp.Column | exp.Literal | exp.Placeholder | exp.Anonymous)
        return text if plain else f"({text})"


def _padded(name: str) -> Callable[[Sequence[str]], str]:
    def write(texts: Sequence[str]) -> str:
        value, width, filling = texts
        return f"{name}({value}, {growth.padding_width(width)}, {filling})"

    return write


def _regex_replaced(texts: Sequence[str]) -> str:
    subject, pattern, *rest = texts
    if not rest:
        raise UnsupportedSql(
            "REGEXP_REPLACE takes a replacement; write '' to remove.", construct="REGEXP_REPLACE"
        )
    scope = f", {rest[1]}" if len(rest) > 1 else ""
    return growth.regex_replaced(subject, pattern, rest[0], scope)


_GROWING: Final[Mapping[str, Callable[[Sequence[str]], str]]] = {
    "CONCAT": lambda texts: growth.called("concat", texts),
    "CONCAT_WS": lambda texts: growth.called("concat_ws", texts, first_times=len(texts)),
    "HEX": lambda texts: growth.called("hex", texts, first_times=2),
    "LPAD": _padded("lpad"),
    "REGEXP_REPLACE": _regex_replaced,
    "REPLACE": lambda texts: growth.replaced(*texts),
    "RPAD": _padded("rpad"),
    "TO_BASE64": lambda texts: growth.called("to_base64", texts, first_times=2),
    "TO_HEX": lambda texts: growth.called("to_hex", texts, first_times=2),
}
"""Functions whose result may be longer than their arguments, or joins them."""
