"""Problems."""

from __future__ import annotations

from orch_tui.model.problem import Problem, Severity, to_mend


def test_what_is_to_be_mended_comes_with_errors_first_and_without_notes() -> None:
    # GIVEN problems as they were found
    found = [
        Problem(Severity.NOTE, "a", "a note"),
        Problem(Severity.WARNING, "b", "first"),
        Problem(Severity.ERROR, "c", "worst"),
        Problem(Severity.WARNING, "d", "second"),
    ]
    # WHEN they are to be mended THEN
    assert [one.code for one in to_mend(found)] == ["c", "b", "d"]
