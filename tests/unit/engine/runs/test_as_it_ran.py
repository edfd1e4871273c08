"""What is repeated of an earlier run: which tasks, and which not, and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.engine.runs.as_it_ran import AsItRan, plan_as_it_ran
from orch_tui.engine.runs.start import RunRefused
from orch_tui.model.events.reasons import Cause
from orch_tui.model.run.plan import Decision
from orch_tui.project.attempt_dir import attempt_directory, make_attempt
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project, open_project

from tests.support.engine_kit import make_commands, run
from tests.support.past_runs import Past, write_past


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    """A project of two phases with a run that has ended; its id."""
    root = tmp_path_factory.mktemp("ran")
    project = make_commands(root, {"One": {"a": "true", "ab": "true"}, "Two": {"c": "true"}})
    return project, run(project).header.id


def _repeated(project: Project, run: str, **asked: tuple[str, ...]) -> list[str]:
    plan = plan_as_it_ran(project, AsItRan("o", run, **asked))  # type: ignore[arg-type]
    for task in plan.tasks():
        skipped = task.decision is Decision.SKIPPED
        assert skipped == (task.because is not None and task.because.cause is Cause.NOT_SELECTED)
    assert plan.partial == any(asked.values()) and plan.as_it_ran == run
    return [task.id for task in plan.tasks() if task.decision is Decision.RUN]


def test_all_is_repeated_unless_tasks_or_phases_are_named(ran: tuple[Project, str]) -> None:
    project, run = ran
    assert _repeated(project, run) == ["a", "ab", "c"]
    # WHEN tasks are named, by their id or what they run THEN only these are
    assert _repeated(project, run, only=("a",)) == ["a"]
    assert _repeated(project, run, only=("ab", "command/c")) == ["ab", "c"]
    # WHEN phases are, by name in any case or number THEN only theirs are
    assert _repeated(project, run, phases=("one",)) == ["a", "ab"]
    assert _repeated(project, run, phases=("2",)) == ["c"]
    # WHEN both are THEN what is meant by both
    assert _repeated(project, run, only=("a",), phases=("1",)) == ["a"]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"only": ("b",)}, '"b" is no task of run .*; name one by its id: a, ab, c'),
        ({"phases": ("3",)}, 'there is no phase "3" in run .*; its phases: 1 "One"; 2 "Two"'),
    ],
    ids=["task", "phase"],
)
def test_what_the_run_does_not_have_is_told(
    ran: tuple[Project, str], asked: dict[str, tuple[str, ...]], sentence: str
) -> None:
    project, run = ran
    with pytest.raises(RunRefused, match=sentence):
        _repeated(project, run, **asked)


def _own(root: Path, name: str, kind: str) -> None:
    (root / "components").mkdir(exist_ok=True)
    (root / "components" / f"{name}.toml").write_text(f'name = "X"\ntype = "{kind}"\ncommand = ["true"]\n')


def test_a_shadow_sends_nothing_to_the_outside(tmp_path: Path) -> None:
    # GIVEN a run of a task that reads, one that writes elsewhere, and one that tells people
    (tmp_path / "configurations").mkdir()
    kinds = {"reads": "extractor", "writes": "writer", "notification": "other"}
    lines = ['name = "O"\n[[phases]]\nname = "P"\n']
    for name, kind in kinds.items():
        _own(tmp_path, name, kind)
        (tmp_path / "configurations" / name).mkdir()
        (tmp_path / "configurations" / name / "x.toml").write_text("[parameters]\n")
        lines.append(f'[[phases.tasks]]\nid = "{name}"\nconfiguration = "{name}/x"\n')
    (tmp_path / "orch.toml").write_text('name = "T"\n')
    (tmp_path / "orchestrations").mkdir()
    (tmp_path / "orchestrations" / "o.toml").write_text("".join(lines))
    project = open_project(tmp_path)
    earlier = run(project).header.id
    # WHEN it is repeated as a shadow THEN only what reads is, and why the others are not is told
    shadow = plan_as_it_ran(project, AsItRan("o", earlier, shadow=True))
    assert {task.id for task in shadow.tasks() if task.decision is Decision.RUN} == {"reads"}
    assert {task.because.cause for task in shadow.tasks() if task.because is not None} == {Cause.SENDS_OUT}
    # WHEN it is not a shadow THEN all are
    plain = plan_as_it_ran(project, AsItRan("o", earlier))
    assert all(task.decision is Decision.RUN for task in plain.tasks())


def test_a_task_that_did_not_run_then_or_whose_component_is_gone_does_not_run_now(tmp_path: Path) -> None:
    # GIVEN an earlier run whose task has no text
    project = make_commands(tmp_path, {"P": {"load": "true"}})
    project.paths.make_state()
    earlier = write_past(project.paths, Past())
    (task,) = plan_as_it_ran(project, AsItRan("o", earlier)).tasks()
    assert task.decision is Decision.SKIPPED and task.because is not None and task.because.cause is Cause.NOT_RUN_THEN
    # WHEN it has one that nobody can read THEN it is blocked, with a sentence
    directory = project.paths.run("o", earlier)
    make_attempt(attempt_directory(directory, "load", 1), {}, data_folder=False)
    (task,) = plan_as_it_ran(project, AsItRan("o", earlier)).tasks()
    assert task.decision is Decision.BLOCKED and task.reason
    assert read_run(directory).finished
