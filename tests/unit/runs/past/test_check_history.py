"""What checks found in earlier runs."""

from __future__ import annotations

from pathlib import Path

from orch_tui.model.checks.values import Check, CheckKind, CheckResult, Verdict
from orch_tui.model.events import events
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status
from orch_tui.project.journal.file import Journal
from orch_tui.project.paths import ProjectPaths
from orch_tui.runs.past.check_history import check_history

T0 = 1_790_000_000.0
ROWS = Check(CheckKind.ROWS, "raw/rows", least="1")
UNIQUE = Check(CheckKind.UNIQUE, "raw/rows", columns=("id",))


def _run(paths: ProjectPaths, number: int, *results: CheckResult) -> None:
    directory = paths.run("o", f"2026112{number}T100000.000Z-aa")
    directory.mkdir(parents=True)
    plan = RunPlan("o", "O", (PlannedPhase("p", "P", (PlannedTask("a", "command/a", "A", "p", Decision.RUN),), 2),))
    journal = Journal.create(directory, RunHeader(directory.name, "o", "O", T0, "x"), plan)
    journal.append(events.executor(T0, pid=1, start=(1, 1), host="h", boot_id="b", by="x"))
    journal.append(events.phase_started(T0, "p"))
    journal.append(events.spawning(T0, "a", 1))
    journal.append(events.ended(T0 + 1, "a", 1, Status.SUCCESS, checks=results))
    journal.close()


def test_each_check_has_what_it_found_in_each_run_that_asked_any(tmp_path: Path) -> None:
    # GIVEN runs: two with a check of rows, one without any check, one with another check too
    paths = ProjectPaths(tmp_path)
    _run(paths, 1, CheckResult(ROWS, Verdict.PASSED, 800.0))
    _run(paths, 2)
    _run(paths, 3, CheckResult(ROWS, Verdict.FAILED, 0.0))
    _run(paths, 4, CheckResult(ROWS, Verdict.PASSED, 400.0), CheckResult(UNIQUE, Verdict.PASSED))
    # WHEN
    rows, unique = check_history(paths, "o")
    # THEN the oldest is first, each as high as what was measured
    assert (rows.task, rows.key, rows.spark) == ("a", ROWS_KEY, "█▁▄")
    assert [one.verdict for one in rows.results if one is not None] == [Verdict.PASSED, Verdict.FAILED, Verdict.PASSED]
    assert unique.spark == "  ·" and unique.last.verdict is Verdict.PASSED
    assert check_history(paths, "nothing") == []


ROWS_KEY = CheckResult(ROWS, Verdict.PASSED).key
