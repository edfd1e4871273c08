"""What a probe finds on nodes that are not fit, and what it says of each."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from orch_tui.engine.backends.local import LocalBackend, LocalJob
from orch_tui.engine.processes.launcher import AttemptSpec
from orch_tui.engine.processes.local import LocalLauncher
from orch_tui.engine.trials import probe as probing
from orch_tui.engine.trials.probe import _probe, probe
from orch_tui.model.errors import OrchError
from orch_tui.project.attempt_dir import make_attempt

from tests.support.engine_kit import make_commands
from tests.support.projects import environment

_ROOM = "shutil.disk_usage = lambda _: types.SimpleNamespace(free={free})"
_PROGRAM = """
import fcntl, os, shutil, sys, time, types
from orch_tui.engine.supervisor import probe
sys.argv[1:] = [{directory!r}]
{room}
{odd}
sys.exit(probe.main())
"""


class OddNode(LocalBackend):
    """A node that answers as any, but for what is done to it before: ``odd`` is code of Python."""

    def __init__(self, odd: str) -> None:
        super().__init__(LocalLauncher())
        self._odd = odd

    async def start(self, spec: AttemptSpec, name: str, inherit: tuple[int, ...] = ()) -> LocalJob:
        program = _PROGRAM.format(directory=str(spec.directory), room=_ROOM.format(free=2**40), odd=self._odd)
        there = {**environment(), **spec.environment}
        return await super().start(
            replace(spec, argv=(sys.executable, "-c", program), environment=there), name, inherit
        )


NODES: dict[str, tuple[str, str]] = {
    "fit": ("", ""),
    "locks of its own": ("fcntl.flock = lambda *_: None", "locks do not cross to the nodes of c"),
    "locks not seen there": ("probe.is_locked = lambda _: False", "locks do not cross to the nodes of c"),
    "no exclusive files": ("probe.create_own = lambda *_: None", "a task could run twice"),
    "clock ahead": ("real = time.time; time.time = lambda: real() + 3600", "is 1:00:00 off"),
    "clock behind": ("real = time.time; time.time = lambda: real() - 60", "is 1:00 off"),
    "disk full": (_ROOM.format(free=1000), "has 1000 B free in "),
    "no TMPDIR": ("os.environ['TMPDIR'] = '/no/such'", "can write nothing into /no/such: No such file or directory"),
    "no answer": ("sys.exit(3)", "a job on the backend c did not answer: it ended with exit code 3"),
}


@pytest.mark.parametrize("name", NODES)
async def test_each_lack_is_found_and_said_with_its_remedy(name: str, tmp_path: Path) -> None:
    # GIVEN a node that lacks one thing
    odd, said = NODES[name]
    directory = tmp_path / "tasks" / "probe" / "1"
    make_attempt(directory, {}, data_folder=False)
    # WHEN it is looked at
    found = await _probe(OddNode(odd), "c", directory)
    # THEN that is said, with what to do, and nothing else
    assert [said in problem.message for problem in found.problems] == [True] * bool(said), found
    assert all(problem.remedy for problem in found.problems)
    assert found.words.startswith("c: ")
    # AND the node that answered has a name
    assert name == "no answer" or found.words.startswith(f"c: {os.uname().nodename}, ")


def test_a_backend_is_probed_from_a_place_of_its_own_that_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a project with a backend
    settings = '[backends.c]\nkind = "slurm"\n'
    project = make_commands(tmp_path, {}, settings)
    monkeypatch.setattr(probing, "Backends", lambda settings: SimpleNamespace(of_task=lambda task: OddNode("")))
    # WHEN it is probed THEN its node answers, and nothing is left in the project
    found = probe(project, "c")
    assert found.problems == () and found.words.startswith("c: ")
    assert list((tmp_path / ".orch" / "tmp").iterdir()) == []
    # AND one that is not there is told with those that are
    with pytest.raises(OrchError, match=r'there is no backend "d" in orch\.toml; it has: c'):
        probe(project, "d")
