"""Component ``variables``: expressions, and the columns of one row, become variables for tasks and conditions."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from orch_tui.components import kit
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.faults import FaultyParameter
from orch_tui.components.sql.statements import PARAMETER, Statement, read_statements
from orch_tui.components.sql.transformation import MEMORY_LIMIT, THREADS, explain, open_sandbox
from orch_tui.model.clocks.machine_clock import wall
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.model.variables.values import VARIABLE_NAME, Value, decode_all, encode, text_of, type_of
from orch_tui.project.attempt_dir import result_file
from orch_tui.project.files.own_files import replace_json

if TYPE_CHECKING:
    import duckdb


def _readable(text: str) -> str:
    """What can be told of an expression before it runs. Raises: ValueError."""
    # Only a configuration with expressions waits for their library.
    from orch_tui.conditions.condition import ConditionError, Expression

    try:
        Expression(text)
    except ConditionError as error:
        raise ValueError(f"{error.sentence} ({error.place})") from error
    return text


def _named(expressions: dict[str, str]) -> dict[str, str]:
    for name in expressions:
        if not VARIABLE_NAME.fullmatch(name):
            raise ValueError(f"{json.dumps(name)[:60]} cannot be the name of a variable")
    return expressions


class Parameters(kit.Parameters):
    """Expressions by the names of variables, and a query whose only row holds values."""

    expressions: Annotated[dict[str, Annotated[str, AfterValidator(_readable)]], AfterValidator(_named)] = Field(
        default_factory=dict,
        title="Expressions",
        description="name = expression, one a line: what the run knows, in CEL, such as "
        'late = task["load"].seconds > 600.0 (docs/flow.md).',
    )
    sql: str = Field(
        "",
        title="SQL",
        description="One query in DuckDB's SQL that gives one row; each of its columns sets the variable of its name. "
        "The inputs are there as views under their names.",
        json_schema_extra={"x-widget": "sql", "x-check": "duckdb"},
    )
    threads: int = THREADS
    memory_limit: str = MEMORY_LIMIT

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.expressions and not self.sql.strip():
            raise ValueError("it sets nothing: write expressions, or a query in sql")
        return self


def run(parameters: Parameters, ctx: Context) -> None:
    """Set the variables.

    Raises:
        UserError: an expression or the query is refused or fails, gives another number of rows than one, or what is
            no value.
    """
    if ctx.outputs:
        raise UserError("a configuration of variables writes no table: remove [[outputs]]")
    raw: dict[str, Any] = {}
    if parameters.expressions:
        # Its library is for expressions alone.
        from orch_tui.components.sql.expressions import evaluate

        raw |= evaluate(parameters.expressions, ctx, wall())
        _take(raw, "expressions", None)
    if parameters.sql.strip():
        raw |= _from_row(parameters, ctx, raw)
    values = _take(raw, PARAMETER, None)
    replace_json(result_file(ctx.data_dir), {"variables": {name: encode(value) for name, value in values.items()}})
    for name, value in values.items():
        ctx.log(f"{name} = {text_of(value)[:200]} ({type_of(value)})")


def _take(raw: dict[str, Any], parameter: str, line: int | None) -> dict[str, Value]:
    """The values of JSON data. Raises: FaultyParameter when one of them is none."""
    values, faults = decode_all(raw)
    if faults:
        what = "the row cannot be taken: " if parameter == PARAMETER else ""
        raise FaultyParameter(f"{what}{safe_line(faults[0], 300)}", parameter, line)
    return values


def _from_row(parameters: Parameters, ctx: Context, others: Collection[str]) -> dict[str, Any]:
    """JSON of the values of the only row; ``others`` are names that are set already."""
    con = open_sandbox(ctx, threads=parameters.threads, memory_limit=parameters.memory_limit)
    statement = _only_query(read_statements(con, parameters.sql))
    names, row = _only_row(con, statement, ctx)
    if both := [name for name in names if name in others]:
        sentence = f'"{both[0]}" is set by an expression and by the query; take one of them out'
        raise FaultyParameter(sentence, PARAMETER, statement.line)
    raw = {name: _encoded(name, value) for name, value in zip(names, row, strict=True)}
    _take(raw, PARAMETER, statement.line)
    return raw


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
