"""What it costs a run to be watched on the screen of the process that executes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.tasks import headless, phases_of, watched

pytestmark = pytest.mark.bench


@pytest.mark.parametrize("command", ["/bin/true", "sleep 0.05"])
def test_a_thousand_tasks_watched_live(tmp_path: Path, command: str) -> None:
    first = headless(phases_of(tmp_path / "a", command)).wall
    sample, sent = watched(phases_of(tmp_path / "b", command))
    second = headless(phases_of(tmp_path / "c", command)).wall
    ratio = sample.wall / ((first + second) / 2)
    print(f"\n1,000 tasks '{command}' in 10 phases: watched {sample.wall:.2f} s, headless {first:.2f}, {second:.2f} s,")
    print(f"  ratio {ratio:.2f} (budget 1.15), {sent / sample.wall / 1024:.1f} KB/s to the terminal")
