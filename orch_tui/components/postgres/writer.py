"""Component ``postgres-writer``: a table into a PostgreSQL database, by COPY and in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import LiteralString

from orch_tui.components import kit
from orch_tui.components.dbapi.fit import Choice
from orch_tui.components.dbapi.names import find
from orch_tui.components.dbapi.parameters import Target
from orch_tui.components.dbapi.pipe import CsvOut
from orch_tui.components.dbapi.session import STAGE
from orch_tui.components.dbapi.write import Done, Job, TargetColumn, Writer, describe, write
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.postgres.server import Postgres, PostgresServer, qualified
from orch_tui.components.postgres.types import PostgresColumn, choices, copied, target_of
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import quoted

_NAME_BYTES = 63
"""PostgreSQL cuts longer names off without an error."""

_COLUMNS = """
    with recursive typed as (
        select attnum, attname, attnotnull and not atthasdef and attidentity = '' as required,
            attgenerated <> '' as generated, atttypid as type, atttypmod as modifier,
            format_type(atttypid, atttypmod) as shown
        from pg_catalog.pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped
        union all
        select attnum, attname, required, generated, t.typbasetype,
            case when t.typtypmod >= 0 then t.typtypmod else modifier end, shown
        from typed join pg_catalog.pg_type t on t.oid = typed.type where t.typtype = 'd'
    )
    select attname::text, required, generated, t.typname::text, t.typnamespace = 'pg_catalog'::regnamespace, modifier,
        shown
    from typed join pg_catalog.pg_type t on t.oid = typed.type where t.typtype <> 'd' order by attnum
