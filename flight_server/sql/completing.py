"""Says in a tree what its text leaves open: the order of markers, FROM DUMMY, names of columns."""

import re

from sqlglot import exp

from flight_client.protocol.errors import InvalidParameter
from flight_server.sql.names import DUMMY
from flight_server.sql.strict import MARKER_OFFSET
from flight_server.sql.writer import MARKER_NUMBER, Writer, child, children


def number_markers(tree: exp.Expr, values: int | None) -> int:
    """Numbers the placeholders in the order of the caller's text; returns how many there are.

    Args:
        tree: The statement.
        values: How many there must be; None for any number.

    Raises:
        InvalidParameter: There are more or fewer of them than values.
    """
    markers = sorted(tree.find_all(exp.Placeholder), key=lambda node: node.meta[MARKER_OFFSET])
    if values is not None and len(markers) != values:
        raise InvalidParameter(
            f"The SQL has {len(markers)} markers (?) and {values} values were given; "
            "give one value for each.",
            markers=len(markers),
            values=values,
        )
    for number, marker in enumerate(markers, 1):
        marker.meta[MARKER_NUMBER] = number
    return len(markers)


def complete(tree: exp.Expr) -> None:
    """Says what HANA would fill in: FROM DUMMY, and a name for each computed column.

    HANA calls a column without a name after its expression [U in detail]; saying it makes the
    columns of a result the same on every database.
    """
    for query in list(tree.find_all(exp.Select)):
        if child(query, "from_") is None:
            source = exp.Table(this=exp.Identifier(this=DUMMY, quoted=True))
            query.set("from_", exp.From(this=source))
        items = children(query)
        if any(not isinstance(item, exp.Alias | exp.Column | exp.Star) for item in items):
            query.set("expressions", [_named(item) for item in items])


def _named(item: exp.Expr) -> exp.Expr:
    if isinstance(item, exp.Alias | exp.Column | exp.Star):
        return item
    said = re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", Writer().write(item).replace('"', ""))
    return exp.Alias(this=item, alias=exp.Identifier(this=said[:120], quoted=True))
