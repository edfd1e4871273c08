"""What each test costs: ``pytest -p tests.support.costs --costs FILE`` adds a line of JSON for each.

Processor seconds of this process and of what it waited for (``cpu``), and seconds by the clock (``wall``); ``what`` is
the test's id, or ``collection``. What a test starts is counted when it is waited for: with the test where the test ends
it, with the last test of a module where a fixture of the module does. A sum by folder:
``python -m tests.support.costs FILE [depth]``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple

import pytest


class Spent(NamedTuple):
    """Seconds since some point."""

    cpu: float
    wall: float


def _now() -> Spent:
    times = os.times()
    return Spent(times.user + times.system + times.children_user + times.children_system, time.monotonic())


class Costs:
    """Writes what was spent between two calls."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._collecting = _now()

    def _add(self, what: str, since: Spent) -> None:
        spent = _now()
        line = {"what": what, "cpu": round(spent.cpu - since.cpu, 3), "wall": round(spent.wall - since.wall, 3)}
        with self._file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")

    def pytest_collection_finish(self) -> None:
        self._add("collection", self._collecting)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        began = _now()
        result = yield
        self._add(item.nodeid, began)
        return result


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--costs", type=Path, help="a file that gets a line of JSON for each test")


def pytest_configure(config: pytest.Config) -> None:
    file = config.getoption("costs")
    if file is not None:
        config.pluginmanager.register(Costs(file.absolute()))


def by_folder(lines: list[str], depth: int) -> dict[str, Spent]:
    """Sums of tests whose paths begin alike, by the first ``depth`` parts; the dearest first."""
    sums: dict[str, Spent] = {}
    for line in lines:
        cost = json.loads(line)
        place = "/".join(cost["what"].partition("::")[0].split("/")[:depth])
        so_far = sums.get(place, Spent(0, 0))
        sums[place] = Spent(so_far.cpu + cost["cpu"], so_far.wall + cost["wall"])
    return dict(sorted(sums.items(), key=lambda item: -item[1].cpu))


if __name__ == "__main__":
    file, depth = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2
    for place, spent in by_folder(file.read_text(encoding="utf-8").splitlines(), depth).items():
        print(f"{spent.cpu:9.1f} s of processor {spent.wall:9.1f} s by the clock  {place}")
