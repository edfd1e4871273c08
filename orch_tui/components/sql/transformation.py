"""Component ``sql``: SQL statements on the inputs, in a DuckDB that can reach nothing else."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import Field

from orch_tui.components import kit
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.faults import FaultyParameter
from orch_tui.components.kit.sql import connect, listed, query_progress
from orch_tui.components.sql.statements import PARAMETER, Statement, read_statements
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.files.given_files import real_path
from orch_tui.storage.duckdb import columns_of, describe, exact_path, folded, literal, parquet, quoted, readable
from orch_tui.storage.tables import Content
from orch_tui.storage.values.parquet import write_parquet

if TYPE_CHECKING:
    import duckdb


THREADS: int = Field(2, ge=1, le=256, title="Threads", description="How many cores the queries may use.")
MEMORY_LIMIT: str = Field(
    "1GB",
    pattern=r"^\d+(\.\d+)?\s*([KMGT]i?B|%)$",
    title="Memory limit",
    description='As "512MB" or "4GB"; beyond it DuckDB works on disk.',
)


class Parameters(kit.Parameters):
    """What a transformation in SQL is made of."""

    sql: str = Field(
        min_length=1,
        title="SQL",
        description="Statements in DuckDB's SQL. The inputs are there as views under their names; "
        "create a table (or view) for every output.",
        json_schema_extra={"x-widget": "sql", "x-check": "duckdb"},
    )
    threads: int = THREADS
    memory_limit: str = MEMORY_LIMIT


# What a statement may be. Everything that could leave the inputs and outputs is missing: COPY and EXPORT also because
# an input is a hard link to an immutable file of the storage, which a COPY onto it would change.
_ALLOWED = {
    "SELECT", "CREATE", "INSERT", "UPDATE", "DELETE", "MERGE_INTO", "DROP", "ALTER", "TRANSACTION", "VACUUM", "ANALYZE",
}  # fmt: skip
# How a statement begins that DuckDB runs as several, as PIVOT does to find its columns.
_ALLOWED_MULTI = {
    "CREATE", "INSERT", "SELECT", "FROM", "WITH", "PIVOT", "UNPIVOT", "PIVOT_WIDER", "PIVOT_LONGER", "UPDATE", "DELETE",
    "MERGE", "(",
}  # fmt: skip
_INSTEAD = {
    "COPY": "files are read by a file-extractor, and an output is written by creating the table of its name",
    "EXPORT": "an output is written by creating the table of its name",
    "ATTACH": "other databases are read by an extractor",
    "SET": 'settings are fixed; "threads" and "memory_limit" are parameters of the configuration',
    "PRAGMA": "settings are fixed",
    "LOAD": "extensions cannot be installed or loaded",
    "INSTALL": "extensions cannot be installed or loaded",
}


def run(parameters: Parameters, ctx: Context) -> None:
    """Run the statements one by one, then store every declared output.

    Raises:
        UserError: a statement is refused or fails, or an output does not exist afterwards.
    """
    import duckdb

    if not ctx.outputs:
        raise UserError("the configuration declares no output: add [[outputs]] with the table to write")
    con = open_sandbox(ctx, threads=parameters.threads, memory_limit=parameters.memory_limit)
    execute_script(con, parameters.sql, ctx)
    doubtful = [output.name for output in ctx.outputs.values() if not _made(con, output.name)]
    existing = _existing(con) if doubtful else {}
    if missing := [name for name in doubtful if folded(name) not in existing]:
        made = [name for key, name in existing.items() if key not in {folded(i) for i in ctx.inputs}]
        raise UserError(
            f'the SQL has run, but it created no table "{safe_line(missing[0])}", which the configuration declares as '
            f"an output; it created {listed(made) or 'nothing'}"
        )
    for output in list(ctx.outputs.values()):
        query = f"select * from {quoted(output.name)}"
        try:
            with query_progress(con, ctx.progress, f"storing {output.name}"):
                rows = write_parquet(con, query, output.path)
            columns = describe(con, parquet(output.path))
            ctx.outputs[output.name] = replace(output, content=Content(rows, columns))
            ctx.log(f"{output.name}: {counted(rows, 'row')}, {counted(len(columns), 'column')}")
        except duckdb.Error as error:
            raise UserError(f'the output "{output.name}" cannot be stored: {explain(error, con, ctx)}') from error


def open_sandbox(ctx: Context, *, threads: int, memory_limit: str) -> duckdb.DuckDBPyConnection:
    """A connection with a view per input that can read and write nothing outside the attempt's ``in`` and ``out``."""
    con = connect(ctx, threads=threads, memory_limit=memory_limit)
    # Without this the name of any Python variable up the stack would be a table.
    con.execute("set python_enable_replacements = false")
    inputs = {item.name: real_path(item.path) for item in ctx.inputs.values()}
    for name, path in inputs.items():
        con.execute(f"create view {quoted(name)} as select * from {parquet(path)}")
    # DuckDB compares with real paths; a trailing slash keeps "out" from meaning "outside" too.
    home = real_path(ctx.data_dir)
    allowed = ", ".join(literal(f"{home / name}/") for name in ("in", "out"))
    con.execute(f"set allowed_directories = [{allowed}]")
    # What names a file beside marks of patterns is looked at as it is written.
    files = [*inputs.values(), *(output.path for output in ctx.outputs.values())]
    con.execute(f"set allowed_paths = [{', '.join(literal(exact_path(path)) for path in files)}]")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    return con


