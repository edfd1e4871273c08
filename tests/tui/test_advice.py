"""What would make an orchestration quicker, as notes among its problems."""

from __future__ import annotations

from pathlib import Path

from orch_tui.model.problem import Severity
from orch_tui.project.project import Project
from orch_tui.tui.workbench.plan.problems import ProblemList

from tests.support.projects import make_project
from tests.tui.driving import until, workbench


async def test_a_limit_that_costs_minutes_is_a_note_and_follows_edits(tmp_path: Path) -> None:
    # GIVEN six tasks of two minutes, as earlier runs tell, of which four may run at once
    names = "abcdef"
    project = Project(make_project(tmp_path, {"o": {"A": dict.fromkeys(names, "true")}}, "max_parallel = 4\n"))
    async with workbench(project, "o") as (pilot, screen):
        problems = screen.query_one(ProblemList)
        screen.desk.plan.learn(dict.fromkeys(names, 120.0))
        # WHEN nobody edits for a moment THEN what would save two minutes is a note
        await until(pilot, lambda: any(problem.code == "quicker" for problem in problems.problems))
        (note,) = [problem for problem in problems.problems if problem.code == "quicker"]
        assert (note.severity, note.message) == (Severity.NOTE, "6 at once instead of 4 would save 2:00 of 4:00")
        # WHEN two of them are deleted THEN it is gone
        screen.phase_tree.go_to("f")
        await pilot.press("d")
        screen.phase_tree.go_to("e")
        await pilot.press("d")
        await until(pilot, lambda: not any(problem.code == "quicker" for problem in problems.problems))
