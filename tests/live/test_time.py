"""What takes how long, and what ends it: questions 7, 8, 9 and 14."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from hdbcli import dbapi

from flight_client.protocol.errors import Cancelled
from flight_client.protocol.tickets import ReadTicket
from flight_server.backends.base import Backend
from flight_server.planning.read import Limits
from flight_server.service.discovery import Discovery
from flight_server.service.reads import Reads
from tests.live.findings import Findings
from tests.live.tenant import ENDLESS, LONG, Answer, Tenant, attempt, many, refusal

NO_SCHEMA = "FLIGHT_LIVE_SCHEMA names no schema in which objects may be made"
FIRST = "SELECT DUMMY FROM DUMMY"
"""hdbcli sends a query timeout only once it has seen an answer on the connection [emulator]."""
AT_WORK_S = 1.0
LONGEST_S = 90.0


def outcome_of(work: Callable[[], object]) -> str:
    try:
        return f"ended by itself with {work()!r:.80}"
    except dbapi.Error as error:
        return f"ended with {refusal(error)}"


def cancelled(connection: Any, work: Callable[[threading.Event], object]) -> tuple[str, float]:
    """What became of work on a connection that is cancelled in its midst, and how soon."""
    at_work = threading.Event()
    outcome: list[str] = []
    thread = threading.Thread(target=lambda: outcome.append(outcome_of(lambda: work(at_work))))
    thread.start()
    while not at_work.wait(0.05):
        if not thread.is_alive():
            return f"it {outcome[0]} before it was cancelled", 0.0
    time.sleep(AT_WORK_S)
    started = time.perf_counter()
    try:
        connection.cancel()
        said = ""
    except dbapi.Error as error:
        said = f"cancel() itself gave {refusal(error)}; "
    thread.join(LONGEST_S)
    assert not thread.is_alive()
    return f"{said}it {outcome[0]}", time.perf_counter() - started


def test_cancel_ends_an_execute(tenant: Tenant, findings: Findings) -> None:
    with tenant.connect() as connection, closing(connection.cursor()) as cursor:

        def work(at_work: threading.Event) -> object:
            at_work.set()
            cursor.execute(LONG)
            return cursor.fetchone()

        outcome, took_s = cancelled(connection, work)
        after = attempt(connection, "SELECT DUMMY FROM DUMMY")
    findings.note(7, f"cancel() during execute: {outcome}, {took_s:.2f} s after cancel().")
    usable = isinstance(after, Answer)
    findings.note(7, f"Afterwards the connection {'works' if usable else f'gives {after}'}.")
    assert "ended with" in outcome


def test_cancel_during_a_fetch_says_what_becomes_of_it(tenant: Tenant, findings: Findings) -> None:
    with tenant.connect() as connection, closing(connection.cursor()) as cursor:

        def work(at_work: threading.Event) -> object:
            cursor.execute(many())
            count = 0
            while rows := cursor.fetchmany(1000):
                count += len(rows)
                at_work.set()
                time.sleep(0.005)
            return count

        outcome, took_s = cancelled(connection, work)
    findings.note(7, f"cancel() between fetches: {outcome}, {took_s:.2f} s after cancel().")


def test_cancel_of_the_product_ends_a_read_within_seconds(
    backend: Backend, findings: Findings, schema: str | None
) -> None:
    if schema is None:
        findings.leave(7, f"a read of the product: {NO_SCHEMA}")
        pytest.skip(NO_SCHEMA)
    reads = Reads(backend, Discovery(backend), Limits())
    stream = reads.open(ReadTicket(space=schema, entity=ENDLESS)).stream
    timer = threading.Timer(3.0, stream.cancel)
    started = time.perf_counter()
    timer.start()
    with closing(stream), pytest.raises(Cancelled):
        stream.read()
    took_s = time.perf_counter() - started - 3.0
    findings.note(7, f"cancel() of a read of the product: ended {took_s:.2f} s later.")
    assert took_s < 5


@pytest.mark.parametrize("limit", [1, 3])
def test_query_timeout_says_its_unit_and_its_error(
    tenant: Tenant, findings: Findings, limit: int
) -> None:
    with tenant.connect() as connection, closing(connection.cursor()) as cursor:
        cursor.execute(FIRST)
        cursor.setquerytimeout(limit)
        started = time.perf_counter()
        outcome = outcome_of(lambda: cursor.execute(LONG))
        took_s = time.perf_counter() - started
    findings.note(8, f"setquerytimeout({limit}): {outcome} after {took_s:.2f} s.")


def ticks_during(work: Callable[[], object]) -> tuple[float, float]:
    """The part of its turns that another thread got while work was done, and how long that took."""
    done = threading.Event()
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        while not done.wait(0.005):
            ticks += 1

    thread = threading.Thread(target=tick)
    thread.start()
    started = time.perf_counter()
    try:
        work()
    finally:
        took_s = time.perf_counter() - started
        done.set()
        thread.join()
    return ticks * 0.005 / took_s, took_s


def test_waiting_in_execute_says_whether_other_threads_run(
    tenant: Tenant, findings: Findings
) -> None:
    with tenant.connect() as connection, closing(connection.cursor()) as cursor:
        cursor.execute(FIRST)
        cursor.setquerytimeout(2)
        share, took_s = ticks_during(lambda: outcome_of(lambda: cursor.execute(LONG)))
    findings.note(9, f"execute for {took_s:.1f} s: another thread got {share:.0%} of its turns.")


@pytest.mark.parametrize("fetch_size", [0, 1_000, 10_000, 32_000, 100_000])
def test_fetch_says_its_speed_and_whether_other_threads_run(
    tenant: Tenant, findings: Findings, fetch_size: int
) -> None:
    rows = 200_000

    def fetch() -> None:
        while cursor.fetchmany(5_000):
            pass

    with tenant.connect() as connection, closing(connection.cursor()) as cursor:
        if fetch_size:
            cursor.setfetchsize(fetch_size)
        outcome = outcome_of(lambda: cursor.execute(many(rows)))
        if "itself" not in outcome:
            findings.leave(9, f"fetching {rows} rows: {outcome}")
            pytest.skip(outcome)
        share, took_s = ticks_during(fetch)
    size = fetch_size or "left to the driver"
    findings.note(
        9,
        f"Fetch size {size}: {rows / took_s:,.0f} rows of 2 columns a second; another thread got "
        f"{share:.0%} of its turns.",
    )


@pytest.mark.timeout(0)
def test_idle_connection_says_whether_it_stays(tenant: Tenant, findings: Findings) -> None:
    idle_s = float(os.environ.get("FLIGHT_LIVE_IDLE_S", "60"))
    with tenant.connect() as connection:
        time.sleep(idle_s)
        connected = connection.isconnected()
        found = attempt(connection, "SELECT DUMMY FROM DUMMY")
    outcome = "answers" if isinstance(found, Answer) else f"gives {found}"
    findings.note(
        14,
        f"After {idle_s:g} s of silence isconnected() is {connected} and the connection {outcome}. "
        "FLIGHT_LIVE_IDLE_S sets how long to wait.",
    )
