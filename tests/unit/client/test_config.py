"""Settings: where they come from, and what is refused."""

from pathlib import Path

import pytest

from flight_client.config import VARIABLES, Address, ClientConfig, parse_address, read_config
from flight_client.protocol.errors import Error, InvalidRequest

LOCAL = "grpc://localhost:8815"
FAR = "grpc+tls://flight.example.com:443"
PEM = b"-----BEGIN CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("grpc://localhost:8815", Address("grpc", "localhost", 8815)),
        ("grpc+tcp://10.0.0.1:1/", Address("grpc+tcp", "10.0.0.1", 1)),
        ("grpc+tls://host.example.com:443", Address("grpc+tls", "host.example.com", 443)),
        ("grpc://[::1]:8815", Address("grpc", "::1", 8815)),
        ("grpc+unix:///run/a%20b/flight", Address("grpc+unix", "", 0, "/run/a%20b/flight")),
    ],
)
def test_address_is_read_from_its_uri(uri: str, address: Address) -> None:
    assert parse_address(uri) == address
    assert str(address) == uri.removesuffix("/")


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("http://host:1", "scheme"),
        ("host:8815", "scheme"),
        ("http+unix:///tmp/socket", "scheme"),
        ("grpc+unix://tmp/socket", "Unix socket"),
        ("grpc+unix:", "Unix socket"),
        ("grpc://host", "host and a port"),
        ("grpc://:8815", "host and a port"),
        ("grpc://host:8815/path", "host and a port"),
        ("grpc://host:8815?tls=1", "more than an address"),
        ("grpc://host:99999", "is no address"),
        ("grpc://host:port", "is no address"),
        ("grpc://user@host:1", "user="),
        (5, "a text; got 5"),
        (b"grpc://host:1", "a text"),
    ],
)
def test_wrong_address_is_refused_with_an_example_of_a_right_one(uri: str, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        parse_address(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "grpc://me:hunter2@host:1",
        "grpc://me:hunter2@host:port",
        "me:hunter2@host:1",
        "grpc:me:hunter2@host:1",
        "http://host:1/@hunter2",
        "grpc://host:1?token=hunter2",
        "http://host:1?token=hunter2",
        "host#hunter2",
    ],
)
def test_password_in_an_address_is_not_repeated_in_the_message(uri: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_address(uri)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("0.0.0.0", False),
    ],
)
def test_loopback_is_told_without_looking_a_name_up(host: str, loopback: bool) -> None:
    assert Address("grpc", host, 1).loopback is loopback


def test_credentials_may_go_to_a_unix_socket() -> None:
    config = read_config({}, uri="grpc+unix:///run/flight", token="t")
    assert (config.address.loopback, str(config.address)) == (True, "grpc+unix:///run/flight")


def test_without_any_address_the_message_names_the_variable() -> None:
    with pytest.raises(InvalidRequest, match="FLIGHT_CLIENT_URI"):
        read_config({})


def test_environment_fills_what_no_argument_gives() -> None:
    config = read_config(
        {VARIABLES["uri"]: LOCAL, VARIABLES["token"]: "t", VARIABLES["space"]: "S"}
    )
    assert (str(config.address), config.token, config.space) == (LOCAL, "t", "S")


def test_argument_wins_over_environment() -> None:
    config = read_config({VARIABLES["uri"]: FAR, VARIABLES["space"]: "S"}, uri=LOCAL, space="OTHER")
    assert (str(config.address), config.space) == (LOCAL, "OTHER")


def test_credentials_given_as_arguments_keep_those_of_the_environment_out() -> None:
    config = read_config({VARIABLES["token"]: "t"}, uri=LOCAL, user="me", password="secret")
    assert (config.token, config.user, config.password) == (None, "me", "secret")


def test_empty_variable_counts_as_unset() -> None:
    assert read_config({VARIABLES["token"]: "", VARIABLES["space"]: ""}, uri=LOCAL).token is None


