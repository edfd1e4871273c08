"""Versions of definitions: every save, what others wrote, the bytes of each, and going back to one."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orch_tui.project.kept.objects import NotKept, Objects
from orch_tui.project.kept.versions import Change, NoSuchVersion, Versions
from orch_tui.project.project import Project, open_project
from orch_tui.project.saving import catalog
from orch_tui.project.saving.roll_back import NOW, NothingToChange, find_state, roll_back
from orch_tui.project.saving.writer import SaveError, save_configuration, save_orchestration

from tests.support.effort import examples
from tests.unit.project.conftest import MakeProject

A = """\
# top
name = "A"

[[phases]]
id = "p"
name = "P"

# reads
[[phases.tasks]]
id = "t"
configuration = "sql/x"
"""
X = '# query\nname = "X"   # odd   blanks\n[parameters]\nsql = { file = "x.sql" }\n'
FILES = {
    "orchestrations/a.toml": A,
    "configurations/sql/x.toml": X,
    "configurations/sql/x.sql": "select 1 -- first\n",
}


def _save_sql(project: Project, sql: str) -> None:
    value = project.configuration("sql/x")
    base = project.source(project.paths.configuration("sql", "x"))
    save_configuration(project, replace(value, parameters={"sql": sql}), base)


def _changes(project: Project, ref: str) -> list[Change]:
    return [one.change for one in Versions(project.paths).of(ref)]


def test_a_save_keeps_what_was_there_and_what_is_there_now(make_project: MakeProject) -> None:
    # GIVEN a configuration that somebody wrote by hand
    project = make_project(FILES)
    # WHEN its SQL is changed by the program
    _save_sql(project, "select 2\n")
    # THEN both states are versions, whole: the file and the text that it names
    found, saved = Versions(project.paths).of("sql/x")
    assert (found.change, saved.change) == (Change.FOUND, Change.SAVED)
    assert Versions(project.paths).texts(found) == {
        "configurations/sql/x.toml": X,
        "configurations/sql/x.sql": "select 1 -- first\n",
    }
    assert Versions(project.paths).texts(saved)["configurations/sql/x.sql"] == "select 2\n"
    assert saved.by


def test_a_save_that_changes_nothing_is_no_version(make_project: MakeProject) -> None:
    project = make_project(FILES)
    _save_sql(project, "select 2\n")
    _save_sql(project, "select 2\n")
    assert len(Versions(project.paths).of("sql/x")) == 2


def test_going_back_gives_every_byte_and_is_a_version_of_its_own(make_project: MakeProject) -> None:
    # GIVEN an orchestration with comments, saved once, then edited by another program
    project = make_project(FILES)
    path = project.paths.orchestration("a")
    base = project.orchestration("a"), project.source(path)
    save_orchestration(project, replace(base[0], name="B"), base[1])
    path.write_text("broken = [")
    # WHEN it goes back to the first version
    state = find_state(project, "orchestration/a", "1")
    assert roll_back(project, "orchestration/a", state, "too soon") == [path]
    # THEN the file is what it was, to the byte; what was there meanwhile is kept, although it is broken
    assert path.read_text() == A
    kept = Versions(project.paths)
    assert _changes(project, "orchestration/a") == [Change.FOUND, Change.SAVED, Change.FOUND, Change.ROLLED_BACK]
    assert kept.texts(kept.get("orchestration/a", 3)) == {"orchestrations/a.toml": "broken = ["}
    last = kept.get("orchestration/a", 4)
    assert (last.of, last.note) == (1, "too soon")
    # AND going there again changes nothing
    with pytest.raises(NothingToChange):
        roll_back(project, "orchestration/a", find_state(project, "orchestration/a", "4"))


def test_going_back_brings_a_configuration_back_with_its_sql(make_project: MakeProject) -> None:
    project = make_project(FILES)
    _save_sql(project, "select 2\n")
    catalog.delete_configuration(project, "sql/x", force=True)
    (project.root / "configurations/sql/x.sql").unlink()
    roll_back(project, "sql/x", find_state(project, "sql/x", "1"))
    assert {name: (project.root / name).read_text() for name in FILES} == FILES
    assert project.configuration("sql/x").parameters == {"sql": "select 1 -- first\n"}


def test_deleting_restoring_and_renaming_are_versions(make_project: MakeProject) -> None:
    project = make_project(FILES)
    item = catalog.delete_configuration(project, "sql/x", force=True)
    catalog.restore(project, item)
    catalog.rename_configuration(project, "sql/x", "y")
    assert _changes(project, "sql/x") == [Change.FOUND, Change.DELETED, Change.RESTORED, Change.SAVED]
    assert Versions(project.paths).get("sql/x", 4).files == {}
    assert "sql/x became sql/y" in Versions(project.paths).get("sql/y", 1).words
    with pytest.raises(NoSuchVersion, match="deleted"):
        roll_back(project, "sql/x", find_state(project, "sql/x", "2"))


def test_the_copy_of_a_shared_text_is_a_version_of_each_that_names_it(make_project: MakeProject) -> None:
    from orch_tui.project.saving.writer import replace_text

    project = make_project({**FILES, "configurations/sql/z.toml": X})
    file = project.root / "configurations/sql/x.sql"
    replace_text(project, file, "select 1 -- first\n", "select 3\n")
    assert _changes(project, "sql/x") == _changes(project, "sql/z") == [Change.FOUND, Change.SAVED]


@pytest.mark.parametrize("wanted", ["0", "3", "99", "abcd", "x"])
def test_a_version_that_is_none_is_told(make_project: MakeProject, wanted: str) -> None:
    project = make_project(FILES)
    _save_sql(project, "select 2\n")
    with pytest.raises(NoSuchVersion, match=r"has (no|neither a) version"):
        find_state(project, "sql/x", wanted)


def test_a_torn_or_foreign_line_of_the_log_is_passed_over(make_project: MakeProject) -> None:
    project = make_project(FILES)
    _save_sql(project, "select 2\n")
    log = project.paths.kept_definitions / "versions/sql/x.jsonl"
    log.write_bytes(b'[1]\n{"at": 1, "by": "b", "change": "odd", "files": {}}\n' + log.read_bytes() + b'{"at": 3, "by"')
    assert len(Versions(project.paths).of("sql/x")) == 2
    _save_sql(project, "select 3\n")
    assert [one.number for one in Versions(project.paths).of("sql/x")] == [1, 2, 3]


def test_a_damaged_or_lost_object_is_told_and_kept_anew(make_project: MakeProject) -> None:
    # GIVEN one object that is damaged, and one that a loss of power has left empty
    project = make_project(FILES)
    objects = Objects(project.paths)
    digest = objects.keep(b"whole")
    path = next(project.paths.kept_definitions.glob("objects/*/*"))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(NotKept, match="damaged"):
        objects.read(digest)
    path.write_bytes(b"")
    # WHEN the same bytes are kept again THEN they are there
    objects.keep(b"whole")
    assert objects.read(digest) == b"whole"
    with pytest.raises(NotKept, match="not there"):
        objects.read("0" * 64)


def test_nothing_is_written_when_its_version_cannot_be_kept(make_project: MakeProject) -> None:
    # GIVEN a place for versions that is a file
    project = make_project(FILES)
    project.paths.make_state()
    project.paths.kept_definitions.write_text("")
    # WHEN something is saved THEN that is told, and the files are as they were
    with pytest.raises(SaveError):
        _save_sql(project, "select 2\n")
    assert (project.root / "configurations/sql/x.sql").read_text() == FILES["configurations/sql/x.sql"]


def test_what_is_kept_is_the_users_alone(make_project: MakeProject) -> None:
    project = make_project(FILES)
    _save_sql(project, "select 2\n")
    for path in [project.paths.kept_definitions, *project.paths.kept_definitions.rglob("*")]:
        assert os.stat(path).st_mode & 0o077 == 0, path


def test_now_is_what_the_files_hold(make_project: MakeProject) -> None:
    project = make_project(FILES)
    _save_sql(project, "select 2\n")
    (project.root / "configurations/sql/x.sql").write_text("select 9\n")
    assert find_state(project, "sql/x", NOW).texts["configurations/sql/x.sql"] == "select 9\n"


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=6), wanted=st.integers(0, 5))
def test_any_state_of_any_files_can_be_gone_back_to(
    tmp_path_factory: pytest.TempPathFactory, states: list[tuple[str, str]], wanted: int
) -> None:
    # GIVEN states that other programs wrote one after another, the first always readable
    root = tmp_path_factory.mktemp("states")
    (root / "orch.toml").write_text('name = "T"\n')
    sql, toml = root / "configurations/sql/x.sql", root / "configurations/sql/x.toml"
    toml.parent.mkdir(parents=True)
    project = open_project(root)
    texts: list[tuple[bytes, bytes]] = []
    for comment, query in states:
        toml.write_bytes(f"# {comment.encode('unicode_escape').decode()}\n{X}".encode())
        sql.write_bytes(query.encode())
        texts.append((toml.read_bytes(), sql.read_bytes()))
        project.reload()
        _keep(project)
    # WHEN one of them is gone back to, unless it is there
    at = wanted % len(states)
    state = find_state(project, "sql/x", str(1 + _distinct(texts[: at + 1])))
    if texts[at] != texts[-1]:
        roll_back(project, "sql/x", state)
    # THEN all files are as they were
    assert (toml.read_bytes(), sql.read_bytes()) == texts[at]


def _keep(project: Project) -> None:
    from orch_tui.project.kept.recording import note_found

    note_found(project, Path(project.paths.configuration("sql", "x")))


def _distinct(texts: list[tuple[bytes, bytes]]) -> int:
    """How often a state is another one than that before it."""
    return sum(before != after for before, after in pairwise(texts))
