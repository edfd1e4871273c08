"""Which failures are tried again, and after how long."""

from __future__ import annotations

import pytest
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.retry import Backoff, Retry, RetryMatch, RetryOn

DAY = 86400.0


@pytest.mark.parametrize(
    ("text", "match", "value"),
    [
        *(("exit: 1", RetryMatch.EXIT, "1"), ("exit:255", RetryMatch.EXIT, "255"), ("exit: 007", RetryMatch.EXIT, "7")),
        *(("contains: a: b", RetryMatch.CONTAINS, "a: b"), (" equals :x ", RetryMatch.EQUALS, "x")),
        *(("timeout", RetryMatch.KIND, "timeout"), ("lost", RetryMatch.KIND, "lost")),
    ],
)
def test_what_can_be_tried_again_is_read_and_written(text: str, match: RetryMatch, value: str) -> None:
    read = RetryOn.parse(text)
    assert (read.match, read.value) == (match, value)
    assert RetryOn.parse(read.text) == read


@pytest.mark.parametrize(
    "text",
    [
        *("exit: 0", "exit: 256", "exit: -1", "exit: ²", "exit: x", "exit:", "exit: 1.5", "contains:", "equals: "),
        *("", ":", "timeout: 1", "cancel", "launch", "contains", "kind: timeout", "Timeout"),
    ],
)
def test_anything_else_is_refused_with_what_can_stand_there(text: str) -> None:
    with pytest.raises(ValueError, match="it can be"):
        RetryOn.parse(text)


@pytest.mark.parametrize(
    ("on", "fits"),
    [
        *(("exit: 3", True), ("exit: 4", False), ("timeout", False), ("user", True)),
        *(("contains: PUMP", True), ("contains: fan", False), ("contains: slow", True)),
        *(("equals: broken pump", True), ("equals: Broken pump", False), ("equals: slow down", True)),
        *(("equals: pump", False),),
    ],
)
def test_a_failure_fits_by_its_code_its_kind_or_its_words(on: str, fits: bool) -> None:
    assert RetryOn.parse(on).fits(FailureKind.USER, 3, " broken pump ", "slow down\n") is fits


def test_no_failure_without_a_code_or_a_kind_fits_by_it() -> None:
    assert not RetryOn.parse("exit: 1").fits(None, None, "", "")
    assert not RetryOn.parse("user").fits(None, 1, "", "")


@pytest.mark.parametrize(("on", "fits"), [("contains: gone", False), ("equals: gone", False), ("lost", True)])
def test_what_is_lost_is_tried_again_only_where_that_is_said(on: str, fits: bool) -> None:
    assert RetryOn.parse(on).fits(FailureKind.LOST, None, "gone", "gone") is fits
    assert Retry(1, on=(RetryOn.parse(on),)).covers(FailureKind.LOST, None, "gone", "gone") is fits


def test_a_rule_without_conditions_covers_all_but_what_cannot_start_and_what_is_lost() -> None:
    covered = {kind for kind in FailureKind if Retry(1).covers(kind, None, "")}
    assert covered == set(FailureKind) - {FailureKind.LAUNCH, FailureKind.LOST}
    assert Retry(1).covers(None, 1, "")


def test_a_rule_with_conditions_covers_any_of_them_and_never_what_cannot_start() -> None:
    either = Retry(1, on=(RetryOn.parse("exit: 3"), RetryOn.parse("contains: pump")))
    assert either.covers(FailureKind.USER, 3, "x") and either.covers(FailureKind.USER, 1, "pump")
    assert not either.covers(FailureKind.USER, 1, "x")
    assert not either.covers(FailureKind.LAUNCH, 3, "pump")


@pytest.mark.parametrize(("attempt", "seconds"), [(2, 10.0), (3, 20.0), (4, 40.0), (5, 80.0), (40, DAY), (5000, DAY)])
def test_a_doubling_wait_doubles_up_to_a_day(attempt: int, seconds: float) -> None:
    assert Retry(9, 10.0, Backoff.DOUBLING).wait_before(attempt) == seconds
    assert Retry(9, 10.0).wait_before(attempt) == 10.0


def test_a_doubling_wait_ends_to_double_after_the_thirtieth_time() -> None:
    # As if by then the wait did not matter any more: a shorter one cannot be written.
    tiny = Retry(99, 1e-6, Backoff.DOUBLING)
    assert tiny.wait_before(32) == pytest.approx(2**30 * 1e-6) == tiny.wait_before(33)
    assert tiny.wait_before(31) == pytest.approx(2**29 * 1e-6)


def test_jitter_makes_a_wait_longer_by_what_its_seed_says() -> None:
    rule = Retry(3, 10.0, jitter=4.0)
    waits = [rule.wait_before(2, f"task {number}") for number in range(200)]
    assert all(10.0 <= wait < 14.0 for wait in waits)
    # THEN they are spread over all of it, the same again for the same seed, and others for another attempt
    assert min(waits) < 10.5 and max(waits) > 13.5
    assert waits == [rule.wait_before(2, f"task {number}") for number in range(200)]
    assert rule.wait_before(3, "task 1") != rule.wait_before(2, "task 1")
    assert rule.wait_before(2) == 10.0


def test_the_longest_wait_is_the_one_before_the_last_attempt() -> None:
    assert Retry(3, 10.0, Backoff.DOUBLING, jitter=4.0).longest_wait == 44.0
    assert Retry(1, 10.0, Backoff.DOUBLING).longest_wait == 10.0
