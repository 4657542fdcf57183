"""Whether Spark can run here, and its Python: it brings everything but Java."""

import os
import shutil
import sys
from typing import Final

import pytest

_IS_MISSING: Final = shutil.which("java") is None and "JAVA_HOME" not in os.environ
_REASON: Final = "Spark needs Java 17: none is on the PATH, and JAVA_HOME is not set"

SPARK_PYTHON: Final = os.path.relpath(sys.executable)
"""For ``PYSPARK_PYTHON``: without the folder of the checkout, which may have a space in its name.
Spark 4.3 finds no data source by itself where that path has one (docs/spark.md)."""

needs_java: Final = pytest.mark.skipif(_IS_MISSING, reason=_REASON)


def require_java() -> None:
    """Skip whatever asks for a session, where there can be none."""
    if _IS_MISSING:
        pytest.skip(_REASON)
