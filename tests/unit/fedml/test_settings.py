"""FedML's config.json: which keys mean what, and what is said of those that cannot be used."""

import json
from pathlib import Path
from typing import Any

import pytest

from flight_client.config import ClientConfig
from flight_client.fedml.settings import (
    KNOWN,
    TIMEOUT_S,
    HanaKeys,
    Settings,
    load,
    settings_of,
)
from flight_client.protocol.errors import InvalidRequest

HANA = {
    "address": "db.example",
    "port": "443",
    "user": "SALES#FLIGHT",
    "password": "hunter2",
    "schema": "SALES",
}
FLIGHT = {"flight_uri": "grpc+tls://flight.example:8815", "schema": "SALES"}


def read(keys: dict[str, Any], **environment: str) -> Settings:
    return settings_of(keys, environment)


def section(**keys: Any) -> dict[str, Any]:
    hana = read({**HANA, **keys}).server
    assert isinstance(hana, HanaKeys)
    return dict(hana.section)


def flight(keys: dict[str, Any], **environment: str) -> ClientConfig:
    config = read({**FLIGHT, **keys}, **environment).server
    assert isinstance(config, ClientConfig)
    return config


def test_keys_of_a_fedml_file_become_those_of_a_server() -> None:
    assert section() == {
        "address": "db.example",
        "port": 443,
        "user": "SALES#FLIGHT",
        "password": "hunter2",
        "options": {},
    }


def test_space_is_read_and_the_users_own_schema_takes_tables() -> None:
    settings = read(HANA)
    assert settings.reads == ("SALES", "SALES#FLIGHT")
    assert settings.writes == ("SALES#FLIGHT", "SALES")
    assert isinstance(settings.server, HanaKeys)
    assert settings.server.writable == ("SALES#FLIGHT", "SALES")


def test_user_whose_schema_is_its_own_has_one_place() -> None:
    settings = read({**HANA, "schema": "SALES#FLIGHT"})
    assert settings.reads == settings.writes == ("SALES#FLIGHT",)


def test_write_space_names_where_tables_are_made() -> None:
    settings = read({**HANA, "write_space": "LAB"})
    assert settings.writes == ("LAB", "SALES")


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({"sslTrustStore": "/ca.pem"}, {"trust_store": "/ca.pem"}),
        ({"sslHostNameInCertificate": "n"}, {"host_name_in_certificate": "n"}),
        ({"communicationTimeout": "0"}, {}),
        ({"communicationTimeout": 90_000}, {"communication_timeout_s": 90.0}),
        ({"communicationTimeout": "1"}, {"communication_timeout_s": 1.0}),
        ({"autocommit": "false"}, {}),
        ({"encrypt": "true", "sslValidateCertificate": True}, {}),
        ({"disableCloudRedirect": "true"}, {"options": {"disableCloudRedirect": True}}),
        ({"sslUseDefaultTrustStore": False}, {"options": {"sslUseDefaultTrustStore": False}}),
    ],
)
def test_optional_key_means_what_hdbcli_means_by_it(
    keys: dict[str, Any], found: dict[str, Any]
) -> None:
    assert section(**keys) == {**section(), **found}


@pytest.mark.parametrize("name", ["encrypt", "sslValidateCertificate"])
@pytest.mark.parametrize("value", ["false", "FALSE", False, "0", 0])
def test_wish_for_less_than_tls_is_told_and_not_obeyed(name: str, value: object) -> None:
    settings = read({**HANA, name: value})
    (remark,) = settings.remarks
    assert remark.startswith(f"{name} = false is not obeyed")
    assert "sslTrustStore" in remark
    assert not {"allow_plaintext", "allow_unverified_tls"} & set(section(**{name: value}))


def test_unknown_key_is_named_and_not_used() -> None:
    assert read({**HANA, "reconect": True}).remarks == (
        "The key 'reconect' of the configuration is not known and not used.",
    )


