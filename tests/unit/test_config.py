"""The configuration: sources, precedence, all problems at once, secrets never shown."""

import os
import re
from pathlib import Path

import pytest

from flight_server.config import (
    SECTIONS,
    Configuration,
    ConfigurationError,
    is_secret,
    is_table,
    load,
    variable_name,
)

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("FLIGHT_SERVER_"):
            monkeypatch.delenv(name)


def _file(folder: Path, text: str) -> Path:
    path = folder / "server.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _problems(path: Path | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    return "\n".join(caught.value.problems)


def test_nothing_set_gives_the_defaults() -> None:
    assert load().model_dump() == {
        name: section().model_dump() for name, section in SECTIONS.items()
    }


def test_defaults_listen_on_loopback_only() -> None:
    assert load().server.host == "127.0.0.1"
    assert not load().server.allow_insecure


def test_file_is_read(tmp_path: Path) -> None:
    found = load(_file(tmp_path, "[server]\nport = 9000\n[tickets]\nlifetime_s = 5\n"))
    assert (found.server.port, found.tickets.lifetime_s) == (9000, 5)


def test_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHT_SERVER_SERVER__PORT", "9001")
    found = load(_file(tmp_path, '[server]\nport = 9000\nhost = "::1"\n'))
    assert (found.server.port, found.server.host) == (9001, "::1")


def test_list_in_the_environment_is_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHT_SERVER_SERVER__ADVERTISE", '["grpc+tls://flight.example:443"]')
    assert load().server.advertise == ("grpc+tls://flight.example:443",)


def test_list_that_is_no_json_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHT_SERVER_SERVER__ADVERTISE", "grpc://a,grpc://b")
    assert "FLIGHT_SERVER_SERVER__ADVERTISE: write a JSON list" in _problems()


def test_secret_comes_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text(KEY + "\n", encoding="utf-8")
    monkeypatch.setenv("FLIGHT_SERVER_TICKETS__SIGNING_KEY_FILE", str(tmp_path / "key"))
    secret = load().tickets.signing_key
    assert secret is not None
    assert secret.get_secret_value() == KEY


def test_secret_file_that_is_missing_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHT_SERVER_TICKETS__SIGNING_KEY_FILE", "/nowhere/key")
    assert "FLIGHT_SERVER_TICKETS__SIGNING_KEY_FILE: " in _problems()


