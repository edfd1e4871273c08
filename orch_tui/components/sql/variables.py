"""Component ``variables``: the columns of one row become variables for later tasks and for conditions."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import Field

from orch_tui.components import kit
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.faults import FaultyParameter
from orch_tui.components.sql.statements import PARAMETER, Statement, read_statements
from orch_tui.components.sql.transformation import MEMORY_LIMIT, THREADS, explain, open_sandbox
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.model.variables.values import decode_all, encode, text_of, type_of
from orch_tui.project.attempt_dir import result_file
from orch_tui.project.files.own_files import replace_json

if TYPE_CHECKING:
    import duckdb


class Parameters(kit.Parameters):
    """A query whose only row holds the values."""

    sql: str = Field(
        min_length=1,
        title="SQL",
        description="One query in DuckDB's SQL that gives one row; each of its columns sets the variable of its name. "
        "The inputs are there as views under their names.",
        json_schema_extra={"x-widget": "sql", "x-check": "duckdb"},
    )
    threads: int = THREADS
    memory_limit: str = MEMORY_LIMIT


def run(parameters: Parameters, ctx: Context) -> None:
    """Set the variables.

    Raises:
        UserError: the query is refused or fails, gives another number of rows than one, or what is no value.
    """
    if ctx.outputs:
        raise UserError("a configuration of variables writes no table: remove [[outputs]]")
    con = open_sandbox(ctx, threads=parameters.threads, memory_limit=parameters.memory_limit)
    statement = _only_query(read_statements(con, parameters.sql))
    names, row = _only_row(con, statement, ctx)
    raw = {name: _encoded(name, value) for name, value in zip(names, row, strict=True)}
    values, faults = decode_all(raw)
    if faults:
        raise FaultyParameter(f"the row cannot be taken: {safe_line(faults[0], 300)}", PARAMETER, statement.line)
    replace_json(result_file(ctx.data_dir), {"variables": {name: encode(value) for name, value in values.items()}})
    for name, value in values.items():
        ctx.log(f"{name} = {text_of(value)[:200]} ({type_of(value)})")


def _only_query(statements: list[Statement]) -> Statement:
    if len(statements) != 1 or statements[0].kind != "SELECT":
        line = statements[1].line if len(statements) > 1 else statements[0].line if statements else None
        raise FaultyParameter("write one query, as select count(*) as orders from orders", PARAMETER, line)
    return statements[0]


def _only_row(con: duckdb.DuckDBPyConnection, statement: Statement, ctx: Context) -> tuple[list[str], tuple[Any, ...]]:
    import duckdb

    try:
        found = con.execute(statement.parsed)
        names = [str(column[0]) for column in found.description or ()]
        rows = found.fetchmany(2)
    except duckdb.InternalException:
        raise
    except duckdb.Error as error:
        line = statement.line + (statement.line_of(error) or 1) - 1
        raise FaultyParameter(explain(error, con, ctx, statement), PARAMETER, line) from error
    if len(rows) != 1:
        had = "no row" if not rows else "more than one row"
        raise FaultyParameter(f"the query gives {had}; variables are set from exactly one", PARAMETER, statement.line)
    if twice := [name for name in names if names.count(name) > 1]:
        raise FaultyParameter(
            f'{counted(names.count(twice[0]), "column")} are called "{safe_line(twice[0], 60)}"; name them with as',
            PARAMETER,
            statement.line,
        )
    return names, rows[0]


def _encoded(name: str, value: Any) -> Any:
    """What DuckDB gives for a column, as JSON of a value: exactly, or not at all."""
    if isinstance(value, list | tuple):
        return [_encoded(name, item) for item in value]
    if isinstance(value, Decimal):
        return _number(name, value)
    if isinstance(value, datetime):
        # Every connection is in UTC: so are timestamps without a zone.
        return encode(value if value.tzinfo is not None else value.replace(tzinfo=UTC))
    if isinstance(value, date):
        return encode(value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise FaultyParameter(f'the column "{safe_line(name, 60)}" has no type of a variable; cast it to text', PARAMETER)


def _number(name: str, value: Decimal) -> float:
    number = float(value)
    if Decimal(repr(number)) != value:
        raise FaultyParameter(
            f'the column "{safe_line(name, 60)}" has {value}, which no number holds exactly; cast it to text or to '
            "double in the query",
            PARAMETER,
        )
    return number


if __name__ == "__main__":
    kit.main(Parameters, run)
