"""What the options of a Spark write mean: a connection, a table, how; opens no connection."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from flight_client.config import ClientConfig
from flight_client.protocol.errors import InvalidRequest
from pyspark_flight.option_values import (
    CONNECTION,
    READ_ONLY,
    WRITE_ONLY,
    connection,
    flag,
    from_json,
    given_options,
    names,
    whole,
)

OPTIONS: Final = (*CONNECTION, "table", *WRITE_ONLY)
_ELSEWHERE: Final = {
    **dict.fromkeys(READ_ONLY, "goes with a read, not with a write"),
    "path": "stands for the name that was given to save; name the table in the option 'table'",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """One write, as the options say it; it pickles, secrets included, and shows none.

    Attributes:
        config: Of the connection; its ``space`` is that of the table.
        table: Exact name.
        overwrite: Whether the table is made anew, or rows go into the one that is there.
        upsert: Whether rows whose primary key is there are set, instead of refused.
        keys: Primary key: of a new table, or as a check of the one to upsert; None to leave it.
        types: HANA types of columns of a new table, by exact name.
        batch_rows: Rows of a record batch; None for about 4 MiB.
        commit_timeout_s: How long the database may take for the one statement of a commit.
    """

    config: ClientConfig
    table: str
    overwrite: bool
    upsert: bool
    keys: tuple[str, ...] | None
    types: Mapping[str, str]
    batch_rows: int | None
    commit_timeout_s: int


def write_options(
    options: Mapping[str, str], environment: Mapping[str, str], *, overwrite: bool
) -> WriteOptions:
    """The write that options describe; a connection that they do not is that of the environment.

    Args:
        options: By name in lower case; those with a dot in their name are Spark's own.
        environment: Of this process: ``FLIGHT_CLIENT_URI`` and so on.
        overwrite: What Spark's mode says: ``overwrite``, or else ``append``.

    Raises:
        InvalidRequest: Naming the option that is unknown, missing or does not fit.
    """
    given = given_options(options, OPTIONS, _ELSEWHERE)
    table = given.get("table")
    if table is None:
        raise InvalidRequest("A write names its table; give the option 'table'.")
    upsert = flag("upsert", given.get("upsert", "false"))
    if upsert and overwrite:
        raise InvalidRequest(
            "The option 'upsert' goes with the mode append; the mode overwrite makes the table "
            "anew."
        )
    return WriteOptions(
        config=connection(given, environment),
        table=table,
        overwrite=overwrite,
        upsert=upsert,
        keys=names("keys", given.get("keys")),
        types=_types(given.get("types", "{}")),
        batch_rows=_from_one("batch_rows", given["batch_rows"]) if "batch_rows" in given else None,
        commit_timeout_s=_from_one("commit_timeout_s", given.get("commit_timeout_s", "3600")),
    )


def _from_one(option: str, text: str) -> int:
    number = whole(option, text)
    if number < 1:
        raise InvalidRequest(f"{option} is a whole number from 1; got {number}.")
    return number


def _types(text: str) -> dict[str, str]:
    form = from_json("types", text, _EXAMPLE)
    pairs = cast("dict[str, object]", form) if isinstance(form, dict) else {"": None}
    for declared in pairs.values():
        if not isinstance(declared, str):
            raise InvalidRequest(
                f"types is a JSON object of texts such as {_EXAMPLE}; got {text!r:.80}."
            )
    return cast("dict[str, str]", pairs)


_EXAMPLE: Final = '{"NAME": "NVARCHAR(40)"}'
