"""The product over the tenant: question 0."""

from contextlib import closing

import pytest

from flight_client.protocol.errors import Error
from flight_client.protocol.tickets import ReadTicket
from flight_server.backends.base import Backend
from flight_server.planning.read import Limits
from flight_server.service.discovery import Discovery
from flight_server.service.reads import Reads
from tests.live.findings import Findings

MOST_ENTITIES = 10
ROWS = 5


@pytest.mark.usefixtures("schema")
def test_product_reads_the_first_rows_of_what_it_lists(
    backend: Backend, findings: Findings
) -> None:
    discovery = Discovery(backend)
    spaces = [space.name for space in discovery.spaces()]
    entities = [entity for space in spaces for entity in discovery.entities(space)]
    findings.note(0, f"{len(spaces)} spaces ({', '.join(spaces)}), {len(entities)} entities.")
    reads = Reads(backend, discovery, Limits())
    tried = read = 0
    for entity in entities[:MOST_ENTITIES]:
        name = f"{entity.space}.{entity.name}"
        if entity.name.endswith("_ENDLESS"):
            continue
        if any(parameter.mandatory for parameter in entity.parameters):
            findings.leave(0, f"{name} wants parameters")
            continue
        tried += 1
        ticket = ReadTicket(space=entity.space, entity=entity.name, limit=ROWS)
        try:
            with closing(reads.open(ticket).stream) as stream:
                rows = 0
                while (batch := stream.read()) is not None:
                    assert batch.schema.equals(reads.schema(ticket))
                    rows += batch.num_rows
        except Error as error:
            findings.note(0, f"{name}: {error.code}: {error.message}")
            continue
        read += 1
        findings.note(0, f"{name}: {rows} rows of {len(entity.columns)} columns.")
    assert read or not tried
