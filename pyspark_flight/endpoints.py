"""Reads one endpoint in a Spark task: its batches, conformed; knows nothing of plans or options."""

from collections.abc import Generator
from contextlib import closing
from functools import partial
from typing import Final

import pyarrow as pa

from flight_client.config import ClientConfig
from flight_client.sinks.spark import conform
from flight_client.streaming import OrderedStreams
from flight_client.transport import Transport

STREAM_DEPTH: Final = 4
"""Batches that wait while Spark works on another."""


def read_endpoint(
    config: ClientConfig, ticket: bytes, target: pa.Schema
) -> Generator[pa.RecordBatch]:
    """The rows of an endpoint, as batches of ``target``; a retried task reads it again.

    Raises:
        Error: Whatever ends the stream before its end.
    """
    with (
        closing(Transport(config)) as transport,
        OrderedStreams(
            [partial(transport.open, ticket)],
            parallelism=1,
            depth=STREAM_DEPTH,
            idle_timeout_s=config.idle_timeout_s,
        ) as batches,
    ):
        for batch in batches:
            yield conform(batch, target)
