"""``[[checks]]`` of a configuration: one table for each set of checks of one output.

Pure, since two read it: the project, for whoever edits it, and the task's process, which has it from config.json.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from orch_tui.model.checks.values import Check, CheckKind, CheckSeverity
from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.durations import parse_duration
from orch_tui.model.texts.text import safe_line

_OWN = ("table", "severity")
KEYS = (*_OWN, *(kind.value for kind in CheckKind))
_MOST = 500
"""Checks of a configuration, at most."""


class CheckFault(ValueError):
    """A set of checks cannot be understood. ``path`` is where, below ``checks``."""

    def __init__(self, path: tuple[str | int, ...], message: str, remedy: str) -> None:
        super().__init__(f"{message}; {remedy}")
        self.path, self.message, self.remedy = path, message, remedy


@dataclass(frozen=True, slots=True)
class _Place:
    """A key of one set, and its value."""

    index: int
    key: str
    value: Any

    def fault(self, message: str, remedy: str) -> CheckFault:
        return CheckFault((self.index, self.key), f"checks[{self.index + 1}].{self.key} {message}", remedy)


def parse_checks(sets: Sequence[Any], tables: Sequence[str]) -> list[Check]:
    """The checks of a configuration that writes these ``tables``, each with the table that it is about.

    Raises:
        CheckFault: a key or a value cannot be understood, or a set is about a table that is not written.
    """
    found: list[Check] = []
    for index, values in enumerate(sets):
        if not isinstance(values, Mapping):
            raise CheckFault((index,), f"checks[{index + 1}] must be a table", "write the header [[checks]]")
        found += _of_set(index, values, tables)
    if len(found) > _MOST:
        raise CheckFault((), f"{len(found)} checks are more than {_MOST}", "leave out what nobody would look at")
    labels = [(check.table, check.label) for check in found]
    for check in found:
        if labels.count((check.table, check.label)) > 1:
            raise CheckFault(
                (), f'check "{safe_line(check.label, 100)}" of table {check.table} is there twice',
                'take one out, or give SQL a name: sql = { "no negative amounts" = "select …" }',
            )  # fmt: skip
    return found


def follow_tables(
    sets: Sequence[Mapping[str, Any]], before: Sequence[str], after: Sequence[str]
) -> tuple[Mapping[str, Any], ...]:
    """The sets, about tables that outputs are called now; where outputs were added or taken out, as they are."""
    names = dict(zip(before, after, strict=True)) if len(before) == len(after) else {}
    return tuple(
        {**values, "table": names[values["table"]]} if values.get("table") in names else values for values in sets
    )


def _of_set(index: int, values: Mapping[str, Any], tables: Sequence[str]) -> list[Check]:
    for key in values:
        if key not in KEYS:
            # Reading a project must not cost what only a mistake needs.
            from difflib import get_close_matches

            close = get_close_matches(key, KEYS, 1)
            remedy = f'did you mean "{close[0]}"?' if close else f"it can be one of {', '.join(KEYS)}"
            raise CheckFault((index, key), f"checks[{index + 1}].{safe_line(key, 60)} is no check", remedy)
    table = _table(index, values, tables)
    severity = _severity(_Place(index, "severity", values.get("severity", CheckSeverity.ERROR.value)))
    found = [
        replace(check, table=table, severity=severity)
        for kind in CheckKind
        if kind.value in values
        for check in _READ[kind](_Place(index, kind.value, values[kind.value]))
    ]
    if not found and values.get(CheckKind.LEARNED.value) is None:
        raise CheckFault((index,), f"checks[{index + 1}] asks nothing", f"write one of {', '.join(KEYS[2:])}")
    return found


def _table(index: int, values: Mapping[str, Any], tables: Sequence[str]) -> str:
    place = _Place(index, "table", values.get("table"))
    listed = ", ".join(f'"{table}"' for table in tables) or "none"
    if place.value is None:
        if len(tables) == 1:
            return tables[0]
        raise place.fault("is missing", f"the configuration writes {listed}: say which of them it is about")
    if place.value not in tables:
        raise place.fault(
            f'is "{safe_line(str(place.value), 100)}", which the configuration does not write', f"it writes {listed}"
        )
    return str(place.value)


def _severity(place: _Place) -> CheckSeverity:
    try:
        return CheckSeverity(place.value)
    except ValueError:
        raise place.fault(f'is "{safe_line(str(place.value), 60)}"', 'it can be "error" or "warn"') from None


def _columns(place: _Place) -> Iterator[Check]:
    value = place.value
    if isinstance(value, Mapping):
        types = {}
        for name, kind in value.items():
            if not isinstance(kind, str):
                raise place.fault(f'has no type for "{safe_line(name, 60)}"', 'write it like { id = "BIGINT" }')
            types[name] = kind.strip()
    else:
        types = dict.fromkeys(_names(place), "")
    if not types:
        raise place.fault("names no column", 'write it like { id = "BIGINT" }, or ["id"] for any type')
    yield Check(CheckKind.COLUMNS, types=tuple(types.items()))


def _not_null(place: _Place) -> Iterator[Check]:
    for name in _names(place):
        yield Check(CheckKind.NOT_NULL, columns=(name,))


def _unique(place: _Place) -> Iterator[Check]:
    yield Check(CheckKind.UNIQUE, columns=tuple(_names(place)))


def _accepted(place: _Place) -> Iterator[Check]:
    for name, values in _by_column(place, '{ status = ["new", "old"] }'):
        if not isinstance(values, list) or not values:
            raise place.fault(f'has no list of values for "{safe_line(name, 60)}"', 'write { status = ["new", "old"] }')
        yield Check(CheckKind.ACCEPTED, columns=(name,), values=tuple(_text(place, one) for one in values))


def _range(place: _Place) -> Iterator[Check]:
    for name, bounds in _by_column(place, "{ amount = { min = 0, max = 100 } }"):
        least, greatest = _bounds(place, bounds, name)
        yield Check(CheckKind.RANGE, columns=(name,), least=least, greatest=greatest)


def _rows(place: _Place) -> Iterator[Check]:
    least, greatest = _bounds(place, place.value, "")
    for bound in (least, greatest):
        if bound is not None and not (bound.isascii() and bound.isdigit()):
            raise place.fault(f'has the bound "{safe_line(bound, 40)}"', "a number of rows is a whole number from 0 on")
    if least is not None and greatest is not None and int(least) > int(greatest):
        raise place.fault(f"is {least} at least and {greatest} at most", "exchange them")
    yield Check(CheckKind.ROWS, least=least, greatest=greatest)


def _freshness(place: _Place) -> Iterator[Check]:
    for name, age in _by_column(place, '{ updated = "24h" }'):
        try:
            if isinstance(age, bool) or not isinstance(age, str | int | float):
                raise ValueError("it is no duration")
            seconds = parse_duration(age)
        except ValueError as error:
            raise place.fault(f'has no age for "{safe_line(name, 60)}": {error}', 'write it like "24h"') from error
        yield Check(CheckKind.FRESHNESS, columns=(name,), age=seconds)


def _sql(place: _Place) -> Iterator[Check]:
    value = place.value
    named = value.items() if isinstance(value, Mapping) else [("", value)]
    for name, text in named:
        if not isinstance(text, str) or not text.strip():
            raise place.fault("is no SQL", 'write "select * from this where …", the rows that must not be there')
        yield Check(CheckKind.SQL, sql=text, name=name.strip())


def _learned(place: _Place) -> Iterator[Check]:
    if not isinstance(place.value, bool):
        raise place.fault("must be true or false", "write learned = true")
    if place.value:
        yield Check(CheckKind.LEARNED)


_READ: dict[CheckKind, Callable[[_Place], Iterator[Check]]] = {
    CheckKind.COLUMNS: _columns,
    CheckKind.NOT_NULL: _not_null,
    CheckKind.UNIQUE: _unique,
    CheckKind.ACCEPTED: _accepted,
    CheckKind.RANGE: _range,
    CheckKind.ROWS: _rows,
    CheckKind.FRESHNESS: _freshness,
    CheckKind.SQL: _sql,
    CheckKind.LEARNED: _learned,
}


def _names(place: _Place) -> list[str]:
    value = [place.value] if isinstance(place.value, str) else place.value
    if not isinstance(value, list) or not value or not all(isinstance(one, str) and one for one in value):
        raise place.fault("names no column", 'write it like ["id", "email"]')
    if twice := next((name for name in value if value.count(name) > 1), None):
        raise place.fault(f'names the column "{safe_line(twice, 60)}" twice', "take one out")
    return value


def _by_column(place: _Place, example: str) -> list[tuple[str, Any]]:
    if not isinstance(place.value, Mapping) or not place.value:
        raise place.fault("must be a table with a column for each key", f"write it like {example}")
    return list(place.value.items())


def _bounds(place: _Place, value: Any, name: str) -> tuple[str | None, str | None]:
    of = f' for "{safe_line(name, 60)}"' if name else ""
    if not isinstance(value, Mapping) or not value or value.keys() - {"min", "max"}:
        raise place.fault(f"has no bounds{of}", "write { min = 1, max = 1000 }, or one of them")
    least, greatest = (None if value.get(key) is None else _text(place, value[key]) for key in ("min", "max"))
    return least, greatest


def _text(place: _Place, value: Any) -> str:
    """A value of TOML as the database writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        raise place.fault(f"has the value {value}", "write a number")
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, datetime | date | time):
        return str(value)
    raise place.fault("has a value that is neither a text, a number nor a date", "correct it")
