"""Which tasks stay on the machine of their executor."""

from __future__ import annotations

import pytest
from orch_tui.model.orchestration.places import stays_here


@pytest.mark.parametrize(
    ("configuration", "here"),
    [("orchestration/daily", True), ("approval/ask", True), ("sql-transformation/a", False), ("command/b", False)],
)
def test_runs_of_their_own_and_questions_stay(configuration: str, *, here: bool) -> None:
    assert stays_here(configuration) is here
