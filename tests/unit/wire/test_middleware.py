"""The cookie of a session in the headers of a call."""

import pytest

from flight_server.wire.middleware import COOKIE, cookie_in


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([], None),
        ([""], None),
        ([COOKIE], None),
        ([f"{COOKIE}="], None),
        ([f'{COOKIE}=""'], None),
        ([f"{COOKIE}=abc"], "abc"),
        ([f'{COOKIE}="abc"'], "abc"),
        ([f" {COOKIE} = abc "], "abc"),
        ([f"a=b; {COOKIE}=abc; c=d"], "abc"),
        (["a=b", f"{COOKIE}=abc"], "abc"),
        ([f"{COOKIE}=first; {COOKIE}=second"], "first"),
        ([f"x{COOKIE}=abc"], None),
        ([f"a={COOKIE}=abc"], None),
        ([f"{COOKIE}=a=b"], "a=b"),
        ([";;;=;"], None),
    ],
)
def test_cookie_is_found_among_others(headers: list[str], found: str | None) -> None:
    assert cookie_in(headers) == found
