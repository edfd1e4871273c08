"""Measure us beside others and write the page: ``python -m tests.bench [--rows N] [--times N] [--page FILE] [WORD…]``.

``WORD`` chooses rows by their titles. What is beside us: ``python -m tests.servers.install peers``.
"""

from __future__ import annotations

import argparse
import datetime
import math
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from tests.bench.cases import OURS, Case
from tests.bench.data import data, data_cases
from tests.bench.tasks import task_cases
from tests.bench.timing import Measured, in_turn

_HEAD = """# Measured

Each way of data beside what does the same: whole processes in turn (A B A B), ours from a cold start, publishing
included. Of runs of trivial tasks the seconds are those of the run: the executor's beside `xargs`, the one that is
watched on the screen beside the one that is not. Seconds are the median of {times} (10,000 tasks: of three at the
most), with the least and the most; memory is the largest resident one of all. The ratio is ours to the best of the
others, *at most* what it is to be on a quiet machine. Made by `python -m tests.bench`; what is beside us is installed
by `python -m tests.servers.install peers`.

{when}: {machine}. {rows:,} rows of 8 columns (bigint, text, decimal(12,2), boolean, date, timestamp, double, md5).
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bench")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--page", type=Path, default=Path("docs/measured.md"))
    parser.add_argument("words", nargs="*", metavar="WORD")
    options = parser.parse_args()
    lines = ["| what | by | wall s | CPU s | MB | ratio | at most |", "| --- | --- | --- | --- | --- | --- | --- |"]
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="orch-bench-") as home, data(Path(home), options.rows) as given:
        for case in chain(data_cases(given), task_cases(Path(home) / "tasks")):
            if all(word.lower() in case.title.lower() for word in options.words):
                print(case.title, flush=True)
                try:
                    lines += table(case, in_turn(case.ways, min(case.most, options.times)))
                except Exception:  # noqa: BLE001 - the figures of the others are not to be lost
                    failed.append(case.title)
                    traceback.print_exc()
    head = _HEAD.format(
        times=options.times, when=f"{datetime.date.today():%-d %B %Y}", machine=machine(), rows=options.rows
    )
    options.page.write_text("\n".join([head, *lines, ""]))
    print(options.page.read_text())
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}")


def table(case: Case, measured: dict[str, Measured]) -> Sequence[str]:
    """The rows of one case: ours with its ratios, then the others."""
    others = [one for name, one in measured.items() if name != OURS]
    ratios, most = [], []
    for what, bound in case.bounds.items():
        ratio = measured[OURS].median(what) / min(one.median(what) for one in others)
        ratios.append(f"{what} {ratio:.2f}")
        most.append(f"{what} {bound}")
    rows = []
    for name, one in measured.items():
        first = [case.title, f"**{name}**"] if name == OURS else ["", name]
        memory = max(sample.memory for sample in one.samples)
        figures = [one.spread("wall"), one.spread("cpu"), "–" if math.isnan(memory) else f"{memory:.0f}"]
        last = [", ".join(ratios), ", ".join(most)] if name == OURS else ["", ""]
        rows.append(f"| {' | '.join([*first, *figures, *last])} |")
    return rows


def machine() -> str:
    """Cores, memory, and how busy it was."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[2]
    return f"{os.cpu_count()} cores, {memory:.0f} GB, {load:.1f} processes at work on average of the last 15 minutes"


if __name__ == "__main__":
    main()
