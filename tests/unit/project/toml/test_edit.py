"""Single values of a TOML text are changed, and everything else stays where it was."""

from __future__ import annotations

from typing import Any

import pytest
from orch_tui.project.toml.edit import TextEdit, VariableValue, edit_text


def variable(value: str) -> VariableValue:
    made = VariableValue()
    made["value"] = value
    return made


@pytest.mark.parametrize(("order", "expected"), [("ba", ["b", "a"]), ("ab", ["a", "b"])])
def test_variables_stand_in_the_order_of_the_value(order: str, expected: list[str]) -> None:
    # GIVEN two variables, with a comment of their own each
    text = '# about a\na = "1"\n# about b\nb = "2"\n'
    values = {"a": variable("1"), "b": variable("2")}
    # WHEN they are put into an order
    changed = edit_text(text, (), values, {name: values[name] for name in order})
    # THEN the text has that order
    keys = [line.split(" ")[0] for line in changed.splitlines() if " = " in line]
    assert keys == expected


def test_other_keys_stay_in_the_persons_order() -> None:
    text = "b = 1\na = 2\n"
    assert edit_text(text, (), {"a": 2, "b": 1}, {"a": 2, "b": 3}) == "b = 3\na = 2\n"


def test_keys_new_in_several_tables_stand_at_the_end_of_each() -> None:
    # GIVEN two tables, each with a comment that belongs to what follows it
    text = "[x]\na = 1\n\n# about y\n[y]\nb = 2\n"
    edit = TextEdit(text)
    # WHEN both get a key at once
    edit.change(("x",), {"a": 1}, {"a": 1, "w": 9})
    edit.change(("y",), {"b": 2}, {"b": 2, "v": 8})
    # THEN the comment still stands above its table
    assert edit.text() == "[x]\na = 1\nw = 9\n\n# about y\n[y]\nb = 2\nv = 8\n"


@pytest.mark.parametrize(
    ("old", "new", "written"), [(1, True, "true"), (True, 1, "1"), (1, 1.0, "1.0"), (0, False, "false")]
)
def test_what_only_compares_equal_is_another_value(old: Any, new: Any, written: str) -> None:
    before = {True: "true", False: "false"}.get(old, str(old)) if isinstance(old, bool) else str(old)
    assert edit_text(f"k = {before}\n", (), {"k": old}, {"k": new}) == f"k = {written}\n"
    assert edit_text(f"k = [{before}]\n", (), {"k": [old]}, {"k": [new]}) == f"k = [{written}]\n"
