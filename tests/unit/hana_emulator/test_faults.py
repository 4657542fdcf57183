"""When a fault strikes, and what it does to bytes."""

import struct

import pytest

from tests.hana_emulator.control import Control, parse_control
from tests.hana_emulator.faults import (
    Fault,
    Faults,
    Moment,
    parse_fault,
    with_wrong_part_length,
)
from tests.hana_emulator.values import FunctionCode, HanaError
from tests.hana_emulator.wire.codes import PartKind
from tests.hana_emulator.wire.framing import Part, encode_reply


def _armed(text: str) -> Faults:
    faults = Faults()
    faults.add(parse_fault(text))
    return faults


def test_text_of_a_fault_names_its_parameters() -> None:
    armed = parse_fault("error_on_fetch:after_fetches=3,code=129,times=1,statement_like=%A,B%")

    assert (armed.fault, armed.after_fetches, armed.code, armed.times, armed.statement_like) == (
        Fault.ERROR_ON_FETCH,
        3,
        129,
        1,
        "%A,B%",
    )


@pytest.mark.parametrize("text", ["nonsense", "cut_mid_packet:after=2", "cut_mid_packet:times=x"])
def test_text_of_no_fault_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"fault|invalid"):
        parse_fault(text)


@pytest.mark.parametrize(
    ("fault", "code"), [("overloaded", 1038), ("locked", 416), ("force_password_change", 414)]
)
def test_log_on_fault_has_the_code_of_hana(fault: str, code: int) -> None:
    struck = _armed(fault).strike(Moment.LOG_ON)

    assert struck is not None
    assert struck.error.code == code


def test_fault_is_spent_after_its_times() -> None:
    faults = _armed("overloaded:times=2,code=616")

    struck = [faults.strike(Moment.LOG_ON) for _ in range(3)]

    assert [fault and fault.code for fault in struck] == [616, 616, None]


def test_fault_of_a_statement_waits_for_its_reply() -> None:
    faults = _armed("cut_mid_packet:after_fetches=2")

    assert [bool(faults.strike(Moment.RESULT, "SELECT", n)) for n in range(4)] == [
        False,
        False,
        True,
        False,
    ]


def test_error_on_fetch_spares_the_execution() -> None:
    faults = _armed("error_on_fetch")

    assert faults.strike(Moment.RESULT, "SELECT", 0) is None
    assert faults.strike(Moment.RESULT, "SELECT", 1) is not None


@pytest.mark.parametrize(
    ("pattern", "strikes"),
    [("%items%", True), ("SELECT%", True), ("ITEMS", False), ("%X_Y%", False)],
)
def test_pattern_chooses_the_statement(pattern: str, strikes: bool) -> None:
    faults = _armed(f"session_dropped:statement_like={pattern}")

    assert bool(faults.strike(Moment.RESULT, 'SELECT * FROM "ITEMS"\nWHERE 1 = 1', 0)) is strikes


def test_cleared_faults_do_not_strike() -> None:
    faults = _armed("refuse_connect")
    faults.clear()

    assert faults.strike(Moment.ACCEPT) is None


def test_last_part_claims_too_much() -> None:
    reply = encode_reply(
        [Part(PartKind.RESULT_SET_ID, 1, (bytes(8),)), Part(PartKind.RESULT_SET, 1, (b"abc",))],
        session_id=0,
        packet_number=0,
    )

    damaged = with_wrong_part_length(reply)

    original = b"".join(reply)
    assert len(damaged) == len(original)
    assert struct.unpack_from("<i", damaged, 56 + 24 + 8) == (3 + 4096,)
    assert damaged[: 56 + 24 + 8] == original[: 56 + 24 + 8]


class _Peers:
    connections = 3

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, str]] = []

    def cancel(self, connection_id: int, user: str) -> None:
        self.calls.append(("cancel", connection_id, user))

    def disconnect(self, connection_id: int, user: str) -> None:
        self.calls.append(("disconnect", connection_id, user))


def _parse(text: str, faults: Faults | None = None, peers: _Peers | None = None) -> Control | None:
    return parse_control(text, "U", faults or Faults(), peers or _Peers())


@pytest.mark.parametrize("text", ["SELECT 1 FROM DUMMY", "ALTER SYSTEM CLEAR TRACES", ""])
def test_other_statement_is_for_the_engine(text: str) -> None:
    assert _parse(text) is None


@pytest.mark.parametrize("verb", ["CANCEL", "DISCONNECT"])
def test_session_statement_reaches_the_connection(verb: str) -> None:
    peers = _Peers()
    control = _parse(f"alter system {verb} session '200001'", peers=peers)
    assert control is not None

    control.run()

    assert peers.calls == [(verb.lower(), 200001, "U")]


def test_fault_statement_arms_and_disarms() -> None:
    faults = Faults()
    arm, disarm = _parse("EMULATOR FAULT 'locked'", faults), _parse("emulator fault none", faults)
    assert arm is not None
    assert disarm is not None

    arm.run()
    struck = faults.strike(Moment.LOG_ON)
    disarm.run()

    assert struck is not None
    assert faults.strike(Moment.LOG_ON) is None


def test_connections_are_a_query() -> None:
    control = _parse("EMULATOR CONNECTIONS")

    assert control is not None
    assert (control.function, control.fetch(10), control.fetch(10)) == (
        FunctionCode.SELECT,
        [(3,)],
        [],
    )


@pytest.mark.parametrize("text", ["EMULATOR", "EMULATOR FAULT", "EMULATOR FAULT 'nonsense'"])
def test_wrong_emulator_statement_is_a_syntax_error(text: str) -> None:
    with pytest.raises(HanaError) as raised:
        _parse(f"{text} ")

    assert raised.value.code == 257


@pytest.mark.parametrize(
    ("pattern", "strikes"),
    [("COMMIT", True), ("%COMMIT%", True), ("ROLLBACK", False), ("%", False)],
)
def test_fault_strikes_a_commit_only_where_it_is_named(pattern: str, strikes: bool) -> None:
    faults = _armed(f"session_dropped:statement_like={pattern}")

    assert (faults.strike(Moment.END, "COMMIT") is not None) is strikes
