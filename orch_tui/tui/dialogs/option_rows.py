"""The rows of forms of options: label, field, hint, and below it what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from textual.containers import Horizontal
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from orch_tui.tui.dialogs.fields import Field, FormValues
from orch_tui.tui.text import line


def option_rows(fields: Iterable[Field], values: FormValues) -> Iterator[Widget]:
    """A row for each field; the id of its input is the field's name."""
    for field in fields:
        yield from text_row(field, values.texts[field.name], values.defaults[field.name] or "not set")


def text_row(field: Field, value: str, placeholder: str = "") -> Iterator[Widget]:
    """One line of text with its label, and the place for what is wrong with it."""
    text = Input(value, placeholder=placeholder, id=field.name, compact=True)
    text.cursor_blink = False
    label, hint = Static(line(field.label), classes="label"), Static(line(field.hint), classes="beside")
    yield Horizontal(label, text, hint, classes="field")
    yield Static(id=f"{field.name}-error", classes="error")


def text_area(name: str, value: str) -> TextArea:
    """Several lines of text, which Tab leaves."""
    area = TextArea(value, id=name, compact=True, tab_behavior="focus")
    area.cursor_blink = False
    return area


def show_errors(screen: Screen[Any], names: Sequence[str], errors: Mapping[str, str]) -> None:
    """Say under each field what is wrong with it, and go to the first such field."""
    for name in names:
        place = screen.query_one(f"#{name}-error", Static)
        place.update(line(errors.get(name, "")))
        place.set_class(name in errors, "wrong")
    screen.query_one(f"#{next(name for name in names if name in errors)}").focus()
