"""Errors of ours as Spark shows them: without the way they took; knows no Spark."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flight_client.protocol.errors import Error

P = ParamSpec("P")
T = TypeVar("T")


def tersely(method: Callable[P, T]) -> Callable[P, T]:
    """The method, whose errors of ours come without the way they took: Spark shows all of it."""

    @wraps(method)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except Error as error:
            raise error.with_traceback(None) from None

    return wrapped
