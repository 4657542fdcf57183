"""Reads JSON objects field by field and refuses what it was not told to expect."""

import difflib
import json
from collections.abc import Callable, Mapping
from typing import Final, TypeVar, cast

from flight_client.protocol.errors import InvalidTicket

MAX_JSON_BYTES: Final = 4 * 1024 * 1024
"""Largest body in bytes; an IN list of 65,535 texts fits."""

T = TypeVar("T")


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields: dict[str, object] = {}
    for name, value in pairs:
        if name in fields:
            raise InvalidTicket(f"The field {name!r:.80} stands twice in one object; keep one.")
        fields[name] = value
    return fields


def _no_constant(text: str) -> object:
    raise InvalidTicket(f"{text} is no JSON number; send a finite one.")


def loads(body: bytes) -> "Fields":
    """Parse the bytes of one JSON object.

    Raises:
        InvalidTicket: Not UTF-8 JSON, no object, a field twice, NaN, too large or too deep.
    """
    if len(body) > MAX_JSON_BYTES:
        raise InvalidTicket(
            f"The request has {len(body)} bytes; {MAX_JSON_BYTES} are allowed: shorten its lists."
        )
    try:
        parsed: object = json.loads(
            body.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_no_constant
        )
    except UnicodeDecodeError as error:
        raise InvalidTicket(f"Byte {error.start} of the request is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise InvalidTicket(f"The request is no JSON: {error}.") from None
    except RecursionError:
        raise InvalidTicket("The request is nested too deeply.") from None
    except ValueError:  # an integer of over 4300 digits
        raise InvalidTicket("The request holds a number that is too long.") from None
    return Fields(parsed, "the request")


def dumps(form: Mapping[str, object]) -> bytes:
    """Compact UTF-8 JSON; the same value always gives the same bytes.

    Raises:
        InvalidTicket: A text in it is not Unicode.
    """
    written = json.dumps(form, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        return written.encode()
    except UnicodeEncodeError as error:
        around = written[max(error.start - 20, 0) : error.start + 20]
        raise InvalidTicket(
            f"A text holds half a surrogate pair, near {around!r}; send valid Unicode."
        ) from None


class Fields:
    """The fields of one JSON object; each is taken once, and ``finish`` refuses the rest."""

    def __init__(self, form: object, where: str) -> None:
        if not isinstance(form, dict):
            raise InvalidTicket(f"{where} must be a JSON object; got {_kind(form)}.")
        self._rest = dict(cast("Mapping[str, object]", form))
        self._known: list[str] = []
        self._where = where

    def take(self, name: str, read: Callable[[object, str], T], default: T) -> T:
        """The field read by ``read``, or the default where it is absent or null."""
        self._known.append(name)
        form = self._rest.pop(name, None)
        return default if form is None else read(form, f"{name!r} of {self._where}")

    def need(self, name: str, read: Callable[[object, str], T]) -> T:
        """The field read by ``read``; refused where it is absent or null."""
        if self._rest.get(name) is None:
            raise InvalidTicket(f"{self._where} has no field {name!r}.")
        self._known.append(name)
        return read(self._rest.pop(name), f"{name!r} of {self._where}")

    def names(self) -> tuple[str, ...]:
        """The fields that were not taken yet, in their order."""
        return tuple(self._rest)

    def has(self, name: str) -> bool:
        """Whether the field is there and was not taken yet."""
        return name in self._rest

    def finish(self) -> None:
        """Refuse the fields that nobody took."""
        for name in self._rest:
            near = difflib.get_close_matches(name[:80], self._known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {self._known}."
            raise InvalidTicket(f"{self._where} has an unknown field {name!r:.80}{hint}")


def whole(fields: Fields, read: Callable[[Fields], T]) -> T:
    """What ``read`` makes of the fields, once no field is left over."""
    value = read(fields)
    fields.finish()
    return value


def one_of(form: object, where: str, words: Mapping[str, T]) -> T:
    """The value that a word of a closed list stands for."""
    word = text(form, where)
    if word not in words:
        raise InvalidTicket(f"{where} is one of {', '.join(words)}; got {word!r:.80}.")
    return words[word]


def text(form: object, where: str) -> str:
    """A string that is valid Unicode."""
    if not isinstance(form, str):
        raise InvalidTicket(f"{where} must be a string; got {_kind(form)}.")
    try:
        form.encode()
    except UnicodeEncodeError:
        raise InvalidTicket(f"{where} holds half a surrogate pair; send valid Unicode.") from None
    return form


def integer(form: object, where: str) -> int:
    """An integer of 64 bits; true and 1.0 are none."""
    if isinstance(form, bool) or not isinstance(form, int):
        raise InvalidTicket(f"{where} must be an integer; got {_kind(form)}.")
    if not -(2**63) <= form < 2**63:
        raise InvalidTicket(f"{where} does not fit into 64 bits; send a smaller number.")
    return form


def number(form: object, where: str) -> float:
    """An integer or a float."""
    if isinstance(form, bool) or not isinstance(form, int | float):
        raise InvalidTicket(f"{where} must be a number; got {_kind(form)}.")
    try:
        return float(form)
    except OverflowError:
        raise InvalidTicket(f"{where} is too large a number.") from None


def boolean(form: object, where: str) -> bool:
    """True or false."""
    if not isinstance(form, bool):
        raise InvalidTicket(f"{where} must be true or false; got {_kind(form)}.")
    return form


def array(read: Callable[[object, str], T]) -> Callable[[object, str], tuple[T, ...]]:
    """A reader of lists whose items are read by ``read``."""

    def read_array(form: object, where: str) -> tuple[T, ...]:
        if not isinstance(form, list):
            raise InvalidTicket(f"{where} must be a list; got {_kind(form)}.")
        items = cast("list[object]", form)
        return tuple(read(item, f"item {at} of {where}") for at, item in enumerate(items))

    return read_array


def _kind(form: object) -> str:
    match form:
        case None:
            return "null"
        case bool():
            return "true or false"
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return "a string"
        case _:
            return "a number"
