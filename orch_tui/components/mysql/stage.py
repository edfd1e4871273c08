"""The temporary table of MySQL or MariaDB in which the rows of a writer wait for their transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from orch_tui.components.dbapi.session import STAGE
from orch_tui.components.dbapi.write import Job
from orch_tui.components.kit.component import UserError
from orch_tui.components.mysql.server import Mysql, name_list, quoted
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    import pymysql

_CHANGED = (1264, 1265, 1292, 1366, 1406)
"""Codes of errors and notes about a value that does not fit: out of range, truncated, incorrect, too long."""
_SENT = 2**18
"""Bytes in a packet of rows, at the most."""
_PLACE = re.compile(r"column [`'](?:.*`\.`)?(.*)[`'] at row (\d+)$")


class Stage:
    """Rows in a table that is the session's own, with the columns of the table that they are for."""

    def __init__(self, session: Mysql, job: Job, place: str, log: Callable[[str], None]) -> None:
        """Make the table with the columns of ``place``. Raises: pymysql.Error."""
        self._log = log
        self._session = session
        self._job = job
        self._columns = name_list(field.target for field in job.fields)
        session.execute(f"create temporary table {STAGE} as select {self._columns} from {place} limit 0")

    def load(self, chunks: Iterable[bytes], made: Sequence[str | None]) -> bool:
        """Put the rows there at once, given as CSV in which a bare ``NULL`` is null.

        Args:
            chunks: whole or partial lines, UTF-8.
            made: by column, what becomes of its texts ``{}`` in SQL; None where the column takes them as they are.

        Returns:
            Whether they are there. They are not where the server takes no rows like that, or would not take one of
            them as it is: :meth:`fill` says which.

        Raises:
            pymysql.Error: the connection was lost, or the table is full.
        """
        from orch_tui.components.mysql.driver import NotAskedError, send

        into = ", ".join(
            f"@v{at}" if value else quoted(field.target)
            for at, (field, value) in enumerate(zip(self._job.fields, made, strict=True))
        )
        sets = ", ".join(
            f"{quoted(field.target)} = {value.format(f'@v{at}')}"
            for at, (field, value) in enumerate(zip(self._job.fields, made, strict=True))
            if value
        )
        # In hexadecimal: what a backslash means depends on the session.
        form = "fields terminated by ',' optionally enclosed by '\"' escaped by '' lines terminated by 0x0A"
        statement = f"load data local infile 'rows' into table {STAGE} character set utf8mb4 {form} ({into})"
        if sets:
            statement += f" set {sets}"
        try:
            warnings = send(self._session.con, statement, chunks, min(_SENT, self._largest_packet() // 2))
        except NotAskedError as error:
            self._log(f"the server does not let rows in by LOAD DATA ({error}): they go by INSERT, more slowly")
            return False
        if warnings:
            # Here the server warns where it would refuse a row of an INSERT.
            self._session.execute(f"delete from {STAGE}")
        return warnings == 0

    def fill(self, lines: Iterable[Sequence[str]]) -> None:
        """Put the rows there, given as SQL's lists of values.

        Raises:
            pymysql.Error: a row is refused; with the value that does not fit.
        """
        import pymysql

        before = 0
        for statement, rows in self._inserts(lines, f"insert into {STAGE} ({self._columns}) values "):
            try:
                with self._session.con.cursor() as cursor:
                    cursor.execute(statement)
                    # What the server notes and does all the same: it has cut or rounded something.
                    noted = self._session.execute("show warnings") if cursor.warning_count else []
                    for _, code, text in noted:
                        if code in _CHANGED:
                            raise pymysql.DataError(code, text)
            except pymysql.Error as error:
                raise self._with_value(error, before) from error
            before += rows

    def _with_value(self, error: pymysql.Error, before: int) -> pymysql.Error:
        """The error with the value it is about, where the server tells only the column and the row of the statement."""
        code, text = error.args[0], str(error.args[-1])
        place = _PLACE.search(text)
        field = next((field for field in self._job.fields if place and field.target == place[1]), None)
        if code not in _CHANGED or place is None or field is None or ": '" in text:
            return error
        row = self._job.con.execute(
            f"select cast({field.value} as varchar) from source limit 1 offset {before + int(place[2]) - 1}"
        ).fetchone()
        value = safe_line(str(row[0]), 60) if row else ""
        return type(error)(code, f"{text[: text.rindex(' at row ')]}: {value}")

    def require_distinct(self, where: str) -> None:
        """Keys that differ for us may be the same for the collation of the table ``where``.

        Raises:
            UserError: several rows have one key, with an example.
        """
        key = name_list(self._job.key)
        twice = self._session.execute(f"select {key} from {STAGE} group by {key} having count(*) > 1 limit 1")
        if twice:
            example = ", ".join(f"{name} = {value}" for name, value in zip(self._job.key, twice[0], strict=True))
            raise UserError(
                f"several rows have one key ({safe_line(example, 200)}) as {where} compares texts, which may "
                "ignore case and accents; every key may come once"
            )

    def _largest_packet(self) -> int:
        return int(self._session.execute("select @@max_allowed_packet")[0][0])

    def _inserts(self, batches: Iterable[Sequence[str]], head: str) -> Iterator[tuple[str, int]]:
        """Statements, each with its number of rows, that stay well below the largest packet that the server takes."""
        # A character is up to four bytes.
        limit = min(self._largest_packet() // 8, 2**20)
        waiting: list[str] = []
        size = 0
        for lines in batches:
            for line in lines:
                if waiting and size + len(line) > limit:
                    yield head + ",".join(waiting), len(waiting)
                    waiting, size = [], 0
                waiting.append(line)
                size += len(line) + 1
        if waiting:
            yield head + ",".join(waiting), len(waiting)
