"""Errors on the wire stay small and whole, whatever their sentence and facts."""

import base64
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from flight_client.protocol.errors import Error, error_classes, from_wire, to_wire

classes = st.sampled_from(sorted(error_classes(), key=lambda found: found.code))
any_text = st.text(st.characters())  # half surrogate pairs included
long_text = st.builds(lambda part, times: part * times, any_text, st.integers(0, 2_000))
incidents = st.none() | st.text("0123456789abcdef", min_size=1, max_size=64)
details = st.dictionaries(any_text, any_text | st.integers() | st.lists(any_text), max_size=5).map(
    lambda facts: {name: fact for name, fact in facts.items() if name != "incident"}
)


@given(classes, any_text | long_text, incidents, details)
def test_error_on_the_wire_stays_below_4_kib(
    found: type[Error], message: str, incident: str | None, facts: dict[str, str | int | list[str]]
) -> None:
    sentence, body = to_wire(found(message, incident=incident, **facts))

    assert len(quote(sentence)) + len(base64.b64encode(body)) < 4096


@given(
    classes,
    st.text(max_size=60),
    incidents,
    st.dictionaries(st.text(max_size=8), st.integers(0, 99), max_size=4),
)
def test_error_that_fits_comes_back_whole(
    found: type[Error], message: str, incident: str | None, facts: dict[str, int]
) -> None:
    facts.pop("incident", None)

    read = from_wire(*to_wire(found(message, incident=incident, **facts)))

    assert type(read) is found
    assert read is not None
    assert (read.message, read.incident, read.details) == (message, incident, facts)


@given(
    classes,
    st.text(st.characters(codec="utf-8", exclude_characters="().["), max_size=60),
    incidents,
)
def test_message_alone_comes_back_whole(
    found: type[Error], message: str, incident: str | None
) -> None:
    sentence, _ = to_wire(found(message, incident=incident))

    read = from_wire(sentence, b"")

    assert type(read) is found
    assert read is not None
    assert (read.message, read.incident) == (message, incident)
