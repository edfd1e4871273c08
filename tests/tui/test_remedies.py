"""A problem that names what is missing is where it is given."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.project.project import Project, open_project
from orch_tui.project.secrets import Secrets
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.workbench.dialogs.orchestration import OrchestrationDialog
from orch_tui.tui.workbench.plan.problems import ProblemList
from orch_tui.tui.workbench.screen import WorkbenchScreen
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.projects import make_project
from tests.tui.driving import until, workbench

TOKEN = "ORCH_TUI_TEST_TOKEN"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv(TOKEN, raising=False)
    root = make_project(tmp_path / "p", {"main": {"First": {"a": "true"}}})
    file = next((root / "configurations").glob("*/*.toml"))
    file.write_text(
        'name = "a"\n[parameters]\ncommand = "echo {{ region }}"\nenvironment = { TOKEN = "${' + TOKEN + '}" }\n'
    )
    return open_project(root)


async def choose(pilot: Pilot[int], screen: WorkbenchScreen, code: str) -> None:
    """Enter on the problem of this kind."""
    problems = screen.query_one(ProblemList)
    await until(pilot, lambda: any(one.code == code for one in problems.problems))
    number = next(index for index, one in enumerate(problems.problems) if one.code == code)
    await until(pilot, lambda: problems.count() > number)
    problems.focus()
    await until(pilot, lambda: problems.has_focus)
    problems.go(next(line for line, entry in enumerate(problems._lines) if entry[0] == number))
    await pilot.press("enter")


def codes(screen: WorkbenchScreen) -> list[str]:
    return [problem.code for problem in screen.query_one(ProblemList).problems]


async def test_a_missing_secret_is_asked_for_and_kept_out_of_sight(project: Project) -> None:
    # GIVEN a task that needs a secret without a value
    async with workbench(project, "main") as (pilot, screen):
        await choose(pilot, screen, "missing-secret")
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt))
        # WHEN it is typed, which shows nothing of it
        assert pilot.app.screen.query_one(Input).password
        await pilot.press(*"s3cret")
        await pilot.press("enter")
        # THEN it stands in .env, and the problem is gone
        await until(pilot, lambda: "missing-secret" not in codes(screen) and bool(codes(screen)))
    assert Secrets(project.root).get(TOKEN) == "s3cret"


async def test_escape_writes_nothing(project: Project) -> None:
    async with workbench(project, "main") as (pilot, screen):
        await choose(pilot, screen, "missing-secret")
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt))
        await pilot.press("s", "escape")
        await until(pilot, lambda: pilot.app.screen is screen)
    assert not project.paths.env_file.exists()


async def test_what_cannot_be_written_is_told(project: Project) -> None:
    # GIVEN something else in the place of .env
    project.paths.env_file.write_bytes(b"\xff\n")
    async with workbench(project, "main") as (pilot, screen):
        await choose(pilot, screen, "missing-secret")
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt))
        await pilot.press("s", "enter")
        await until(pilot, lambda: any("UTF-8" in note.message for note in pilot.app._notifications))
    assert project.paths.env_file.read_bytes() == b"\xff\n"


async def test_an_undeclared_variable_is_declared_from_its_problem(project: Project) -> None:
    async with workbench(project, "main") as (pilot, screen):
        await choose(pilot, screen, "undefined-variable")
        # THEN the form of the orchestration is at a line for it
        await until(pilot, lambda: isinstance(pilot.app.screen, OrchestrationDialog))
        await until(pilot, lambda: pilot.app.focused is not None and pilot.app.focused.id == "variables")
        await pilot.press(*"eu")
        await pilot.press("ctrl+o")
        await until(pilot, lambda: pilot.app.screen is screen)
        # AND what was typed is its value
        assert {one.name: one.value for one in screen.bench.value.variables} == {"region": "eu"}
        await until(pilot, lambda: "undefined-variable" not in codes(screen))


async def test_a_problem_is_found_by_its_words(project: Project) -> None:
    # GIVEN two problems, and the cursor on the first
    async with workbench(project, "main") as (pilot, screen):
        problems = screen.query_one(ProblemList)
        await until(pilot, lambda: len(problems.problems) == 2 and problems.count() > 2)
        await pilot.press("4", "home")
        # WHEN words of the second are typed right after the key THEN Enter goes to it
        other = problems.problems[1]
        word = "region" if "region" in other.message else TOKEN
        await pilot.press("slash", *word.lower(), "enter")
        await until(pilot, lambda: problems.has_focus and problems.problem_at(problems.cursor) is other)
