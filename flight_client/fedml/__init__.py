"""FedML's ``DbConnection`` over Arrow Flight; ``docs/fedml.md`` says what became of each call."""

from flight_client.fedml.connection import DbConnection

__all__ = ["DbConnection"]
