"""Answers the metadata commands of Flight SQL as Arrow tables; knows no verb and no SQL."""

from flight_server.wire.flightsql.metadata.columns import result_schema
from flight_server.wire.flightsql.metadata.commands import COMMANDS, answer, schema
from flight_server.wire.flightsql.metadata.facts import Facts

__all__ = ["COMMANDS", "Facts", "answer", "result_schema", "schema"]
