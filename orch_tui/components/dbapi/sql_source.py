"""What extractors from databases have in common: a table or a query, whole or from where the last run ended."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from orch_tui.components import kit
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.contract import Output
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError


def query_field(whose: str) -> Any:
    """The parameter ``query`` of a database; ``whose`` SQL it is in is a name in the genitive."""
    return Field(
        None,
        min_length=1,
        title="Query",
        description=f"One SELECT in {whose} SQL; or give a table.",
        json_schema_extra={"x-widget": "sql"},
    )


IncrementalColumn = Annotated[
    str | None,
    Field(
        min_length=1,
        title="Incremental column",
        description="A column that only grows, such as an id or a time of change: later runs read only rows beyond "
        "the largest value read so far.",
    ),
]
"""A type and not a field of :class:`SqlSource`: the form shows fields in their order, and columns come before it."""


class SqlSource(kit.Parameters):
    """Where the rows come from: a table, or a query."""

    table: str | None = Field(
        None, min_length=1, title="Table", description="The table or view to read; or give a query."
    )
    query: str | None = query_field("the server's")

    @model_validator(mode="after")
    def _one_source(self) -> SqlSource:
        if (self.table is None) == (self.query is None):
            raise ValueError("give either table or query, and not both")
        return self

    @property
    def statement(self) -> str:
        """The query without a semicolon at its end, so that it can stand inside of another one."""
        return (self.query or "").strip().rstrip(";")


def require_kept_rows(output: Output, column: str | None) -> None:
    """Raises: UserError when only new rows are to be read, by ``column``, and the output would drop the others."""
    if column and output.mode is WriteMode.FULL:
        raise UserError(
            f'with incremental_column the output "{output.name}" would lose all older rows; '
            'set its mode to "incremental" (with a primary_key) or "append"'
        )


def saved_last(ctx: Context, column: str) -> Any:
    """The largest value that the last successful run by this column left; None when there was none."""
    return ctx.state.get("last") if ctx.state.get("column") == column else None


def tell_start(ctx: Context, column: str, last: object | None) -> None:
    """Log which rows are read: all of them, or those beyond ``last``."""
    if last is None:
        ctx.log(f"first extraction: all rows; later ones read where {column} is larger than the largest now")
    else:
        ctx.log(f"rows where {column} is larger than {last}")
