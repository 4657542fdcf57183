"""What ``flight-server check`` says of HANA, over scripted readers."""

from typing import Any

import pyarrow as pa
import pytest

from flight_client.protocol.errors import Error, Unavailable, UnknownEntity
from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.check import examined
from flight_server.backends.hana.entities import Delivery, DetailRow
from flight_server.backends.hana.errors import Again
from flight_server.backends.hana.messages import Connected, Failed, Run
from flight_server.backends.hana.pool.failure import Failure
from flight_server.backends.hana.shared import Reading, Shared
from flight_server.backends.hana.users import Users
from flight_server.backends.report import Report
from flight_server.config import HanaSection
from tests.support.hana_catalogue import ScriptedPool, relation

AT = "hana.example:443"
SALES = {"user": "SALES#FLIGHT", "password": "secret-word"}


class Asked(ScriptedPool):
    """Answers the questions of the check."""

    answers: dict[str, list[str] | Error]
    refused: tuple[str, ...] = ()
    failure: Failure | None = None

    def check(self, user: DatabaseUser) -> Connected:
        if self.failure is not None:
            raise self.failure.error from self.failure
        return Connected(self.refused)

    def table(self, user: DatabaseUser, run: Run, *, subject: str) -> pa.Table:
        for words, answer in self.answers.items():
            if words in run.sql and run.columns[0].name == "ANSWER":
                if isinstance(answer, Error):
                    raise answer
                return pa.table({"ANSWER": pa.array(answer, pa.utf8())})
        return super().table(user, run, subject=subject)


def pool(*rows: DetailRow, **answers: list[str] | Error) -> Asked:
    made = Asked({"SALES#FLIGHT": list(rows), "FINANCE#FLIGHT": []})
    made.answers = {
        "CURRENT_USER": ["SALES#FLIGHT"],
        "M_DATABASE": ["4.00.000.00.1"],
        "SYS.SCHEMAS WHERE": ["DWC_GLOBAL"],
        "SYS.USERS": [],
        **answers,
    }
    return made


def checked(asked: Asked, **keys: Any) -> Report:
    section = HanaSection.model_validate({"address": "hana.example", **(keys or SALES)})
    reading = Reading(delivery=Delivery(), lob_bytes=1024, catalog_ttl_s=300)
    return examined(Shared(asked, Users(section), reading), AT)


def test_what_there_is_is_said_in_sentences() -> None:
    report = checked(pool(relation("view", "A"), relation("table", "B")))
    assert report.sentences == (
        f"SALES#FLIGHT is logged on to HANA 4.00.000.00.1 at {AT}, over TLS, the certificate "
        "checked.",
        "It is SAP Datasphere: DWC_GLOBAL is there.",
        "Space 'S' has 2 entities.",
    )
    assert report.problems == ()


def test_the_same_for_programs() -> None:
    assert checked(pool(relation("view", "A"))).facts == {
        "backend": "hana",
        "address": AT,
        "spaces": {"S": 1},
        "users": [
            {
                "key": "hana",
                "user": "SALES#FLIGHT",
                "version": "4.00.000.00.1",
                "datasphere": True,
                "refused": [],
                "spaces": {"S": 1},
            }
        ],
    }


def test_user_who_may_read_nothing_is_told_what_to_enable() -> None:
    assert "enable Read Access (SQL)" in checked(pool()).sentences[-1]


def test_schemas_that_the_configuration_leaves_out_are_named() -> None:
    report = checked(pool(relation("view", "A")), **SALES, schemas=["SALE"])
    assert "may read S, and the configuration serves none of them" in report.sentences[-1]


def test_hana_without_datasphere_is_said() -> None:
    report = checked(pool(**{"SYS.SCHEMAS WHERE": []}))
    assert "DWC_GLOBAL is not to be seen" in report.sentences[1]


def test_user_alone_is_fingerprint_enough() -> None:
    report = checked(pool(**{"SYS.SCHEMAS WHERE": [], "SYS.USERS": ["DWC_GLOBAL"]}))
    assert "It is SAP Datasphere" in report.sentences[1]


def test_question_that_the_user_may_not_ask_does_no_harm() -> None:
    hidden = UnknownEntity("Not for you.", hana_code=258)
    report = checked(pool(M_DATABASE=hidden))
    assert "HANA of an unknown version" in report.sentences[0]
    assert report.problems == ()


def test_wall_that_the_server_refused_is_said() -> None:
    asked = pool()
    asked.refused = ("SET TRANSACTION READ ONLY was refused (258).",)
    assert "SET TRANSACTION READ ONLY was refused (258): the server reads only" in (
        "\n".join(checked(asked).sentences)
    )


def test_open_doors_are_said() -> None:
    plain = checked(pool(), **SALES, allow_plaintext=True)
    unverified = checked(pool(), **SALES, allow_unverified_tls=True)
    assert "without TLS" in plain.sentences[0]
    assert "certificate not checked" in unverified.sentences[0]


@pytest.mark.parametrize(
    ("code", "text", "advice"),
    [
        (
            -10709,
            "Connection failed (RTE:[300015] SSL certificate validation failed: Hostname 'h' does "
            "not match names in certificate: 'db'",
            "Set hana.host_name_in_certificate",
        ),
        (
            -10709,
            "Connection failed (RTE:[300015] SSL certificate validation failed: error",
            "Set hana.trust_store",
        ),
        (
            -10709,
            "Connection failed (RTE:[200117] Failed to initiate any authentication method.",
            "JWT provider",
        ),
        (-10709, "Connection failed (RTE:[89006] System call 'connect' failed", "IP allowlist"),
        (-10709, "Connection failed (RTE:[89001] Cannot resolve host name 'x' rc=-2", "DNS"),
        (10, "authentication failed", "Check the user's name and password"),
        (414, "user is forced to change password", "change its password once"),
        (416, "user is locked", "Wait for the time that the password policy says"),
    ],
)
def test_user_who_does_not_get_in_is_told_why_and_what_to_look_at(
    code: int, text: str, advice: str
) -> None:
    asked = pool()
    asked.failure = Failure.refused(Failed(code, text), "The log-on", reused=False)
    report = checked(asked)
    (problem,) = report.problems
    assert problem.startswith(f"SALES#FLIGHT at {AT}: ")
    assert text[:30] in problem
    assert advice in problem
    assert report.sentences == ()


def test_every_user_is_looked_at_and_a_failure_names_its_own() -> None:
    asked = pool(relation("view", "A"))
    spaces = {"S": SALES, "F": {"user": "FINANCE#FLIGHT", "password": "p"}}
    report = checked(asked, spaces=spaces)
    assert [user["key"] for user in report.facts["users"]] == [  # type: ignore[attr-defined]
        "hana.spaces.S",
        "hana.spaces.F",
    ]
    assert "FINANCE#FLIGHT has nothing to read" in report.sentences[-1]


def test_principal_is_looked_at_with_its_own_user() -> None:
    report = checked(pool(relation("view", "A")), principals={"alice": SALES})
    assert "Space 'S' has 1 entity." in report.sentences


def test_error_without_a_number_is_a_problem() -> None:
    asked = pool()
    error = Unavailable("The reader process ended.")
    asked.failure = Failure(error, again=Again.NEVER, stale=False)
    assert "The reader process ended." in checked(asked).problems[0]


def test_no_secret_is_in_a_report() -> None:
    asked = pool()
    asked.failure = Failure.refused(Failed(10, "authentication failed"), "x", reused=False)
    assert "secret-word" not in repr(checked(asked))
