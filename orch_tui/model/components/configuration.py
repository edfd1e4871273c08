"""Configurations: a named set of parameters for one component, and the tables it reads and writes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from orch_tui.model.dataclass import dataclass


class WriteMode(StrEnum):
    """How an output meets the rows that its table has already."""

    FULL = "full"
    INCREMENTAL = "incremental"
    APPEND = "append"


@dataclass(frozen=True, slots=True)
class TableInput:
    """A table to read: ``table`` is ``bucket/table`` in storage, ``name`` what the program calls it."""

    table: str
    name: str


@dataclass(frozen=True, slots=True)
class TableOutput:
    """A table to write. ``incremental`` needs a primary key; the key is checked for duplicates in any mode."""

    name: str
    table: str
    mode: WriteMode = WriteMode.FULL
    primary_key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Configuration:
    """``parameters`` are as the file has them after ``{file = "…"}`` texts were read; ``${NAME}`` references stay.

    ``pool`` and ``weight`` are what its tasks take of the project's pools, before what its component says.
    ``checks`` are as the file has them too; :func:`orch_tui.model.checks.reading.parse_checks` reads them.
    """

    component: str
    id: str
    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    inputs: tuple[TableInput, ...] = ()
    outputs: tuple[TableOutput, ...] = ()
    pool: str | None = None
    weight: int | None = None
    checks: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    file: str | None = None

    @property
    def ref(self) -> str:
        """``component-id/configuration-id``: how tasks name it."""
        return f"{self.component}/{self.id}"

    @property
    def digest(self) -> str:
        """Hex digest of what a run of it depends on; names and descriptions do not count."""
        body: dict[str, Any] = {
            "parameters": self.parameters,
            "inputs": [[item.table, item.name] for item in self.inputs],
            "outputs": [[o.name, o.table, o.mode, list(o.primary_key)] for o in self.outputs],
        }
        if self.checks:
            # Journals of configurations without any know the digest without this.
            body["checks"] = [dict(one) for one in self.checks]
        text = json.dumps(body, sort_keys=True, default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def split_ref(ref: str) -> tuple[str, str]:
    """``("component-id", "configuration-id")`` from ``component-id/configuration-id``.

    Raises:
        ValueError: the text is not two ids with one slash between.
    """
    component, slash, configuration = ref.partition("/")
    if not (component and slash and configuration) or "/" in configuration:
        raise ValueError(f'"{ref}" is no reference to a configuration; write it "component-id/configuration-id"')
    return component, configuration
