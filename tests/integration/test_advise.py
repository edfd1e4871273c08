"""``orch-tui advise`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.projects import make_project, orch


def test_it_says_what_is_known_and_what_would_help(tmp_path: Path) -> None:
    # GIVEN three tasks that sleep, one at once, and an orchestration that never ran
    sleeps = dict.fromkeys("abc", "sleep 0.3")
    project = make_project(tmp_path, {"o": {"A": sleeps}, "never": {"A": {"d": "true"}}}, "max_parallel = 1\n")
    orch(project, "run", "o", "-q")
    # WHEN
    said = orch(project, "advise").stdout.splitlines()
    # THEN
    assert said[0] == "never  not known yet how long 1 task of it take: d"
    assert said[1].startswith("o  takes ")
    assert said[2].strip().startswith("3 at once instead of 1 would save ")
    # AND the same for programs
    (found,) = json.loads(orch(project, "advise", "o", "--json").stdout)
    (one,) = found["advice"]
    assert (one["kind"], one["limit"], one["wanted"], one["task"]) == ("limit", 1, 3, None)
    assert 0 < one["after"] < found["seconds"]
    # AND what is not there is an error
    assert orch(project, "advise", "nope").returncode == 2
