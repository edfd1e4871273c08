"""Reasons are values: code compares causes, people read sentences, and journals keep both."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.events.reasons import _FIELDS, Cause, Reason, decode_reason

NUMBERS = {"others", "left", "taken", "limit"}


@st.composite
def reasons(draw: st.DrawFn) -> Reason:
    cause = draw(st.sampled_from(list(Cause)))
    fields = {
        name: draw(st.integers(0, 9)) if name in NUMBERS else draw(st.text(max_size=20))
        for name in _FIELDS.get(cause, ())
    }
    return Reason.of(cause, **fields)


@given(reasons())
def test_what_a_journal_has_is_the_reason_that_was_written(reason: Reason) -> None:
    assert decode_reason(reason.encoded(), reason.sentence) == reason


@pytest.mark.parametrize(
    "reason",
    [
        Reason(Cause.DISABLED),
        Reason(Cause.NOT_SELECTED),
        Reason(Cause.RETRY),
        Reason(Cause.DELAY),
        Reason.of(Cause.REUSED, run="20261121T140000.000Z-bb"),
        Reason.of(Cause.PHASE_BEFORE, phase="", name='Load "all"', status="error"),
        Reason.of(Cause.PHASE_BEFORE, phase="", name="Load", status="cancelled"),
        Reason.of(Cause.RUN_CANCELLED, by="ann@server"),
        Reason.of(Cause.CONFIGURATION_IN_USE, holder='run 1 of "x" (task t)'),
        Reason.of(Cause.DISK_FULL, error="No space left on device"),
        Reason.said("exit code 1: no such table"),
    ],
)
def test_the_sentence_alone_says_the_cause_in_journals_of_older_programs(reason: Reason) -> None:
    assert decode_reason(None, reason.sentence) == reason


def test_a_cause_of_a_newer_program_is_its_sentence() -> None:
    assert decode_reason(["eclipse", "sun"], "the sun was covered") == Reason.said("the sun was covered")
    assert decode_reason(["reused"], "reused from run 1") == Reason.said("reused from run 1")
    assert decode_reason(None, "") is None and decode_reason(None, None) is None


def test_fields_are_those_of_the_cause() -> None:
    with pytest.raises(ValueError, match="reused has the fields"):
        Reason.of(Cause.REUSED, holder="x")
    with pytest.raises(ValueError, match="disabled has the fields"):
        Reason(Cause.DISABLED, ("x",))


@pytest.mark.parametrize(
    ("reason", "brief", "sentence"),
    [
        (Reason.of(Cause.UNSUCCESSFUL, status="error", run="r1"), "error", "error in run r1"),
        (Reason.of(Cause.EDITED, run="r1"), "edited", "edited since run r1"),
        (Reason.of(Cause.TASK_FAILED, task="a", name="A", why="exit code 1", others=2), None,
         "A: exit code 1 (and 2 more)"),
        (Reason.of(Cause.TASK_FAILED, task="a", name="A", why="exit code 1", others=0), None, "A: exit code 1"),
        (Reason.of(Cause.PHASE_NOT_FINISHED, phase="p", name="P", left=3), None, 'phase "P" not finished (3 left)'),
        (Reason.of(Cause.LIMIT, taken=2, limit=2), None, "limit 2 of 2 taken"),
    ],
)  # fmt: skip
def test_sentences(reason: Reason, brief: str | None, sentence: str) -> None:
    assert reason.sentence == sentence
    assert reason.brief == (brief if brief is not None else sentence)


@pytest.mark.parametrize(
    "cause", [cause for cause in Cause if "run" in _FIELDS.get(cause, ())], ids=lambda one: one.value
)
def test_what_is_about_a_run_has_words_without_it(cause: Cause) -> None:
    # GIVEN a reason that names a run WHEN it is said where that run is named once for all THEN it is not named again
    reason = Reason.of(cause, **{name: f"its {name}" for name in _FIELDS[cause]})
    assert "its run" in reason.sentence and "its run" not in reason.brief
