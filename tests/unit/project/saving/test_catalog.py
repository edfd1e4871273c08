"""Whole files: duplicate, rename with references, delete and restore; drafts; new projects; secrets."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from orch_tui.model.edits import edits
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.project.project import DefinitionError, open_project
from orch_tui.project.saving import catalog
from orch_tui.project.saving.drafts import discard_draft, list_drafts, load_draft, save_draft
from orch_tui.project.saving.orchestration_text import house_text
from orch_tui.project.saving.writer import ChangedOnDisk
from orch_tui.project.secrets import Secrets

from tests.support.effort import examples
from tests.support.strategies import orchestrations
from tests.unit.project.conftest import MakeProject

A = '# top\nname = "A"\n\n[[phases]]\nid = "p"\nname = "P"\n\n'
A += '# reads\n[[phases.tasks]]\nid = "t"\nconfiguration = "sql/x"\n'
B = 'name = "B"\n\n[[phases]]\nid = "p"\nname = "P"\n'
B += '[[phases.tasks]]\nid = "n"\nconfiguration = "orchestration/a" # nested\n'
X = '# query\nname = "X"\n[parameters]\nsql = { file = "x.sql" }\n'
FILES = {
    "orchestrations/a.toml": A,
    "orchestrations/b.toml": B,
    "configurations/sql/x.toml": X,
    "configurations/sql/x.sql": "select 1\n",
}


def test_a_renamed_configuration_takes_its_users_along(make_project: MakeProject) -> None:
    # GIVEN a configuration that a task runs
    project = make_project(FILES)
    # WHEN it gets another id
    changed = catalog.rename_configuration(project, "sql/x", "y")
    # THEN the file has moved, the task follows, and nothing else has changed
    assert changed == [project.paths.configuration("sql", "y"), project.paths.orchestration("a")]
    assert project.paths.configuration("sql", "y").read_text() == X
    assert project.paths.orchestration("a").read_text() == A.replace("sql/x", "sql/y")
    assert project.configuration_refs() == ["orchestration/a", "orchestration/b", "sql/y"]
    assert [task.id for _, task in catalog.used_by(project, "sql/y")] == ["t"]


def test_only_tasks_of_a_configuration_use_it(make_project: MakeProject) -> None:
    # GIVEN tasks of configurations that stand before, at and behind the one that is asked for
    refs = ("sql/a", "sql/x", "sql/x1", "sql/z")
    tasks = "".join(f'[[phases.tasks]]\nid = "t{at}"\nconfiguration = "{ref}"\n' for at, ref in enumerate(refs))
    project = make_project({"orchestrations/many.toml": f'name = "M"\n[[phases]]\nname = "P"\n{tasks}'})
    # THEN each is used by its own task
    for at, ref in enumerate(refs):
        assert [task.id for _, task in catalog.used_by(project, ref)] == [f"t{at}"]


def test_a_rename_that_cannot_be_carried_through_changes_nothing(make_project: MakeProject) -> None:
    # GIVEN a broken orchestration that names the configuration, and a taken id
    project = make_project({**FILES, "orchestrations/c.toml": 'configuration = "sql/x"\n= \n'})
    before = {path: path.read_bytes() for path in project.root.rglob("*.toml")}
    # WHEN it is renamed, THEN the reason is told
    with pytest.raises(DefinitionError, match=r"c\.toml:2.*then rename again"):
        catalog.rename_configuration(project, "sql/x", "y")
    for new_id, reason in [("../x", "cannot be an id"), ("x", "exists already")]:
        with pytest.raises(DefinitionError, match=reason):
            catalog.rename_configuration(project, "sql/x", new_id)
    with pytest.raises(DefinitionError, match="there is no configuration"):
        catalog.rename_configuration(project, "sql/z", "y")
    assert {path: path.read_bytes() for path in project.root.rglob("*.toml")} == before


def test_a_renamed_orchestration_takes_users_history_and_draft_along(make_project: MakeProject) -> None:
    # GIVEN an orchestration that another runs, with a history and a draft
    project = make_project({**FILES, "orchestrations/a.toml": A.replace('name = "A"\n', "")})
    (project.paths.runs("a") / "r1").mkdir(parents=True)
    save_draft(project, project.orchestration("a"), None, 1.0)
    # WHEN it gets another id
    changed = catalog.rename_orchestration(project, "a", "z")
    # THEN everything follows, and the name that was the id stays
    assert changed == [project.paths.orchestration("z"), project.paths.orchestration("b")]
    assert project.paths.orchestration("b").read_text() == B.replace("orchestration/a", "orchestration/z")
    assert (project.paths.runs("z") / "r1").is_dir() and list_drafts(project) == ["z"]
    assert project.orchestration("z").name == "a" and "# reads" in project.paths.orchestration("z").read_text()


def test_duplicates_go_separate_ways(make_project: MakeProject) -> None:
    # GIVEN a configuration with a text in a file of its own, and an orchestration
    project = make_project(FILES)
    # WHEN they are duplicated
    catalog.duplicate_configuration(project, "sql/x", "y", "Y")
    catalog.duplicate_orchestration(project, "a", "a2", "A 2")
    # THEN the copies have other names, comments too, and a file of their own
    assert project.configuration("sql/y").name == "Y" and project.configuration("sql/y").parameters == {
        "sql": "select 1\n"
    }
    text = project.paths.configuration("sql", "y").read_text()
    assert "# query" in text and 'file = "y.sql"' in text
    assert project.paths.orchestration("a2").read_text() == A.replace('"A"', '"A 2"')
    assert project.paths.orchestration("a").read_text() == A
    with pytest.raises(DefinitionError, match="exists already"):
        catalog.duplicate_orchestration(project, "a", "b", "B")


def test_deleted_files_can_be_had_back(make_project: MakeProject) -> None:
    # GIVEN a configuration and an orchestration that are used
    project = make_project(FILES)
    deletions: tuple[Callable[[], object], ...] = (
        lambda: catalog.delete_configuration(project, "sql/x"),
        lambda: catalog.delete_orchestration(project, "a"),
    )
    for delete in deletions:
        # WHEN they are to be deleted, THEN it is refused with the users
        with pytest.raises(catalog.InUse, match=r'is used by "[AB]" \(task "[tn]"\)'):
            delete()
    # WHEN one that is not used is deleted, THEN it is gone and can be restored as it was
    item = catalog.delete_orchestration(project, "b")
    assert project.orchestration_ids() == ["a"]
    assert [(found.stored, found.original) for found in catalog.trashed(project)] == [(item.stored, item.original)]
    catalog.restore(project, item)
    assert project.paths.orchestration("b").read_text() == B and catalog.trashed(project) == []
    # AND a restored file never replaces another
    item = catalog.delete_configuration(project, "sql/x", force=True)
    project.paths.configuration("sql", "x").write_text("mine")
    with pytest.raises(DefinitionError, match="exists already"):
        catalog.restore(project, item)
    assert project.paths.configuration("sql", "x").read_text() == "mine"


def test_what_is_deleted_in_the_same_moment_is_kept_twice(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a clock that stands still
    project = make_project(FILES)
    monkeypatch.setattr(catalog._delete, "__kwdefaults__", {"now": lambda: 5.0})
    # WHEN a file is deleted, made again and deleted again
    catalog.delete_orchestration(project, "b")
    project.paths.orchestration("b").write_text("second")
    catalog.delete_orchestration(project, "b", force=True)
    # THEN both can be had back
    assert sorted(item.stored.read_text() for item in catalog.trashed(project)) == sorted([B, "second"])


def test_new_ones_never_replace_others(make_project: MakeProject) -> None:
    # GIVEN files, WHEN new ones of the same id are created, THEN it is refused
    project = make_project(FILES)
    with pytest.raises(ChangedOnDisk):
        catalog.create_configuration(project, replace(project.configuration("sql/x"), name="New"))
    with pytest.raises(ChangedOnDisk):
        catalog.create_orchestration(project, edits.new_orchestration("A"))


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(orchestrations())
def test_any_draft_comes_back(tmp_path_factory: pytest.TempPathFactory, value: Orchestration) -> None:
    # GIVEN any orchestration with unsaved edits
    root = tmp_path_factory.mktemp("draft")
    (root / "orch.toml").write_text("")
    project = open_project(root)
    base = catalog.create_orchestration(project, value)
    edited = edits.new_phase(value, "Brand new phase of a draft")
    # WHEN a draft is kept and loaded
    save_draft(project, edited, base, 12.5)
    draft = load_draft(project, value.id)
    # THEN it is what it was, and knows whether the file changed meanwhile
    assert draft is not None and (draft.orchestration, draft.base, draft.saved) == (edited, base, 12.5)
    assert not draft.outdated(project) and list_drafts(project) == [value.id]
    project.paths.orchestration(value.id).write_text(house_text(edited))
    assert draft.outdated(project)
    discard_draft(project, value.id)
    assert load_draft(project, value.id) is None
    discard_draft(project, value.id)


def test_a_broken_draft_is_told(make_project: MakeProject) -> None:
    # GIVEN a draft that is cut off, WHEN it is loaded, THEN the error names the file
    project = make_project({".orch/drafts/a.toml": 'name = "'})
    with pytest.raises(DefinitionError, match=r"drafts/a\.toml:1"):
        load_draft(project, "a")


def test_secrets_come_from_the_environment_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a .env with quotes, an interpolation and a name without a value
    path = tmp_path / ".env"
    path.write_text('A=file\nB="x ${A} $Y"\nexport C=3\nD\n')
    path.chmod(0o600)
    monkeypatch.setenv("A", "environment")
    for name in "BCD":
        monkeypatch.delenv(name, raising=False)
    # WHEN names are looked up, THEN the environment wins and nothing is put into values
    secrets = Secrets(tmp_path)
    assert [secrets.get(name) for name in "ABCD"] == ["environment", "x ${A} $Y", "3", None]
    assert secrets.missing(["D", "A", "NOT_SET_ANYWHERE"]) == ["D", "NOT_SET_ANYWHERE"]
    assert "x $" not in repr(secrets) and secrets.problems() == []


def test_what_is_wrong_with_an_env_file(tmp_path: Path) -> None:
    # GIVEN a .env that others may read, that is no text and that git keeps
    path = tmp_path / ".env"
    path.write_bytes(b"A=\xff\n")
    path.chmod(0o644)
    for command in (["init", "-q"], ["add", "-f", ".env"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    # WHEN its problems are asked for, THEN each has its remedy
    problems = {problem.code: problem.remedy for problem in Secrets(tmp_path).problems()}
    assert problems.keys() == {"env-unreadable", "env-mode", "env-tracked"} and problems["env-mode"] == "chmod 600 .env"
    # AND a project without one has none
    assert Secrets(tmp_path / "none").problems() == [] and Secrets(tmp_path / "none").get("NOT_SET_ANYWHERE") is None
