"""What a configuration's form holds at one moment: texts only, so that undo is a list of values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from orch_tui.model.components.configuration import Configuration, TableInput, TableOutput, WriteMode
from orch_tui.model.run.pools import wrong_pool
from orch_tui.model.texts.text import valid_id
from orch_tui.tui.configuration.form.checks_text import checks_text
from orch_tui.tui.configuration.form.codec import decode_list, encode_scalar
from orch_tui.tui.configuration.form.config_rows import rows_text
from orch_tui.tui.configuration.form.fields import FieldPath

Place = tuple[str, ...]
"""Where something is in the form: ``("name",)``, ``("parameters", "login", "user")``, ``("outputs", "0", "table")``."""

TABLE_SENTENCE = "name it bucket/table, with letters, digits, _ . and -"


@dataclass(frozen=True, slots=True)
class InputRow:
    table: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class OutputRow:
    """``primary_key``: columns with commas between."""

    name: str = ""
    table: str = ""
    mode: str = str(WriteMode.FULL)
    primary_key: str = ""


@dataclass(frozen=True, slots=True)
class FormState:
    """``texts`` has the text of every field of the parameters, ``pool`` what :func:`pool_text` gives, ``rows`` what
    :func:`orch_tui.tui.configuration.form.config_rows.rows_text` does; ``row_parallel`` is how many of them at once.
    ``checks`` is what :func:`orch_tui.tui.configuration.form.checks_text.checks_text` gives."""

    name: str
    description: str
    texts: Mapping[FieldPath, str]
    inputs: tuple[InputRow, ...] = ()
    outputs: tuple[OutputRow, ...] = ()
    pool: str = ""
    rows: str = ""
    row_parallel: str = ""
    checks: str = ""

    @property
    def may_have_checks(self) -> bool:
        """Whether there is something to be checked, or checks of what was."""
        return bool(self.outputs or self.rows or self.checks)

    def with_text(self, place: Place, text: str) -> FormState:
        """The state after a text was changed at ``place``. Raises: KeyError when there is no such place."""
        match place:
            case ("name",):
                return replace(self, name=text)
            case ("description",):
                return replace(self, description=text)
            case ("pool",):
                return replace(self, pool=text)
            case ("rows",):
                return replace(self, rows=text)
            case ("row_parallel",):
                return replace(self, row_parallel=text)
            case ("checks",):
                return replace(self, checks=text)
            case ("parameters", *path):
                return replace(self, texts={**self.texts, tuple(path): text})
            case ("inputs", index, key) if int(index) < len(self.inputs):
                row = replace(self.inputs[int(index)], **{key: text})
                return replace(self, inputs=_with(self.inputs, int(index), row))
            case ("outputs", index, key) if int(index) < len(self.outputs):
                output = replace(self.outputs[int(index)], **{key: text})
                return replace(self, outputs=_with(self.outputs, int(index), output))
        raise KeyError(place)

    def without_row(self, kind: str, index: int) -> FormState:
        """The state without one table of ``inputs`` or ``outputs``."""
        if kind == "inputs":
            return replace(self, inputs=self.inputs[:index] + self.inputs[index + 1 :])
        return replace(self, outputs=self.outputs[:index] + self.outputs[index + 1 :])

    def with_row(self, kind: str) -> FormState:
        """The state with one more table at the end, still empty."""
        if kind == "inputs":
            return replace(self, inputs=(*self.inputs, InputRow()))
        return replace(self, outputs=(*self.outputs, OutputRow()))


def _with(rows: tuple[InputRow, ...] | tuple[OutputRow, ...], index: int, row: InputRow | OutputRow) -> tuple:  # type: ignore[type-arg]
    return (*rows[:index], row, *rows[index + 1 :])


def input_row(item: TableInput) -> InputRow:
    """A name that is the table's own is left out, as in the file."""
    return InputRow(item.table, "" if item.name == item.table.rpartition("/")[2] else item.name)


def output_row(item: TableOutput) -> OutputRow:
    key = ", ".join(encode_scalar(column) if "," not in column else f'"{column}"' for column in item.primary_key)
    return OutputRow("" if item.name == item.table.rpartition("/")[2] else item.name, item.table, str(item.mode), key)


