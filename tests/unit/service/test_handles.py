"""What clients hold: what comes back, what is refused, and how large it gets."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.protocol.errors import (
    Error,
    ExpiredTicket,
    ForgedTicket,
    InvalidFilter,
    InvalidParameter,
)
from flight_client.protocol.tickets import Compression, ReadTicket, SqlTicket
from flight_server.service.handles import MAX_BOUND_ROWS, Endpoint, Handle, Handles
from flight_server.service.options import Options
from flight_server.service.seal import Seal
from tests.support.protocol_strategies import literals, names, texts, tickets
from tests.support.scripted_writes import Clock

CLOCK = Clock()
SEAL = Seal(key=b"k" * 32, lifetime_s=60, clock=CLOCK)
ADA = Handles(SEAL, "ada")
BOB = Handles(SEAL, "bob")
HANDLE = Handle(
    sql="SELECT N FROM T WHERE N = ?",
    options=Options(),
    transaction=None,
    is_change=False,
    markers=1,
)
ENDPOINT = Endpoint(statement="s1", ticket=SqlTicket(sql="SELECT 1 FROM DUMMY"))

options = st.builds(
    Options,
    space=st.none() | names,
    batch_bytes=st.none() | st.integers(1, 2**24),
    compression=st.sampled_from(Compression),
    partitions=st.none() | st.integers(1, 1024),
)
handles = st.builds(
    Handle,
    sql=texts,
    options=options,
    transaction=st.none() | texts.filter(bool),
    is_change=st.booleans(),
    markers=st.integers(0, 100),
    rows=st.none() | st.lists(st.lists(st.none() | literals, max_size=3).map(tuple)).map(tuple),
)
endpoints = st.builds(
    Endpoint, statement=texts, ticket=tickets, transaction=st.none() | texts.filter(bool)
)


@given(handles)
def test_handle_comes_back_as_it_was(handle: Handle) -> None:
    assert ADA.open_handle(ADA.seal_handle(handle)) == handle


@given(endpoints)
def test_endpoint_comes_back_as_it_was(endpoint: Endpoint) -> None:
    assert ADA.open_endpoint(ADA.seal_endpoint(endpoint)) == endpoint


def test_exact_values_stay_exact() -> None:
    bound = replace(HANDLE, markers=4).bound([(Decimal("1.10"), None, b"\0\xff", 2**70)])
    assert ADA.open_handle(ADA.seal_handle(bound)).rows == bound.rows


@given(handles, st.binary(max_size=40), st.integers(0, 200))
def test_changed_handle_is_forged(handle: Handle, junk: bytes, at: int) -> None:
    sealed = ADA.seal_handle(handle)
    changed = sealed[:at] + junk + sealed[at + len(junk) :]
    try:
        opened = ADA.open_handle(changed)
    except ForgedTicket:
        return
    assert changed == sealed
    assert opened == handle


@given(st.binary())
def test_bytes_of_nobody_s_making_are_forged(body: bytes) -> None:
    with pytest.raises(ForgedTicket):
        ADA.open_handle(body)


@pytest.mark.parametrize("line", [b'{"sql":"DROP TABLE T"}', b"{}", b""])
def test_unsealed_handle_is_never_taken(line: bytes) -> None:
    with pytest.raises(ForgedTicket, match="prepare the statement again"):
        ADA.open_handle(line)


def test_handle_of_another_principal_is_forged() -> None:
    with pytest.raises(ForgedTicket, match="another principal than 'bob'"):
        BOB.open_handle(ADA.seal_handle(HANDLE))


def test_expired_handle_says_to_prepare_again() -> None:
    sealed = ADA.seal_handle(HANDLE)
    CLOCK.now += 60
    with pytest.raises(ExpiredTicket, match=r"prepared statement expired .* prepare"):
        ADA.open_handle(sealed)


def test_expired_endpoint_opens_where_that_does_not_matter() -> None:
    sealed = ADA.seal_endpoint(ENDPOINT)
    CLOCK.now += 60
    with pytest.raises(ExpiredTicket, match="execute the statement again"):
        ADA.open_endpoint(sealed)
    assert ADA.open_endpoint(sealed, even_expired=True) == ENDPOINT


def test_transaction_opens_however_old_it_is() -> None:
    sealed = ADA.seal_transaction("t1")
    CLOCK.now += 10 * 86400
    assert ADA.open_transaction(sealed) == "t1"


def test_bytes_of_one_kind_are_no_other() -> None:
    sealed = {
        "handle": ADA.seal_handle(HANDLE),
        "endpoint": ADA.seal_endpoint(ENDPOINT),
        "transaction": ADA.seal_transaction("t1"),
        "ticket": SEAL.seal(ReadTicket(entity="T"), "ada"),
    }
    openers = {
        "handle": ADA.open_handle,
        "endpoint": ADA.open_endpoint,
        "transaction": ADA.open_transaction,
        "ticket": lambda body: SEAL.open(body, "ada"),
    }
    for made, body in sealed.items():
        for wanted, opener in openers.items():
            if made != wanted:
                with pytest.raises(ForgedTicket, match="is needed here"):
                    opener(body)


# binding


def test_bound_rows_are_in_the_handle() -> None:
    bound = HANDLE.bound(iter([(1,), (None,)]))
    assert bound.rows == ((1,), (None,))


def test_binding_anew_replaces_the_rows() -> None:
    assert HANDLE.bound([(1,)]).bound([(2,)]).rows == ((2,),)


@pytest.mark.parametrize("row", [(), (1, 2)])
def test_row_without_a_value_for_each_marker_is_refused(row: tuple[int, ...]) -> None:
    with pytest.raises(InvalidParameter, match=r"Row 2 has . values for 1 markers") as caught:
        HANDLE.bound([(1,), row])
    assert caught.value.details["row"] == 2


def test_value_that_hana_cannot_hold_is_refused() -> None:
    with pytest.raises(InvalidFilter, match="nan"):
        HANDLE.bound([(float("nan"),)])


def test_so_many_rows_are_taken_and_no_more() -> None:
    assert len(HANDLE.bound([(1,)] * MAX_BOUND_ROWS).rows or ()) == MAX_BOUND_ROWS
    with pytest.raises(InvalidParameter, match="1024 rows"):
        HANDLE.bound((1,) for _ in iter(int, 1))  # without end: no more than needed is taken


def test_handle_with_large_values_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="fewer rows"):
        ADA.seal_handle(HANDLE.bound([("x" * 2**20,)]))


def test_long_statement_without_values_is_no_problem_of_the_handle() -> None:
    handle = replace(HANDLE, sql="x" * 2**20)
    assert ADA.open_handle(ADA.seal_handle(handle)) == handle


@given(st.binary(max_size=200))
def test_hostile_bytes_raise_our_errors_only(body: bytes) -> None:
    for opener in (ADA.open_handle, ADA.open_endpoint, ADA.open_transaction):
        with pytest.raises(Error):
            opener(body + b"\n" + b"0" * 64)
