"""Component ``mysql-writer``: a table into a MySQL or MariaDB database, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orch_tui.components import kit
from orch_tui.components.dbapi.fit import Choice
from orch_tui.components.dbapi.names import find
from orch_tui.components.dbapi.parameters import Target
from orch_tui.components.dbapi.pipe import CsvOut
from orch_tui.components.dbapi.rows import reader
from orch_tui.components.dbapi.session import STAGE
from orch_tui.components.dbapi.write import Done, Job, TargetColumn, Writer, describe, write
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.sql import row_batches
from orch_tui.components.mysql.server import Mysql, MysqlServer, name_list, quoted
from orch_tui.components.mysql.stage import Stage
from orch_tui.components.mysql.types import choices, sent, target_of, written
from orch_tui.model.texts.text import counted, safe_line

_SQL_MODE = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_BACKSLASH_ESCAPES,NO_AUTO_VALUE_ON_ZERO"
"""A value that does not fit is an error, not cut off; a 0 stays a 0; a backslash in a text is a backslash."""


class Parameters(Target, MysqlServer):
    """Where the rows go and how they meet the ones that are there."""


class MysqlWriter(Writer):
    """Rows wait in a temporary table, so that the transaction that moves them is short and locks nobody out for long.

    Making a table ends a transaction in MySQL, so it comes first, and is undone when the rows do not follow.
    """

    session: Mysql

    def __init__(self, parameters: Parameters, ctx: Context, *, quick: bool = False) -> None:
        self.session = Mysql(parameters, ctx, quick=quick, sends=not quick)
        self.ctx = ctx
        self.target = parameters
        self.called = f"the table {parameters.table}"
        self._name = parameters.table
        self._made = False

    def prepare(self) -> None:
        wait = self.target.lock_timeout
        self.session.execute(f"set session sql_mode = '{_SQL_MODE}', innodb_lock_wait_timeout = {wait}")
        self.session.execute(f"set session lock_wait_timeout = {wait}")

    def look(self) -> list[TargetColumn] | None:
        tables = self.session.tables()
        name = find(self.target.table, list(tables))
        if name is None:
            return None
        if tables[name] != "BASE TABLE":
            raise UserError(
                f'"{safe_line(name)}" is a {tables[name].lower()} in {self.shown}, and rows can only be written to a '
                "table"
            )
        self._name = name
        self._require_transactions()
        rows = self.session.execute(
            "select column_name, is_nullable = 'NO' and column_default is null and extra not like '%%auto_increment%%',"
            " coalesce(generation_expression, '') <> '', column_type from information_schema.columns"
            " where table_schema = database() and table_name = %s order by ordinal_position",
            (name,),
        )
        exact_json = self.session.is_mariadb
        return [
            TargetColumn(str(column), bool(need) and not made, bool(made), target_of(str(kind), exact_json=exact_json))
            for column, need, made, kind in rows
        ]

    def choices(self, kind: str, *, key: bool) -> list[Choice]:
        return choices(kind, key=key, exact_json=self.session.is_mariadb)

    def _require_transactions(self) -> None:
        rows = self.session.execute(
            "select t.engine, e.transactions from information_schema.tables t"
            " left join information_schema.engines e on e.engine = t.engine"
            " where t.table_schema = database() and t.table_name = %s",
            (self._name,),
        )
        if rows and rows[0][1] != "YES":
            raise UserError(
                f"{self.where} is kept by the engine {rows[0][0]}, which cannot take back half of the rows after a "
                f"failure; let its owner run: alter table {quoted(self._name)} engine = InnoDB"
            )

    def unique_keys(self) -> list[set[str]]:
        rows = self.session.execute(
            "select index_name, column_name, sub_part from information_schema.statistics"
            " where table_schema = database() and table_name = %s and non_unique = 0",
            (self._name,),
        )
        found: dict[str, set[str]] = {}
        for index, column, part in rows:
            # An index on a part of a text, or on an expression, keeps something else unique.
            found.setdefault(str(index), set()).add(str(column) if part is None and column else "")
        return [columns for columns in found.values() if "" not in columns]

    def unique_index_sql(self, key: Sequence[str]) -> str:
        return f"alter table {quoted(self._name)} add unique ({name_list(key)})"

    def store(self, job: Job) -> Done:
        place, columns = quoted(self._name), name_list(field.target for field in job.fields)
        if job.is_new:
            self._create(job)
        stage = Stage(self.session, job, place, self.ctx.log)
        if not self._load(stage, job):
            stage.fill(self._lines(job))
        if job.mode == "upsert":
            stage.require_distinct(self.where)
        done = Done()
        self.session.con.begin()
        if job.mode == "replace" and not job.is_new:
            done.deleted = self._affected(f"delete from {place}")
        if job.mode == "upsert" and not job.is_new:
            done.updated = self._update(job)
            # Not "on duplicate key update": that also fires on other unique indexes, and would change other rows.
            fresh = ", ".join(f"s.{quoted(field.target)}" for field in job.fields)
            done.added = self._affected(
                f"insert into {place} ({columns}) select {fresh} from {STAGE} as s left join {place} as t"
                f" on {_same(job.key)} where t.{quoted(job.key[0])} is null"
            )
        else:
            done.added = self._affected(f"insert into {place} ({columns}) select {columns} from {STAGE}")
        total = self.ctx.only_input().rows
        if done.updated + done.added != total:
            raise UserError(
                f"nothing was written: {self.where} has a place for {done.updated + done.added} of "
                f"{counted(total, 'row')} only, by the key as it compares it"
            )
        return done

    def _load(self, stage: Stage, job: Job) -> bool:
        """Whether the rows are in the stage by the quick way, exactly as they are in the input."""
        values = [sent(field.value, field.kind, field.type) for field in job.fields]
        query = f"select {', '.join(f'{value.text} as c{at}' for at, value in enumerate(values))} from source"
        texts = [f"c{at}" for at, value in enumerate(values) if value.quoted]
        with CsvOut(job.con, query, quoted_columns=texts, null="NULL") as csv:
            return stage.load(self.told(csv), [value.made for value in values])

    def _update(self, job: Job) -> int:
        """Update the rows with a known key; returns how many there are, changed or not."""
        place = quoted(self._name)
        both = f"{STAGE} as s straight_join {place} as t on {_same(job.key)}"
        known = self.session.execute(f"select count(*) from {both}")[0][0]
        changed = [quoted(field.target) for field in job.fields if field.target not in job.key]
        if known and changed:
            values = ", ".join(f"t.{name} = s.{name}" for name in changed)
            self.session.execute(f"update {both} set {values}")
        return int(known)

    def _affected(self, statement: str) -> int:
        with self.session.con.cursor() as cursor:
            return int(cursor.execute(statement))

    def _create(self, job: Job) -> None:
        keys = set(job.key)
        parts = [
            f"{quoted(field.target)} {field.declared}" + (" not null" if field.target in keys else "")
            for field in job.fields
        ]
        if job.key:
            parts.append(f"primary key ({name_list(job.key)})")
        self.session.execute(
            f"create table {quoted(self._name)} ({', '.join(parts)}) engine = InnoDB"
            f" default charset utf8mb4 collate {self._collation()}"
        )
        self._made = True
        self.ctx.log(f"{self.where} is new")

    def _collation(self) -> str:
        """By which texts that differ stay different keys, as they are in the input, also in blanks at their end."""
        rows = self.session.execute(
            "select collation_name from information_schema.collations"
            " where collation_name in ('utf8mb4_nopad_bin', 'utf8mb4_0900_bin')"
        )
        return str(rows[0][0]) if rows else "utf8mb4_bin"

    def take_back(self) -> None:
        if not self._made:
            return
        import pymysql

        try:
            with self.session.open(5, keep=False) as other, other.cursor() as cursor:
                cursor.execute("set session lock_wait_timeout = 5")
                if not cursor.execute(f"select 1 from {quoted(self._name)} limit 1"):
                    cursor.execute(f"drop table {quoted(self._name)}")
        except (pymysql.Error, OSError) as error:
            self.ctx.log(f"{self.where} was made and is empty: {safe_line(str(error), 200)}")

    def _lines(self, job: Job, batch: int = 4 * 2**20) -> Iterator[list[str]]:
        """The rows as lists of values, in batches of about ``batch`` bytes; tells the progress when one was taken."""
        total, done = self.ctx.only_input().rows, 0
        values = ", ".join(written(field.value, field.kind, field.type) for field in job.fields)
        line = f"'(' || concat_ws(',', {values}) || ')'"
        for rows, _ in row_batches(reader(job.con, [line]), 100_000, batch):
            yield [text for (text,) in rows]
            done += len(rows)
            self.ctx.progress(done, total, "rows")
        self.require_all(done)

    def commit(self) -> None:
        self.session.con.commit()
        self._made = False


def _same(key: Sequence[str]) -> str:
    return " and ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in key)


def run(parameters: Parameters, ctx: Context) -> None:
    """Write the rows of the only input.

    Raises:
        UserError: columns or keys do not fit, or the server refuses something.
    """
    write(MysqlWriter(parameters, ctx))


def test_connection(parameters: Parameters, ctx: Context) -> str:
    """Who answers, and what is to be written. Raises: UserError."""
    with MysqlWriter(parameters, ctx, quick=True) as writer:
        found = describe(writer)
        return f"{writer.session.greeting()}; {found}"


if __name__ == "__main__":
    kit.main(Parameters, run, test=test_connection)
