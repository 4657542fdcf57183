"""The section for HANA: users, what belongs together, properties of the driver."""

import os
from pathlib import Path

import pytest

from flight_server.config import ConfigurationError, HanaSection, load

USER = '[hana]\naddress = "hana.example"\nuser = "SALES#FLIGHT"\npassword = "secret-word"\n'
BARE = '[hana]\naddress = "hana.example"\n'


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("FLIGHT_SERVER_"):
            monkeypatch.delenv(name)


def loaded(folder: Path, text: str) -> HanaSection:
    path = folder / "server.toml"
    path.write_text(text, encoding="utf-8")
    return load(path).hana


def problems(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        loaded(folder, text)
    return "\n".join(caught.value.problems)


def test_one_technical_user_is_enough(tmp_path: Path) -> None:
    found = loaded(tmp_path, USER)
    assert (found.user, found.secrets, found.port) == ("SALES#FLIGHT", ("password",), 443)


def test_users_stand_by_space_and_by_principal(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        BARE + '[hana.spaces.SALES]\nuser = "SALES#A"\npassword_variable = "A"\n'
        '[hana.principals."alice@example.com"]\nuser = "SALES#B"\npassword_file = "/run/b"\n',
    )
    assert found.spaces["SALES"].user == "SALES#A"
    assert found.principals["alice@example.com"].password_file == Path("/run/b")


def test_token_needs_no_user(tmp_path: Path) -> None:
    assert loaded(tmp_path, BARE + 'token_file = "/run/token"\n').secrets == ("token_file",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (BARE, "hana: no database user is given"),
        ('[hana]\nuser = "A"\npassword = "b"\n', "hana: address is missing, and "),
        ("[hana]\nport = 444\n", "hana: address is missing, and port is set"),
        (BARE + 'user = "A"\n', "exactly one of .*; given is none"),
        (USER + 'password_file = "/x"\n', "given is password and password_file"),
        (BARE + 'password = "b"\n', "a password needs user"),
        (BARE + 'user = "A"\ntoken = "b"\n', "a token names its user itself"),
        (BARE + "[hana.spaces.SALES]\n", "hana.spaces.SALES: user is missing"),
        (
            BARE + '[hana.spaces.SALES]\nuser = "A"\n',
            "hana.spaces.SALES: a user has exactly one of",
        ),
        (
            BARE + '[hana.principals.bob]\nuser = "A"\npasword = "b"\n',
            "hana.principals.bob.pasword: unknown key; did you mean 'password'",
        ),
        (USER + 'adress = "x"\n', "hana.adress: unknown key; did you mean 'address'"),
        (USER.replace("hana.example", "https://hana.example"), "hana.address: a host name alone"),
        (USER.replace("hana.example", "hana.example:443"), "hana.address: a host name alone"),
        (USER.replace("hana.example", ""), "hana.address: a host name alone"),
        (USER + "max_readers = 1\n", "hana.max_readers: "),
        (USER + "lob_bytes = 16777216\n", "hana.lob_bytes: "),
        (USER + "packet_bytes = 1\n", "hana.packet_bytes: "),
        (USER + 'timestamps = "nanoseconds"\n', "hana.timestamps: "),
        (USER + 'floating_decimal = "float32"\n', "hana.floating_decimal: one of utf8, float64"),
        (USER + 'floating_decimal = "decimal128(38,39)"\n', "hana.floating_decimal: one of utf8"),
        (USER + '[database]\npath = "x"\n', "hana.address and database.path are both set"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        loaded(tmp_path, text)
    assert "secret-word" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("sslValidateCert = true", "let through; did you mean 'sslValidateCertificate'?"),
        ("sslValidateCertificate = false", "set hana.allow_unverified_tls"),
        ("SSLVALIDATECERTIFICATE = false", "set hana.allow_unverified_tls"),
        ("reconnect = true", "reconnect cannot be set here: a connection that comes back"),
        ("autocommit = false", "autocommit cannot be set here"),
        ('currentSchema = "X"', "the server writes the schema before every name"),
        ("compress = 1", "compress is true or false; got 1"),
        ('prefetch = "yes"', "prefetch is true or false; got 'yes'"),
        ("statementCacheSize = true", "statementCacheSize is an integer; got True"),
        ("proxyPort = 70000", "proxyPort is an integer from 1 to 65535; got 70000"),
    ],
)
def test_property_of_the_driver_is_checked(tmp_path: Path, line: str, sentence: str) -> None:
    assert sentence in problems(tmp_path, f"{USER}[hana.options]\n{line}\n")


def test_all_wrong_properties_are_told_at_once(tmp_path: Path) -> None:
    said = problems(tmp_path, USER + "[hana.options]\nreconnect = true\ncompres = true\n")
    assert "reconnect cannot be set" in said
    assert "did you mean 'compress'" in said


def test_known_properties_pass(tmp_path: Path) -> None:
    text = USER + '[hana.options]\ncompress = true\nproxyPort = 8080\nlocale = "de"\n'
    assert loaded(tmp_path, text).options == {"compress": True, "proxyPort": 8080, "locale": "de"}


def test_password_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHT_SERVER_HANA__PASSWORD", "from-outside")
    found = loaded(tmp_path, BARE + 'user = "A"\n')
    assert found.password is not None
    assert found.password.get_secret_value() == "from-outside"


def test_file_of_the_password_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHT_SERVER_HANA__PASSWORD_FILE", "/run/other")
    found = loaded(tmp_path, BARE + 'user = "A"\npassword_file = "/run/one"\n')
    assert found.password_file == Path("/run/other")


def test_variable_cannot_hold_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHT_SERVER_HANA__SPACES", "{}")
    assert "FLIGHT_SERVER_HANA__SPACES: unknown variable" in problems(tmp_path, USER)


def test_secrets_are_masked_in_nested_tables_too(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        USER + '[hana.principals.bob]\nuser = "A"\npassword = "secret-too"\n'
        '[hana.spaces.S]\nuser = "B"\npassword = "secret-three"\n',
    )
    assert "secret" not in repr(found) + str(found) + found.model_dump_json()


@pytest.mark.parametrize(
    ("policy", "scale"), [("utf8", None), ("float64", None), ("decimal128(38,9)", 9)]
)
def test_policy_of_floating_decimals_has_its_scale(
    tmp_path: Path, policy: str, scale: int | None
) -> None:
    found = loaded(tmp_path, USER + f'floating_decimal = "{policy}"\n')
    assert found.floating_scale == scale
