"""The session of a call: the cookie's text to and from the messages of Flight's session actions."""

from collections.abc import Callable, Mapping
from typing import Final

from flight_client.protocol.errors import Unauthenticated
from flight_server.service.options import Options
from flight_server.service.sessions import Problem, Sessions, SessionValue
from flight_server.wire.flightsql.envelope import parse
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb
from flight_server.wire.middleware import SessionCookie

DESCRIPTIONS: Final = {
    "SetSessionOptions": "Set options for the statements of this session, or begin one.",
    "GetSessionOptions": "The options of this session.",
    "CloseSession": "End this session.",
}

_Result = pb.SetSessionOptionsResult
_PROBLEMS: Final = {
    Problem.INVALID_NAME: _Result.INVALID_NAME,
    Problem.INVALID_VALUE: _Result.INVALID_VALUE,
}


def options_of(sessions: Sessions, cookie: SessionCookie) -> Options:
    """The options of a call: of its session, or the server's own where it has none.

    Raises:
        Unauthenticated: The cookie is none of this server's, or its session is over.
    """
    text = cookie.sent
    return Options() if text is None else sessions.open(text)


def answer(sessions: Sessions, cookie: SessionCookie, name: str, body: bytes) -> list[bytes]:
    """The result of an action of ``DESCRIPTIONS``.

    Raises:
        Unauthenticated: The cookie is none of this server's, or there is no session to ask.
        InvalidTicket: The body is none of this action.
    """
    return [_ANSWERS[name](sessions, cookie, body)]


def _set(sessions: Sessions, cookie: SessionCookie, body: bytes) -> bytes:
    request = parse(pb.SetSessionOptionsRequest, body)
    wishes = {name: _value(option) for name, option in request.session_options.items()}
    chosen = sessions.choose(options_of(sessions, cookie), wishes)
    result = _Result()
    for name, refused in chosen.refused.items():
        result.errors[name].value = _PROBLEMS[refused.problem]
    if not chosen.refused:
        cookie.set(sessions.cookie(chosen.options))
    return result.SerializeToString()


def _get(sessions: Sessions, cookie: SessionCookie, body: bytes) -> bytes:
    parse(pb.GetSessionOptionsRequest, body)
    if cookie.sent is None:
        raise Unauthenticated(
            "There is no session: set an option first (SetSessionOptions), and send its cookie."
        )
    result = pb.GetSessionOptionsResult()
    for name, value in sessions.values(options_of(sessions, cookie)).items():
        result.session_options[name].CopyFrom(_option(value))
    return result.SerializeToString()


def _close(sessions: Sessions, cookie: SessionCookie, body: bytes) -> bytes:
    """Clients end sessions that they never began, too; then there is nothing to check."""
    parse(pb.CloseSessionRequest, body)
    options_of(sessions, cookie)
    if cookie.sent is not None:
        cookie.expire()
    return pb.CloseSessionResult(status=pb.CloseSessionResult.CLOSED).SerializeToString()


def _value(option: pb.SessionOptionValue) -> SessionValue:
    match option.WhichOneof("option_value"):
        case "string_value":
            return option.string_value
        case "bool_value":
            return option.bool_value
        case "int64_value":
            return option.int64_value
        case "double_value":
            return option.double_value
        case "string_list_value":
            return tuple(option.string_list_value.values)
        case _:  # none: the client takes the option back
            return None


def _option(value: SessionValue) -> pb.SessionOptionValue:
    match value:
        case None:
            return pb.SessionOptionValue()
        case bool():
            return pb.SessionOptionValue(bool_value=value)
        case int():
            return pb.SessionOptionValue(int64_value=value)
        case float():
            return pb.SessionOptionValue(double_value=value)
        case str():
            return pb.SessionOptionValue(string_value=value)
        case tuple():
            values = pb.SessionOptionValue.StringListValue(values=value)
            return pb.SessionOptionValue(string_list_value=values)


_ANSWERS: Final[Mapping[str, Callable[[Sessions, SessionCookie, bytes], bytes]]] = {
    "SetSessionOptions": _set,
    "GetSessionOptions": _get,
    "CloseSession": _close,
}
