"""What a client can ask of a server before HANA, each with the statements that it leads to."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.hana_service import CATALOGUE, DATA, DESCRIPTION, ROWS, HanaService

COLUMNS = 10


@dataclass(frozen=True, slots=True)
class Request:
    """Something that a client asks.

    Attributes:
        like: The statements that a fault has to strike.
        prepare: Does what comes before them, and returns what leads to them.
        answer: What that returns where all is well.
    """

    like: str
    prepare: Callable[[HanaService], Callable[[], int]]
    answer: int


def _read(service: HanaService) -> Callable[[], int]:
    result = service.described(service.table())
    return lambda: result.to_arrow().num_rows


def _partitioned(service: HanaService) -> Callable[[], int]:
    result = service.described(service.table(partitions=3))
    assert len(result.endpoints()) == 3
    return lambda: result.to_arrow().num_rows


def _query(service: HanaService) -> Callable[[], int]:
    result = service.described(service.query())
    return lambda: result.to_arrow().num_rows


def _partition(service: HanaService) -> Callable[[], int]:
    service.described(service.table())
    return lambda: len(service.table(partitions=3).endpoints())


def _describe(service: HanaService) -> Callable[[], int]:
    return service.describe


def _describe_query(service: HanaService) -> Callable[[], int]:
    result = service.query()
    return lambda: len(result.schema)


def _check(service: HanaService) -> Callable[[], int]:
    return service.check


READS = {
    "read": Request(DATA, _read, ROWS),
    "partitioned read": Request(DATA, _partitioned, ROWS),
    "query": Request(DATA, _query, ROWS),
}
REQUESTS = {
    **READS,
    "cut into partitions": Request(DATA, _partition, 3),
    "describe": Request(CATALOGUE, _describe, COLUMNS),
    "describe a query": Request(DESCRIPTION, _describe_query, COLUMNS),
    "check": Request("%FROM SYS.%", _check, 1),
}
