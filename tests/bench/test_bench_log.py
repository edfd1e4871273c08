"""Logs in a real terminal: 1 GB, a flood, nothing at all. ``pytest -m bench -s tests/bench/test_bench_log.py``."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from orch_tui.tui.log.state import LogState

from tests.pty.harness import PtyApp

pytestmark = pytest.mark.bench
GIGABYTE = 10**9
LINE = "2026-11-22 14:02:13.{0:06} INFO  loader wrote row {0:09} into out.c-main.campaigns, all is well so far"

_VIEWER = """
import sys
from pathlib import Path
from orch_tui.project.project import open_project
from orch_tui.tui.app import OrchApp
from orch_tui.tui.log.viewer import LogViewerScreen

class Viewer(OrchApp):
    def on_mount(self):
        super().on_mount()
        self.push_screen(LogViewerScreen([("attempt 1", Path(sys.argv[2]))], title="Flood"))

app = Viewer(open_project(Path(sys.argv[1]), tolerant=True))
app.run()
"""
_FLOOD = """
import sys, time
rate, seconds, line = int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
with open(sys.argv[1], "a") as out:
    begun, number = time.monotonic(), 0
    while (now := time.monotonic() - begun) < seconds:
        for number in range(number, int(now * rate)):
            out.write(line.format(number) + "\\n")
        out.flush()
        time.sleep(0.02)
"""
_MILLIONS = """
import sys, time
block, seconds, written = (sys.argv[3].encode() + b"\\n") * 1000, float(sys.argv[2]), 0
with open(sys.argv[1], "ab", buffering=0) as out:
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        out.write(block)
        written += 1000
print(int(written / seconds))
"""


def viewer(directory: Path, log: Path) -> list[str]:
    (directory / "project").mkdir(exist_ok=True)
    (directory / "project" / "orch.toml").write_text('name = "Logs"\n')
    return [sys.executable, "-c", _VIEWER, str(directory / "project"), str(log)]


def memory(app: PtyApp) -> float:
    """Resident MiB."""
    return int(Path(f"/proc/{app.pid}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


def status(app: PtyApp) -> str:
    """The line below the log."""
    return app.text().splitlines()[-2].strip()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.log"
    path.write_text("".join(LINE.format(number) + "\n" for number in range(1000)))
    return path


@pytest.fixture
def big(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "big.log"
    block = "".join(LINE.format(number) + "\n" for number in range(10_000)).encode()
    with path.open("wb") as file:
        while file.tell() < GIGABYTE:
            file.write(block)
        file.write(b"the last line of all\n")
    yield path
    path.unlink()


def test_a_gigabyte(tmp_path: Path, small: Path, big: Path) -> None:
    # GIVEN a log of 1 GB
    begun = time.perf_counter()
    state = LogState(lambda offset, around: None)
    state.open(big)
    state.view.resize(120, 37)
    assert state.view.rows()[-1].line.text == "the last line of all"
    print(f"\n1 GB, its last page:              {(time.perf_counter() - begun) * 1000:8.1f} ms (budget 1,000)")
    moves: tuple[tuple[str, Callable[[], object]], ...] = (
        ("middle", lambda: state.view.to_fraction(0.5)),
        ("start", state.view.to_start),
    )
    for name, move in moves:
        begun = time.perf_counter()
        move()
        state.view.rows()
        print(f"1 GB, a jump to its {name + ':':14}{(time.perf_counter() - begun) * 1000:8.1f} ms")
    state.close()
    # WHEN it is opened in a terminal THEN it is as fast and nearly as small as with a small one
    found = {}
    for path in (small, big):
        with PtyApp(viewer(tmp_path, path)) as app:
            begun = time.perf_counter()
            app.wait_for("following")
            seconds = time.perf_counter() - begun
            app.wait_for("lines ·")
            counted = time.perf_counter() - begun
            app.settle()
            found[path] = memory(app)
            print(
                f"{path.name:10} start to first page    {seconds * 1000:8.0f} ms, lines counted {counted * 1000:.0f} ms"
            )
            app.send("/row 000000999\r")
            begun = time.perf_counter()
            app.wait_until(lambda: " of " in (says := status(app)) and "searched" not in says, "a count")
            print(
                f"{path.name:10} all matches counted    {(time.perf_counter() - begun) * 1000:8.0f} ms: {status(app)}"
            )
            app.send("\x1b")
            app.wait_until(lambda: "/row" not in status(app), "the search to end")
            app.send("e")
            begun = time.perf_counter()
            app.wait_for("nothing found")
            print(f"{path.name:10} no error in all of it  {(time.perf_counter() - begun) * 1000:8.0f} ms")
            app.settle()
            print(f"{path.name:10} memory {found[path]:6.1f} MiB, after a search {memory(app):6.1f} MiB")
    print(f"memory added by 1 GB:             {found[big] - found[small]:8.1f} MiB (budget 30)")
    assert found[big] - found[small] <= 30


def test_a_flood_and_then_nothing(tmp_path: Path, small: Path) -> None:
    with PtyApp(viewer(tmp_path, small)) as app:
        app.wait_for("following")
        app.settle(1)
        # GIVEN a task that prints 2,000 lines a second
        flood = subprocess.Popen([sys.executable, "-c", _FLOOD, str(small), "2000", "14", LINE])
        app.pump(3)
        before, cpu, begun = len(app.log), app.cpu(), time.monotonic()
        app.pump(10)
        seconds = time.monotonic() - begun
        rate, load = (len(app.log) - before) / seconds, 100 * (app.cpu() - cpu) / seconds
        print(f"\nflood of 2,000 lines/s:           {rate:8.0f} bytes/s (budget 3,072)")
        print(f"                                  {load:8.1f} % CPU (budget 3), {memory(app):.1f} MiB")
        flood.wait()
        app.settle(2)
        # WHEN nothing is printed THEN nothing is painted
        before, cpu = len(app.log), app.cpu()
        app.pump(5)
        spent, load = len(app.log) - before, 20 * (app.cpu() - cpu)
        print(f"idle:                             {spent:8} bytes in 5 s, {load:.1f} % CPU")
        assert len(app.log) == before
        assert rate <= 3072


def test_a_task_that_prints_a_million_lines_a_second(tmp_path: Path, small: Path) -> None:
    def lines_a_second(wait: Callable[[float], object]) -> int:
        argv = [sys.executable, "-c", _MILLIONS, str(small), "4", LINE.format(1)[:40]]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        while process.poll() is None:
            wait(0.2)
        return int(process.communicate()[0])

    # GIVEN how fast it prints when nobody looks
    alone = lines_a_second(time.sleep)
    small.write_text("anew\n")
    with PtyApp(viewer(tmp_path, small)) as app:
        app.wait_for("following")
        app.settle(1)
        before, cpu = len(app.log), app.cpu()
        watched = lines_a_second(app.pump)
        spent, load = len(app.log) - before, 25 * (app.cpu() - cpu)
        print(f"\nlines a second, not watched:      {alone:12,}\nlines a second, watched:          {watched:12,}")
        print(f"to the terminal                   {spent / 4:8.0f} bytes/s, {load:.1f} % CPU, {memory(app):.1f} MiB")
        begun = time.perf_counter()
        app.send("g")
        app.wait_for("held")
        print(f"a key is answered in              {(time.perf_counter() - begun) * 1000:8.0f} ms")
    small.unlink()
