"""Finding keys in TOML texts."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orch_tui.project.toml.lines import Kind, line_of, scan

from tests.support.effort import examples

keys = st.sampled_from(["a", "b-1", "with space", 'quo"te', "[x]", "é", "", "a.b", "# no"])
texts = st.sampled_from(["", "x", 'a"b', "two\nlines", '"""', "'''", "# no", "]]", "\\", "k = 1\n[t]\n"])
values = st.recursive(
    texts | st.integers(-5, 5) | st.booleans() | st.just(1.5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    found = {path} if path else set()
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found |= paths(item, (*path, key))
    return found


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(keys, values, max_size=4), st.booleans())
def test_every_key_of_a_document_is_found_and_none_besides(document: dict[str, Any], many: bool) -> None:
    # GIVEN any document
    text = tomli_w.dumps(document, multiline_strings=many)
    # WHEN it is scanned
    found = scan(text)
    # THEN the marks are its key paths, and the statements cover every line that is not blank
    assert set(found.marks) == paths(tomllib.loads(text))
    covered = "".join(text[statement.start : statement.end] for statement in found.statements)
    assert covered.replace("\n", "") == text.replace("\n", "")


TEXT = '''\
\ufeff# comment
name = "x" # [no]

[table."a b"]
many = """
[[phases]]
quote \\""" and four""""
after.dotted = [ # one
  1, { x = 'y' }, # two
  [ "]" ],
]
[[phases]]
id = 1979-05-27 07:32:00
[[phases.tasks]]
a = 1
[[phases.tasks]]
b = { c = { d = """
""", e = 1 } }
[phases.tasks.sub]
z = 1
[[phases]]
[[phases.tasks]]
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 2),
        (("table", "a b", "many"), 5),
        (("table", "a b", "after", "dotted"), 8),
        (("table", "a b", "after", "dotted", 1, "x"), 9),
        (("table", "a b", "after", "dotted", 2), 10),
        (("phases", 0, "id"), 13),
        (("phases", 0, "tasks", 1, "b", "c", "e"), 18),
        (("phases", 0, "tasks", 1, "sub", "z"), 20),
        (("phases", 1, "tasks", 0), 22),
        (("phases", 1, "tasks", 0, "missing"), 22),
        (("phases", 0, "missing", "deeper"), 12),
        (("missing",), 1),
        ((), 1),
    ],
)
def test_lines_of_keys(path: tuple[str | int, ...], line: int) -> None:
    # GIVEN a text with every kind of value and header, WHEN a key is looked up, THEN its line or the nearest one comes
    assert tomllib.loads(TEXT.removeprefix("\ufeff"))
    assert line_of(TEXT, path) == line


def test_a_text_that_is_no_toml_gives_the_first_line() -> None:
    # GIVEN texts that tomllib refuses, WHEN a line is looked up, THEN nothing is raised
    for text in ("= 1", "a", "[", 'a = "', "a = [1", "a = {b", "a = [" * 3000):
        assert line_of(text, ("a", "b")) == 1


def test_statements_have_their_kinds() -> None:
    # GIVEN a text, WHEN it is scanned, THEN headers and keys are told apart
    kinds = [statement.kind for statement in scan("a = 1\n[b]\nc = 2\n[[d]]").statements]
    assert kinds == [Kind.KEY, Kind.TABLE, Kind.KEY, Kind.ARRAY]
