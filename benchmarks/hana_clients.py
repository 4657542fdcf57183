"""One reading of SALES.ITEMS from HANA (an emulator that replays), in a process of its own.

Run as ``python -m benchmarks.hana_clients PATH TARGET``; prints one JSON object: rows, seconds,
peak memory in MB. TARGET is a port of HANA for the paths that use the driver, else the URI of our
server. Imports are not timed; connecting is not either, because FedML keeps its connection too.
"""

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa

USER: Final = "SALES#READER"
PASSWORD: Final = "Sesame-open-1"  # noqa: S105 - of an emulator that a benchmark starts
SELECT_ALL: Final = 'SELECT * FROM "SALES"."ITEMS"'
PACKET_BYTES: Final = 4 * 1024 * 1024
"""Reply size that the reader which decodes nothing asks for."""


def dumb_reader(target: str) -> Callable[[], int]:
    """Takes the replies and throws them away: what the emulator can give."""
    from tests.support.hana_raw_client import RawClient

    client = RawClient(int(target), limit_bytes=PACKET_BYTES, timeout_s=300)
    client.log_on(USER, PASSWORD)
    return lambda: sum(rows for rows, _ in client.drain(SELECT_ALL, fetch_rows=1 << 20))


def driver_rows(target: str) -> Callable[[], int]:
    """The fetchall of hdbcli, and nothing done with the rows."""
    cursor = _cursor(target)

    def read() -> int:
        cursor.execute(SELECT_ALL)
        return len(cursor.fetchall())

    return read


def fedml_pandas(target: str) -> Callable[[], int]:
    """As FedML does: fetchall, then a pandas frame of the rows and the headers."""
    import pandas as pd

    cursor = _cursor(target)

    def read() -> int:
        cursor.execute(SELECT_ALL)
        rows = cursor.fetchall()
        headers = [column[0] for column in cursor.description]
        return len(pd.DataFrame(rows, columns=headers))

    return read


def driver_arrow(target: str) -> Callable[[], int]:
    """From hdbcli to Arrow in this process: chunks of 1,000 rows, explicit types, gc off."""
    from benchmarks import tables

    schema = tables.of_hana(1).schema
    cursor = _cursor(target)

    def read() -> int:
        gc.disable()
        cursor.execute(SELECT_ALL)
        batches: list[pa.RecordBatch] = []
        while rows := cursor.fetchmany(1000):
            columns = zip(*rows, strict=True)
            arrays = [
                pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)
            ]
            batches.append(pa.record_batch(arrays, schema=schema))
        return pa.Table.from_batches(batches).num_rows

    return read


def ours(target: str, partitions: int, sink: str) -> Callable[[], int]:
    """Our client: a table of Arrow or of pandas, or batches that are dropped."""
    import flight_client

    client = flight_client.connect(target)
    client.tables()  # the catalogue, as a notebook has read it

    def read() -> int:
        result = client.table("ITEMS", partitions=partitions if partitions > 1 else None)
        match sink:
            case "arrow":
                return result.to_arrow().num_rows
            case "pandas":
                return len(result.to_pandas())
            case _:
                return sum(batch.num_rows for batch in result.to_reader())

    return read


PATHS: Final[dict[str, Callable[[str], Callable[[], int]]]] = {
    "dumb_reader": dumb_reader,
    "driver_rows": driver_rows,
    "fedml_pandas": fedml_pandas,
    "driver_arrow": driver_arrow,
    "ours_1_arrow": lambda target: ours(target, 1, "arrow"),
    "ours_2_arrow": lambda target: ours(target, 2, "arrow"),
    "ours_1_pandas": lambda target: ours(target, 1, "pandas"),
    "ours_2_pandas": lambda target: ours(target, 2, "pandas"),
    "ours_1_dropped": lambda target: ours(target, 1, "dropped"),
}


def _cursor(target: str) -> Any:
    from hdbcli import dbapi

    connection = dbapi.connect(
        address="127.0.0.1", port=int(target), user=USER, password=PASSWORD, encrypt=False
    )
    return connection.cursor()


def main() -> None:
    """Read once and print."""
    path, target = sys.argv[1:]
    read = PATHS[path](target)
    started = time.perf_counter()
    rows = read()
    seconds = time.perf_counter() - started
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_mb = round(peak_kib * 1024 / 1e6)
    print(json.dumps({"rows": rows, "seconds": seconds, "peak_rss_mb": peak_mb}), flush=True)


if __name__ == "__main__":
    main()
