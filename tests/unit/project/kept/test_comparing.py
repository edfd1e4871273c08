"""Two states of a definition: by lines, by fields."""

from __future__ import annotations

import pytest
from orch_tui.project.kept.comparing import FieldChange, field_changes, line_difference

TASKS = """
[[phases]]
id = "p"
[[phases.tasks]]
id = "a"
timeout = "1m"
[[phases.tasks]]
id = "b"
retry = { attempts = 2 }
"""


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        pytest.param("a = 1", "a = 1 # why", [], id="a comment"),
        pytest.param("a = 1", "a = 2", [FieldChange("a", 1, 2)], id="a value"),
        pytest.param("", "a.b = [1]", [FieldChange("a.b", None, [1])], id="a new field"),
        pytest.param("a = {}\nb = 1", "", [FieldChange("b", 1, None)], id="gone"),
        pytest.param(
            TASKS,
            TASKS.replace('"1m"', '"2m"'),
            [FieldChange("phases[p].tasks[a].timeout", "1m", "2m")],
            id="of a task",
        ),
        pytest.param(
            '[[outputs]]\ntable = "b/x"\n[[outputs]]\ntable = "b/y"\nmode = "append"',
            '[[outputs]]\ntable = "b/y"\nmode = "append"\n[[outputs]]\ntable = "b/x"',
            [],
            id="tables in another order",
        ),
        pytest.param(
            "[[x]]\na = 1\n[[x]]\na = 2", "[[x]]\na = 1\n[[x]]\na = 3", [FieldChange("x[2].a", 2, 3)], id="by place"
        ),
    ],
)
def test_fields(before: str, after: str, changes: list[FieldChange]) -> None:
    assert field_changes(before, after) == changes


def test_what_is_no_toml_has_no_fields() -> None:
    assert field_changes("a = 1", "a =") is None


def test_lines_of_all_files() -> None:
    lines = line_difference({"a.toml": "x = 1\n", "gone.sql": "1\n"}, {"a.toml": "x = 2\n", "new.sql": "2\n"})
    assert lines == [
        *("--- a.toml", "+++ a.toml", "@@ -1 +1 @@", "-x = 1", "+x = 2"),
        *("--- gone.sql", "+++ /dev/null", "@@ -1 +0,0 @@", "-1"),
        *("--- /dev/null", "+++ new.sql", "@@ -0,0 +1 @@", "+2"),
    ]
