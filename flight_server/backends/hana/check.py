"""Looks at HANA with every user of the configuration, and words what is missing.

What the sentences advise: SAP Datasphere documentation, database users and IP allowlist
(datasphere-hana.md 1.1, 1.2 and 1.6).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import DeadlineExceeded, Error, Unauthenticated, Unavailable
from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.pool.failure import Failure
from flight_server.backends.hana.shared import Shared
from flight_server.backends.hana.users import Grant
from flight_server.backends.report import Report, count_of_entities
from flight_server.sql.statement import Statement

_TEXT: Final = HanaType("NVARCHAR", 256)

_WHO: Final = ('SELECT CURRENT_USER AS "ANSWER" FROM DUMMY', _TEXT)
_VERSION: Final = ('SELECT VERSION AS "ANSWER" FROM SYS.M_DATABASE', _TEXT)
_FINGERPRINTS: Final = (
    """SELECT SCHEMA_NAME AS "ANSWER" FROM SYS.SCHEMAS WHERE SCHEMA_NAME = 'DWC_GLOBAL'""",
    """SELECT USER_NAME AS "ANSWER" FROM SYS.USERS WHERE USER_NAME = 'DWC_GLOBAL'""",
)
"""Of SAP Datasphere: a schema or a user DWC_GLOBAL, as FedML tells it by [fedml-dsp]."""

_SILENT: Final = (DeadlineExceeded, Unauthenticated, Unavailable)
"""Errors after which the next question has no answer either."""


@dataclass
class _Found:
    """What is told about one user."""

    facts: dict[str, object]
    sentences: list[str] = field(default_factory=list[str])
    problems: list[str] = field(default_factory=list[str])
    spaces: dict[str, int] = field(default_factory=dict[str, int])


def examined(shared: Shared, address: str) -> Report:
    """What every user of the configuration finds.

    Args:
        shared: Opened for this; the caller closes its pool.
        address: For the sentences, as ``host:port``.
    """
    found = [
        _examined(shared, address, where, user) for where, user in shared.users.everyone().items()
    ]
    spaces = {space: count for each in found for space, count in each.spaces.items()}
    facts = {
        "backend": "hana",
        "address": address,
        "spaces": dict(sorted(spaces.items())),
        "users": [each.facts for each in found],
    }
    return Report(
        facts,
        tuple(sentence for each in found for sentence in each.sentences),
        tuple(problem for each in found for problem in each.problems),
    )


def _examined(shared: Shared, address: str, where: str, user: DatabaseUser) -> _Found:
    found = _Found({"key": f"hana.{where}" if where else "hana", "user": user.label})
    try:
        connected = shared.pool.check(user)
        _describe(shared, address, user, found)
        found.sentences += [_refusal(sentence) for sentence in connected.refused]
        found.facts["refused"] = list(connected.refused)
        _list_spaces(shared, where, user, found)
    except Error as error:
        said = _said(error)
        words = f" The database says: {said}." if said else ""
        found.problems.append(f"{user.label} at {address}: {error.message}{words}{_advice(error)}")
        found.facts["error"] = error.code
    return found


def _describe(shared: Shared, address: str, user: DatabaseUser, found: _Found) -> None:
    name = _answer(shared, user, *_WHO)
    version = _answer(shared, user, *_VERSION)
    is_datasphere = any(_answer(shared, user, text, _TEXT) for text in _FINGERPRINTS)
    found.facts |= {"version": version, "datasphere": is_datasphere}
    found.sentences += [
        f"{name or user.label} is logged on to HANA {version or 'of an unknown version'} at "
        f"{address}, {_protection(user.options)}.",
        "It is SAP Datasphere: DWC_GLOBAL is there."
        if is_datasphere
        else "DWC_GLOBAL is not to be seen: this may be another HANA than one of SAP Datasphere.",
    ]


def _list_spaces(shared: Shared, where: str, user: DatabaseUser, found: _Found) -> None:
    grant = _grant_of(shared, where, user)
    names = shared.catalogue.names(user)
    found.spaces = {space: len(each) for space, each in names.items() if grant.serves(space)}
    found.facts["spaces"] = found.spaces
    found.sentences += [count_of_entities(*each) for each in found.spaces.items()]
    if names and not found.spaces:
        found.sentences.append(
            f"{user.label} may read {', '.join(names)}, and the configuration serves none of them: "
            "correct hana.schemas or the names under hana.spaces."
        )
    elif not names:
        found.sentences.append(
            f"{user.label} has nothing to read: callers would find nothing. In SAP Datasphere, "
            "enable Read Access (SQL) for the database user of the space, and Expose for "
            "Consumption for its views."
        )


def _grant_of(shared: Shared, where: str, user: DatabaseUser) -> Grant:
    """What the user serves, as the principals meet it who read with it."""
    table, _, principal = where.partition(".")
    grants = shared.users.grants(principal if table == "principals" else None)
    return next(grant for grant in grants if grant.label == user.label)


def _answer(shared: Shared, user: DatabaseUser, text: str, declared: HanaType) -> str | None:
    """The one value of a question; None for no row, or where the user may not ask it."""
    run = shared.run(Statement(text), (Column("ANSWER", declared),))
    try:
        rows = shared.pool.table(user, run, subject="A question of the check").to_pydict()
    except Error as error:
        if "hana_code" not in error.details or isinstance(error, _SILENT):
            raise
        return None
    return next(iter(rows["ANSWER"]), None)


def _protection(options: Mapping[str, str | int | bool]) -> str:
    if not options.get("encrypt"):
        return "without TLS"
    checked = options.get("sslValidateCertificate")
    return f"over TLS, the certificate {'checked' if checked else 'not checked'}"


def _refusal(sentence: str) -> str:
    return (
        f"{sentence.rstrip('.')}: the server reads only, but this wall behind it is missing; give "
        "the database user no Write Access."
    )


def _said(error: Error) -> str:
    cause = error.__cause__
    return " ".join(cause.said.split())[:300].rstrip(". ") if isinstance(cause, Failure) else ""


_ADVICE: Final[tuple[tuple[int, str, str], ...]] = (
    (
        -10709,
        "does not match names in certificate",
        "Set hana.host_name_in_certificate to a name that the certificate holds, or hana.address "
        "to one.",
    ),
    (
        -10709,
        "certificate",
        "Set hana.trust_store to a PEM file with the authority that signed the certificate; HANA "
        "Cloud's is a DigiCert root.",
    ),
    (-10709, "Cannot resolve host name", "Check hana.address, and the DNS of this machine."),
    (
        -10709,
        "initiate any authentication",
        "Check that HANA knows the way to log on: a password, or a JWT provider for a token.",
    ),
    (
        -10709,
        "",
        "Check hana.address and hana.port, and that the address of this machine stands on the "
        "tenant's IP allowlist (System, Configuration, IP Allowlist, Trusted IPs); HANA Cloud "
        "takes TLS only.",
    ),
    (10, "", "Check the user's name and password; after some wrong ones HANA locks the user."),
    (414, "", "A new database user of SAP Datasphere has to change its password once."),
    (416, "", "Wait for the time that the password policy says, or ask for a new password."),
)
"""By HANA's number and words: what to look at."""


def _advice(error: Error) -> str:
    code, said = error.details.get("hana_code"), _said(error)
    for number, words, advice in _ADVICE:
        if number == code and words in said:
            return f" {advice}"
    return ""
