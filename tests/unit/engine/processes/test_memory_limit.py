"""Where groups for limits of memory are made, in trees of files that look as the kernel's."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest
from orch_tui.engine.processes import memory_limit
from orch_tui.engine.processes.memory_limit import NO_GROUP, MemoryGroups, memory_end, shim_words, sweep
from orch_tui.engine.processes.process import Stat, own_identity
from orch_tui.model.memory import MemoryEnd, says_refused
from orch_tui.project.attempt_dir import memory_file

LIMIT = 64 << 20
V1 = "4:memory,hugetlb:/box/7\n0::/\n"


def _groups(root: Path, cgroup: str, files: dict[str, str]) -> MemoryGroups:
    (root / "proc" / "self").mkdir(parents=True)
    (root / "proc" / "self" / "cgroup").write_text(cgroup)
    for name, text in files.items():
        path = root / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return MemoryGroups(str(root / "proc"), str(root / "cgroup"))


def _delegated(*groups: str, memory_max: str = "max") -> dict[str, str]:
    """Groups of version 2, of which each may limit those below."""
    files: dict[str, str] = {}
    for group in groups:
        files |= {
            f"{group}cgroup.procs": "",
            f"{group}cgroup.controllers": "cpu memory\n",
            f"{group}cgroup.subtree_control": "memory\n",
            f"{group}memory.max": f"{memory_max}\n",
        }
    return files


@pytest.mark.parametrize(
    ("cgroup", "files", "place", "name"),
    [
        (V1, {"memory/box/7/cgroup.procs": ""}, "memory/box/7", "memory.limit_in_bytes"),
        (V1, {"memory/cgroup.procs": ""}, "memory", "memory.limit_in_bytes"),
        ("0::/user/app\n", _delegated("", "user/", "user/app/"), "user/app", "memory.max"),
        ("0::/outside\n", _delegated(""), "", "memory.max"),
    ],
    ids=["1", "1, another root", "2, delegated", "2, another root"],
)
def test_a_group_is_made_below_that_of_this_process(
    tmp_path: Path, cgroup: str, files: dict[str, str], place: str, name: str
) -> None:
    group = _groups(tmp_path, cgroup, files).make(LIMIT)
    assert group is not None and group.parent == tmp_path / "cgroup" / place
    assert (group / name).read_text() == str(LIMIT)


def test_where_a_group_with_processes_may_limit_none_below_it_is_made_beside_it(tmp_path: Path) -> None:
    # GIVEN a group that has no limits below it, and does not take that they be wanted
    files = _delegated("", "user/", "user/app/") | {"user/app/cgroup.controllers": "cpu\n"}
    files["user/app/cgroup.subtree_control"] = "\n"
    group = _groups(tmp_path, "0::/user/app\n", files).make(LIMIT)
    assert group is not None and group.parent == tmp_path / "cgroup" / "user"


@pytest.mark.parametrize(
    ("cgroup", "files"),
    [
        # What holds for this process must hold for its tasks.
        (
            "0::/user/app\n",
            _delegated("", "user/")
            | _delegated("user/app/", memory_max="1000000000")
            | {"user/app/cgroup.controllers": "cpu\n", "user/app/cgroup.subtree_control": "\n"},
        ),
        ("0::/\n", {"cgroup.procs": "", "cgroup.controllers": "hugetlb\n", "cgroup.subtree_control": "\n"}),
        ("1:cpu:/\n", {}),
        ("nonsense", {}),
    ],
    ids=["a limit of its own", "no memory", "no group", "nonsense"],
)
def test_none_is_made_where_that_would_free_a_task_or_none_can_be(
    tmp_path: Path, cgroup: str, files: dict[str, str]
) -> None:
    assert _groups(tmp_path, cgroup, files).make(LIMIT) is None


def test_empty_groups_of_makers_that_are_gone_are_taken_away(tmp_path: Path) -> None:
    me = own_identity()
    mine, gone, full, others = (
        tmp_path / name
        for name in (f"orch-tui-{me.pid}-{me.start}-1", f"orch-tui-{me.pid}-1-1", f"orch-tui-{me.pid}-2-1", "orch-tui")
    )
    for group in (mine, gone, full, others):
        group.mkdir()
    (full / "task").touch()
    sweep(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted(group.name for group in (mine, full, others))
    sweep(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("noted", "end"),
    [
        (None, None),
        ("rlimit\n", MemoryEnd.REFUSING),
        ("", MemoryEnd.REFUSING),
        ("group {0}\noom 2\noom_kill 1\n", MemoryEnd.EXCEEDED),
        ("group {0}\noom 0\noom_kill 1\n", MemoryEnd.SHORT),
        ("group {0}\noom 3\noom_kill 0\n", MemoryEnd.KEPT),
        ("group {0}\n", MemoryEnd.KEPT),
        (f"group {{0}}\noom_kill 1\npeak {LIMIT}\n", MemoryEnd.EXCEEDED),
        ("group {0}\noom_kill 1\npeak 4096\n", MemoryEnd.SHORT),
        ("group /etc\noom 2\noom_kill 1\n", MemoryEnd.KEPT),
    ],
)
def test_what_the_kernel_counted_is_found_where_the_shim_noted_it(
    tmp_path: Path, noted: str | None, end: MemoryEnd | None
) -> None:
    if noted is not None:
        memory_file(tmp_path).write_text(noted.format(tmp_path / "orch-tui-1-1-1"))
    assert asyncio.run(memory_end(tmp_path, LIMIT)) is end


def test_what_the_kernel_counts_still_counts_more_than_what_was_noted(tmp_path: Path) -> None:
    # GIVEN a group of which the shim was killed as well
    group = tmp_path / "orch-tui-1-1-1"
    group.mkdir()
    (group / "memory.events").write_text("low 0\nmax 7\noom 2\noom_kill 1\noom_group_kill 0\n")
    memory_file(tmp_path).write_text(f"group {group}\n")
    assert asyncio.run(memory_end(tmp_path, LIMIT)) is MemoryEnd.EXCEEDED


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("MemoryError", True),
        ("terminate called after throwing an instance of 'std::bad_alloc'", True),
        ("fork: Cannot allocate memory", True),
        ("java.lang.OutOfMemoryError: Java heap space", True),
        ("Out of Memory Error: failed to allocate", True),
        ("it was in memory of something", False),
        ("Killed", False),
    ],
)
def test_words_of_programs_that_were_refused_memory_are_known(words: str, told: bool) -> None:
    assert says_refused(["it began", words, "at line 3"]) is told


def test_a_maker_that_cannot_be_looked_at_keeps_no_other_group_from_being_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN another file, and groups of three makers, of which the system tells nothing of the second
    names = ["memory.max", *(f"orch-tui-{pid}-1-1" for pid in (7, 8, 9))]
    for name in names:
        (tmp_path / name).mkdir()
    monkeypatch.setattr(os, "listdir", lambda place: names)

    def read_stat(pid: int) -> Stat | None:
        if pid == 8:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return None

    monkeypatch.setattr(memory_limit, "read_stat", read_stat)
    # WHEN what is left is taken away THEN that one and what is no group of ours stay, and all others go
    sweep(tmp_path)
    assert [name for name in names if (tmp_path / name).exists()] == [names[0], names[2]]


def test_a_limit_below_one_kib_is_a_limit_still(tmp_path: Path) -> None:
    # GIVEN a limit that the shell, which counts in KiB, cannot say
    # THEN it is told the least that it can: nothing at all would let no program begin
    assert [shim_words(tmp_path, None, limit)[1:] for limit in (100, 1024, 4 << 20)] == [
        [NO_GROUP, kib] for kib in ("1", "1", "4096")
    ]
