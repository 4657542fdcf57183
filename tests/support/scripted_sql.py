"""A scripted backend that takes every query: the rows of each are what a test scripts."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.schemas import to_schema
from flight_server.backends.base import Described
from flight_server.sql.gate import AdmittedQuery
from tests.support.scripted import NUMBERS, ScriptedBackend, ScriptedStream

SCHEMA = to_schema(NUMBERS.columns)


@dataclass
class ScriptedSql(ScriptedBackend):
    """Answers SQL with the columns of NUMBERS, whatever the query."""

    refusal: Exception | None = None

    def acting_for(self, principal: str) -> "ScriptedSql":
        return self

    def prepare_query(self, query: AdmittedQuery) -> Described:
        if self.refusal is not None:
            raise self.refusal
        return Described(SCHEMA, (None,) * query.parameter_count)

    def describe_query(
        self, query: AdmittedQuery, parameters: Sequence[LiteralValue | None]
    ) -> pa.Schema:
        if self.refusal is not None:
            raise self.refusal
        return SCHEMA

    def open_query(
        self,
        query: AdmittedQuery,
        parameters: Sequence[LiteralValue | None],
        batch_bytes: int,
    ) -> ScriptedStream:
        stream = ScriptedStream(SCHEMA, self.script(SCHEMA))
        self.streams.append(stream)
        return stream
