"""The workbench without a screen: edits, marks, undo, saving, conflicts."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from orch_tui.model.edits.edits import EditError
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.orchestration.retry import Retry
from orch_tui.project.project import DefinitionError, Project
from orch_tui.project.saving.drafts import Draft, found_drafts, list_drafts, load_draft, save_draft
from orch_tui.project.saving.writer import ChangedOnDisk, SaveError
from orch_tui.tui.draft_keeper import DraftKeeper
from orch_tui.tui.workbench.model import OptionChanges, Workbench

from tests.support import strategies
from tests.support.effort import examples
from tests.support.saving import save
from tests.tui.seed import SEED_REFS, sample_project, structure, write_orchestration


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return sample_project(tmp_path)


@pytest.fixture
def bench(project: Project) -> Workbench:
    return Workbench.open(project, "campaigns")


def task(bench: Workbench, task_id: str) -> Task:
    return bench.tasks_of([task_id])[0]


def test_seed_example_from_nothing_to_the_four_phases(project: Project) -> None:
    # GIVEN an empty orchestration and tasks added in the wrong order
    write_orchestration(project, "mine", 'name = "Mine"\n')
    bench = Workbench.open(project, "mine")
    for ref in SEED_REFS:
        bench.add([ref], None)
    assert [name for name, _ in structure(bench.value)] == ["New phase"]
    # WHEN they are grouped, one is moved to a new phase, and that phase is moved up
    bench.group()
    bench.toggle_mark(task(bench, "campaign-recipient"))
    bench.move_to(bench.targets(None), phase_name="Second Transformation Phase")
    assert bench.value.phases[-1].name == "Second Transformation Phase"
    bench.move_row(bench.value.phases[-1], -1)
    save(bench)
    # THEN the saved file has the phases and tasks of the sample
    saved = Workbench.open(project, "mine").value
    wanted = Workbench.open(project, "campaigns").value
    assert structure(saved) == structure(wanted)
    assert [phase.id for phase in saved.phases] == [phase.id for phase in wanted.phases]
    assert [item.id for item in saved.tasks()] == [item.id for item in wanted.tasks()]
    assert not bench.dirty


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(orchestration=strategies.orchestrations(), edits=strategies.edit_sequences())
def test_undone_completely_it_is_the_first_value_and_saved_it_reads_back_equal(
    orchestration: Orchestration, edits: list[strategies.Edit]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        # GIVEN any orchestration in a file
        root = Path(directory)
        (root / "orch.toml").write_text('name = "Test"\n')
        project = Project(root)
        save(Workbench(project, orchestration, None))
        bench = Workbench.open(project, orchestration.id)
        first = bench.value
        # WHEN any edits are made, undone completely and done again
        for edit in edits:
            bench.push(strategies.apply_edit(bench.value, edit), edit.kind)
        last = bench.value
        while bench.history.can_undo:
            bench.undo()
        # THEN the first value is back and clean, and redo leads to the last one
        assert bench.value == first == orchestration
        assert not bench.dirty
        while bench.history.can_redo:
            bench.redo()
        assert bench.value == last
        # AND what is saved reads back equal
        save(bench)
        assert Workbench.open(project, orchestration.id).value == last


def test_actions_are_about_the_marked_tasks_else_about_the_row(bench: Workbench) -> None:
    # GIVEN nothing marked
    extractors = bench.value.phases[0]
    # THEN a task stands for itself and a phase for its tasks
    assert bench.targets(extractors.tasks[1]) == ["email-recipient-index"]
    assert bench.targets(extractors) == ["campaigns", "email-recipient-index"]
    # WHEN a task elsewhere is marked THEN only that one counts
    bench.toggle_mark(task(bench, "new-recipients"))
    assert bench.targets(extractors) == ["new-recipients"]


def test_marking_a_phase_marks_its_tasks_and_unmarking_one_of_them_unmarks_the_phase(bench: Workbench) -> None:
    # GIVEN a marked phase
    extractors = bench.value.phases[0]
    bench.toggle_mark(extractors)
    assert bench.marks == {"campaigns", "email-recipient-index"}
    # WHEN one of its tasks is unmarked
    bench.toggle_mark(extractors.tasks[0])
    # THEN the phase is not marked any more, the other task is
    assert bench.phase_marks == set()
    assert bench.marks == {"email-recipient-index"}


def test_a_range_goes_from_the_last_mark_to_the_cursor(bench: Workbench) -> None:
    # GIVEN a mark on the second task of the tree
    rows: list[Phase | Task] = []
    for phase in bench.value.phases:
        rows += [phase, *phase.tasks]
    bench.toggle_mark(rows[2])
    # WHEN the range is marked up to a task further down
    bench.mark_range(rows, 6)
    # THEN the tasks between are marked, and no phase is
    assert bench.marks == {"email-recipient-index", "campaign-performance", "campaign-recipient"}
    assert bench.phase_marks == set()
    # AND marking all twice leaves none
    bench.mark_all()
    bench.mark_all()
    assert not bench.marks


def test_marks_of_deleted_tasks_go_and_undo_brings_the_tasks_back(bench: Workbench) -> None:
    # GIVEN two marked tasks
    for name in ("campaigns", "new-recipients"):
        bench.toggle_mark(task(bench, name))
    # WHEN they are deleted
    bench.delete(None)
    # THEN nothing is marked, the label tells what undo would do, and undo does it
    assert not bench.marks
    assert bench.history.undo_label == "Undo deletion of 2 tasks"
    bench.undo()
    assert {item.id for item in bench.value.tasks()} >= {"campaigns", "new-recipients"}


def test_deleting_a_marked_phase_deletes_it_with_its_tasks(bench: Workbench) -> None:
    # GIVEN a marked phase
    bench.toggle_mark(bench.value.phases[0])
    # WHEN the mark is deleted THEN phase and tasks are gone
    bench.delete(bench.value.phases[3])
    assert structure(bench.value)[0][0] == "Transformation phase"


def test_enabling_goes_by_what_all_have(bench: Workbench) -> None:
    # GIVEN one of two tasks disabled
    phase = bench.value.phases[0]
    bench.toggle_enabled(phase.tasks[0])
    # WHEN the phase is toggled THEN all are enabled first, and disabled the next time
    bench.toggle_enabled(bench.value.phases[0])
    assert all(item.enabled for item in bench.value.phases[0].tasks)
    bench.toggle_enabled(bench.value.phases[0])
    assert not any(item.enabled for item in bench.value.phases[0].tasks)


def test_options_change_only_what_was_typed(bench: Workbench) -> None:
    # GIVEN two tasks, one of which has a timeout
    ids = ["campaigns", "email-recipient-index"]
    bench.set_options(ids[:1], OptionChanges({"timeout": 60.0}))
    # WHEN both get a retry
    bench.set_options(ids, OptionChanges({"retry": Retry(2)}))
    # THEN the timeout of the one is still there
    assert task(bench, "campaigns").options.timeout == 60.0
    assert task(bench, "email-recipient-index").options.timeout is None
    assert all(item.options.retry == Retry(2) for item in bench.tasks_of(ids))


def test_a_drag_moves_tasks_and_phases(bench: Workbench) -> None:
    # GIVEN the four phases
    first, second = bench.value.phases[:2]
    # WHEN a task is dropped on a task of another phase THEN it stands before that one
    bench.drop(first.tasks[0], second.tasks[0])
    assert [item.id for item in bench.value.phases[1].tasks] == ["campaigns", "campaign-performance"]
    # WHEN a phase is dropped on another THEN it takes its place
    bench.drop(bench.value.phases[3], bench.value.phases[0])
    assert bench.value.phases[0].name == "Writer phase"


def test_a_refused_edit_changes_nothing(bench: Workbench) -> None:
    # GIVEN the value
    before = bench.value
    # WHEN an orchestration is to run itself THEN it is refused with a sentence
    with pytest.raises(EditError, match="cannot run itself"):
        bench.add(["orchestration/campaigns"], None)
    assert bench.value is before
    assert not bench.history.can_undo


def test_changed_on_disk_is_told_overwritten_or_taken_over(bench: Workbench) -> None:
    # GIVEN an edit here and another one on disk
    bench.toggle_enabled(task(bench, "campaigns"))
    text = bench.path.read_text()
    bench.path.write_text(text.replace('name = "Campaigns"', 'name = "Theirs"'))
    # WHEN it is saved THEN both texts are told, and nothing is written
    with pytest.raises(ChangedOnDisk) as caught:
        save(bench)
    assert "Theirs" in caught.value.diff()
    assert "Theirs" in bench.path.read_text()
    assert bench.changed_on_disk()
    # WHEN the file is taken over THEN its value is current and undo brings the edit back
    edited = bench.value
    assert bench.reload()
    assert bench.value.name == "Theirs"
    assert not bench.dirty
    bench.undo()
    assert bench.value == edited
    assert bench.dirty
    # WHEN it is overwritten THEN the file has the edit
    save(bench, force=True)
    assert not bench.dirty
    assert Workbench.open(bench.project, "campaigns").value == edited


def test_a_write_protected_file_keeps_everything(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN an edit, and a file that cannot be written
    bench.toggle_enabled(task(bench, "campaigns"))
    monkeypatch.setattr("orch_tui.project.saving.writer.os.access", lambda *_: False)
    # WHEN it is saved THEN the sentence says why, and the edit is still unsaved
    with pytest.raises(SaveError, match=r"orchestrations/campaigns\.toml could not be saved"):
        save(bench)
    assert bench.dirty
    assert "enabled" not in bench.path.read_text()


def test_what_is_gone_opens_is_named_and_is_saved_unchanged(project: Project) -> None:
    # GIVEN tasks whose component or configuration is not there
    text = (
        '# kept\nname = "Old"\n\n[[phases]]\nid = "p"\nname = "P"\n\n'
        '[[phases.tasks]]\nid = "a"\nconfiguration = "gone-extractor/campaigns"\n\n'
        '[[phases.tasks]]\nid = "b"\nconfiguration = "sql/gone"\n'
    )
    write_orchestration(project, "old", text)
    # WHEN it is opened
    bench = Workbench.open(project, "old")
    # THEN the labels say what is missing
    assert bench.catalog.label("gone-extractor/campaigns").problem == "component missing"
    assert bench.catalog.label("sql/gone").problem == "configuration missing"
    # AND an edit that is undone leaves the file byte for byte as it was
    bench.toggle_enabled(task(bench, "a"))
    save(bench)
    bench.undo()
    save(bench)
    assert bench.path.read_text() == text


def test_a_broken_file_is_refused_with_its_line(project: Project) -> None:
    # GIVEN a file that is no TOML WHEN it is opened THEN the error names the line
    write_orchestration(project, "bad", 'name = "x"\nphases = [\n')
    with pytest.raises(DefinitionError, match=r"orchestrations/bad\.toml:\d+"):
        Workbench.open(project, "bad")


def test_a_draft_restored_over_a_changed_file_ends_in_a_conflict_not_in_a_loss(bench: Workbench) -> None:
    # GIVEN a draft, and a file that changed after it was kept
    bench.rename_phase("writer-phase", "Writers")
    save_draft(bench.project, bench.value, bench.base, 1.0)
    bench.path.write_text(bench.path.read_text() + "# theirs\n")
    fresh = Workbench.open(bench.project, "campaigns")
    draft = load_draft(bench.project, "campaigns")
    assert isinstance(draft, Draft)
    # WHEN it is restored THEN it is an edit like any other, and saving tells of the change on disk
    assert fresh.restore(draft)
    assert fresh.value.phases[3].name == "Writers"
    with pytest.raises(ChangedOnDisk):
        save(fresh)


def test_drafts_are_kept_and_dropped_in_order(bench: Workbench) -> None:
    # GIVEN a keeper
    complaints: list[str] = []
    keeper = DraftKeeper(bench.project, "campaigns", complaints.append, clock=lambda: 7.0)
    # WHEN a draft is kept THEN it is on disk
    keeper.keep(bench.value, bench.base)
    keeper.wait()
    draft = load_draft(bench.project, "campaigns")
    assert draft is not None
    assert draft.saved == 7.0
    # WHEN it is kept and dropped at once THEN it is gone
    keeper.keep(bench.value, bench.base)
    keeper.drop()
    keeper.wait()
    assert load_draft(bench.project, "campaigns") is None
    assert complaints == []


def _renamed(bench: Workbench, name: str) -> Workbench:
    bench.rename_phase("writer-phase", name)
    return bench


def _names(bench: Workbench) -> list[str]:
    return [draft.orchestration.phases[3].name for draft in found_drafts(bench.project, "campaigns")[0]]


def test_two_screens_have_a_draft_each_and_what_both_leave_is_found(bench: Workbench) -> None:
    # GIVEN two screens on one orchestration, each with unsaved edits
    complaints: list[str] = []
    first, second = (DraftKeeper(bench.project, "campaigns", complaints.append) for _ in range(2))
    first.keep(_renamed(bench, "First").value, bench.base)
    first.wait()
    second.keep(_renamed(bench, "Second").value, bench.base)
    second.wait()
    first.keep(_renamed(bench, "First again").value, bench.base)
    first.wait()
    # THEN none is offered while its screen is there, each knows of the other, and the home screen shows one mark
    assert _names(bench) == [] and len(first.others()) == 2
    assert list_drafts(bench.project) == ["campaigns"]
    # WHEN both are gone THEN both drafts are found, the latest first
    first.leave()
    second.leave()
    assert _names(bench) == ["First again", "Second"]
    assert complaints == []


def test_a_draft_that_was_found_is_overwritten_by_nobody_until_it_is_taken_up(bench: Workbench) -> None:
    # GIVEN a draft that was left behind
    old, new = (DraftKeeper(bench.project, "campaigns", print) for _ in range(2))
    old.keep(_renamed(bench, "Old").value, bench.base)
    old.leave()
    (found,) = found_drafts(bench.project, "campaigns")[0]
    # WHEN another screen edits without having taken it up
    new.keep(_renamed(bench, "New").value, bench.base)
    new.wait()
    assert _names(bench) == ["Old"]
    # AND takes it up later THEN both are there
    assert found.path is not None
    new.adopt(found.path)
    new.keep(_renamed(bench, "Old and more").value, bench.base)
    new.wait()
    assert _names(bench) == ["New"]
    new.leave()
    assert sorted(_names(bench)) == ["New", "Old and more"]
    # AND one that is dropped is gone, and the other one stays
    new.discard(found.path)
    new.wait()
    assert _names(bench) == ["New"]


def test_of_two_screens_that_take_up_the_same_draft_one_has_it(bench: Workbench) -> None:
    one, two = (DraftKeeper(bench.project, "campaigns", print) for _ in range(2))
    one.keep(_renamed(bench, "Old").value, bench.base)
    one.leave()
    (found,) = found_drafts(bench.project, "campaigns")[0]
    assert found.path is not None
    for keeper, name in ((one, "One"), (two, "Two")):
        keeper.adopt(found.path)
        keeper.keep(_renamed(bench, name).value, bench.base)
        keeper.leave() if keeper is two else keeper.wait()
    one.leave()
    assert sorted(_names(bench)) == ["One", "Two"]


def test_a_draft_that_cannot_be_kept_is_a_sentence(bench: Workbench) -> None:
    # GIVEN a file where the directory of the drafts should be
    bench.project.paths.make_state()
    bench.project.paths.drafts.write_text("in the way")
    complaints: list[str] = []
    keeper = DraftKeeper(bench.project, "campaigns", complaints.append)
    # WHEN a draft is kept THEN the keeper complains and goes on
    keeper.keep(bench.value, bench.base)
    keeper.wait()
    assert len(complaints) == 1
    assert "could not be kept" in complaints[0]


def test_uses_count_here_as_edited_and_elsewhere_as_saved(bench: Workbench) -> None:
    # GIVEN a configuration that the sample uses once
    assert bench.uses("file-extractor/campaigns") == 1
    # WHEN a copy is added THEN it counts; what another orchestration uses counts too
    bench.add(["file-extractor/campaigns"], None)
    assert bench.uses("file-extractor/campaigns") == 2
    assert bench.uses("file-extractor/flights") == 1


def test_components_are_found_by_words_of_their_names_and_configurations(bench: Workbench) -> None:
    # GIVEN the catalog WHEN it is filtered by a configuration's id THEN its component is found
    assert [entry.id for entry in bench.catalog.components("sqlite index")] == ["sqlite-extractor"]
    # AND words that name the component do not hide its configurations
    found = bench.catalog.configurations("file-extractor", "extractor campaigns")
    assert [entry.ref for entry in found] == ["file-extractor/campaigns"]
    # AND the orchestration itself is not offered as a task
    assert "orchestration/campaigns" not in {e.ref for e in bench.catalog.configurations("orchestration")}
