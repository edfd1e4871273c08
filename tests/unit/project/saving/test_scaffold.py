"""A new project: complete, and never over what is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.project.lint.check import check
from orch_tui.project.project import DefinitionError
from orch_tui.project.saving.scaffold import new_project


def test_a_new_project_is_complete(tmp_path: Path) -> None:
    # GIVEN an empty repository with a .gitignore
    root = tmp_path / "pipelines"
    (root / ".git").mkdir(parents=True)
    (root / ".gitignore").write_text("*.pyc")
    # WHEN a project is made in it
    project = new_project(root, 'My "project" [x]')
    # THEN it has a name, something to run and nothing wrong, and git keeps neither secrets nor state
    assert project.settings.name == 'My "project" [x]' and check(project) == []
    assert [task.configuration for task in project.orchestration("first-steps").tasks()] == [
        "command/hello",
        "command/list-files",
    ]
    assert (root / ".gitignore").read_text() == "*.pyc\n.env\n.orch/\n"


@pytest.mark.parametrize(
    ("name", "reason"), [("notes.txt", 'it has "notes.txt"'), ("orch.toml", "there is a project"), ("", "is a file")]
)
def test_a_new_project_never_touches_what_is_there(tmp_path: Path, name: str, reason: str) -> None:
    # GIVEN a directory with things in it, or a file
    root = tmp_path / "there"
    if name:
        root.mkdir()
    (root / name).write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    # WHEN a project is to be made, THEN it is refused
    with pytest.raises(DefinitionError, match=reason):
        new_project(root)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("names", "told"), [("abc", 'it has "a", "b", "c" (name'), ("abcd", 'it has "a", "b", "c", … (name')]
)
def test_three_things_that_are_there_are_named_and_more_are_hinted_at(tmp_path: Path, names: str, told: str) -> None:
    for name in names:
        (tmp_path / name).write_text("")
    with pytest.raises(DefinitionError) as refused:
        new_project(tmp_path)
    assert told in str(refused.value)
