"""Talks to the emulator's engine as the wire does, in fewer words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.values import HanaError, ResultColumn

USER = "SALES#FLIGHT"
SPACE = "SALES"


class Client:
    """One session of an engine."""

    def __init__(self, engine: DuckEngine, user: str = USER, number: int = 1) -> None:
        self.session = engine.open(user, number)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        cursor = self.session.query(self.session.prepare(sql), values)
        found: list[tuple[Any, ...]] = []
        while rows := cursor.fetch(1000):
            found += [tuple(row) for row in rows]
        cursor.close()
        return found

    def value(self, sql: str, *values: Any) -> Any:
        """The only value of the only row."""
        ((found,),) = self.rows(sql, *values)
        return found

    def expression(self, sql: str, *values: Any) -> Any:
        return self.value(f"SELECT {sql} FROM DUMMY", *values)

    def columns(self, sql: str) -> tuple[ResultColumn, ...]:
        return self.session.prepare(sql).columns

    def type_of(self, expression: str, source: str = "DUMMY") -> str:
        """As SQL writes it."""
        declared = self.columns(f"SELECT {expression} FROM {source}")[0].type
        numbers = [str(one) for one in (declared.length, declared.scale) if one is not None]
        return declared.name + (f"({','.join(numbers)})" if numbers else "")

    def outcomes(self, sql: str, *batch: tuple[Any, ...], autocommit: bool = True) -> list[Any]:
        """Rows affected, or the number of the error, for each row of parameters."""
        prepared = self.session.prepare(sql)
        found = self.session.change(prepared, batch or [()], autocommit=autocommit)
        return [one.code if isinstance(one, HanaError) else one for one in found]

    def run(self, sql: str, *values: Any, autocommit: bool = True) -> int:
        """Rows affected.

        Raises:
            HanaError: The statement failed.
        """
        prepared = self.session.prepare(sql)
        (found,) = self.session.change(prepared, [values], autocommit=autocommit)
        if isinstance(found, HanaError):
            raise found
        return found

    def later(self, sql: str, *values: Any) -> int:
        """Run in the transaction."""
        return self.run(sql, *values, autocommit=False)

    def code(self, sql: str, *values: Any) -> int:
        """The number of the error that a query or any other statement ends with; 0 for none."""
        try:
            prepared = self.session.prepare(sql)
            if prepared.columns:
                cursor = self.session.query(prepared, values)
                cursor.fetch(1)
                cursor.close()
                return 0
            (found,) = self.session.change(prepared, [values], autocommit=True)
        except HanaError as error:
            return error.code
        return found.code if isinstance(found, HanaError) else 0


@contextmanager
def running(**options: Any) -> Iterator[DuckEngine]:
    """An engine with one user and one space."""
    engine = DuckEngine({USER: "Secret-1"}, **options)
    engine.add_space(SPACE)
    try:
        yield engine
    finally:
        engine.close()
