"""A connection as a table of states and messages: bytes in, bytes out; no sockets."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from tests.hana_emulator import auth
from tests.hana_emulator.control import Peers
from tests.hana_emulator.faults import ArmedFault, Faults, Moment
from tests.hana_emulator.outcomes import Outcome, SilencedError, failed, protocol_error
from tests.hana_emulator.replay import Recordings
from tests.hana_emulator.statements import Statements
from tests.hana_emulator.time_limits import limited
from tests.hana_emulator.values import Engine, HanaError
from tests.hana_emulator.wire import framing, parts
from tests.hana_emulator.wire.codes import ConnectOption, MessageType, PartKind, ReplyCode
from tests.hana_emulator.wire.framing import Buffer, Part, Request
from tests.hana_emulator.wire.options import OptionValue, read_options
from tests.hana_emulator.wire.text import WireError
from tests.hana_emulator.wire.types import LATEST_FORMAT

_LOG = logging.getLogger(__name__)


class State(Enum):
    """How far a connection is."""

    INITIAL = "initial"
    AUTHENTICATING = "authenticating"
    CONNECTED = "connected"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What the connections of a server share.

    Attributes:
        engine: The database.
        faults: What goes wrong.
        host: As the topology names it.
        port: As the topology names it.
        peers: The open connections.
        methods: Of authentication, the preferred one first.
        recordings: Results are recorded and replayed if not None.
        data_format: The highest data format version.
    """

    engine: Engine
    faults: Faults
    host: str
    port: int
    peers: Peers
    methods: Sequence[auth.Method] = tuple(auth.Method)
    recordings: Recordings | None = None
    data_format: int = LATEST_FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is sent.

    Attributes:
        buffers: Sent one behind the other.
        fault: What happens to it on the way.
        closes: Whether the connection ends behind it.
    """

    buffers: Sequence[Buffer]
    fault: ArmedFault | None = None
    closes: bool = False


class WireSession:
    """One connection; `handle` is called by one thread at a time, `cancel` by any."""

    def __init__(self, service: Service, connection_id: int) -> None:
        self.service = service
        self.connection_id = connection_id
        self.state = State.INITIAL
        self.user: str | None = None
        self._challenge: auth.Challenge | None = None
        self._statements: Statements | None = None
        self._ending = threading.Lock()

    def handle(self, header: bytes, body: bytes) -> Reply:
        """Answer a message; whatever it holds, this raises nothing."""
        packet = framing.packet_number(header)
        try:
            outcome = self._dispatch(framing.parse_request(header, body))
        except SilencedError as silenced:
            return Reply(buffers=(), fault=silenced.fault)
        except HanaError as error:
            outcome = failed(error)
        except WireError as error:
            outcome = failed(protocol_error(error))
        except Exception as error:  # noqa: BLE001 - the boundary of a request
            _LOG.exception("connection %d", self.connection_id)
            outcome = failed(HanaError(2, f"general error: {type(error).__name__}: {error}"))
        buffers = framing.encode_reply(
            outcome.parts,
            session_id=self.connection_id if self._statements else 0,
            packet_number=packet,
            function=outcome.function,
            kind=outcome.kind,
        )
        return Reply(buffers=buffers, fault=outcome.fault, closes=outcome.closes)

    def cancel(self) -> None:
        """End the running statement with error 139."""
        with self._ending:  # a session is never cancelled once it is closed
            if self._statements is not None:
                self._statements.cancel()

    def close(self) -> None:
        """Give everything back; to be called once no message is being handled."""
        self.state = State.CLOSED
        with self._ending:
            statements, self._statements = self._statements, None
        if statements is not None:
            statements.close()

    def _dispatch(self, request: Request) -> Outcome:
        if self._statements is not None and self.state is State.CONNECTED:
            statement_handler = _STATEMENT_HANDLERS.get(request.message_type)
            if statement_handler is not None:
                self._statements.begin_request()
                self._statements.set_variables(request)
                context = request.part(PartKind.STATEMENT_CONTEXT)
                limit_s = 0 if context is None else parts.read_query_timeout(context)
                with limited(limit_s, self.cancel):
                    return statement_handler(self._statements, request)
        handler = _HANDLERS.get((self.state, request.message_type))
        if handler is None:
            message = f"message type {request.message_type} does not fit state {self.state.value}"
            raise WireError(message)
        return handler(self, request)

    def db_connect_info(self, _request: Request) -> Outcome:
        """Every database name is served here."""
        return Outcome([parts.db_connect_info_part(self.service.host, self.service.port)])

    def authenticate(self, request: Request) -> Outcome:
        """Challenge the user by the first of our methods that the client offers."""
        offer = auth.read_offer(request.need(PartKind.AUTHENTICATION).body)
        password = self.service.engine.password(_user_name(offer.user))
        self._challenge = auth.challenge(offer, self.service.methods, password)
        if self._challenge is None:
            raise _authentication_failed()
        self.state = State.AUTHENTICATING
        return Outcome([Part(PartKind.AUTHENTICATION, 1, (self._challenge.reply,))])

    def connect(self, request: Request) -> Outcome:
        """Check the proof and open the session."""
        self.state = State.INITIAL
        challenge, self._challenge = self._challenge, None
        proof = auth.read_proof(request.need(PartKind.AUTHENTICATION).body)
        final = challenge.verify(proof) if challenge else None
        if challenge is None or final is None:
            raise _authentication_failed()
        service = self.service
        if (fault := service.faults.strike(Moment.LOG_ON)) is not None:
            raise fault.error
        sent = request.part(PartKind.CONNECT_OPTIONS)
        data_format = _agreed_format(read_options(sent) if sent else {}, service.data_format)
        self.user = user = _user_name(challenge.user)
        self._statements = Statements(
            service.engine.open(user, self.connection_id),
            data_format=data_format,
            faults=service.faults,
            recordings=service.recordings,
            user=user,
            peers=service.peers,
        )
        self.state = State.CONNECTED
        return Outcome(
            [
                Part(PartKind.AUTHENTICATION, 1, (final,)),
                parts.connect_options_part(self.connection_id, data_format),
                parts.topology_part(service.host, service.port),
            ]
        )

    def disconnect(self, _request: Request) -> Outcome:
        """Answer, then close."""
        self.state = State.CLOSED
        return Outcome(function=ReplyCode.DISCONNECT, closes=True)


def _user_name(sent: str) -> str:
    """As HANA stores it: upper case unless quoted."""
    if len(sent) > 1 and sent.startswith('"') and sent.endswith('"'):
        return sent[1:-1].replace('""', '"')
    return sent.upper()


def _authentication_failed() -> HanaError:
    return HanaError(10, "authentication failed", sqlstate="28000")


def _agreed_format(options: Mapping[int, OptionValue], ours: int) -> int:
    theirs = options.get(
        ConnectOption.DATA_FORMAT_VERSION_2, options.get(ConnectOption.DATA_FORMAT_VERSION, 1)
    )
    return max(1, min(int(theirs), ours))


_Handler: TypeAlias = Callable[[WireSession, Request], Outcome]
_StatementHandler: TypeAlias = Callable[[Statements, Request], Outcome]

_HANDLERS: Mapping[tuple[State, int], _Handler] = {
    (State.INITIAL, MessageType.DB_CONNECT_INFO): WireSession.db_connect_info,
    (State.INITIAL, MessageType.AUTHENTICATE): WireSession.authenticate,
    (State.INITIAL, MessageType.DISCONNECT): WireSession.disconnect,
    (State.AUTHENTICATING, MessageType.CONNECT): WireSession.connect,
    (State.AUTHENTICATING, MessageType.AUTHENTICATE): WireSession.authenticate,
    (State.AUTHENTICATING, MessageType.DISCONNECT): WireSession.disconnect,
    (State.CONNECTED, MessageType.DB_CONNECT_INFO): WireSession.db_connect_info,
    (State.CONNECTED, MessageType.DISCONNECT): WireSession.disconnect,
}

_STATEMENT_HANDLERS: Mapping[int, _StatementHandler] = {
    MessageType.EXECUTE_DIRECT: Statements.execute_direct,
    MessageType.PREPARE: Statements.prepare,
    MessageType.EXECUTE: Statements.execute,
    MessageType.DROP_STATEMENT_ID: Statements.drop_statement,
    MessageType.FETCH_NEXT: Statements.fetch_next,
    MessageType.CLOSE_RESULT_SET: Statements.close_result_set,
    MessageType.READ_LOB: Statements.lob,
    MessageType.WRITE_LOB: Statements.lob,
    MessageType.FIND_LOB: Statements.find_lob,
    MessageType.COMMIT: Statements.commit,
    MessageType.ROLLBACK: Statements.rollback,
    MessageType.PING: Statements.ping,
    MessageType.CLIENT_PING: Statements.ping,
}