"""
"""The columns of a table, with what is below their domains."""


class Parameters(Target, PostgresServer):
    """Where the rows go and how they meet the ones that are there."""


class PostgresWriter(Writer):
    """Also making the table is part of the transaction, so that nobody sees anything before its end."""

    session: Postgres

    def __init__(self, parameters: Parameters, ctx: Context, *, quick: bool = False) -> None:
        self.session = Postgres(parameters, ctx, read_only=quick, quick=quick)
        self.ctx = ctx
        self.target = parameters
        self.schema = parameters.schema_name
        self.called = f"the table {self.schema}.{parameters.table}"
        self._place = ""

    def prepare(self) -> None:
        self.session.set_local("lock_timeout", f"{self.target.lock_timeout}s")

    def look(self) -> list[TargetColumn] | None:
        tables = self.session.tables(self.schema)
        name = find(self.target.table, list(tables))
        self._place = qualified(self.schema, name or self.target.table)
        if name is None:
            return None
        if tables[name] in ("v", "m"):
            raise UserError(f'"{safe_line(name)}" is a view in {self.shown}, and rows can only be written to a table')
        rows = self.session.con.execute(_COLUMNS.encode(), (self._place,)).fetchall()
        return [
            TargetColumn(name, required, generated, target_of(PostgresColumn(kind, built_in, modifier, shown)))
            for name, required, generated, kind, built_in, modifier, shown in rows
        ]

    def choices(self, kind: str, *, key: bool) -> list[Choice]:
        return choices(kind)

    def unique_keys(self) -> list[set[str]]:
        rows = self.session.con.execute(
            "select array_agg(a.attname::text) from pg_catalog.pg_index i join pg_catalog.pg_attribute a"
            " on a.attrelid = i.indrelid and a.attnum = any((i.indkey::int2[])[0:i.indnkeyatts - 1])"
            " where i.indrelid = %s::regclass and i.indisunique and i.indisvalid and i.indimmediate"
            " and i.indpred is null and i.indexprs is null group by i.indexrelid",
            (self._place,),
        ).fetchall()
        return [set(names) for (names,) in rows]

    def unique_index_sql(self, key: Sequence[str]) -> str:
        return f"create unique index on {self._place} ({_list(key)})"

    def store(self, job: Job) -> Done:
        done, columns = Done(), _list(field.target for field in job.fields)
        if job.is_new:
            self._create(job)
        elif job.mode == "replace":
            # Readers go on, but of two writers at once the second must see the rows of the first.
            self.session.con.execute(f"lock table {self._place} in share row exclusive mode".encode())
            done.deleted = self.session.con.execute(f"delete from {self._place}".encode()).rowcount
        if job.mode != "upsert" or job.is_new:
            done.added = self._copy(job, f"{self._place} ({columns})")
            return done
        self.session.con.execute(
            f"create temp table {STAGE} on commit drop as select {columns} from {self._place} with no data".encode()
        )
        self._copy(job, f"{STAGE} ({columns})")
        self.session.con.execute(f"analyze {STAGE}".encode())
        same = " and ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in job.key)
        known = self.session.con.execute(
            f"select count(*) from {STAGE} s where exists (select from {self._place} t where {same})".encode()
        ).fetchone()
        updates = ", ".join(
            f"{quoted(field.target)} = excluded.{quoted(field.target)}"
            for field in job.fields
            if field.target not in job.key
        )
        written = self.session.con.execute(
            f"insert into {self._place} ({columns}) overriding system value select {columns} from {STAGE}"
            f" on conflict ({_list(job.key)}) do {f'update set {updates}' if updates else 'nothing'}".encode()
        ).rowcount
        done.updated = int(known[0]) if known else 0
        # Rows with a known key are not counted by the server where nothing but the key is written.
        done.added = written - done.updated if updates else written
        return done

    def _create(self, job: Job) -> None:
        for name in [self.target.table, *(field.target for field in job.fields)]:
            if len(name.encode()) > _NAME_BYTES:
                raise UserError(
                    f'the name "{safe_line(name)}" is longer than {_NAME_BYTES} bytes; choose a shorter one'
                )
        parts = [f"{quoted(field.target)} {field.declared}" for field in job.fields]
        if job.key:
            parts.append(f"primary key ({_list(job.key)})")
        self.session.con.execute(f"create table {self._place} ({', '.join(parts)})".encode())
        self.ctx.log(f"{self.where} is new")

    def _copy(self, job: Job, into: str) -> int:
        """How many rows the server took: a trigger may leave some out."""
        values = [copied(field.value, field.kind, field.type) for field in job.fields]
        named = ", ".join(f"{value} as c{at}" for at, value in enumerate(values))
        cursor = self.session.con.cursor()
        with (
            # Alone in a line, a backslash and a point would be the end of all rows.
            CsvOut(job.con, f"select {named} from source", quoted_columns=["c0"] if len(values) == 1 else []) as csv,
            cursor.copy(f"copy {into} from stdin (format csv)".encode()) as copy,
        ):
            for chunk in self.told(csv):
                copy.write(chunk)
        return cursor.rowcount

    def commit(self) -> None:
        self.session.con.commit()

    def require_rights(self) -> None:
        """What the mode needs. Raises: UserError naming the right that is missing."""
        rights = {"replace": "insert, delete", "append": "insert", "upsert": "insert, select, update"}
        row = self.session.con.execute("select to_regclass(%s)", (self._place,)).fetchone()
        if row is None or row[0] is None:
            self._require("create", "has_schema_privilege(%s, %s)", self.schema, f"the schema {self.schema}")
            return
        for right in rights[self.target.mode].split(", "):
            self._require(right, "has_table_privilege(%s, %s)", self._place, self.where)

    def _require(self, right: str, check: LiteralString, name: str, shown: str) -> None:
        row = self.session.con.execute("select " + check, (name, right)).fetchone()
        if not row or not row[0]:
            raise UserError(
                f"user {self.session.server.user} has no right to {right} on {shown}; let the owner grant it"
            )


def _list(names: Iterable[str]) -> str:
    return ", ".join(quoted(name) for name in names)


def run(parameters: Parameters, ctx: Context) -> None:
    """Write the rows of the only input.

    Raises:
        UserError: columns or keys do not fit, or the server refuses something.
    """
    write(PostgresWriter(parameters, ctx))


def test_connection(parameters: Parameters, ctx: Context) -> str:
    """Who answers, what is to be written, and whether we may. Raises: UserError."""
    with PostgresWriter(parameters, ctx, quick=True) as writer:
        found = describe(writer)
        writer.require_rights()
        return f"{writer.session.greeting()}; {found}"


if __name__ == "__main__":
    kit.main(Parameters, run, test=test_connection)
