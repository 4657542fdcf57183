"""Option parts."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from tests.hana_emulator.wire.codes import OptionType, PartAttribute, PartKind
from tests.hana_emulator.wire.framing import Part, ReceivedPart
from tests.hana_emulator.wire.options import Option, lines_part, options_part, read_options
from tests.hana_emulator.wire.text import WireError

_VALUES = st.one_of(
    st.tuples(st.just(OptionType.BOOLEAN), st.booleans()),
    st.tuples(st.just(OptionType.TINYINT), st.integers(-128, 127)),
    st.tuples(st.just(OptionType.INT), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just(OptionType.BIGINT), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just(OptionType.DOUBLE), st.floats(allow_nan=False)),
    st.tuples(st.just(OptionType.STRING), st.text(max_size=50)),
    st.tuples(st.just(OptionType.BSTRING), st.binary(max_size=50)),
)


def _received(part: Part) -> ReceivedPart:
    body = memoryview(b"".join(part.body))
    return ReceivedPart(part.kind, PartAttribute.NONE, part.count, body)


@given(st.dictionaries(st.integers(0, 127), _VALUES, max_size=10))
def test_options_survive(values: dict[int, tuple[OptionType, object]]) -> None:
    options: list[Option] = [(key, code, value) for key, (code, value) in values.items()]

    part = options_part(PartKind.CONNECT_OPTIONS, options)

    assert read_options(_received(part)) == {key: value for key, _, value in options}


@given(st.binary(max_size=30), st.integers(0, 5))
def test_broken_options_are_refused_or_read(body: bytes, count: int) -> None:
    part = ReceivedPart(42, PartAttribute.NONE, count, memoryview(body))

    with suppress(WireError):
        read_options(part)


def test_lines_start_with_their_number_of_options() -> None:
    part = lines_part(PartKind.TOPOLOGY, [[(1, OptionType.STRING, "h")], []])

    assert (part.count, b"".join(part.body).hex(" ")) == (2, "01 00 01 1d 01 00 68 00 00")