def test_token_is_read_from_a_file_without_its_newline(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("secret\n")
    assert read_config({VARIABLES["token_file"]: str(file)}, uri=LOCAL).token == "secret"


def test_password_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("secret\n")
    environment = {VARIABLES["user"]: "me", VARIABLES["password_file"]: str(file)}
    assert read_config(environment, uri=LOCAL).password == "secret"


def test_missing_token_file_names_path_and_variable(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"nowhere.*FLIGHT_CLIENT_TOKEN_FILE"):
        read_config({VARIABLES["token_file"]: str(tmp_path / "nowhere")}, uri=LOCAL)


def test_token_and_token_file_together_are_refused() -> None:
    environment = {VARIABLES["token"]: "t", VARIABLES["token_file"]: "f"}
    with pytest.raises(InvalidRequest, match="both set"):
        read_config(environment, uri=LOCAL)


def test_secrets_are_not_shown() -> None:
    config = read_config({}, uri=LOCAL, token="hunter2", headers={"X-Key": "hunter2"})
    assert "hunter2" not in repr(config)
    assert "hunter2" not in repr(read_config({}, uri=LOCAL, user="me", password="hunter2"))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"token": "t", "user": "u", "password": "p"}, "keep one"),
        ({"user": "u"}, "needs a password"),
        ({"password": "p"}, "password a user"),
        ({"user": "a:b", "password": "p"}, "colon"),
        ({"token": "line\nbreak"}, "The token"),
        ({"token": "tökén"}, "The token"),
        ({"token": ""}, "The token"),
        ({"headers": {"bad name": "v"}}, "bad name"),
        ({"headers": {"x": "a\r\nb"}}, "header 'x'"),
        ({"cert": PEM}, "both cert= and key="),
        ({"key": PEM}, "both cert= and key="),
        ({"tls_roots": PEM}, "tls_roots has no meaning"),
        ({"tls_verify": False}, "tls_verify has no meaning"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"connect_timeout_s": -1}, "connect_timeout_s"),
        ({"idle_timeout_s": float("inf")}, "idle_timeout_s"),
        ({"stream_timeout_s": float("nan")}, "stream_timeout_s"),
        ({"timeout_s": "5"}, "timeout_s is a number of seconds over 0; got '5'"),
        ({"timeout_s": True}, "timeout_s"),
        ({"parallelism": 0}, "parallelism"),
        ({"parallelism": 1.5}, "whole number from 1; got 1.5"),
        ({"parallelism": True}, "parallelism"),
        ({"parallelism": "2"}, "parallelism"),
        ({"token": 5}, "token is a text"),
        ({"token": b"t"}, "token is a text"),
        ({"user": 5, "password": "p"}, "user is a text"),
        ({"user": "u", "password": 5}, "password is a text"),
        ({"headers": {"x": 5}}, "header 'x'"),
        ({"headers": {5: "x"}, "parallelism": 0}, "parallelism"),
        ({"headers": ["x"]}, "headers is a mapping"),
        ({"tls_roots": 5}, "tls_roots is PEM, or the path"),
        ({"space": 5}, "space"),
        ({"space": "a\0b"}, "space"),
    ],
)
def test_setting_that_does_not_fit_is_named(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(Error, match=sentence):
        read_config({}, uri=LOCAL, **settings)


@pytest.mark.parametrize(
    "credentials",
    [
        {"token": "t"},
        {"user": "u", "password": "p"},
        {"headers": {"Authorization": "Bearer t"}},
    ],
)
def test_credentials_do_not_leave_the_machine_without_tls(credentials: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest, match="allow_plaintext_credentials"):
        read_config({}, uri="grpc://flight.example.com:8815", **credentials)
    assert read_config({}, uri=FAR, **credentials)
    assert read_config({}, uri=LOCAL, **credentials)


def test_plaintext_credentials_are_sent_where_that_is_said() -> None:
    config = read_config(
        {}, uri="grpc://flight.example.com:8815", token="t", allow_plaintext_credentials=True
    )
    assert config.token == "t"


def test_pem_is_taken_as_bytes_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(PEM)
    for source in (PEM, PEM.decode(), file, str(file)):
        assert read_config({}, uri=FAR, tls_roots=source).tls_roots == PEM.decode()


def test_file_that_is_no_pem_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ca.der"
    file.write_bytes(b"\x30\x82")
    with pytest.raises(InvalidRequest, match="no PEM"):
        read_config({}, uri=FAR, tls_roots=file)


def test_pem_text_stands_in_an_environment_variable_too() -> None:
    assert read_config({VARIABLES["tls_roots"]: PEM.decode()}, uri=FAR).tls_roots == PEM.decode()


@pytest.mark.parametrize(
    "source", ["hunter2\nhunter2\n", b"hunter2", "hunter2\0\n", "x" * 5000 + "\nhunter2"]
)
def test_key_that_is_neither_pem_nor_a_path_is_not_repeated(source: str | bytes) -> None:
    with pytest.raises(InvalidRequest, match="PEM") as caught:
        read_config({}, uri=FAR, cert=PEM, key=source)
    assert "hunter2" not in str(caught.value)


def test_wrong_type_of_a_secret_is_refused_without_repeating_it() -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_config({}, uri=LOCAL, token=b"hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("path", ["x" * 5000, "no\0path"])
def test_path_that_none_can_be_is_refused_in_a_short_sentence(path: str) -> None:
    with pytest.raises(InvalidRequest, match="cannot be read") as caught:
        read_config({}, uri=FAR, tls_roots=path)
    assert len(str(caught.value)) < 300


def test_certificates_of_the_environment_are_left_out_without_tls() -> None:
    assert read_config({VARIABLES["tls_roots"]: "/no/such/file"}, uri=LOCAL).tls_roots is None


def test_header_names_are_lower_case_on_the_wire() -> None:
    assert read_config({}, uri=LOCAL, headers={"X-Trace": "1"}).headers == (("x-trace", "1"),)


def test_configuration_is_frozen() -> None:
    config = ClientConfig(address=parse_address(LOCAL))
    with pytest.raises(AttributeError):
        config.token = "t"
