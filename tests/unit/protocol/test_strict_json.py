"""The strict reader of JSON objects below every decoder."""

import time

import pytest

from flight_client.protocol.errors import InvalidTicket
from flight_client.protocol.strict_json import (
    MAX_JSON_BYTES,
    Fields,
    array,
    boolean,
    dumps,
    integer,
    loads,
    number,
    one_of,
    text,
    whole,
)


def fields(**form: object) -> Fields:
    return Fields(form, "the request")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param(b"", "is no JSON", id="nothing"),
        pytest.param(b"{", "is no JSON", id="cut short"),
        pytest.param(b'{"a":1}x', "is no JSON", id="something after the object"),
        pytest.param(b"'a'", "is no JSON", id="Python instead of JSON"),
        pytest.param(b"\xff\xfe", "Byte 0 of the request is not UTF-8", id="no UTF-8"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', "Byte 6 of the request", id="surrogate in UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", "is no JSON", id="byte order mark"),
        pytest.param(b"[]", "must be a JSON object; got a list", id="list"),
        pytest.param(b"null", "must be a JSON object; got null", id="null"),
        pytest.param(b"true", "must be a JSON object; got true or false", id="boolean"),
        pytest.param(b'"a"', "must be a JSON object; got a string", id="string"),
        pytest.param(b"1", "must be a JSON object; got a number", id="number"),
        pytest.param(b'{"a":NaN}', "NaN is no JSON number", id="NaN"),
        pytest.param(b'{"a":Infinity}', "Infinity is no JSON number", id="infinity"),
        pytest.param(b'{"a":-Infinity}', "-Infinity is no JSON number", id="minus infinity"),
        pytest.param(b'{"a":1,"b":2,"a":1}', "field 'a' stands twice", id="field twice"),
        pytest.param(b'{"x":{"a":1,"a":2}}', "field 'a' stands twice", id="field twice within"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", "number that is too long", id="5000 digits"),
        pytest.param(b'{"a":' + b"[" * 100_000, "nested too deeply", id="100000 brackets"),
    ],
)
def test_bytes_that_are_no_json_object_are_refused_with_a_sentence(
    body: bytes, sentence: str
) -> None:
    with pytest.raises(InvalidTicket, match=sentence):
        loads(body)


def test_body_over_the_limit_is_refused_before_parsing() -> None:
    with pytest.raises(InvalidTicket, match=f"4194305 bytes; {MAX_JSON_BYTES} are allowed"):
        loads(b" " * (MAX_JSON_BYTES + 1))


def test_doubled_last_field_of_many_is_found_in_linear_time() -> None:
    many = ",".join(f'"{at}":0' for at in range(200_000))
    began = time.perf_counter()

    with pytest.raises(InvalidTicket, match="field '7' stands twice"):
        loads(f'{{{many},"7":0}}'.encode())

    assert time.perf_counter() - began < 2


def test_dumps_writes_compact_utf8() -> None:
    assert dumps({"a": [1, "ä🛒"], "b": None}) == '{"a":[1,"ä🛒"],"b":null}'.encode()


def test_dumps_of_half_a_surrogate_pair_is_refused_with_its_surroundings() -> None:
    with pytest.raises(InvalidTicket, match=r"near '.*SELECT .ud800"):
        dumps({"sql": "SELECT \ud800"})


def test_take_reads_a_field_that_is_there() -> None:
    assert fields(a=1).take("a", integer, 7) == 1


@pytest.mark.parametrize("form", [{}, {"a": None}])
def test_take_of_an_absent_or_null_field_gives_the_default(form: dict[str, object]) -> None:
    assert fields(**form).take("a", integer, 7) == 7


@pytest.mark.parametrize("form", [{}, {"a": None}])
def test_need_of_an_absent_or_null_field_names_it(form: dict[str, object]) -> None:
    with pytest.raises(InvalidTicket, match="the request has no field 'a'"):
        fields(**form).need("a", integer)


def test_has_tells_what_was_not_taken_yet() -> None:
    at = fields(a=1)

    before = at.has("a")
    at.need("a", integer)

    assert (before, at.has("a"), at.has("b")) == (True, False, False)


def test_unknown_field_offers_the_nearest_name() -> None:
    with pytest.raises(InvalidTicket, match="unknown field 'limt'; did you mean 'limit'"):
        whole(fields(limt=1), lambda at: at.take("limit", integer, None))


def test_unknown_field_near_to_nothing_lists_the_known_ones() -> None:
    with pytest.raises(InvalidTicket, match=r"unknown field 'zzz'; known are \['limit'\]"):
        whole(fields(zzz=1), lambda at: at.take("limit", integer, None))


def test_unknown_field_with_a_giant_name_is_refused_at_once_and_cut() -> None:
    began = time.perf_counter()

    with pytest.raises(InvalidTicket) as it:
        whole(fields(**{"x" * 1_000_000: 1}), lambda at: at.take("limit", integer, None))

    assert len(it.value.message) < 300
    assert time.perf_counter() - began < 1


def test_whole_returns_what_was_read_once_nothing_is_left() -> None:
    assert whole(fields(a=1), lambda at: at.need("a", integer)) == 1


@pytest.mark.parametrize(
    ("read", "form", "sentence"),
    [
        (text, 1, "must be a string; got a number"),
        (text, "\udc00", "half a surrogate pair"),
        (integer, 1.0, "must be an integer; got a number"),
        (integer, True, "must be an integer; got true or false"),
        (integer, "1", "must be an integer; got a string"),
        (integer, 2**63, "does not fit into 64 bits"),
        (integer, -(2**63) - 1, "does not fit into 64 bits"),
        (number, False, "must be a number; got true or false"),
        (number, "0.5", "must be a number; got a string"),
        (number, 10**400, "too large a number"),
        (boolean, 1, "must be true or false; got a number"),
        (boolean, [], "must be true or false; got a list"),
        (array(integer), {}, "must be a list; got an object"),
        (array(integer), [1, "x"], "item 1 of 'a' of the request must be an integer"),
    ],
)
def test_wrong_type_says_where_and_what_was_found(
    read: object, form: object, sentence: str
) -> None:
    with pytest.raises(InvalidTicket, match=sentence) as it:
        fields(a=form).need("a", read)  # type: ignore[arg-type]

    assert "'a' of the request" in it.value.message


@pytest.mark.parametrize(
    ("read", "form", "value"),
    [
        (text, "", ""),
        (integer, -(2**63), -(2**63)),
        (integer, 2**63 - 1, 2**63 - 1),
        (number, 1, 1.0),
        (number, 0.5, 0.5),
        (boolean, False, False),
        (array(integer), [], ()),
        (array(integer), [2, 1], (2, 1)),
    ],
)
def test_right_type_is_read_as_it_is(read: object, form: object, value: object) -> None:
    assert repr(fields(a=form).need("a", read)) == repr(value)  # type: ignore[arg-type]


def test_one_of_gives_what_the_word_stands_for() -> None:
    assert one_of("b", "it", {"a": 1, "b": 2}) == 2


def test_one_of_an_unknown_word_lists_the_words() -> None:
    with pytest.raises(InvalidTicket, match="it is one of a, b; got 'c'"):
        one_of("c", "it", {"a": 1, "b": 2})
