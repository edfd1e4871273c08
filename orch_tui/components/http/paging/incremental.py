"""Only what is new: the largest value of a field becomes a parameter of the next run."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orch_tui.components.http.json.exact_json import Number
from orch_tui.components.http.json.json_path import MISSING, at_path
from orch_tui.components.http.paging.settings import Call
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line

Value = str | int | float | Number
_NUMBER = "number"
"""The kind of a value in the state that is a number as it is written, and JSON in the state would not keep."""
_LAG = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)([smhd]?)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Incremental(BaseModel):
    """Ask for what is new since the last run; without ``field`` every run reads everything."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    field: str | None = Field(
        default=None,
        min_length=1,
        title="Field",
        description="The field of a record that only grows, such as id or updated_at; a dotted path.",
    )
    param: str | None = Field(
        default=None, min_length=1, title="Parameter", description="The parameter that takes its largest value so far."
    )
    place: Literal["query", "body"] = Field(
        default="query", title="Place", description="Where it goes; in the body it may be a dotted path."
    )
    initial: str | None = Field(
        default=None, title="First value", description="What the first run sends; without it, it sends nothing."
    )
    lag: str | None = Field(
        default=None,
        title="Lag",
        description='Read so much again, since late changes come: "3d", "12h", "30m", "90s", or a number to subtract.',
    )
    format: str = Field(
        default="{value}", title="Format", description='The text around the value, as in "updated_at > {value}".'
    )

    @model_validator(mode="after")
    def _complete(self) -> Incremental:
        if (self.field is None) != (self.param is None):
            raise ValueError("field and param belong together; give both, or none")
        if self.lag is not None and not _LAG.fullmatch(self.lag):
            raise ValueError(f'lag: "{safe_line(self.lag, 30)}" is none; write "3d", "12h", "30m", "90s" or a number')
        if "{value}" not in self.format:
            raise ValueError('format: it needs "{value}"')
        return self


class Watermark:
    """The largest value of a field so far: numbers as numbers, ISO dates and times as moments, else as text."""

    def __init__(self, settings: Incremental, state: dict[str, Any]) -> None:
        self._settings = settings
        self._path = settings.field or ""
        last = state.get("last") if state.get("field") == settings.field else None
        if isinstance(last, str) and state.get("kind") == _NUMBER:
            last = Number(last)
        self.last: Value | None = last if isinstance(last, Value) else None
        self._largest: Any = None if self.last is None else _order(self.last)
        self._seen = False

    def applied(self, call: Call) -> Call:
        """The request with the parameter. Raises: UserError when a lag does not fit the value."""
        settings = self._settings
        if settings.param is None:
            return call
        value: Any = settings.initial if self.last is None else _earlier(self.last, settings.lag)
        if value is None:
            return call
        plain = settings.format == "{value}"
        return call.having(
            settings.param, value if plain else settings.format.replace("{value}", str(value)), settings.place
        )

    def see(self, record: Any) -> None:
        """Raises: UserError when the values have no common order."""
        value = at_path(record, self._path)
        if value is None or value is MISSING or (isinstance(value, float) and not math.isfinite(value)):
            return
        self._seen = True
        if isinstance(value, bool) or not isinstance(value, Value):
            raise UserError(
                f'the field "{self._path}" of incremental holds {type(value).__name__} values, which have no order'
            )
        order = _order(value)
        if self._largest is None:
            self._largest, self.last = order, value
            return
        if order[0] != self._largest[0]:
            raise UserError(
                f'the field "{self._path}" of incremental holds values of different kinds: '
                f'"{safe_line(str(self.last), 40)}" and "{safe_line(str(value), 40)}"; choose another field'
            )
        if order > self._largest:
            self._largest, self.last = order, value

    def missing_in(self, rows: int) -> str | None:
        """A sentence when there were rows and none had the field."""
        if not rows or self._seen:
            return None
        return f'no record has a value in the field "{self._path}" of incremental; correct field'

    def state(self) -> dict[str, Any] | None:
        """What the next run needs; None when there is nothing to remember."""
        if self.last is None:
            return None
        if isinstance(self.last, Number):
            return {"field": self._settings.field, "last": self.last.text, "kind": _NUMBER}
        return {"field": self._settings.field, "last": self.last}


def _order(value: Value) -> tuple[str, Any]:
    """Something that sorts: values of one kind with each other."""
    if isinstance(value, Number):
        return ("number", value.value)
    if not isinstance(value, str):
        return ("number", value)
    moment = _moment(value)
    return ("text", value) if moment is None else ("time", moment)


def _moment(text: str) -> datetime | None:
    if not _DAY.match(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _earlier(value: Value, lag: str | None) -> Value:
    """``value`` less the lag, in the form that it has."""
    if lag is None:
        return value
    found = _LAG.fullmatch(lag)
    assert found is not None
    amount, unit = float(found[1]), found[2]
    if isinstance(value, Number):
        return Number(format(value.value - Decimal(found[1]) * _SECONDS.get(unit, 1), "f"))
    if not isinstance(value, str):
        if isinstance(value, int) and (amount * _SECONDS.get(unit, 1)).is_integer():
            return value - int(amount * _SECONDS.get(unit, 1))
        return value - amount * _SECONDS.get(unit, 1)
    moment = _moment(value)
    if moment is None or not unit:
        raise UserError(
            f'lag "{lag}" does not fit the value "{safe_line(value, 40)}" of incremental: a date or time needs a lag '
            'such as "3d", a text can have none'
        )
    try:
        return _as_written(value, datetime.fromisoformat(value) - timedelta(seconds=amount * _SECONDS[unit]))
    except OverflowError:
        return value


def _as_written(original: str, moment: datetime) -> str:
    if _DAY.fullmatch(original):
        return date.isoformat(moment.date())
    text = moment.isoformat(sep=original[10], timespec="auto")
    return text.replace("+00:00", "Z") if original.endswith("Z") else text
