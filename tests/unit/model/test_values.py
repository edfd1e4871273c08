"""Durations, safe text, ids, statuses and outcomes: small pure things that everything stands on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.durations import parse_duration, show_duration, write_duration
from orch_tui.model.events import FailureKind, read_time, write_time
from orch_tui.model.outcome import outcome_of_exit, outcome_of_stop
from orch_tui.model.status import STYLES, Status, worst
from orch_tui.model.text import safe_line, slug, unique, valid_id


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45s", 45),
        ("30m", 1800),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("250ms", 0.25),
        ("1.5h", 5400),
        ("90", 90),
        (7, 7),
    ],
)
def test_durations_as_people_write_them(text: str | int, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5s", "5 parsecs", "1h30", True, float("nan"), float("inf"), -1])
def test_what_is_no_duration_is_refused(text: str | float) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@given(st.integers(0, 10**6) | st.floats(0, 10**6).map(lambda value: round(value, 3)))
def test_a_written_duration_reads_back(seconds: float) -> None:
    assert parse_duration(write_duration(seconds)) == pytest.approx(seconds, abs=1e-9)


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, ""), (0.44, "0.4 s"), (12.2, "12 s"), (187, "3:07"), (3723, "1:02:03"), (59.7, "1:00")]
)
def test_durations_for_people(seconds: float | None, text: str) -> None:
    assert show_duration(seconds) == text


@given(st.text())
def test_safe_text_holds_no_character_that_a_terminal_obeys(text: str) -> None:
    shown = safe_line(text)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in shown)
    assert safe_line(shown) == shown
    assert len(safe_line(text, 5)) <= 5


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]52;c;ZXZpbA==\x1b\\after", "after"),
        ("a\tb\nc", "a b c"),
        ("\x9b2Jgone", "gone"),
        ("[bold]markup[/bold] [/usr/bin]", "[bold]markup[/bold] [/usr/bin]"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
    ],
)
def test_escape_sequences_go_with_their_bodies(text: str, shown: str) -> None:
    assert safe_line(text) == shown


@given(st.text())
def test_a_slug_is_an_id_that_is_safe_as_a_file_name(name: str) -> None:
    assert valid_id(slug(name))


def test_ids_are_made_unique_in_order() -> None:
    assert slug("Účet [x] – 2026!") == "ucet-x-2026"
    assert unique("a", {"a", "a-2"}) == "a-3"
    assert unique("b", {"a"}) == "b"
    assert not valid_id("../etc") and not valid_id(".hidden") and not valid_id("") and not valid_id("a/b")


@given(st.integers(0, 4 * 10**12))
def test_times_read_back_to_the_millisecond(milliseconds: int) -> None:
    assert read_time(write_time(milliseconds / 1000)) == pytest.approx(milliseconds / 1000, abs=0.0011)


@pytest.mark.parametrize(
    ("statuses", "result"),
    [
        ([], Status.SUCCESS),
        ([Status.SKIPPED], Status.SUCCESS),
        ([Status.SUCCESS, Status.WARNING], Status.WARNING),
        ([Status.CANCELLED, Status.ERROR, Status.SUCCESS], Status.ERROR),
        ([Status.TERMINATED, Status.CANCELLED], Status.TERMINATED),
    ],
)
def test_the_worst_of_its_tasks_is_the_state_of_a_run(statuses: list[Status], result: Status) -> None:
    assert worst(statuses) is result


def test_a_state_that_is_not_final_has_no_rank() -> None:
    with pytest.raises(ValueError, match="processing"):
        worst([Status.PROCESSING])


def test_every_status_is_shown_by_glyph_word_and_colour() -> None:
    assert set(STYLES) == set(Status)
    for status, style in STYLES.items():
        assert len(style.glyph) == len(style.ascii) == 1 and style.ascii.isascii()
        assert style.word == status.value and style.color


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (1, FailureKind.USER, "exit code 1: no such table"),
        (2, FailureKind.APPLICATION, "exit code 2: no such table"),
        (127, FailureKind.LAUNCH, "exit code 127 (a program that was not found): no such table"),
        (126, FailureKind.LAUNCH, "exit code 126 (a program that is not executable): no such table"),
        (143, FailureKind.SIGNAL, "ended by SIGTERM: no such table"),
        (-9, FailureKind.SIGNAL, "killed by signal 9 (SIGKILL): no such table"),
        (137, FailureKind.SIGNAL, "killed by signal 9 (SIGKILL): no such table"),
        (255, FailureKind.APPLICATION, "exit code 255: no such table"),
    ],
)
def test_an_exit_in_words(code: int, kind: FailureKind, words: str) -> None:
    outcome = outcome_of_exit(code, "no such table")
    assert (outcome.status, outcome.kind, outcome.reason) == (Status.ERROR, kind, words)


@pytest.mark.parametrize(("code", "told"), [(-9, True), (137, True), (-15, False), (139, False), (1, False)])
def test_out_of_memory_is_told_of_a_kill_when_the_kernel_says_so(code: int, told: bool) -> None:
    assert ("out of memory, as the kernel says" in outcome_of_exit(code, oom=True).reason) is told
    assert "memory" not in outcome_of_exit(code).reason


def test_success_warning_and_unknown_ends() -> None:
    assert outcome_of_exit(0).status is Status.SUCCESS
    assert outcome_of_exit(0, warning="2 rows rejected").status is Status.WARNING
    lost = outcome_of_exit(None)
    assert lost.status is Status.ERROR and lost.kind is FailureKind.LOST


def test_a_stop_in_words() -> None:
    late = outcome_of_stop(FailureKind.TIMEOUT, killed=False, seconds=4.0, timeout=1800)
    assert late.reason == "timed out after 30:00; ended by SIGTERM, 4.0 s after the timeout"
    asked = outcome_of_stop(FailureKind.CANCEL, killed=True, seconds=10.0, by="ann@host")
    assert (asked.status, asked.reason) == (
        Status.TERMINATED,
        "cancelled by ann@host; ended by SIGKILL, 10 s after the request",
    )
    stuck = outcome_of_stop(FailureKind.TIMEOUT, killed=True, seconds=30, timeout=1, unkillable=True)
    assert "not even SIGKILL ended it" in stuck.reason
