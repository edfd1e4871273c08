"""What masking secrets costs beside a program that floods its log: ``pytest -m bench -s tests/bench -k masking``."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from orch_tui.components.kit.processes.subprocess import PIPE
from orch_tui.project.masking.redactor import Redactor
from orch_tui.project.masking.stream import StreamRedactor

pytestmark = pytest.mark.bench

SIZE = 100 << 20
LINES = {
    "plain": "2026-11-29 10:00:%02d INFO row %d loaded from table orders in %d ms",
    "json": '{"ts": "10:00:%02d", "level": "info", "row": %d, "msg": "loaded \\"orders\\" in %d ms"}',
    "colours": "\x1b[32m10:00:%02d\x1b[0m INFO row %d loaded from table orders in %d ms",
    "escapes": "10:00:%02d GET /items?page=%d&q=a%%20b%%2Fc&x=1 C:\\temp\\new &amp; more in %d ms",
}
PROGRAM = """
import sys
line, size, written, number = sys.argv[1] + "\\n", int(sys.argv[2]), 0, 0
while written < size:
    number += 1
    written += sys.stdout.write(line % (number % 60, number, number % 97))
"""


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("kind", LINES)
def test_a_flood_with_secrets(tmp_path: Path, kind: str) -> None:
    # GIVEN the flood of a program that makes its lines one by one
    log, before = tmp_path / "log", _of_children()
    with log.open("wb") as out:
        subprocess.run([sys.executable, "-c", PROGRAM, LINES[kind], str(SIZE)], stdout=out, check=True)
    program = _of_children() - before
    # WHEN it goes through the filter in pieces as they come from a pipe
    stream, size, filtering = StreamRedactor(Redactor(["hunter2-very-secret", "another-one-of-mine"])), 0, 0.0
    with log.open("rb", buffering=0) as file:
        while data := file.read(PIPE):
            began = time.process_time()
            size += len(stream.feed(data))
            filtering += time.process_time() - began
    size += len(stream.finish())
    # THEN nothing is lost, and a task takes so much more of the processors
    assert size == log.stat().st_size
    ratio = 1 + filtering / program
    print(f"\nmasking {kind} lines: {size / 1e6 / filtering:.0f} MB/s, {ratio:.2f} times the program alone")
