"""What memory the Adform extractor takes for 100,000 and for 1,000,000 rows. ``pytest -m bench -s tests/bench``."""

from __future__ import annotations

import datetime
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sample_configs.stand_ins.adform import Adform, Settings, serve
from sample_configs.stand_ins.adform_data import report

from tests.integration.attempts import attempt
from tests.unit.components.adform.test_extractor import given

pytestmark = pytest.mark.bench
DAYS = 30


@pytest.fixture
def adform() -> Iterator[Adform]:
    with serve(settings=Settings(per_minute=1000, per_second=1000, polls=1)) as server:
        yield server


def peak(tmp_path: Path, adform: Adform, rows: int, days: int) -> tuple[float, int]:
    """Megabytes of the child process at its largest, and how many rows it stored."""
    more = {"dimensions": ["date", "lineItemID", "campaign"], "metrics": ["impressions", "clicks", "cost"]}
    parameters = given(adform, **more, days=DAYS, days_per_report=days, rows_per_report=200_000, per_minute=1000)
    output = [{"source": "t", "destination": "ads/t"}]
    run = attempt(tmp_path / str(rows), parameters, outputs=output)
    process = subprocess.Popen(
        [sys.executable, "-m", "orch_tui.components.adform.extractor"],
        cwd=run.project,
        env=run.env,
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_maxrss / 1024, run.result["tables"][0]["rows"]


def test_memory_does_not_grow_with_the_rows(tmp_path: Path, adform: Adform) -> None:
    today = datetime.datetime.now(datetime.UTC).date()
    day = datetime.timedelta(days=1)
    running = sum(1 for _ in report(today, today - DAYS * day, today - day, ["date", "campaignID"], ["clicks"]))
    found = {}
    # Reports of the same size in both, one of them or ten.
    for rows, days in ((100_000, DAYS), (1_000_000, DAYS // 10)):
        adform.settings.line_items = math.ceil(rows / running)
        found[rows] = peak(tmp_path, adform, rows, days)
        print(f"\n{found[rows][1]:>9} rows: {found[rows][0]:.0f} MB at most")
    assert found[1_000_000][1] >= 1_000_000
    ratio = found[1_000_000][0] / found[100_000][0]
    print(f"ratio {ratio:.2f}")
    assert ratio < 1.6
