"""What stands where after a change of a TOML text: each way to write a table, each kind of change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from orch_tui.project.toml.edit import VariableValue, edit_text
from orch_tui.project.toml.lines import KeyPath


def variable(**values: str) -> VariableValue:
    return VariableValue(values)


CASES: list[tuple[str, KeyPath, Mapping[str, Any], Mapping[str, Any], str]] = [
    (
        "a = 1\n\n# c\nb = 2\n\nc = 3\n",
        (),
        {"a": 1, "b": 2, "c": 3},
        {"a": 1, "c": 3},
        "a = 1\n\n# c\n\nc = 3\n",
    ),
    (
        "a = 1\nb = 2\n",
        (),
        {"a": 1, "b": 2},
        {"a": 1},
        "a = 1\n",
    ),
    (
        "a = 1\n\n\nb = 2\n",
        (),
        {"a": 1, "b": 2},
        {"b": 2},
        "\nb = 2\n",
    ),
    (
        "x = { a = 1, b = 2, c = 3 }\n",
        ("x",),
        {"a": 1, "b": 2, "c": 3},
        {"b": 2, "c": 3},
        "x = { b = 2, c = 3 }\n",
    ),
    (
        "x = { a = 1, b = 2, c = 3 }\n",
        ("x",),
        {"a": 1, "b": 2, "c": 3},
        {"a": 1, "c": 3},
        "x = { a = 1, c = 3 }\n",
    ),
    (
        "x = { a = 1, b = 2, c = 3 }\n",
        ("x",),
        {"a": 1, "b": 2, "c": 3},
        {"a": 1, "b": 2},
        "x = { a = 1, b = 2 }\n",
    ),
    (
        "x = { a = 1 }\n",
        ("x",),
        {"a": 1},
        {},
        "x = {  }\n",
    ),
    (
        "x = {}\n",
        ("x",),
        {},
        {"k": 1},
        "x = { k = 1 }\n",
    ),
    (
        "x = { a = 1 }\n",
        ("x",),
        {"a": 1},
        {"a": 1, "b": "t"},
        'x = { a = 1, b = "t" }\n',
    ),
    (
        "",
        (),
        {},
        {"k": 1},
        "k = 1\n",
    ),
    (
        "[t]\nz = 1\n",
        (),
        {},
        {"k": 1},
        "k = 1\n\n[t]\nz = 1\n",
    ),
    (
        "a = 1\n[t]\nz = 1\n",
        (),
        {"a": 1},
        {"a": 1, "k": {"v": 1}},
        "a = 1\n\n[k]\nv = 1\n\n[t]\nz = 1\n",
    ),
    (
        "[t]\nz = 1\n",
        (),
        {},
        {"k": {"v": 1}},
        "[k]\nv = 1\n\n[t]\nz = 1\n",
    ),
    (
        "t.a = 1\nt.b = 2\nu = 3\n",
        ("t",),
        {"a": 1, "b": 2},
        {"a": 1, "b": 2, "c": 3},
        "t.a = 1\nt.b = 2\nt.c = 3\nu = 3\n",
    ),
    (
        "[t.s]\na = 1\n",
        ("t",),
        {"s": {"a": 1}},
        {"s": {"a": 1}, "n": 5},
        "[t]\nn = 5\n\n[t.s]\na = 1\n",
    ),
    (
        "# above\n[t.s]\na = 1\n",
        ("t",),
        {"s": {"a": 1}},
        {"s": {"a": 1}, "n": 5},
        "[t]\nn = 5\n\n# above\n[t.s]\na = 1\n",
    ),
    (
        "[[x]]\na = 1\n\n[[x]]\na = 2\n# keep\nb = 3\n\n[[x]]\na = 4\n",
        (),
        {"x": [{"a": 1}, {"a": 2, "b": 3}, {"a": 4}]},
        {"x": [{"a": 2, "b": 3}, {"a": 4}]},
        "[[x]]\na = 2\n# keep\nb = 3\n\n[[x]]\na = 4\n",
    ),
    (
        "[[x]]\na = 1\n\n[[x]]\na = 2\n",
        (),
        {"x": [{"a": 1}, {"a": 2}]},
        {"x": [{"a": 1}, {"a": 9}, {"a": 2}]},
        "[[x]]\na = 1\n\n[[x]]\na = 9\n\n[[x]]\na = 2\n",
    ),
    (
        "[[x]]\na = 1\n\n[[x]]\na = 2\n",
        (),
        {"x": [{"a": 1}, {"a": 2}]},
        {"x": [{"a": 0}, {"a": 1}, {"a": 2}, {"a": 3}]},
        "[[x]]\na = 0\n\n[[x]]\na = 1\n\n[[x]]\na = 2\n\n[[x]]\na = 3\n",
    ),
    (
        "[[x]]\na = 1\n\n[[x]]\na = 2\n",
        (),
        {"x": [{"a": 1}, {"a": 2}]},
        {"x": [{"a": 7}, {"a": 8}]},
        "[[x]]\na = 7\n\n[[x]]\na = 8\n",
    ),
    (
        "[[x]]\na = 1\n\n[y]\nb = 2\n",
        (),
        {"x": [{"a": 1}], "y": {"b": 2}},
        {"x": [], "y": {"b": 2}},
        "x = []\n\n[y]\nb = 2\n",
    ),
    (
        "v = [1, 2, 3]\n",
        (),
        {"v": [1, 2, 3]},
        {"v": [1, 5, 3]},
        "v = [1, 5, 3]\n",
    ),
    (
        "v = [1, 2, 3]\n",
        (),
        {"v": [1, 2, 3]},
        {"v": [1, 5]},
        "v = [1, 5]\n",
    ),
    (
        "v = [\n  1, # one\n  2,\n]\n",
        (),
        {"v": [1, 2]},
        {"v": [1, 2, 3]},
        "# one\nv = [1, 2, 3]\n",
    ),
    (
        "v = 1 # c\n",
        (),
        {"v": 1},
        {"v": True},
        "v = true # c\n",
    ),
    (
        "v = 1\n",
        (),
        {"v": 1},
        {"v": "a\nb\n"},
        'v = """\na\nb\n"""\n',
    ),
    (
        "[t]\na = 1\n\n[u]\nb = 2\n",
        (),
        {"t": {"a": 1}, "u": {"b": 2}},
        {"t": {}, "u": {"b": 2}},
        "[t]\n\n[u]\nb = 2\n",
    ),
    (
        "[t.s]\na = 1\n",
        (),
        {"t": {"s": {"a": 1}}},
        {"t": {}},
        "[t]\n",
    ),
    (
        "t.a = 1\nb = 2\n",
        (),
        {"t": {"a": 1}, "b": 2},
        {"t": {}, "b": 2},
        "t = {}\nb = 2\n",
    ),
    (
        "[t]\na = 1\n\n[t.s]\nb = 2\n",
        (),
        {"t": {"a": 1, "s": {"b": 2}}},
        {"t": 5},
        "t = 5\n",
    ),
    (
        "[p.t]\na = 1\n",
        (),
        {"p": {"t": {"a": 1}}},
        {"p": {"t": 5}},
        "[p]\nt = 5\n",
    ),
    (
        '[v]\n# of b\nb = "2"\na = "1"\n',
        ("v",),
        {"b": variable(value="2"), "a": variable(value="1")},
        {"a": variable(value="1"), "b": variable(value="2")},
        '[v]\na = "1"\n# of b\nb = "2"\n',
    ),
    (
        'v = { b = "2", a = "1" }\n',
        ("v",),
        {"b": variable(value="2"), "a": variable(value="1")},
        {"a": variable(value="1"), "b": variable(value="2"), "c": variable(value="3", description="d")},
        'v = { a = "1", b = "2", c = { value = "3", description = "d" } }\n',
    ),
    (
        "a = 1\r\nb = 2",
        (),
        {"a": 1, "b": 2},
        {"a": 1, "b": 3},
        "a = 1\nb = 3\n",
    ),
    (
        'a."b.c" = 1\n',
        ("a",),
        {"b.c": 1},
        {"b.c": 2, "d e": 3},
        'a."b.c" = 2\na."d e" = 3\n',
    ),
]


@pytest.mark.parametrize(("text", "path", "before", "after", "changed"), CASES)
def test_only_what_stands_for_a_value_changes(
    text: str, path: KeyPath, before: Mapping[str, Any], after: Mapping[str, Any], changed: str
) -> None:
    assert edit_text(text, path, before, after) == changed


@pytest.mark.parametrize(
    ("text", "path", "before", "after"),
    [
        # Tables that are not those that were read.
        ("[[x]]\na = 1\n", (), {"x": [{"a": 1}, {"a": 2}]}, {"x": [{"a": 1}]}),
        # An inline table with dotted keys has no place for another.
        ("x = { a.b = 1 }\n", ("x",), {"a": {"b": 1}}, {"a": {"b": 1}, "c": 2}),
    ],
)
def test_what_cannot_be_changed_by_itself_is_refused(
    text: str, path: KeyPath, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    with pytest.raises(ValueError):
        edit_text(text, path, before, after)