def execute_script(con: duckdb.DuckDBPyConnection, sql: str, ctx: Context) -> None:
    """Run the statements of a script in order.

    Raises:
        FaultyParameter: with the number of the statement, its line and first words, and the reason.
    """
    import duckdb

    statements = read_statements(con, sql)
    if not statements:
        raise FaultyParameter("the SQL has no statement: create a table for every output", PARAMETER)
    for number, statement in enumerate(statements, start=1):
        place = f"statement {number} of {len(statements)} (line {statement.line}: {statement.first_line})"
        _refuse(statement, place)
        ctx.progress(number - 1, len(statements), place)
        started = time.monotonic()
        try:
            # Fetching also runs a SELECT to its end: a failing check such as error('…') must fail the task.
            con.execute(statement.parsed)
            while con.description and con.fetchmany(10_000):
                pass
        except duckdb.InternalException:
            raise
        except duckdb.Error as error:
            line = statement.line + (statement.line_of(error) or _line_of_explained(con, statement, error) or 1) - 1
            raise FaultyParameter(f"{place}: {explain(error, con, ctx, statement)}", PARAMETER, line) from error
        ctx.log(f"{place}: {time.monotonic() - started:.2f} s")
    ctx.progress(len(statements), len(statements))


def _line_of_explained(con: duckdb.DuckDBPyConnection, statement: Statement, error: BaseException) -> int | None:
    """The line of the statement (from 1) that could not be bound: DuckDB says it of a text only."""
    import duckdb

    if not isinstance(error, duckdb.BinderException | duckdb.CatalogException):
        return None
    try:
        con.execute(f"explain {statement.text}")
    except duckdb.Error as explained:
        return statement.line_of_text(explained)
    return None


def _refuse(statement: Statement, place: str) -> None:
    kind = statement.kind
    words = [*statement.words(2), "", ""]
    if kind in _ALLOWED or (kind == "MULTI" and words[0] in _ALLOWED_MULTI):
        return
    if kind == "SET" and words[:2] == ["SET", "VARIABLE"]:
        return
    kind = words[0] if kind in ("", "MULTI", "LOAD") and words[0] else kind
    reason = _INSTEAD.get(kind, "a transformation only reads its inputs and creates its outputs")
    raise FaultyParameter(f"{place}: {kind} is not allowed here: {reason}", PARAMETER, statement.line)


def _made(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether there is such a table or view where one is made that says no other place; one of another place, and a
    view that cannot be read, are not found. To list all (:func:`_existing`) takes DuckDB ten times as long."""
    import duckdb

    try:
        columns_of(con, f"select * from memory.main.{quoted(name)}")
    except duckdb.Error:
        return False
    return True


def _existing(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Tables and views that an output could be: folded name to name, in the order of their names."""
    rows = con.execute(
        "select table_name from duckdb_tables() where not internal"
        " union select view_name from duckdb_views() where not internal order by 1"
    ).fetchall()
    return {folded(str(name)): str(name) for (name,) in rows}


_NO_TABLE = re.compile(r'Table with name "?(.+?)"? does not exist')
_EXISTS = re.compile(r'View with name "?(.+?)"? already exists|Existing object "?(.+?)"? is of type View')


def explain(error: Exception, con: duckdb.DuckDBPyConnection, ctx: Context, statement: Statement | None = None) -> str:
    """What DuckDB says of a statement, in a sentence that knows the inputs."""
    import duckdb

    text = str(error)
    if isinstance(error, duckdb.PermissionException):
        return f"{readable(error)}; a transformation can read nothing but its inputs ({listed(ctx.inputs) or 'none'})"
    if isinstance(error, duckdb.OutOfMemoryException):
        return f"{readable(error)}; raise the parameter memory_limit or read less at a time"
    if missing := _NO_TABLE.search(text):
        known = set(map(folded, ctx.inputs))
        made = [name for key, name in _existing_or_none(con).items() if key not in known]
        created = f"; created so far: {listed(made)}" if made else ""
        inputs = f"the inputs are {listed(ctx.inputs)}" if ctx.inputs else "the configuration declares no inputs"
        return f'table "{safe_line(missing[1])}" does not exist; {inputs}{created}'
    if exists := _EXISTS.search(text):
        name = exists[1] or exists[2]
        if folded(name) in set(map(folded, ctx.inputs)):
            return (
                f'"{safe_line(name)}" is an input and cannot be created; give the input another name: '
                f'[[inputs]] name = "{safe_line(name)}_before"'
            )
    candidates = re.search(r"^(?:Candidate bindings|Candidate functions): (.*)$", text, re.MULTILINE)
    hint = f"; there are {safe_line(candidates[1], 200)}" if candidates else ""
    line = statement.line_of(error) if statement else None
    where = f" (line {line} of the statement)" if line is not None and line > 1 else ""
    return readable(error).split("; Candidate ")[0].rstrip("!. ") + hint + where


def _existing_or_none(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """As :func:`_existing`; nothing when the failed statement left an aborted transaction behind."""
    import duckdb

    try:
        return _existing(con)
    except duckdb.Error:
        return {}


if __name__ == "__main__":
    kit.main(Parameters, run)
