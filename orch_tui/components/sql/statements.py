"""The statements of a script: where each begins, whatever DuckDB's splitting leaves before it.

DuckDB 2.0.0 gives a statement without the blanks and comments before it, 2.0.1 with them, and both change blanks that
are not ASCII. So a statement is found by its other characters, and read from its first word on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orch_tui.components.kit.faults import FaultyParameter
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import readable

if TYPE_CHECKING:
    import duckdb

PARAMETER = "sql"
"""The parameter that holds the script."""
_LINE = re.compile(r"^LINE (\d+):", re.MULTILINE)
_WORD = re.compile(r"\w+|\W")
# What DuckDB takes for blanks although Unicode does not.
_INVISIBLE = frozenset("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a script: ``text`` from its first word on, which stands in ``line`` (from 1) of the script.

    ``kind`` is DuckDB's name of its kind, empty for those that it has no name for.
    ``above`` are the lines that DuckDB counts in its errors before that one.
    """

    parsed: duckdb.Statement
    kind: str
    text: str
    line: int
    above: int

    @property
    def first_line(self) -> str:
        return safe_line(self.text.splitlines()[0].strip(), 60)

    def words(self, count: int) -> list[str]:
        """Its first words (or marks), in capitals; comments between them are none."""
        found: list[str] = []
        at = 0
        while len(found) < count and (match := _WORD.match(self.text, at)):
            found.append(match[0].upper())
            at = match.end() + beginning(self.text[match.end() :])
        return found

    def line_of(self, error: BaseException) -> int | None:
        """The line of the statement (from 1) that DuckDB's message points to."""
        line = self.line_of_text(error)
        return line - self.above if line is not None else None

    @staticmethod
    def line_of_text(error: BaseException) -> int | None:
        """The line that DuckDB's message points to in a text that it was given."""
        match = _LINE.search(str(error))
        return int(match[1]) if match else None


def read_statements(con: duckdb.DuckDBPyConnection, sql: str) -> list[Statement]:
    """The statements of a script in their order.

    Raises:
        FaultyParameter: the script cannot be read; with the line if DuckDB says one.
    """
    import duckdb

    try:
        parsed = con.extract_statements(sql)
    except duckdb.Error as error:
        line = _LINE.search(str(error))
        place = f"line {line[1]} of the SQL: " if line else "the SQL cannot be read: "
        raise FaultyParameter(place + readable(error), PARAMETER, int(line[1]) if line else None) from error
    return list(_located(parsed, sql))


def beginning(text: str) -> int:
    """How many blanks, comments and semicolons stand before the first word; comments in /* */ may be nested."""
    at = 0
    while at < len(text):
        if _is_blank(text[at]) or text[at] == ";":
            at += 1
        elif text.startswith("--", at):
            end = re.search(r"[\r\n]|\Z", text[at:])
            at += end.start() if end else 0
        elif text.startswith("/*", at):
            at = _end_of_comment(text, at)
        else:
            break
    return at


def _end_of_comment(text: str, at: int) -> int:
    depth = 0
    for mark in re.finditer(r"/\*|\*/", text[at:]):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return at + mark.end()
    return len(text)


def _located(parsed: list[duckdb.Statement], sql: str) -> Iterator[Statement]:
    places = [at for at, letter in enumerate(sql) if not _is_blank(letter)]
    letters = "".join(sql[at] for at in places)
    position = 0
    for statement in parsed:
        query = statement.query
        start = beginning(query)
        body = "".join(letter for letter in query[start:] if not _is_blank(letter))
        position = max(letters.find(body, position), position)
        place = places[position] if position < len(places) else len(sql)
        yield Statement(
            statement,
            _kind(statement),
            query[start:],
            1 + sql.count("\n", 0, place),
            query.count("\n", 0, start),
        )
        position += len(body)


def _kind(statement: duckdb.Statement) -> str:
    try:
        return str(statement.type.name)
    except ValueError:
        # DuckDB's Python module has no name for some kinds, as UPDATE EXTENSIONS.
        return ""


def _is_blank(letter: str) -> bool:
    return letter.isspace() or letter in _INVISIBLE
