"""Whole statements of HANA SQL: which kind it is, DML, settings of the session."""

from tests.hana_emulator.engine import commands, tree
from tests.hana_emulator.engine.errors import unsupported
from tests.hana_emulator.engine.parse_definitions import DefinitionParser

_LEVELS = {"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"}


class StatementParser(DefinitionParser):
    """Reads one statement."""

    def statement(self) -> commands.Statement:
        """The only statement of the text.

        Raises:
            HanaError: 257 for anything else.
        """
        found = self._statement()
        self.takes(";")
        if self.token.kind != "end":
            self.fail()
        return found

    def _statement(self) -> commands.Statement:  # noqa: C901, PLR0912, RET503
        if self.sees("SELECT") or self.sees("WITH") or self.sees("("):
            return self.query()
        token = self.next()
        match token.text if token.kind == "word" else "":
            case "INSERT":
                return self._insert(upsert=False)
            case "UPSERT" | "REPLACE":
                return self._insert(upsert=True)
            case "UPDATE":
                return self._update()
            case "DELETE":
                return self._delete()
            case "MERGE":
                return self._merge()
            case "CREATE":
                return self.create()
            case "DROP":
                return self.drop()
            case "ALTER":
                return self.alter()
            case "RENAME":
                return self.rename()
            case "TRUNCATE":
                self.expect("TABLE")
                return commands.Truncate(self.names(), token.position)
            case "COMMENT":
                return self.comment()
            case "GRANT" | "REVOKE" as word:
                return self.rights(revoke=word == "REVOKE")
            case "SET":
                return self._set()
            case "UNSET":
                return commands.SetVariable(self.string().upper(), None)
            case "COMMIT" | "ROLLBACK" as word:
                return commands.EndTransaction(word == "COMMIT")
            case "CALL" | "DO" | "EXPLAIN" | "LOCK" as word:
                raise unsupported(word, token.position)
            case _:
                self.fail(token)

    # DML

    def _insert(self, *, upsert: bool) -> commands.Insert:
        position = self.token.position
        if not upsert:
            self.expect("INTO")
        parts = self.names()
        columns = ()
        if self.sees("(") and self.ahead().text != "SELECT":
            columns = self.bracketed_names()
        if not self.takes("VALUES"):
            query = self.query()
            if upsert:  # by the primary key, with or without these words [ref upsert]
                self.takes("WITH", "PRIMARY", "KEY")
            return commands.Insert(
                parts=parts, position=position, columns=columns, query=query, upsert=upsert,
                by_key=upsert,
            )  # fmt: skip
        self.expect("(")
        values = self.commas(self._value_or_default)
        self.expect(")")
        if self.sees(","):
            self.fail()  # no list of rows [facts 5]
        by_key = upsert and self.takes("WITH", "PRIMARY", "KEY")
        if upsert and self.sees("WHERE"):
            raise unsupported("UPSERT with WHERE", self.token.position)
        return commands.Insert(
            parts=parts, position=position, columns=columns, values=values, upsert=upsert,
            by_key=by_key,
        )  # fmt: skip

    def _value_or_default(self) -> tree.Value | None:
        return None if self.takes("DEFAULT") else self.value()

    def _update(self) -> commands.Update:
        position = self.token.position
        parts = self.names()
        alias = self.alias()
        self.expect("SET")
        assignments = self.commas(self._assignment)
        if self.sees("FROM"):
            raise unsupported("UPDATE with FROM", self.token.position)
        where = self.condition() if self.takes("WHERE") else None
        return commands.Update(parts, alias, assignments, where, position)

    def _assignment(self) -> commands.Assignment:
        position = self.token.position
        column = self.names()[-1]
        self.expect("=")
        return commands.Assignment(column, self.value(), position)

    def _delete(self) -> commands.Delete:
        position = self.token.position
        self.expect("FROM")
        parts = self.names()
        alias = self.alias()
        where = self.condition() if self.takes("WHERE") else None
        return commands.Delete(parts, alias, where, position)

    def _merge(self) -> commands.Merge:
        position = self.token.position
        self.expect("INTO")
        parts = self.names()
        alias = self.alias()
        self.expect("USING")
        source = self._source()
        self.expect("ON")
        fields: dict[str, object] = {"on": self.condition()}
        while self.takes("WHEN"):
            if self.takes("NOT", "MATCHED", "THEN", "INSERT"):
                fields["insert_columns"] = self.bracketed_names() if self.sees("(") else ()
                self.expect("VALUES", "(")
                fields["insert_values"] = self.commas(self.value)
                self.expect(")")
                continue
            if "insert_values" in fields:
                self.fail()  # WHEN MATCHED comes first [facts 5]
            self.expect("MATCHED")
            if self.takes("AND"):
                fields["update_where"] = self.condition()
            self.expect("THEN")
            if self.takes("DELETE"):
                fields["delete"] = True
                continue
            self.expect("UPDATE", "SET")
            fields["update"] = self.commas(self._assignment)
        return commands.Merge(
            parts=parts,
            alias=alias,
            source=source,
            position=position,
            **fields,  # type: ignore[arg-type]
        )

    # settings

    def _set(self) -> commands.Statement:
        if self.token.kind == "string":
            key = self.string().upper()
            self.expect("=")
            return commands.SetVariable(key, self.string())
        if self.takes("SESSION"):
            key = self.string().upper()
            self.expect("=")
            return commands.SetVariable(key, self.string())
        if self.takes("SCHEMA"):
            return commands.SetSchema(self.name())
        self.expect("TRANSACTION")
        if self.takes("ISOLATION", "LEVEL"):
            return commands.SetTransaction(self._level())
        if self.takes("READ"):
            return commands.SetTransaction(f"READ {self.takes_one('ONLY', 'WRITE') or self.fail()}")
        automatic = "AUTOCOMMIT " if self.takes("AUTOCOMMIT") else ""
        if self.takes("LOCK", "WAIT", "TIMEOUT"):
            return commands.SetTransaction(f"LOCK WAIT TIMEOUT {self.integer()}")
        self.expect("DDL")
        return commands.SetTransaction(
            f"{automatic}DDL {self.takes_one('ON', 'OFF') or self.fail()}"
        )

    def _level(self) -> str:
        level = f"{self.next().text}"
        if level != "SERIALIZABLE":
            level += f" {self.next().text}"
        if level not in _LEVELS:
            self.fail()
        return level


def parse(text: str) -> tuple[commands.Statement, tuple[str, ...]]:
    """A statement, and the names of its markers (empty for ``?``)."""
    parser = StatementParser(text)
    return parser.statement(), tuple(parser.marker_names)
