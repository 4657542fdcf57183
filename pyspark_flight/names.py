"""Which names of columns Spark can read together; knows no option and no type."""

from collections.abc import Sequence

from flight_client.protocol.errors import InvalidRead


def check_names(names: Sequence[str]) -> None:
    """Refuse what Spark takes: two columns of a name fail in Java, and without one no row counts.

    Raises:
        InvalidRead: Naming the column that stands twice.
    """
    if not names:
        raise InvalidRead("The schema names no column; name one at least, or leave it out.")
    for at, name in enumerate(names):
        if name in names[:at]:
            raise InvalidRead(
                f"Several columns are named {name!r:.100}; give each its own name in the query."
            )
