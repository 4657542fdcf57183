"""Runs a job with SAP's hdbcli: the answers that those of the other clients are compared with.

It reads the job as JSON from standard input and prints one line of JSON for each step; the README
beside it describes both.
"""

import contextlib
import hashlib
import json
import struct
import sys
import threading
import time
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hdbcli import dbapi

FRACTION_DIGITS = 6
LONG_TEXT = 200
LONG_BINARY = 100


def bound(parameter: str) -> Any:
    """A parameter of the script as the driver wants it."""
    kind, _, text = parameter.partition(":")
    match kind:
        case "null":
            return None
        case "int":
            return int(text)
        case "bool":
            return text == "true"
        case "double":
            return float(text)
        case "decimal":
            return Decimal(text)
        case "binary" | "blob":
            return bytes.fromhex(text)
        case "date":
            return date.fromisoformat(text)
        case "seconddate" | "timestamp":
            return datetime.fromisoformat(text)
        case "time":
            return datetime.fromisoformat(f"2000-01-01 {text}").time()
        case _:
            return text


def canonical(kind: str, value: Any) -> str | None:
    """A value of the driver in the form that all clients print."""
    if value is None:
        return None
    match kind:
        case "bool":
            return "true" if value else "false"
        case "double":
            return struct.pack(">d", value).hex()
        case "decimal":
            return plain(value)
        case "text" | "clob" | "nclob":
            return shortened(str(value))
        case "binary" | "blob":
            data = bytes(value)
            return data.hex() if len(data) <= LONG_BINARY else digest(data, len(data))
        case "seconddate":
            return value.isoformat(sep=" ", timespec="seconds")
        case "timestamp":
            return value.isoformat(sep=" ", timespec="microseconds")
        case _:
            return str(value)


def plain(value: Decimal) -> str:
    """Digits without an exponent and without zeros at the end of the fraction."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def shortened(text: str) -> str:
    if len(text) <= LONG_TEXT:
        return text
    return digest(text.encode(), len(text.encode("utf-16-le")) // 2)


def digest(data: bytes, length: int) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}:{length}"


class Runner:
    """One connection at a time, and the steps that use it."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._connection: Any = None

    def run(self, step: dict[str, Any]) -> dict[str, Any]:
        """The answer to a step: results, or the error that ended it."""
        try:
            return {"results": self._do(step) if "do" in step else self._execute(step)}
        except dbapi.Error as error:
            return {"error": {"code": error.errorcode, "message": error.errortext}}

    def _do(self, step: dict[str, Any]) -> list[dict[str, Any]]:
        match step["do"]:
            case "connect":
                self._connection = self._connect(step)
            case "disconnect":
                self._connection.close()
            case "commit":
                self._connection.commit()
            case "rollback":
                self._connection.rollback()
            case "autocommit on" | "autocommit off":
                self._connection.setautocommit(step["do"].endswith("on"))
            case "cancel":
                return self._cancel(step)
        return []

    def _connect(self, step: dict[str, Any]) -> Any:
        tls = step.get("tls", False)
        options = {"encrypt": "true", "sslTrustStore": self._job["roots"]} if tls else {}
        return dbapi.connect(
            address=self._job["host"],
            port=self._job["tls_port" if tls else "port"],
            user=self._job["user"],
            password=step.get("password", self._job["password"]),
            **options,
        )

    def _execute(self, step: dict[str, Any]) -> list[dict[str, Any]]:
        rows = [tuple(bound(value) for value in row) for row in step.get("rows", [])]
        with contextlib.closing(self._connection.cursor()) as cursor:
            if not rows:
                cursor.execute(step["sql"])
                return [outcome(cursor, step)]
            if step.get("batch"):
                cursor.executemany(step["sql"], rows)
                return [outcome(cursor, step)]
            cursor.prepare(step["sql"])
            results = []
            for row in rows:
                cursor.executeprepared(row)
                results.append(outcome(cursor, step))
            return results

    def _cancel(self, step: dict[str, Any]) -> list[dict[str, Any]]:
        def cancel() -> None:
            time.sleep(step["after_s"])
            self._connection.cancel()

        thread = threading.Thread(target=cancel)
        thread.start()
        try:
            return self._execute(step)
        finally:
            thread.join()


def outcome(cursor: Any, step: dict[str, Any]) -> dict[str, Any]:
    if "kinds" not in step:
        return {"affected": max(cursor.rowcount, 0)}
    return {
        "columns": [column[0] for column in cursor.description],
        "nullable": [column[6] for column in cursor.description],
        "rows": [printed(step["kinds"], row) for row in cursor.fetchall()],
    }


def printed(kinds: Sequence[str], row: Sequence[Any]) -> list[str | None]:
    return [canonical(kind, value) for kind, value in zip(kinds, row, strict=True)]


def main() -> None:
    """Run the job of standard input."""
    job = json.load(sys.stdin)
    runner = Runner(job)
    print(json.dumps({"fraction_digits": FRACTION_DIGITS}))
    for step in job["steps"]:
        print(json.dumps({"step": step["name"], **runner.run(step)}), flush=True)


if __name__ == "__main__":
    main()
