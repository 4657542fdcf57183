"""Who logs on to HANA, and how; knows no driver and no process."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DatabaseUser:
    """A user of the database, with everything that a connection needs.

    Two of the same label are the same user: connections are pooled and the catalogue is kept by it.

    Attributes:
        label: In messages and logs, without secrets; for example ``SALES#FLIGHT``.
        options: Keyword arguments of ``hdbcli.dbapi.connect``, checked, secrets among them.
    """

    label: str
    options: Mapping[str, str | int | bool] = field(repr=False, hash=False, compare=False)
