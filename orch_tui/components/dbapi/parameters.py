"""Parameters of every database server: where it is, who we are, what to read, what to write."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from orch_tui.components import kit
from orch_tui.components.dbapi.sql_source import IncrementalColumn, SqlSource
from orch_tui.storage.duckdb import folded


class Server(kit.Parameters):
    """Where the server is and who we are there."""

    host: str = Field(
        min_length=1,
        title="Host",
        description="Name or address of the server, or the path of its socket on this machine.",
    )
    port: int = Field(ge=1, le=65535, title="Port", description="Where the server listens.")
    database: str = Field(min_length=1, title="Database", description="The one to connect to.")
    user: str = Field(min_length=1, title="User", description="Who we are there.")
    password: str | None = Field(
        None,
        title="Password",
        description="As a reference such as ${DB_PASSWORD}; empty when the server asks for none.",
        json_schema_extra={"x-secret": True},
    )
    ssl: Literal["disable", "prefer", "require", "verify-full"] = Field(
        "prefer",
        title="TLS",
        description="prefer: where the server offers it; require: always; verify-full: always, and the server's "
        "certificate must be valid for its name.",
    )
    ssl_ca: str | None = Field(
        None,
        min_length=1,
        title="CA file",
        description="verify-full: a PEM file with the authorities to trust, relative to the project; the system's "
        "if empty.",
    )
    connect_timeout: int = Field(
        10, ge=2, le=300, title="Connect timeout", description="Seconds to wait for the server's first answer."
    )
    statement_timeout: int = Field(
        0, ge=0, le=86_400, title="Statement timeout", description="Seconds a statement may take; 0 is no limit."
    )

    @model_validator(mode="after")
    def _verified_by(self) -> Server:
        if self.ssl_ca is not None and self.ssl != "verify-full":
            raise ValueError("ssl_ca is used with ssl = verify-full only; set that, or leave ssl_ca out")
        return self


class Source(SqlSource):
    """What an extractor reads."""

    columns: list[str] = Field(
        default_factory=list, title="Columns", description="Columns to read, in order; all if empty."
    )
    incremental_column: IncrementalColumn = None
    strict: bool = Field(
        False,
        title="Strict",
        description="Fail where a column is gone, has another type, or holds a value beyond that type; otherwise "
        "that is told, and the column is text.",
    )

    @model_validator(mode="after")
    def _growing_is_read(self) -> Source:
        chosen = {folded(name) for name in self.columns}
        if chosen and self.incremental_column and folded(self.incremental_column) not in chosen:
            raise ValueError(f'incremental_column "{self.incremental_column}" must be among the columns to read')
        return self


class TargetTable(kit.Parameters):
    """Where a writer's rows go and how they meet the ones that are there, in any database."""

    table: str = Field(min_length=1, title="Table", description="The table to write; made if missing.")
    mode: Literal["replace", "append", "upsert"] = Field(
        "replace",
        title="Mode",
        description="replace: the table has exactly these rows afterwards; append: these rows as well; upsert: rows "
        "with a known key are updated, the others added.",
    )
    key: list[str] = Field(
        default_factory=list,
        title="Key",
        description="upsert: the columns that identify a row; replace: the primary key of a table that is made.",
    )
    columns: list[str] = Field(
        default_factory=list, title="Columns", description="Columns to write, in order; all if empty."
    )

    @model_validator(mode="after")
    def _sensible(self) -> TargetTable:
        if self.mode == "upsert" and not self.key:
            raise ValueError("mode upsert needs a key: the columns that identify a row")
        if self.mode == "append" and self.key:
            raise ValueError('mode append takes no key; mode "upsert" updates rows by key')
        return self


class Target(TargetTable):
    """What a writer to a server is told besides."""

    lock_timeout: int = Field(
        30, ge=1, le=3600, title="Lock timeout", description="Seconds to wait for rows that another program locks."
    )
