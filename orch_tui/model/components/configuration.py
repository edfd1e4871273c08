"""Configurations: a named set of parameters for one component, and the tables it reads and writes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import field, replace
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
class ConfigurationRow:
    """One of several things that a configuration does the same way: its program runs once for each row.

    ``parameters`` stand over those of the configuration, table by table; its tables over those of the same name.
    """

    id: str
    name: str
    description: str = ""
    enabled: bool = True
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    inputs: tuple[TableInput, ...] = ()
    outputs: tuple[TableOutput, ...] = ()


@dataclass(frozen=True, slots=True)
class Configuration:
    """``parameters`` are as the file has them after ``{file = "…"}`` texts were read; ``${NAME}`` references stay.

    With ``rows`` its program runs for each of them, ``row_parallel`` at once; see :meth:`parts`.
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
    rows: tuple[ConfigurationRow, ...] = ()
    row_parallel: int = 1
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
        if self.rows:
            body["rows"] = [[row.id, part.digest] for row, part in self._enabled_parts()]
        text = json.dumps(body, sort_keys=True, default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def parts(self) -> tuple[Configuration, ...]:
        """What its program is started with: itself, or what each enabled row makes of it."""
        return tuple(part for _, part in self._enabled_parts()) if self.rows else (self,)

    def _enabled_parts(self) -> Iterator[tuple[ConfigurationRow, Configuration]]:
        return ((row, self.of_row(row)) for row in self.rows if row.enabled)

    def of_row(self, row: ConfigurationRow) -> Configuration:
        """The configuration with what the row says over it, and without any rows."""
        inputs = {item.name: item for item in (*self.inputs, *row.inputs)}
        outputs = {item.name: item for item in (*self.outputs, *row.outputs)}
        return replace(
            self,
            parameters=merged(self.parameters, row.parameters),
            inputs=tuple(inputs.values()),
            outputs=tuple(outputs.values()),
            rows=(),
            row_parallel=1,
        )

    def chosen(self, rows: Collection[str]) -> Configuration:
        """The configuration with these of its rows, switched on, and no others; itself where none are named."""
        if not rows:
            return self
        return replace(self, rows=tuple(replace(row, enabled=True) for row in self.rows if row.id in rows))

    @property
    def reads(self) -> tuple[TableInput, ...]:
        """Its inputs with those of its enabled rows, each once."""
        return tuple(dict.fromkeys(item for part in self.parts() for item in part.inputs))

    @property
    def writes(self) -> tuple[TableOutput, ...]:
        """Its outputs with those of its enabled rows, each once."""
        return tuple(dict.fromkeys(item for part in self.parts() for item in part.outputs))


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``above`` over ``below``, table by table; any other value of ``above`` takes the place of the one below it."""
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        both = isinstance(value, Mapping) and isinstance(under, Mapping)
        result[key] = merged(under, value) if both else value  # type: ignore[arg-type]
    return result


def split_ref(ref: str) -> tuple[str, str]:
    """``("component-id", "configuration-id")`` from ``component-id/configuration-id``.

    Raises:
        ValueError: the text is not two ids with one slash between.
    """
    component, slash, configuration = ref.partition("/")
    if not (component and slash and configuration) or "/" in configuration:
        raise ValueError(f'"{ref}" is no reference to a configuration; write it "component-id/configuration-id"')
    return component, configuration
