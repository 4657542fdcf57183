"""What ``import flight_client`` gives, and what it costs."""

import inspect
import json
import pickle
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import flight_client
from flight_client.client import Client, connect
from flight_client.config import ClientConfig, read_config
from flight_client.discovery import Description, Entities
from flight_client.protocol import errors
from flight_client.protocol.commands import Explanation
from flight_client.reading import Result

HOMES = {
    kind.__name__: kind
    for kind in (Client, Description, Entities, Explanation, Result, connect, errors.Retry)
}


def test_all_names_what_users_meet_and_every_error() -> None:
    kinds = {kind.__name__ for kind in errors.error_classes() if kind.__module__ == errors.__name__}
    assert set(flight_client.__all__) == {"__version__", *HOMES, *kinds}


def test_all_is_sorted_and_without_repetition() -> None:
    assert flight_client.__all__ == sorted(set(flight_client.__all__))


@pytest.mark.parametrize("name", sorted({*flight_client.__all__} - {"__version__"}))
def test_every_name_of_all_is_there(name: str) -> None:
    assert getattr(flight_client, name) is HOMES.get(name, getattr(errors, name, None))


def test_version_is_that_of_the_distribution() -> None:
    assert flight_client.__version__ == version("datasphere-flight")


def test_dir_shows_the_public_names_alone() -> None:
    assert dir(flight_client) == sorted(flight_client.__all__)


def test_error_can_be_pickled_by_a_process_that_never_loaded_it() -> None:
    sent = pickle.dumps(flight_client.UnknownEntity("No such entity."))
    code = f"import pickle; print(repr(pickle.loads({sent!r})))"
    assert _in_a_new_interpreter(code).strip() == "UnknownEntity('No such entity.')"


def test_type_checker_knows_results_and_refuses_other_names(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import flight_client\n"
        "with flight_client.connect('grpc://localhost:1') as client:\n"
        "    reveal_type(client.table(client.tables()['T']))\n"
        "    flight_client.nope\n"
    )
    found = subprocess.run(
        [Path(sys.executable).with_name("basedpyright"), "--outputjson", script],
        check=False,
        capture_output=True,
        cwd=Path(flight_client.__file__).parents[1],
        timeout=60,
    )
    said = [each["message"] for each in json.loads(found.stdout)["generalDiagnostics"]]
    assert any('is "Result"' in each for each in said)
    assert any('"nope" is not a known attribute' in each for each in said)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="conect"):
        flight_client.conect  # noqa: B018 - the access is what is tested


def _in_a_new_interpreter(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=30
    ).stdout


def test_import_loads_no_arrow_and_no_frame_library() -> None:
    loaded = json.loads(
        _in_a_new_interpreter(
            "import json, sys, flight_client; flight_client.__all__; "
            "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
        )
    )
    assert not {"pyarrow", "pandas", "polars", "duckdb", "numpy", "click", "tqdm"} & set(loaded)


def test_error_can_be_caught_by_name_without_loading_arrow() -> None:
    code = "import sys, flight_client; flight_client.UnknownEntity; print('pyarrow' in sys.modules)"
    assert _in_a_new_interpreter(code).strip() == "False"


def test_import_takes_less_than_a_fifth_of_a_second() -> None:
    code = (
        "import time; start = time.perf_counter(); import flight_client; "
        "print(time.perf_counter() - start)"
    )
    assert min(float(_in_a_new_interpreter(code)) for _ in range(3)) < 0.2


def test_client_loads_no_frame_library() -> None:
    loaded = _in_a_new_interpreter(
        "import sys, flight_client; flight_client.connect; print(*sorted(sys.modules))"
    ).split()
    assert not {"pandas", "polars", "duckdb", "tqdm"} & set(loaded)


def test_spark_module_loads_nothing_but_the_standard_library() -> None:
    code = (
        "import sys; known = set(sys.modules); import pyspark_flight; "
        "roots = {name.partition('.')[0] for name in set(sys.modules) - known}; "
        "print(*roots - sys.stdlib_module_names)"
    )
    assert _in_a_new_interpreter(code).split() == ["pyspark_flight"]


def test_connect_and_its_settings_have_the_same_names_and_defaults() -> None:
    taken = dict(inspect.signature(connect).parameters)
    read = dict(inspect.signature(read_config).parameters)
    del read["environment"]
    assert {name: (p.default, p.annotation) for name, p in taken.items()} == {
        name: (p.default, p.annotation) for name, p in read.items()
    }
    fields = {field.name for field in ClientConfig.__dataclass_fields__.values()}
    assert fields == {*taken} - {"uri"} | {"address"}


@pytest.mark.parametrize("function", [connect, Client.table, Client.sql])
def test_docstring_describes_every_argument(function: object) -> None:
    documented = inspect.getdoc(function) or ""
    for name in inspect.signature(function).parameters:
        assert name == "self" or f"{name}: " in documented


def test_connect_documents_the_environment() -> None:
    from flight_client.config import VARIABLES

    documented = inspect.getdoc(connect) or ""
    for variable in VARIABLES.values():
        assert (
            f"``{variable}``" in documented
            or f"``{variable.removeprefix('FLIGHT_CLIENT')}``" in (documented)
        )