def test_secret_file_that_is_missing_does_not_hide_other_problems(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FLIGHT_SERVER_TICKETS__SIGNING_KEY_FILE", "/nowhere/key")
    monkeypatch.setenv("FLIGHT_SERVER_SERVER__PORT", "99999999")
    problems = _problems()
    assert "SIGNING_KEY_FILE" in problems
    assert "server.port" in problems


@pytest.mark.parametrize("value", ["foo", '{"port": 1}'])
def test_variable_of_a_whole_section_is_unknown(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("FLIGHT_SERVER_SERVER", value)
    assert "FLIGHT_SERVER_SERVER: unknown variable" in _problems()


def test_variables_that_kubernetes_makes_for_a_service_of_our_name_are_not_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {
        "SERVICE_HOST": "10.0.0.1",
        "SERVICE_PORT": "8815",
        "SERVICE_PORT_GRPC": "8815",
        "PORT": "tcp://10.0.0.1:8815",
        "PORT_8815_TCP": "tcp://10.0.0.1:8815",
        "PORT_8815_TCP_ADDR": "10.0.0.1",
        "PORT_8815_TCP_PORT": "8815",
        "PORT_8815_TCP_PROTO": "tcp",
    }.items():
        monkeypatch.setenv(f"FLIGHT_SERVER_{name}", value)
    assert load().server.port == 8815


def test_file_that_is_no_text_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "server.toml"
    path.write_bytes(b"\xff\xfe")
    assert "no TOML" in _problems(path)


def test_file_form_of_an_open_value_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHT_SERVER_SERVER__HOST_FILE", "/x")
    assert "SERVER__HOST" in _problems()


def test_secret_is_masked_wherever_it_is_shown() -> None:
    found = Configuration.model_validate({"tickets": {"signing_key": KEY}})
    assert KEY not in repr(found)
    assert KEY not in found.model_dump_json()
    assert KEY not in str(found)


def test_all_problems_of_file_and_environment_are_reported_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHT_SERVER_SERVR__PORT", "1")
    monkeypatch.setenv("FLIGHT_SERVER_LIMITS__BATCH_BYTES", "1")
    problems = _problems(
        _file(
            tmp_path,
            '[server]\nprot = 1\nport = "x"\n[databse]\npath = "a"\n'
            '[tickets]\nsigning_key = "short-secret"\n',
        )
    )
    assert "FLIGHT_SERVER_SERVR__PORT: unknown variable; did you mean" in problems
    assert "server.prot: unknown key; did you mean 'port'?" in problems
    assert "server.port: " in problems
    assert "databse: unknown section; did you mean 'database'?" in problems
    assert "limits.batch_bytes: " in problems
    assert "tickets.signing_key: " in problems
    assert "short-secret" not in problems


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\nport = 70000\n", "server.port"),
        ("[server]\nhost = ''\n", "server.host"),
        ('[server]\ntls_cert = "a.pem"\n', "belong together"),
        ('[database]\nmemory_limit = "lots"\n', "database.memory_limit"),
        ('[database]\ncaller_dialect = "oracle"\n', "database.caller_dialect"),
        ("[tickets]\nlifetime_s = 0\n", "tickets.lifetime_s"),
        ("[writes]\nenabled = true\n", "writes: enabled needs spaces"),
        ('[writes]\nspaces = [""]\n', "'' is no name"),
        ("[writes]\nidle_s = 0\n", "writes.idle_s"),
        ("[writes]\nidle_s = 3601\n", "writes.idle_s"),
        ("[writes]\nmax_transactions = 0\n", "writes.max_transactions"),
        (
            '[database]\npath = "a.duckdb"\n[writes]\nenabled = true\nspaces = ["S"]\n',
            "set database.read_only = false, or leave writing off",
        ),
        ('[log]\nlevel = "loud"\n', "log.level"),
        ("server = 1\n", "server"),
        ('[server]\nadvertise = ["localhost:8815"]\n', "'localhost:8815' is no location"),
        ("not toml", "no TOML"),
    ],
)
def test_wrong_value_is_named(tmp_path: Path, text: str, said: str) -> None:
    assert said in _problems(_file(tmp_path, text))


def test_missing_file_is_named(tmp_path: Path) -> None:
    assert "There is no configuration file" in _problems(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "database",
    [
        "",
        '[database]\npath = "a.duckdb"\nread_only = false\n',
        '[hana]\naddress = "h"\nuser = "U"\npassword = "p"\n',
    ],
)
def test_writing_is_switched_on_where_the_database_takes_it(tmp_path: Path, database: str) -> None:
    text = f'{database}[writes]\nenabled = true\nspaces = ["S", "T"]\n'
    found = load(_file(tmp_path, text)).writes
    assert (found.enabled, found.spaces) == (True, ("S", "T"))


def test_writing_is_off_where_spaces_alone_are_named(tmp_path: Path) -> None:
    assert not load(_file(tmp_path, '[writes]\nspaces = ["S"]\n')).writes.enabled


def test_values_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().server.port = 1  # pyright: ignore[reportAttributeAccessIssue]


def test_documentation_lists_every_setting_with_its_default() -> None:
    text = Path(__file__).parents[2].joinpath("docs/configuration.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(\w+)\.(\w+)` \|", text, re.MULTILINE))
    known = {(s, name) for s, section in SECTIONS.items() for name in section.model_fields}
    assert documented == known
    for section, table in SECTIONS.items():
        for name, field in table.model_fields.items():
            (row,) = re.findall(rf"^\| `{section}\.{name}` \|(.*)\|$", text, re.MULTILINE)
            default, variable, description = (cell.strip() for cell in row.split(" | "))
            shown = "none" if field.default in (None, (), {}) else f"`{field.default}`"
            assert default == shown
            file = " (or `..._FILE`)" if is_secret(field) else ""
            named = f"`{variable_name(section, name)}`{file}"
            assert variable == ("in the file only" if is_table(field) else named)
            assert description == field.description
