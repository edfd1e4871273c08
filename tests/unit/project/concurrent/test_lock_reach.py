"""Whether locks on a file system reach other machines, by how it is mounted."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.project.concurrent.lock_reach import why_locks_stay_here

ROOT = "21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw"


def mounted(kind: str, options: str, place: str = "/work/p") -> str:
    """The list of mounts of a machine with a network file system."""
    return f"{ROOT}\n40 21 0:50 / {place} rw,relatime shared:2 - {kind} server:/export {options}\n"


@pytest.mark.parametrize(
    ("kind", "options", "why"),
    [
        ("nfs4", "rw,vers=4.2,hard,local_lock=none", None),
        ("nfs4", "rw,vers=4.2,local_lock=all", "nfs4 with local_lock=all"),
        ("nfs", "rw,vers=3,nolock,local_lock=flock", "nfs with local_lock=flock and nolock"),
        ("nfs", "rw,vers=3,local_lock=posix", None),
        ("lustre", "rw,flock", None),
        ("lustre", "rw,localflock", "lustre with localflock"),
        ("cifs", "rw,nobrl", "cifs with nobrl"),
        ("fuse.glusterfs", "rw,user_id=0", None),
        # Nobody else has it.
        ("ext4", "rw", None),
    ],
)
def test_it_is_told_by_its_kind_and_options(kind: str, options: str, why: str | None) -> None:
    assert why_locks_stay_here(Path("/work/p/.orch/runs"), mounted(kind, options)) == why


def test_the_mount_is_that_of_the_path() -> None:
    # GIVEN a project in a folder whose name begins as that of a mount, and one in a place with a blank
    mounts = mounted("nfs", "rw,nolock") + mounted("nfs", "rw,nolock", "/work/my\\040files")
    assert why_locks_stay_here(Path("/work/project"), mounts) is None
    assert why_locks_stay_here(Path("/work/my files/p"), mounts) == "nfs with nolock"
    # AND what is mounted over it counts
    over = mounts + "41 40 0:51 / /work/p rw - tmpfs tmpfs rw\n"
    assert why_locks_stay_here(Path("/work/p/a"), over) is None
    # AND a list that is no such one tells nothing
    assert why_locks_stay_here(Path("/work/p"), "nonsense\n\n") is None


def test_on_this_machine_it_can_be_asked(tmp_path: Path) -> None:
    assert why_locks_stay_here(tmp_path) is None