def read_inputs(rows: tuple[InputRow, ...], errors: dict[Place, list[str]]) -> tuple[TableInput, ...]:
    """The tables of the rows; what is wrong goes to ``errors``."""
    for index, row in enumerate(rows):
        _check_table(("inputs", str(index), "table"), row.table, errors)
    inputs = tuple(TableInput(row.table.strip(), _name(row.name, row.table)) for row in rows)
    _check_twice("inputs", [item.name for item in inputs], errors)
    return inputs


def read_outputs(rows: tuple[OutputRow, ...], errors: dict[Place, list[str]]) -> tuple[TableOutput, ...]:
    """The tables of the rows; what is wrong goes to ``errors``."""
    outputs = []
    for index, row in enumerate(rows):
        _check_table(("outputs", str(index), "table"), row.table, errors)
        key = tuple(split_key(row.primary_key))
        if row.mode == WriteMode.INCREMENTAL and not key:
            errors[("outputs", str(index), "primary_key")] = ["incremental needs a primary key; or take append"]
        outputs.append(TableOutput(_name(row.name, row.table), row.table.strip(), WriteMode(row.mode), key))
    _check_twice("outputs", [item.name for item in outputs], errors)
    return tuple(outputs)


def pool_text(pool: str | None, weight: int | None) -> str:
    """``snowflake``, or ``snowflake 2`` for more than one slot; a number alone is for the pool of the component."""
    if pool is not None and weight is None and pool.isdecimal():
        return f"{pool} 1"
    return " ".join(str(part) for part in (pool, weight) if part is not None)


def read_pool(text: str, sizes: Mapping[str, int], errors: dict[Place, list[str]]) -> tuple[str | None, int | None]:
    """The pool and the weight of such a text; ``sizes`` are those of the project's pools."""
    words = text.split()
    if not words:
        return None, None
    pool = None if len(words) == 1 and words[0].isdecimal() else words[0]
    number = words[-1] if pool is None or len(words) == 2 else None
    weight = int(number) if number is not None and number.isdecimal() and len(number) < 10 else None
    if len(words) > 2 or (number is not None and not weight) or (pool is not None and not valid_id(pool)):
        errors[("pool",)] = ["write the name of a pool, and behind it how many slots if more than one: snowflake 2"]
    elif pool is not None and (wrong := wrong_pool(pool, weight or 1, sizes)):
        errors[("pool",)] = [f"it {wrong}"]
    return pool, weight


def split_key(text: str) -> list[str]:
    """Columns of a primary key: commas between, names with commas in double quotes."""
    parts, current, inside = [], "", False
    for character in text:
        if character == '"':
            inside = not inside
        if character == "," and not inside:
            parts.append(current)
            current = ""
        else:
            current += character
    return [str(column) for part in (*parts, current) for column in decode_list(part)]


def _name(name: str, table: str) -> str:
    return name.strip() or table.strip().rpartition("/")[2]


def _check_table(place: Place, table: str, errors: dict[Place, list[str]]) -> None:
    parts = table.strip().split("/")
    if not (len(parts) == 2 and all(valid_id(part) for part in parts)):
        errors[place] = [TABLE_SENTENCE]


def _check_twice(kind: str, names: list[str], errors: dict[Place, list[str]]) -> None:
    for index, name in enumerate(names):
        if name and name in names[:index]:
            errors[(kind, str(index), "name")] = [f'"{name}" is there twice; give one of them another name']


def first_state(configuration: Configuration, texts: Mapping[FieldPath, str]) -> FormState:
    """The form of a configuration as it was read."""
    return FormState(
        configuration.name,
        configuration.description,
        texts,
        tuple(input_row(item) for item in configuration.inputs),
        tuple(output_row(item) for item in configuration.outputs),
        pool_text(configuration.pool, configuration.weight),
        rows_text(configuration.rows),
        str(configuration.row_parallel) if configuration.rows else "",
        checks_text(configuration.checks),
    )
