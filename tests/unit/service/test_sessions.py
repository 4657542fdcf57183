"""Sessions in a cookie: what it holds, which options it takes, what is no session."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.protocol.errors import Unauthenticated
from flight_client.protocol.tickets import MAX_BATCH_BYTES, MIN_BATCH_BYTES, Compression
from flight_server.service.discovery import Discovery
from flight_server.service.options import Options
from flight_server.service.seal import Seal
from flight_server.service.sessions import SESSION_S, Problem, Sessions, SessionValue
from tests.support.scripted import ScriptedBackend
from tests.support.scripted_writes import Clock

CLOCK = Clock()
SEAL = Seal(key=b"k" * 32, lifetime_s=60, clock=CLOCK)
FULL = Options(space="TEST", batch_bytes=2**20, compression=Compression.ZSTD, partitions=3)


def _sessions(principal: str = "ada", seal: Seal = SEAL) -> Sessions:
    return Sessions(principal, seal, Discovery(ScriptedBackend()))


def _problem(name: str, value: SessionValue) -> tuple[Problem, str]:
    chosen = _sessions().choose(FULL, {name: value})
    assert chosen.options is FULL
    (refused,) = chosen.refused.values()
    return refused.problem, refused.sentence


@pytest.mark.parametrize("options", [Options(), FULL])
def test_cookie_opens_as_the_options_it_was_made_of(options: Options) -> None:
    assert _sessions().open(_sessions().cookie(options)) == options


def test_cookie_is_plain_text_of_a_size_that_a_header_takes() -> None:
    cookie = _sessions("p" * 200).cookie(replace(FULL, space="Ü" * 127))
    assert re.fullmatch(r"[A-Za-z0-9_-]+", cookie)
    assert len(cookie) < 4096


@pytest.mark.parametrize("cookie", ["", "x", "c2Vzc2lvbg", "*", "ä", "A" * 100_000])
def test_cookie_of_nobody_s_making_is_no_session(cookie: str) -> None:
    with pytest.raises(Unauthenticated, match="session is not known here"):
        _sessions().open(cookie)


@given(st.text())
def test_any_text_is_a_session_or_refused(cookie: str) -> None:
    with pytest.raises(Unauthenticated):
        _sessions().open(cookie)


def test_cookie_of_another_principal_is_no_session() -> None:
    with pytest.raises(Unauthenticated, match="another principal"):
        _sessions("bob").open(_sessions("ada").cookie(FULL))


def test_cookie_of_another_key_is_no_session() -> None:
    other = replace(SEAL, key=b"o" * 32)
    with pytest.raises(Unauthenticated, match="signature"):
        _sessions(seal=other).open(_sessions().cookie(FULL))


def test_session_is_good_for_a_day_and_longer_than_tickets() -> None:
    cookie = _sessions().cookie(FULL)
    CLOCK.now += SESSION_S - 1
    assert _sessions().open(cookie) == FULL
    CLOCK.now += 1
    with pytest.raises(Unauthenticated, match="begin a new session"):
        _sessions().open(cookie)


@pytest.mark.parametrize(
    ("wishes", "options"),
    [
        ({"schema": "TEST"}, Options(space="TEST")),
        ({"batch_bytes": 2**20}, Options(batch_bytes=2**20)),
        ({"batch_bytes": "1048576"}, Options(batch_bytes=2**20)),
        ({"batch_bytes": 1048576.0}, Options(batch_bytes=2**20)),
        ({"batch_bytes": MAX_BATCH_BYTES}, Options(batch_bytes=MAX_BATCH_BYTES)),
        ({"compression": "LZ4"}, Options(compression=Compression.LZ4)),
        ({"partitions": 1}, Options(partitions=1)),
        ({"catalog": ""}, Options()),
        ({"catalog": None}, Options()),
        ({"schema": "TEST", "partitions": 8}, Options(space="TEST", partitions=8)),
    ],
)
def test_options_are_set(wishes: dict[str, SessionValue], options: Options) -> None:
    chosen = _sessions().choose(Options(), wishes)
    assert (chosen.options, chosen.refused) == (options, {})


@pytest.mark.parametrize("nothing", [None, ""])
def test_option_without_a_value_is_taken_back(nothing: SessionValue) -> None:
    names = ("schema", "batch_bytes", "compression", "partitions")
    assert _sessions().choose(FULL, dict.fromkeys(names, nothing)).options == Options()


def test_unknown_option_offers_the_nearest() -> None:
    problem, sentence = _problem("partition", 2)
    assert problem is Problem.INVALID_NAME
    assert "no session option 'partition'; did you mean 'partitions'?" in sentence


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("catalog", "HANA", "no catalogs; got 'HANA'"),
        ("catalog", 1, "no catalogs"),
        ("schema", "TSET", "that there is, for example TEST; got 'TSET'"),
        ("schema", "XYZ", "that there is; got"),
        ("schema", 1, "name of a schema"),
        ("schema", ("TEST",), "name of a schema"),
        ("batch_bytes", MIN_BATCH_BYTES - 1, "from 65536 to 16777216"),
        ("batch_bytes", MAX_BATCH_BYTES + 1, "from 65536 to 16777216"),
        ("batch_bytes", "many", "integer"),
        ("batch_bytes", 70000.5, "integer"),
        ("batch_bytes", float("nan"), "integer"),
        ("batch_bytes", float("inf"), "integer"),
        ("batch_bytes", True, "integer"),
        ("batch_bytes", ("70000",), "integer"),
        ("compression", "gzip", "none, lz4, zstd"),
        ("compression", 1, "none, lz4, zstd"),
        ("partitions", 0, "from 1 to 1024"),
        ("partitions", 1025, "from 1 to 1024"),
        ("partitions", True, "integer"),
    ],
)
def test_wrong_value_is_refused_and_says_which_are_taken(
    name: str, value: SessionValue, said: str
) -> None:
    problem, sentence = _problem(name, value)
    assert problem is Problem.INVALID_VALUE
    assert said in sentence


def test_one_wrong_option_leaves_all_as_they_were() -> None:
    chosen = _sessions().choose(FULL, {"partitions": 7, "compression": "gzip", "size": 1})
    assert chosen.options is FULL
    assert set(chosen.refused) == {"compression", "size"}


def test_values_are_every_option() -> None:
    assert Sessions.values(FULL) == {
        "catalog": None,
        "schema": "TEST",
        "batch_bytes": 2**20,
        "compression": "zstd",
        "partitions": 3,
    }
    assert set(Sessions.values(Options()).values()) == {None, "none"}
