"""What blocks a task before its run starts: what is known of it without starting its program."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.engine.runs.start import RunRequest, plan_run
from orch_tui.engine.trials.alone import obstacle
from orch_tui.model.run.plan import Decision
from orch_tui.project.lint.check import check
from orch_tui.project.project import Project, open_project

NAMED = 'runner = "keboola"\ntype = "extractor"\n[defaults]\ncommand = ["true"]\n'
NOT_NAMED = 'runner = "keboola"\ntype = "extractor"\n'
PLAIN = "[parameters]\n"
STAGED = PLAIN + '[[parameters.processors.{side}]]\ndefinition = {{ component = "{processor}" }}\n'
NO_PROGRAM = 'the component "acme.ex-a" is not installed: its venv or command is not named'
NO_PROCESSOR = '"acme.ex-a/one" needs the processor "acme.processor-mark", which is not installed'


def make_project(root: Path, component: str, configuration: str, **more: str) -> Project:
    """One task, of ``acme.ex-a/one``; ``more`` are other components of ``acme``."""
    files = {
        "orch.toml": 'name = "T"\n',
        "components/acme.ex-a.toml": component,
        "configurations/acme.ex-a/one.toml": configuration,
        "orchestrations/o.toml": '[[phases]]\nname = "P"\n[[phases.tasks]]\nid="t"\nconfiguration="acme.ex-a/one"\n',
        **{f"components/acme.{name}.toml": text for name, text in more.items()},
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return open_project(root)


def blocked(project: Project) -> str:
    """Why its task cannot be run; empty where it can."""
    (task,) = plan_run(project, RunRequest("o")).phases[0].tasks
    assert (task.decision is Decision.BLOCKED) == bool(task.reason)
    return task.reason


@pytest.mark.parametrize(
    ("component", "configuration", "sentence"),
    [
        (NOT_NAMED, PLAIN, NO_PROGRAM),
        (NAMED, STAGED.format(side="before", processor="acme.processor-mark"), NO_PROCESSOR),
        (NAMED, STAGED.format(side="after", processor="acme.processor-mark"), NO_PROCESSOR),
        (NAMED, STAGED.format(side="after", processor="keboola.processor-skip-lines"), None),
        (NOT_NAMED, '[parameters]\ncommand = ["true"]\n', None),
    ],
)
def test_what_is_not_installed_blocks_a_task_by_the_sentence_of_check(
    tmp_path: Path, component: str, configuration: str, sentence: str | None
) -> None:
    # GIVEN
    project = make_project(tmp_path, component, configuration)
    # WHEN its run is planned, THEN the task is refused before it starts
    reason = blocked(project)
    assert (sentence is None) == (reason == "") and (sentence or "") in reason
    # AND check says the same, and what to do
    problems = [problem for problem in check(project) if problem.code == "not-installed"]
    assert [problem.message for problem in problems] == ([f'task "t": {sentence}'] if sentence else [])
    assert all(problem.remedy in reason for problem in problems)
    # AND so does a try of it alone; a test of its connection needs its program, and no processor
    alone = project.configuration("acme.ex-a/one")
    assert (sentence or "") in obstacle(project, alone)
    assert (obstacle(project, alone, action=True) != "") == (sentence == NO_PROGRAM)


def test_a_processor_whose_program_is_named_blocks_nothing(tmp_path: Path) -> None:
    # GIVEN a processor with a file, which first names no program
    staged = STAGED.format(side="after", processor="acme.processor-mark")
    project = make_project(tmp_path, NAMED, staged, **{"processor-mark": NOT_NAMED})
    assert NO_PROCESSOR in blocked(project)
    # WHEN it names one
    (tmp_path / "components" / "acme.processor-mark.toml").write_text(NAMED)
    project.reload()
    # THEN
    assert blocked(project) == ""


@pytest.mark.parametrize("processor", ["acme.processor-mark", "keboola.processor-skip-lines"])
def test_a_runner_itself_needs_the_processors_of_its_configuration(tmp_path: Path, processor: str) -> None:
    # GIVEN a configuration of the runner, not of a component that it runs, with a processor
    text = f'[parameters]\ncommand = ["true"]\n{STAGED.format(side="after", processor=processor).removeprefix(PLAIN)}'
    files = {
        "orch.toml": 'name = "T"\n',
        "configurations/keboola/one.toml": text,
        "orchestrations/o.toml": '[[phases]]\nname = "P"\n[[phases.tasks]]\nid="t"\nconfiguration="keboola/one"\n',
    }
    for name, body in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(body)
    # WHEN its run is planned THEN one that is not installed blocks it
    known = processor.startswith("keboola.")
    said = "" if known else f'"keboola/one" needs the processor "{processor}", which is not installed'
    reason = blocked(open_project(tmp_path))
    assert said in reason and (reason == "") is known
