"""The kernel's own count of kills for want of memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from orch_tui.engine.processes.oom import OomCounter
from orch_tui.project.journal.file import read_run

from tests.support.engine_kit import make_commands
from tests.support.projects import argv, environment, latest_run

HOG = "import os\nblocks = []\nwhile True: blocks.append(bytearray(os.urandom(4096) * 1024))"


def _system(root: Path, cgroup: str, files: dict[str, str]) -> OomCounter:
    (root / "proc" / "self").mkdir(parents=True)
    (root / "proc" / "self" / "cgroup").write_text(cgroup)
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return OomCounter(str(root / "proc"), str(root / "cgroup"))


V1 = "4:memory,hugetlb:/box/7\n1:cpu:/\n0::/\n"


@pytest.mark.parametrize(
    ("cgroup", "files", "count"),
    [
        ("0::/user.slice/a\n", {"cgroup/user.slice/a/memory.events": "low 0\noom 4\noom_kill 3\n"}, 3),
        ("0::/outside/only\n", {"cgroup/memory.events": "oom 9\noom_kill 5\noom_group_kill 1\n"}, 5),
        (V1, {"cgroup/memory/box/7/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"}, 2),
        (
            V1,
            {"cgroup/memory/memory.oom_control": "oom_kill_disable 1\noom_kill 6\n", "proc/vmstat": "oom_kill 9\n"},
            6,
        ),
        ("0::/a\n", {"cgroup/a/memory.events": "low 0\n", "proc/vmstat": "pgfault 1\noom_kill 8\npgmajfault 2\n"}, 8),
        ("", {"proc/vmstat": "oom_kill 1\n"}, 1),
        ("nonsense\n\n7:memory\n", {}, None),
    ],
)
def test_the_count_is_found_where_this_machine_has_it(
    tmp_path: Path, cgroup: str, files: dict[str, str], count: int | None
) -> None:
    assert _system(tmp_path, cgroup, files).read() == count


@pytest.fixture
def small_memory() -> Iterator[Path]:
    """A control group with 200 MiB; needs the right to make one."""
    for base, limit in (
        (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
        (Path("/sys/fs/cgroup"), "memory.max"),
    ):
        group = base / f"orch-tui-test-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / limit).write_text(str(200 << 20))
        except OSError:
            group.rmdir()
            continue
        yield group
        group.rmdir()
        return
    pytest.skip("making a control group needs privileges that are not given here")


@pytest.mark.parametrize(("command", "told"), [("exec python", True), ("kill -9 $$", False)])
def test_a_task_is_told_to_be_out_of_memory_only_when_it_was(
    tmp_path: Path, small_memory: Path, command: str, told: bool
) -> None:
    # GIVEN a task that takes more memory than there is, or is killed by anybody
    command = command.replace("python", f"{sys.executable} hog.py")
    (tmp_path / "hog.py").write_text(HOG)
    make_commands(tmp_path, {"P": {"t": command}})
    # WHEN it runs where memory is short
    enter = f'echo $$ > {small_memory}/cgroup.procs; exec "$@"'
    done = subprocess.run(
        ["/bin/sh", "-c", enter, "sh", *argv("run", "o")],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=False,
    )
    # THEN
    assert done.returncode == 1, done.stderr
    reason = read_run(latest_run(tmp_path, "o")).tasks["t"].reason
    assert reason.startswith(f"killed by signal 9 ({signal.Signals.SIGKILL.name})")
    assert ("out of memory, as the kernel says" in reason) is told
