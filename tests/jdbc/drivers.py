"""Finds Java, and the JDBC driver that Maven brings into a folder that git ignores; starts nothing.

What is missing is said in one sentence.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

OLDEST: Final = "18.0.0"
NEWEST: Final = "newest"
KNOWN: Final = "18.3.0"
"""The newest one when this was written; for a machine that does not reach the registry now."""

_FOLDER: Final = Path(__file__).parent / "build"
_ARTIFACT: Final = "org.apache.arrow:flight-sql-jdbc-driver"
_OLDEST_JAVA: Final = 17
_LIMIT_S: Final = 300


class NotInstalled(Exception):
    """The driver cannot run on this machine; the sentence says why."""


def java() -> str:
    """Java 17 or newer, with its compiler.

    Raises:
        NotInstalled: There is none.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home, "bin")) if home else None)
    if found is None:
        raise NotInstalled(f"The JDBC driver cannot run: java {_OLDEST_JAVA} is not on the path.")
    said = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < _OLDEST_JAVA:
        raise NotInstalled(
            f"The JDBC driver cannot run: {found} is no Java {_OLDEST_JAVA} or newer."
        )
    return found


def driver(version: str) -> Path:
    """The jar of a version, or of the newest one; brought by Maven if it is not here yet.

    Raises:
        NotInstalled: It is not here, and Maven is not there or does not get it.
    """
    if version != NEWEST:
        return _jar(version)
    folder, incoming = _FOLDER / NEWEST, _FOLDER / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    try:
        _fetch("RELEASE", incoming)
    except NotInstalled:  # the registry is not reached now
        return next(folder.glob("*.jar"), None) or _jar(KNOWN)
    shutil.rmtree(folder, ignore_errors=True)  # what was the newest may not be it any more
    return next(incoming.rename(folder).glob("*.jar"))


def _jar(version: str) -> Path:
    folder = _FOLDER / version
    jar = folder / f"flight-sql-jdbc-driver-{version}.jar"
    if not jar.exists():
        _fetch(version, folder)
    return jar


def _fetch(version: str, folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NotInstalled("The JDBC driver is not here: mvn is not on the path to bring it.")
    artifact, target = f"-Dartifact={_ARTIFACT}:{version}", f"-DoutputDirectory={folder}"
    command = (maven, "-B", "-q", "-ntp", "dependency:copy", artifact, target)
    try:
        done = subprocess.run(
            command,
            cwd=Path(__file__).parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LIMIT_S,
        )
    except subprocess.TimeoutExpired as expired:
        raise NotInstalled(
            f"The JDBC driver is not here: Maven took more than {_LIMIT_S} s to bring it."
        ) from expired
    if done.returncode:
        raise NotInstalled(f"The JDBC driver is not here: Maven said:\n{done.stdout[-2000:]}")
