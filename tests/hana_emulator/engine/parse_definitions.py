"""DDL of HANA SQL: schemas, users, tables, views, rights, comments."""

from tests.hana_emulator.engine import commands, tree
from tests.hana_emulator.engine.errors import unsupported
from tests.hana_emulator.engine.parse_queries import QueryParser

_TABLE_WORDS = ("COLUMN", "ROW", "GLOBAL", "LOCAL", "TEMPORARY", "HISTORY")


class DefinitionParser(QueryParser):
    """Reads statements that define something."""

    def create(self) -> commands.Statement:
        position = self.token.position
        if self.takes("SCHEMA"):
            name = self.name()
            owner = self.name() if self.takes("OWNED", "BY") else None
            return commands.CreateSchema(name, owner)
        if self.takes("USER"):
            return self._user()
        if self.takes("OR", "REPLACE"):
            self.expect("VIEW")
            return self._view(replace=True)
        if self.takes("VIEW"):
            return self._view(replace=False)
        words = set()
        while word := self.takes_one(*_TABLE_WORDS):
            words.add(word)
        if not self.takes("TABLE"):
            raise unsupported(f"CREATE {self.token.text}", position)
        kind = "ROW" if "ROW" in words else "COLUMN"
        return self._table(kind, temporary="TEMPORARY" in words)

    def _user(self) -> commands.CreateUser:
        name = self.name()
        self.expect("PASSWORD")
        password = self.next().text
        while self.token.kind != "end":  # NO FORCE_FIRST_PASSWORD_CHANGE and the like
            self.next()
        return commands.CreateUser(name, password)

    # tables

    def _table(self, kind: str, *, temporary: bool) -> commands.CreateTable:
        parts = self.names()
        columns: list[commands.ColumnDefinition] = []
        uniques: list[tuple[str, ...]] = []
        key: tuple[str, ...] = ()
        like = self.names() if self.takes("LIKE") else None
        if self.takes("("):
            while True:
                if self.takes("CONSTRAINT"):
                    self.name()
                if self.takes("PRIMARY", "KEY"):
                    key = self.bracketed_names()
                elif self.takes("UNIQUE"):
                    uniques.append(self.bracketed_names())
                else:
                    columns.append(self.column())
                if not self.takes(","):
                    break
            self.expect(")")
        comment = self.string() if self.takes("COMMENT") else None
        query, with_data = self._as_query() if self.takes("AS") else (None, True)
        if like is not None and self.takes("WITH"):
            with_data = not self.takes("NO")
            self.expect("DATA")
        elif like is not None:
            with_data = False
        key = key or tuple(one.name for one in columns if one.key)
        uniques += [(one.name,) for one in columns if one.unique]
        if not columns and query is None and like is None:
            self.fail()
        return commands.CreateTable(
            parts=parts, columns=tuple(columns), key=key, uniques=tuple(uniques), kind=kind,
            temporary=temporary, comment=comment, query=query, with_data=with_data, like=like,
        )  # fmt: skip

    def _as_query(self) -> tuple[tree.Query, bool]:
        bracketed = self.takes("(")
        query = self.query()
        if bracketed:
            self.expect(")")
        with_data = True
        if self.takes("WITH"):
            with_data = not self.takes("NO")
            self.expect("DATA")
        return query, with_data

    def column(self) -> commands.ColumnDefinition:
        name, declared = self.name(), self.type_name()
        fields: dict[str, object] = {}
        while self._column_word(fields):
            pass
        if fields.get("key"):
            fields["nullable"] = False
        return commands.ColumnDefinition(name=name, type=declared, **fields)  # type: ignore[arg-type]

    def _column_word(self, fields: dict[str, object]) -> bool:
        if self.takes("NOT", "NULL"):
            fields["nullable"] = False
        elif self.takes("NULL"):
            fields["nullable"] = True
        elif self.takes("PRIMARY", "KEY"):
            fields["key"] = True
        elif self.takes("UNIQUE"):
            fields["unique"] = True
        elif self.takes("COMMENT"):
            fields["comment"] = self.string()
        elif self.takes("DEFAULT"):
            fields["default"], fields["default_text"] = self.default()
        elif self.takes("GENERATED"):
            self._identity(fields)
        else:
            return False
        return True

    def default(self) -> tuple[tree.Value, str]:
        start = self.token.start
        value = self.value()
        text = self.text[start : self.tokens[self.at - 1].end]
        if isinstance(value, tree.Constant) and value.kind == "string":
            text = value.value
        return value, text

    def _identity(self, fields: dict[str, object]) -> None:
        if self.takes("ALWAYS"):
            fields["identity"] = "ALWAYS"
        else:
            self.expect("BY", "DEFAULT")
            fields["identity"] = "BY DEFAULT"
        self.expect("AS", "IDENTITY")
        if not self.takes("("):
            return
        while not self.takes(")"):
            if self.takes("START", "WITH"):
                fields["identity_start"] = self.integer()
            elif self.takes("INCREMENT", "BY"):
                fields["identity_step"] = self.integer()
            else:
                self.fail()

    # views

    def _view(self, *, replace: bool) -> commands.CreateView:
        parts = self.names()
        comment = self.string() if self.takes("COMMENT") else None
        columns: tuple[tuple[str, str | None], ...] = ()
        parameters: tuple[commands.ParameterDefinition, ...] = ()
        while self.takes("("):
            if self.sees("IN"):
                parameters = self.commas(self._parameter)
            else:
                columns = self.commas(self._view_column)
            self.expect(")")
        self.expect("AS")
        markers, start = len(self.marker_names), self.token.start
        query = self.query()
        definition = self.text[start : self.tokens[self.at - 1].end]
        unnamed = [name for name in self.marker_names[markers:] if not name]
        if unnamed:
            self.fail()
        del self.marker_names[markers:]
        structured = False
        while self.takes("WITH"):
            if self.takes("STRUCTURED", "PRIVILEGE", "CHECK"):
                structured = True
            else:
                self.expect("READ", "ONLY")
        return commands.CreateView(
            parts=parts, query=query, definition=definition, columns=columns,
            parameters=parameters, comment=comment, replace=replace, structured=structured,
        )  # fmt: skip

    def _view_column(self) -> tuple[str, str | None]:
        name = self.name()
        return name, self.string() if self.takes("COMMENT") else None

    def _parameter(self) -> commands.ParameterDefinition:
        self.expect("IN")
        name, declared = self.name(), self.type_name()
        value, text = self.default() if self.takes("DEFAULT") else (None, None)
        return commands.ParameterDefinition(name, declared, value, text)

    # the rest

    def drop(self) -> commands.Statement:
        position = self.token.position
        kind = self.takes_one("SCHEMA", "USER", "TABLE", "VIEW")
        if not kind:
            raise unsupported(f"DROP {self.token.text}", position)
        if kind in {"SCHEMA", "USER"}:
            name = self.name()
            cascade = self.takes_one("CASCADE", "RESTRICT") == "CASCADE"
            return commands.DropSchema(name, cascade) if kind == "SCHEMA" else (
                commands.DropUser(name))  # fmt: skip
        found = commands.Drop(kind, self.names(), position)
        self.takes_one("CASCADE", "RESTRICT")
        return found

    def rename(self) -> commands.Rename:
        position = self.token.position
        kind = self.takes_one("TABLE", "COLUMN") or self.fail()
        parts = self.names()
        self.expect("TO")
        return commands.Rename(kind, parts, self.names()[-1], position)

    def alter(self) -> commands.Statement:
        position = self.token.position
        if self.takes("SYSTEM"):
            word = self.takes_one("CANCEL", "DISCONNECT") or self.fail()
            self.takes("WORK", "IN")
            self.expect("SESSION")
            number = self.string() if self.token.kind == "string" else str(self.integer())
            return commands.CancelSession(int(number), word == "DISCONNECT")
        self.expect("TABLE")
        parts = self.names()
        if self.takes("ADD"):
            if self.takes("PRIMARY", "KEY"):
                return commands.Alter(parts, position, key=self.bracketed_names())
            return commands.Alter(parts, position, add=self._column_list())
        if self.takes("DROP"):
            return commands.Alter(parts, position, drop=self.bracketed_names())
        if self.takes("ALTER"):
            return commands.Alter(parts, position, alter=self._column_list())
        raise unsupported("this ALTER TABLE", position)

    def _column_list(self) -> tuple[commands.ColumnDefinition, ...]:
        self.expect("(")
        found = self.commas(self.column)
        self.expect(")")
        return found

    def comment(self) -> commands.Comment:
        position = self.token.position
        self.expect("ON")
        kind = self.takes_one("TABLE", "VIEW", "COLUMN") or self.fail()
        parts = self.names()
        self.expect("IS")
        text = None if self.takes("NULL") else self.string()
        return commands.Comment(kind, parts, text, position)

    def rights(self, *, revoke: bool) -> commands.Rights:
        position = self.token.position
        privileges = self.commas(self._privilege)
        on_schema, on = False, ()
        if self.takes("ON"):
            on_schema = self.takes("SCHEMA")
            on = self.names()
        self.expect("FROM" if revoke else "TO")
        users = self.commas(self.name)
        grantable = self.takes("WITH", "GRANT", "OPTION") or self.takes("WITH", "ADMIN", "OPTION")
        return commands.Rights(revoke, privileges, on_schema, on, users, grantable, position)

    def _privilege(self) -> str:
        words = [self.next().text]
        while self.token.kind == "word" and self.token.text not in {"ON", "TO", "FROM"}:
            words.append(self.next().text)
        return " ".join(words)
