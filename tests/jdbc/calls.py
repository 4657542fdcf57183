"""JDBC from Python: a Java process that makes one call for each line; knows no driver's ways."""

import contextlib
import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_PROGRAM: Final = Path(__file__).parent / "JdbcCalls.java"
_JAVA: Final = (
    "--add-opens=java.base/java.nio=ALL-UNNAMED",  # asked for by Arrow [its Java documentation]
    *("-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),  # it lives for a minute
)

ZONE: Final = "UTC"
"""Of Java: in any other the drivers 18.0 to 18.3 give wrong hours (apache/arrow-java#732)."""

_ANSWER_S: Final = 90.0
_NULL: Final = "\\0"
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class JdbcFailed(Exception):
    """A call raised an exception in Java.

    Attributes:
        about: Its ``class``, ``messages`` (of its causes too), ``state``, ``code``.
    """

    def __init__(self, about: dict[str, Any]) -> None:
        super().__init__(f"{about['class']} at {about['at']}: {' <- '.join(about['messages'])}")
        self.about = about

    @property
    def text(self) -> str:
        """All messages."""
        return "\n".join(self.about["messages"])


class Jdbc:
    """A Java process with one driver."""

    def __init__(self, java: str, jar: Path, log: Path) -> None:
        """Start it; what the driver logs goes to a file."""
        self.version = jar.stem.rpartition("-")[2]
        self._log = log
        command = [java, *_JAVA, f"-Duser.timezone={ZONE}", "-cp", str(jar)]
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [*command, str(_PROGRAM)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
            )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def call(self, name: str, *fields: object) -> dict[str, Any]:
        """Make a call.

        Args:
            name: See README.md.
            fields: Its arguments; None is null.

        Raises:
            JdbcFailed: It raised an exception.
            AssertionError: There was no answer.
        """
        texts = (_NULL if each is None else str(each).translate(_ESCAPES) for each in fields)
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write("\t".join((name, *texts)) + "\n")
            self._process.stdin.flush()
        try:
            line = self._lines.get(timeout=_ANSWER_S)
        except queue.Empty:
            self._process.kill()  # the next call would get this one's answer
            line = ""
        said = self._log.read_text(encoding="utf-8", errors="replace")[-3000:] if not line else ""
        assert line, f"{name} {fields} was not answered; Java said:\n{said}"
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise JdbcFailed(answer["error"])
        return answer

    def failure(self, name: str, *fields: object) -> JdbcFailed:
        """The exception that a call has to raise."""
        try:
            answer = self.call(name, *fields)
        except JdbcFailed as failed:
            return failed
        raise AssertionError(f"{name} {fields} did not fail: {answer}")

    @contextlib.contextmanager
    def connected(self, url: str, *properties: str, name: str = "c") -> Iterator[str]:
        """The name of an open connection, until the block ends."""
        self.call("connect", name, url, *properties)
        try:
            yield name
        finally:
            self.call("close", name)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):  # it was closed
            for line in self._process.stdout:
                self._lines.put(line)
        self._lines.put("")
