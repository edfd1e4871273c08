"""What the list of orchestrations does, without a screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.model.edits.undo import NothingToUndo
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.status import Status
from orch_tui.project import newest_runs
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.history import RunSummary, summarize
from orch_tui.project.newest_runs import NewestRuns
from orch_tui.project.project import Project
from orch_tui.project.saving.catalog import InUse
from orch_tui.tui.dates import show_when
from orch_tui.tui.home.state.model import HomeModel, read_runs, spark

from tests.tui.conftest import NOW, MakeRun, write_files


@pytest.fixture
def model(project: Project) -> HomeModel:
    return HomeModel(project, lambda: NOW)


def test_a_broken_file_is_among_them_with_its_reason(model: HomeModel) -> None:
    assert model.ids == ["alpha", "beta", "broken"]
    assert (model.entry("alpha").name, model.entry("alpha").phases, model.entry("alpha").tasks) == ("Alpha", 2, 3)
    broken = model.entry("broken")
    assert broken.value is None and broken.problems[0].line == 1


def test_files_are_read_when_they_are_shown(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a project that tells what is read
    read: list[str] = []
    original = project.orchestration

    def reading(orchestration: str) -> Orchestration:
        read.append(orchestration)
        return original(orchestration)

    monkeypatch.setattr(project, "orchestration", reading)
    # WHEN the model is made and one row is shown twice
    model = HomeModel(project)
    model.entry("alpha")
    model.entry("alpha")
    # THEN only that one was read, once
    assert read == ["alpha"]


def test_problems_of_what_it_uses_are_found(model: HomeModel) -> None:
    assert any("command/gone" in problem.message for problem in model.problems("beta"))
    assert model.problems("broken") == model.entry("broken").problems


def test_the_next_start_of_a_scheduled_one(model: HomeModel, project: Project) -> None:
    # GIVEN one that is scheduled every hour, and one that is not
    path = project.paths.orchestration("alpha")
    path.write_text(path.read_text() + '\n[[schedules]]\ncron = "@hourly"\n')
    model.reload()
    # THEN the time of its next start is known
    following = model.entry("alpha").next_start(NOW)
    assert following is not None and 0 < following - NOW <= 3600
    assert model.entry("beta").next_start(NOW) is None and model.entry("broken").next_start(NOW) is None


def test_the_filter_takes_words_of_name_id_and_description(model: HomeModel) -> None:
    for text, expected in (("FIRST alp", ["alpha"]), ("/usr", ["beta"]), ("brok", ["broken"]), ("a zzz", [])):
        model.set_filter(text)
        assert model.ids == expected, text
    assert model.total == 3


def test_create_and_undo(model: HomeModel, project: Project) -> None:
    # WHEN two of the same name are created
    assert model.create("New thing") == "new-thing"
    assert model.create(" New thing ") == "new-thing-2"
    assert model.entry("new-thing-2").name == "New thing"
    # THEN undo takes them back, one after the other
    assert model.undo()[0] == 'creation of "New thing"'
    assert "new-thing-2" not in model.ids and "new-thing" in model.ids
    model.undo()
    assert model.ids == ["alpha", "beta", "broken"]
    with pytest.raises(NothingToUndo):
        model.undo()


def test_a_duplicate_has_the_comments_and_a_name_of_its_own(model: HomeModel, project: Project) -> None:
    new = model.duplicate("alpha", "Alpha (copy)")
    assert project.paths.orchestration(new).read_text().startswith("# kept\n")
    assert model.entry(new).name == "Alpha (copy)" and model.entry("alpha").name == "Alpha"
    model.undo()
    assert new not in model.ids


def test_rename_keeps_id_and_comments_and_is_undone(model: HomeModel, project: Project) -> None:
    before = project.orchestration("alpha")
    assert model.rename("alpha", 'New "name"') == "alpha"
    assert model.entry("alpha").name == 'New "name"'
    assert model.undo() == ('renaming to "New "name""', "alpha")
    assert project.orchestration("alpha") == before
    assert project.paths.orchestration("alpha").read_text().startswith('# kept\nname = "Alpha"\n')


def test_an_edit_by_another_program_survives_a_rename(model: HomeModel, project: Project) -> None:
    # GIVEN a file that was read and then changed by someone else
    model.entry("alpha")
    path = project.paths.orchestration("alpha")
    path.write_text(path.read_text().replace("The first one.", "Changed."))
    # WHEN it is renamed here
    model.rename("alpha", "A")
    # THEN both changes are there
    assert 'name = "A"' in path.read_text() and "Changed." in path.read_text()


def test_the_id_changes_with_the_history(model: HomeModel, project: Project, make_run: MakeRun) -> None:
    run = make_run("alpha")
    assert model.change_id("alpha", "omega") == "omega"
    last = read_runs(NewestRuns(project.paths), "omega").last
    assert last is not None and last.id == run
    assert model.undo()[1] == "alpha" and "omega" not in model.ids


def test_a_deleted_one_comes_back(model: HomeModel, project: Project) -> None:
    text = project.paths.orchestration("broken").read_text()
    model.delete("broken")
    assert model.ids == ["alpha", "beta"]
    assert model.undo() == ('deletion of "broken"', "broken")
    assert project.paths.orchestration("broken").read_text() == text


def test_one_that_others_run_is_not_deleted(project: Project) -> None:
    task = '[[phases]]\nname = "P"\n[[phases.tasks]]\nconfiguration = "orchestration/alpha"\n'
    write_files(project.root, {"orchestrations/outer.toml": task})
    model = HomeModel(project)
    with pytest.raises(InUse, match="outer"):
        model.delete("alpha")
    assert "alpha" in model.ids


def test_an_undo_that_fails_can_be_tried_again(model: HomeModel, project: Project) -> None:
    # GIVEN a deleted orchestration whose place was taken
    model.delete("alpha")
    path = project.paths.orchestration("alpha")
    path.write_text('name = "Other"\n')
    with pytest.raises(DefinitionError):
        model.undo()
    # WHEN the place is free again
    path.unlink()
    # THEN
    assert model.undo()[1] == "alpha"


@pytest.mark.parametrize(
    ("name", "wrong"), [("", True), ("  ", True), ("a\nb", True), ("a\x1b[2J", True), ("A b", False)]
)
def test_names(model: HomeModel, name: str, wrong: bool) -> None:
    assert (model.name_problem(name) is not None) is wrong


def test_runs_are_read_again_only_when_something_changed(
    project: Project, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        make_run("alpha")
    newest = NewestRuns(project.paths)
    known = read_runs(newest, "alpha")
    assert len(known.summaries) == 3
    # WHEN nothing has changed, not one journal is read, though each is opened for its size
    read: list[Path] = []

    def reading(directory: Path) -> RunSummary:
        read.append(directory)
        return summarize(directory)

    monkeypatch.setattr(newest_runs, "summarize", reading)
    assert read_runs(newest, "alpha", known) is known and read == []
    # WHEN there is a new run
    run = make_run("alpha", Status.ERROR)
    last = read_runs(newest, "alpha", known).last
    assert last is not None and (last.id, last.status) == (run, Status.ERROR) and read


def test_a_directory_that_cannot_be_read_is_a_word_and_no_fault(project: Project) -> None:
    project.paths.runs("alpha").parent.mkdir(parents=True)
    project.paths.runs("alpha").write_text("a file where a directory should be")
    assert read_runs(NewestRuns(project.paths), "alpha").problem


def _summary(status: Status, seconds: float | None = 1.0, live: bool = False) -> RunSummary:
    return RunSummary("r", "o", Path("r"), status, seconds=seconds, live=live)


def test_the_spark_shows_durations_and_marks_what_failed() -> None:
    newest_first = (
        _summary(Status.ERROR, 9.0),
        _summary(Status.SUCCESS, 8.0),
        _summary(Status.PROCESSING, None),
        _summary(Status.SUCCESS, 4.0),
        _summary(Status.PROCESSING, None, live=True),
        _summary(Status.SUCCESS, 0.0),
    )
    beats = spark(newest_first)
    assert "".join(beat.glyph for beat in beats) == "▁●▅?█✘"
    assert beats[3].status is None and beats[-1].status is Status.ERROR
    assert len(spark(newest_first * 10, 10)) == 10
    assert spark(()) == []


def test_when_is_short_and_does_not_age() -> None:
    assert show_when(None, NOW) == ""
    assert show_when(NOW - 3600, NOW) == "14:00"
    assert show_when(NOW - 2 * 86400, NOW) == "Fri 15:00"
    assert show_when(NOW - 30 * 86400, NOW) == "23 Oct"
    assert show_when(NOW - 400 * 86400, NOW) == "2025-10-18"
