"""The intervals of a backfill: their borders, and what became of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from orch_tui.engine.runs.start import ActiveRun
from orch_tui.project.project import open_project
from orch_tui.scheduling.backfill import Backfill, Every, IntervalState, TooMany, _begin, intervals
from orch_tui.scheduling.starting import Nothing, Starting

from tests.support.engine_kit import make_commands, run

PRAGUE = ZoneInfo("Europe/Prague")


def days(begin: str, end: str, every: Every = Every.DAY) -> list[tuple[str, str]]:
    found = intervals(datetime.fromisoformat(begin), datetime.fromisoformat(end), every, PRAGUE)
    shown = [tuple(f"{datetime.fromtimestamp(at, PRAGUE):%m-%dT%H%z}" for at in (one.begin, one.end)) for one in found]
    return [(begin, end) for begin, end in shown]


def test_days_are_those_of_the_clock_where_clocks_change() -> None:
    assert days("2026-03-28", "2026-03-31")[0] == ("03-28T00+0100", "03-29T00+0100")
    assert days("2026-03-28", "2026-03-31")[1:] == [
        ("03-29T00+0100", "03-30T00+0200"),
        ("03-30T00+0200", "03-31T00+0200"),
    ]
    # Of a day that is not over nothing is run, and a span without a day has none.
    assert days("2026-03-28", "2026-03-28 23:00") == [] and days("2026-03-28", "2026-03-01") == []
    # In autumn one hour is there twice, in spring one is not.
    assert len(days("2026-10-25", "2026-10-26", Every.HOUR)) == 25
    assert len(days("2026-03-29", "2026-03-30", Every.HOUR)) == 23
    assert days("2025-12-01", "2026-02-01", Every.MONTH)[1] == ("01-01T00+0100", "02-01T00+0100")


@pytest.mark.parametrize("every", list(Every))
def test_the_begin_of_an_interval_follows_from_its_end(every: Every) -> None:
    found = intervals(datetime(2026, 1, 1), datetime(2027, 1, 1), every, PRAGUE)
    assert [_begin(f"backfill.{every.value}", one.end, PRAGUE) for one in found] == [one.begin for one in found]


def test_too_many_are_refused() -> None:
    with pytest.raises(TooMany):
        intervals(datetime(1900, 1, 1), datetime(2030, 1, 1), Every.HOUR, UTC)


def test_each_interval_has_one_run_and_a_repetition_of_a_failed_one_counts(tmp_path: Path) -> None:
    # GIVEN an orchestration that fails for one of three days
    make_commands(tmp_path, {"P": {"t": "echo {{ interval_start }} | grep -v 2026-01-02"}}, 'timezone = "UTC"')
    project = open_project(tmp_path)
    backfill = Backfill(project, "o", Every.DAY)
    starting = Starting(project, lambda: 0.0, lambda seconds: True)
    span = intervals(datetime(2026, 1, 1), datetime(2026, 1, 4), Every.DAY, backfill.zone)
    assert [one.state for one in backfill.look(span)] == [IntervalState.MISSING] * 3
    # WHEN each is started twice
    for one in span:
        active = backfill.start(starting, one.end)
        assert isinstance(active, ActiveRun) and active.wait(30) is not None
        assert isinstance(backfill.start(starting, one.end), Nothing)
    # THEN each had one run, for its own interval
    found = backfill.look(span)
    assert [one.state for one in found] == [IntervalState.DONE, IntervalState.FAILED, IntervalState.DONE]
    # WHEN what failed is repeated with success, THEN that run counts
    command = tmp_path / "configurations" / "command" / "t.toml"
    command.write_text('[parameters]\ncommand = "echo {{ interval_start }}"\n')
    again = run(open_project(tmp_path), rerun=found[1].run)
    assert again.header.variables["interval_start"] == "2026-01-02T00:00:00+00:00"
    assert [one.state for one in backfill.look(span)] == [IntervalState.DONE] * 3
    assert backfill.look(span)[1].run == again.header.id