def test_key_for_flight_alone_is_named_where_there_is_no_flight_server() -> None:
    (remark,) = read({**HANA, "token": "t"}).remarks
    assert remark == "The key 'token' is not used without flight_uri."


def test_all_missing_keys_are_named_at_once() -> None:
    with pytest.raises(InvalidRequest, match=r"lacks address, password, schema; .* flight_uri"):
        read({"port": 443, "user": "U"})


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"port": "https"}, "port is a whole number; got 'https'"),
        ({"port": True}, "port is a whole number"),
        ({"password": 5}, "password of the configuration is a text"),
        ({"encrypt": "maybe"}, "encrypt is true or false; got 'maybe'"),
        ({"timeout_s": 0}, "timeout_s is a number of seconds over 0"),
        ({"timeout_s": True}, "timeout_s is a number of seconds over 0"),
        ({"schema": ["A"]}, "schema of the configuration is a text"),
    ],
)
def test_value_that_does_not_fit_is_told_with_its_key(keys: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        read({**HANA, **keys})


def test_password_shows_in_no_representation() -> None:
    assert "hunter2" not in repr(read(HANA))
    assert "hunter2" not in repr(read({**FLIGHT, "user": "u", "password": "hunter2"}))


def test_flight_server_gets_the_user_and_password() -> None:
    found = flight({"user": "u", "password": "p", "timeout_s": 5})
    assert (found.user, found.password, found.token, found.timeout_s) == ("u", "p", None, 5)


def test_token_keeps_the_users_password_from_the_flight_server(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")
    found = flight({**HANA, "token_file": str(tmp_path / "token")})
    assert (found.token, found.user, found.password) == ("secret", None, None)


def test_token_is_given_in_one_way() -> None:
    with pytest.raises(InvalidRequest, match="keep one of them"):
        read({**FLIGHT, "token": "t", "token_file": "f"})


def test_environment_gives_the_credentials_that_the_file_leaves_out() -> None:
    environment = {"FLIGHT_CLIENT_TOKEN": "t", "FLIGHT_CLIENT_SPACE": "OTHER"}
    assert flight({}, **environment).token == "t"
    assert read(FLIGHT, **environment).reads == ("SALES", None)


def test_names_stand_anywhere_where_neither_file_nor_environment_has_a_schema() -> None:
    settings = read({"flight_uri": "grpc://localhost:1"})
    assert settings.reads == settings.writes == (None,)
    assert settings.timeout_s == TIMEOUT_S
    assert read({"flight_uri": "grpc://localhost:1"}, FLIGHT_CLIENT_SPACE="S").schema == "S"


def test_space_is_another_word_for_schema() -> None:
    assert read({**FLIGHT, "space": "LAB"}).schema == "LAB"


def test_file_is_read_where_no_keys_are_given(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(HANA))
    assert load(path, None) == HANA
    assert load(str(tmp_path / "missing.json"), HANA) is HANA


def test_file_is_config_json_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert load(None, None) == {}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read: No such file or directory; give its path as url="),
        ("{", "holds no JSON: "),
        ("[]", "holds no JSON object of keys"),
    ],
)
def test_file_that_cannot_be_used_is_named(
    tmp_path: Path, content: str | None, sentence: str
) -> None:
    path = tmp_path / "c.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InvalidRequest, match=sentence) as caught:
        load(path, None)
    assert "c.json" in str(caught.value)


def test_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8-sig")
    assert load(tmp_path / "config.json", None) == {}


def test_keys_in_place_of_the_path_are_told_where_they_belong() -> None:
    with pytest.raises(InvalidRequest, match=r"url is the path of a JSON file; got dict: give"):
        load(HANA, None)  # type: ignore[arg-type]


def test_dict_obj_is_a_dict() -> None:
    with pytest.raises(InvalidRequest, match="dict_obj is a dict of keys; got str"):
        load("config.json", "config.json")


def test_every_known_key_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs/fedml.md").read_text(encoding="utf-8")
    assert {name for name in KNOWN if f"`{name}`" not in page} == set()
