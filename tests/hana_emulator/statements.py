"""The statements, result sets and large objects of one session; log-on is not its business."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from tests.hana_emulator.control import Control, Peers, parse_control
from tests.hana_emulator.faults import (
    BEFORE_THE_STATEMENT,
    MESSAGES,
    ArmedFault,
    Faults,
    Moment,
)
from tests.hana_emulator.outcomes import Outcome, SilencedError, changed, protocol_error
from tests.hana_emulator.replay import RecordedRows, Recordings, Replayed, record, recording_key
from tests.hana_emulator.results import CursorRows, Locators, ResultSet, Rows
from tests.hana_emulator.values import (
    FunctionCode,
    HanaError,
    Marker,
    Prepared,
    ResultColumn,
    Row,
    Session,
)
from tests.hana_emulator.wire import lobs, metadata, parts
from tests.hana_emulator.wire.codes import (
    PartAttribute,
    PartKind,
    ReplyCode,
    TransactionFlag,
)
from tests.hana_emulator.wire.framing import Part, Request
from tests.hana_emulator.wire.parameters import SentValue, read_parameters
from tests.hana_emulator.wire.rows import row_encoder
from tests.hana_emulator.wire.types import WireType, wire_type
from tests.hana_emulator.writes import Changes, conformed

_FIRST_ROWS = 32  # of a result whose request names no fetch size; HANA's own choice is unverified
_ENVELOPE_BYTES = 1024  # headers and other parts beside the rows of a reply


@dataclass(frozen=True, slots=True)
class _Statement:
    text: str
    prepared: Prepared
    marker_types: tuple[WireType, ...]


class Statements:
    """What a connected client may ask; each public method answers one message type.

    Args:
        session: Of the engine; this closes it.
        data_format: The agreed data format version.
        faults: What goes wrong.
        recordings: Results are recorded and replayed if not None.
        user: On whose behalf other connections are cancelled.
        peers: The connections of the server.
    """

    def __init__(
        self,
        session: Session,
        *,
        data_format: int,
        faults: Faults,
        recordings: Recordings | None,
        user: str,
        peers: Peers,
    ) -> None:
        self._session = session
        self._user = user
        self._data_format = data_format
        self._faults = faults
        self._recordings = recordings
        self._peers = peers
        self._ids = count(1)
        self._statements: dict[int, _Statement] = {}
        self._results: dict[int, ResultSet] = {}
        self._locators = Locators()
        self._changes = Changes(session)
        self._cancelled = threading.Event()

    def begin_request(self) -> None:
        """Whatever was cancelled before, this request was not."""
        self._cancelled.clear()

    def set_variables(self, request: Request) -> None:
        """Take the client info that any request may carry."""
        info = request.part(PartKind.CLIENT_INFO)
        if info is not None:
            for key, value in parts.read_client_info(info).items():
                self._session.set_variable(key, value)

    def cancel(self) -> None:
        """End the running statement with error 139; from any thread."""
        self._cancelled.set()
        self._session.cancel()

    def close(self) -> None:
        """Give everything back; no message may be in work."""
        for result in self._results.values():
            result.rows.close()
        self._results.clear()
        self._statements.clear()
        self._locators.clear()
        self._changes.forget()
        self._session.close()

    def execute_direct(self, request: Request) -> Outcome:
        """Run a text once."""
        text = parts.read_command(request.need(PartKind.COMMAND))
        fault = self._strike(text, 0)
        statement = self._parse(text)
        if statement.marker_types:
            raise HanaError(1281, "wrong number of parameters: the statement has markers")
        outcome = self._run(statement, [[]], request)
        if statement.prepared.columns:
            types = self._types(statement.prepared.columns)
            described = metadata.result_metadata(statement.prepared.columns, types)
            outcome.parts = [described, *outcome.parts]
        outcome.fault = fault
        return outcome

    def prepare(self, request: Request) -> Outcome:
        """Keep a statement and describe it."""
        statement = self._parse(parts.read_command(request.need(PartKind.COMMAND)))
        identifier = next(self._ids)
        self._statements[identifier] = statement
        described = [parts.id_part(PartKind.STATEMENT_ID, identifier)]
        columns, markers = statement.prepared.columns, statement.prepared.markers
        if columns:
            described.append(metadata.result_metadata(columns, self._types(columns)))
        if markers:
            described.append(metadata.parameter_metadata(markers, statement.marker_types))
        described.append(parts.statement_context_part())
        return Outcome(described, statement.prepared.function)

    def execute(self, request: Request) -> Outcome:
        """Run a prepared statement for each row of parameters."""
        identifier = parts.read_id(request.need(PartKind.STATEMENT_ID))
        statement = self._statements.get(identifier)
        if statement is None:
            raise protocol_error(f"invalid statement id {identifier}")
        fault = self._strike(statement.text, 0)
        rows: list[list[SentValue]] = [[]]
        if statement.marker_types:
            sent = request.need(PartKind.PARAMETERS)
            rows = read_parameters(sent, statement.marker_types)
        outcome = self._run(statement, rows, request)
        outcome.fault = fault
        return outcome

    def drop_statement(self, request: Request) -> Outcome:
        """Forget a prepared statement."""
        self._statements.pop(parts.read_id(request.need(PartKind.STATEMENT_ID)), None)
        return Outcome()

    def fetch_next(self, request: Request) -> Outcome:
        """The next rows of a result set."""
        identifier = parts.read_id(request.need(PartKind.RESULT_SET_ID))
        result = self._results.get(identifier)
        if result is None:
            raise protocol_error(f"invalid result set id {identifier}")
        replies, result.replies = result.replies, result.replies + 1
        fault = self._strike(result.statement, replies)
        batch = self._batch(identifier, request)
        return Outcome([parts.statement_context_part(), batch], ReplyCode.FETCH, fault=fault)

    def close_result_set(self, request: Request) -> Outcome:
        """Close a result set before its end."""
        self._close_result(parts.read_id(request.need(PartKind.RESULT_SET_ID)))
        return Outcome(function=ReplyCode.CLOSE_CURSOR)

    def lob(self, request: Request) -> Outcome:
        """Read or write a piece; go-hdb swaps the two message types, so the part decides."""
        part = request.part(PartKind.WRITE_LOB_REQUEST)
        if part is not None:
            return self._changes.write(part)
        wanted = lobs.read_lob_request(request.need(PartKind.READ_LOB_REQUEST))
        limit = max(request.reply_limit_bytes - _ENVELOPE_BYTES, 16)
        lob = self._locators.get(wanted.locator)
        units = min(wanted.units, limit // 3 if isinstance(lob.data, str) else limit)
        data, last = lob.piece(wanted.start, units)
        return Outcome([lobs.read_lob_reply(wanted.locator, data, last=last)], ReplyCode.READ_LOB)

    def find_lob(self, request: Request) -> Outcome:
        """Search a large object."""
        wanted = lobs.find_lob_request(request.need(PartKind.FIND_LOB_REQUEST))
        found = self._locators.get(wanted.locator).find(wanted.pattern, wanted.start)
        return Outcome([lobs.find_lob_reply(found)], ReplyCode.FIND_LOB)

    def commit(self, _request: Request) -> Outcome:
        """Commit; locators end with the transaction, result sets are held over it."""
        fault = self._strike("COMMIT", 0, Moment.END)
        self._end_transaction()
        self._session.commit()
        flags = parts.transaction_flags_part(TransactionFlag.COMMITTED)
        return Outcome([flags], ReplyCode.COMMIT, fault=fault)

    def rollback(self, _request: Request) -> Outcome:
        """Roll back."""
        fault = self._strike("ROLLBACK", 0, Moment.END)
        self._end_transaction()
        self._session.rollback()
        flags = parts.transaction_flags_part(TransactionFlag.ROLLED_BACK)
        return Outcome([flags], ReplyCode.ROLLBACK, fault=fault)

    def ping(self, _request: Request) -> Outcome:
        """Nothing but an answer."""
        return Outcome(function=ReplyCode.PING)

    def _end_transaction(self) -> None:
        self._locators.clear()
        self._changes.forget()

    def _strike(
        self, statement: str, fetches: int, moment: Moment = Moment.RESULT
    ) -> ArmedFault | None:
        fault = self._faults.strike(moment, statement, fetches)
        if fault is not None and fault.is_error:
            raise fault.error
        if fault is not None and fault.fault in BEFORE_THE_STATEMENT:
            raise SilencedError(fault)
        return fault

    def _parse(self, text: str) -> _Statement:
        prepared: Prepared | None = parse_control(text, self._user, self._faults, self._peers)
        if prepared is None and self._recordings is not None:
            # A recorded text needs no engine, so a recording works where its tables are missing.
            recording = self._recordings.get(recording_key(text, (), self._data_format))
            prepared = Replayed(recording.columns) if recording is not None else None
        if prepared is None:
            prepared = self._session.prepare(text)
        return _Statement(text, prepared, self._types(prepared.markers))

    def _types(self, described: Sequence[ResultColumn | Marker]) -> tuple[WireType, ...]:
        return tuple(wire_type(item.type, self._data_format) for item in described)

    def _run(self, statement: _Statement, rows: list[list[SentValue]], request: Request) -> Outcome:
        prepared = statement.prepared
        if prepared.function is FunctionCode.SELECT:
            (parameters,) = conformed(prepared, rows[:1])
            return self._query(statement, parameters, request)
        if isinstance(prepared, Control):
            prepared.run()
            return changed(prepared.function, [0], autocommit=True)
        self._heed_cancel()
        outcome = self._changes.execute(prepared, rows, autocommit=request.autocommit)
        if not request.autocommit:  # else it is committed, and the cancel came too late
            self._heed_cancel()
        return outcome

    def _heed_cancel(self) -> None:
        """A cancel that came while the engine did not work: parameters were read, for example.

        Raises:
            HanaError: 139, and the transaction is rolled back.
        """
        if self._cancelled.is_set():
            self._session.rollback()
            raise HanaError(139, MESSAGES[139], sqlstate="57014")

    def _query(self, statement: _Statement, parameters: Row, request: Request) -> Outcome:
        started = time.perf_counter()
        identifier = next(self._ids)
        rows = self._rows(statement, parameters)
        self._results[identifier] = ResultSet(statement.text, rows)
        batch = self._batch(identifier, request)
        elapsed_us = int((time.perf_counter() - started) * 1e6)
        return Outcome(
            [
                parts.id_part(PartKind.RESULT_SET_ID, identifier),
                parts.statement_context_part(elapsed_us),
                batch,
            ],
            FunctionCode.SELECT,
        )

    def _rows(self, statement: _Statement, parameters: Row) -> Rows:
        prepared = statement.prepared
        types = self._types(prepared.columns)
        encode = row_encoder(types, self._locators.add)
        if isinstance(prepared, Control):
            return CursorRows(prepared, encode)
        if self._recordings is None or any(kind.is_lob for kind in types):
            return CursorRows(self._session.query(prepared, parameters), encode)
        key = recording_key(statement.text, parameters, self._data_format)
        recording = self._recordings.get(key)
        if recording is None:
            cursor = self._session.query(prepared, parameters)
            try:
                recording = record(prepared.columns, cursor, encode)
            finally:
                cursor.close()
            self._recordings.add(key, recording)
        return RecordedRows(recording)

    def _batch(self, identifier: int, request: Request) -> Part:
        asked = request.part(PartKind.FETCH_SIZE)
        size = parts.read_fetch_size(asked) if asked else _FIRST_ROWS
        try:
            batch = self._results[identifier].rows.take(
                size, max(request.reply_limit_bytes - _ENVELOPE_BYTES, 1)
            )
        except BaseException:
            self._close_result(identifier)
            raise
        attributes = PartAttribute.NONE
        if batch.last:
            self._close_result(identifier)
            attributes = PartAttribute.LAST_PACKET | PartAttribute.RESULT_SET_CLOSED
        if not batch.count:
            attributes |= PartAttribute.ROW_NOT_FOUND
        return Part(PartKind.RESULT_SET, batch.count, batch.pieces, attributes)

    def _close_result(self, identifier: int) -> None:
        result = self._results.pop(identifier, None)
        if result is not None:
            result.rows.close()
