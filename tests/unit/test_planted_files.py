"""Each kind of file below ``.orch/``: what is planted in its place is not read, written through, or waited for."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from orch_tui.cli.shared.errors import complaint
from orch_tui.cli.show.logs import LogTail
from orch_tui.components.kit.checkpoint import Sent
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.contract import TaskConfig, read_task_config
from orch_tui.components.kit.staging.state import SavedState
from orch_tui.components.mailchimp.send import Underway
from orch_tui.components.python.script import last_fault
from orch_tui.engine.attempts.lastlines import last_lines
from orch_tui.engine.attempts.reproduce import read_attempt_config
from orch_tui.engine.attempts.results import read_result
from orch_tui.engine.processes.launcher import AttemptSpec
from orch_tui.engine.processes.local import LocalLauncher, read_exit_file
from orch_tui.engine.requests.requests import CancelRequest, Mailbox
from orch_tui.engine.runs.handover import hand_over
from orch_tui.model.errors import OrchError
from orch_tui.model.orchestration.starts import Schedule
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.runstate import RunHeader
from orch_tui.project.concurrent.file_set import complete_saves
from orch_tui.project.concurrent.locks import Lock, holder_of
from orch_tui.project.files import own_files
from orch_tui.project.history import summarize
from orch_tui.project.journal.file import Journal, JournalReader
from orch_tui.project.looked import read_looked
from orch_tui.project.masking.files import mask_attempt
from orch_tui.project.masking.redactor import Redactor
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.project.project import open_project
from orch_tui.project.saving.drafts import load_draft
from orch_tui.runs.log.index import LogFile
from orch_tui.scheduling.decide import Start
from orch_tui.scheduling.life import last_sign
from orch_tui.scheduling.pauses import read_pauses
from orch_tui.scheduling.processes import Processes
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import Watched
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication, StorageError
from orch_tui.tui.configuration.drafts import FormDrafts

from tests.support.tables import parquet_file, put

PRECIOUS = "precious = 1"
CANCEL = '{"action": "cancel", "by": "me", "now": true, "task": null}'
AT = 1_795_930_200.0
TASK = PlannedTask("t", "c/t", "T", "p", Decision.RUN)
PLAN = RunPlan("o", "O", (PlannedPhase("p", "P", (TASK,), 1),))
HEADER = RunHeader("r", "o", "O", AT, "ann@host")
SECRET = "s3cret-of-the-task"


@dataclass(frozen=True)
class Kind:
    """A file by its path in ``.orch`` and what the program does with it.

    With ``text`` the program goes on as without the file; it is one that it would take for such a file.
    """

    path: str
    use: Callable[[Path, Path], object]
    text: str = ""


def _summary(root: Path, file: Path) -> object:
    raise OSError(1, summarize(file.parent).broken)


def _context(root: Path) -> Context:
    return Context(root / ".orch" / "data", root, "t", component="wr", configuration="c", run="r")


def _state(root: Path, file: Path) -> object:
    config = TaskConfig(root / ".orch" / "data", root, {}, (), (), component="wr", configuration="c")
    state = SavedState(config)
    state.fetch()
    return state.read()


def _task_config(root: Path, file: Path) -> object:
    return read_task_config({"KBC_DATADIR": str(file.parent)})


def _program_state(root: Path, file: Path) -> object:
    return SavedState(TaskConfig(root / ".orch" / "data", root, {}, (), ())).of_program()


def _ledger(root: Path) -> FileLedger:
    return FileLedger(ProjectPaths(root), Watched("o", "s", Schedule("@hourly"), ZoneInfo("UTC")))


def _start(root: Path, file: Path) -> object:
    return LocalLauncher().start(AttemptSpec(("echo", "out"), {}, "/", file.parent))


def _tail(root: Path, file: Path) -> object:
    lines: list[bytes] = []
    out = SimpleNamespace(gone=False, write_bytes=lines.append, line=lines.append)
    LogTail(file, raw=True).copy_new(out)  # type: ignore[arg-type]
    return lines


def _log_on_screen(root: Path, file: Path) -> object:
    log = LogFile(file)
    log.poll()
    raise OSError(1, log.problem)


def _scheduled(root: Path, file: Path) -> object:
    Processes(root, file).start(_ledger(root)._watched, Start(AT))
    return None


def _publish(root: Path, file: Path) -> object:
    return Storage(root / ".orch" / "storage").publish(
        [Publication("b/t", parquet_file(root / "rows.parquet", "select 1 as id"))]
    )


def _table(root: Path, file: Path) -> object:
    return Storage(root / ".orch" / "storage").preview("b/t")


def _requests(root: Path, file: Path) -> object:
    handed: list[object] = []
    Mailbox(file.parent.parent).deliver(handed.append)
    return handed


def _successor(root: Path, file: Path) -> object:
    run: Any = SimpleNamespace(directory=file.parent, id="r")
    return hand_over(run, root)


def _adopted(root: Path, file: Path) -> object:
    return FormDrafts(open_project(root), "sql/c", "me").found()


READ = {
    "journal": Kind("runs/o/r/run.toml", lambda root, file: JournalReader(file).poll()),
    "journal of a summary": Kind("runs/o/r/run.toml", _summary),
    "journal taken over": Kind("runs/o/r/run.toml", lambda root, file: Journal.recover(file)),
    "lock": Kind("locks/a.lock", lambda root, file: Lock.acquire(file, "me")),
    "lock looked at": Kind("locks/a.lock", lambda root, file: holder_of(file), "me"),
    "executor.log": Kind("runs/o/r/executor.log", _successor),
    "result.json": Kind("data/result.json", lambda root, file: read_result(file.parent), '{"metrics": {"a": 1}}'),
    "log": Kind("data/log", _start),
    "last lines": Kind("data/log", lambda root, file: last_lines(file, 5), "the last line\n"),
    "log on the screen": Kind("data/log", _log_on_screen),
    "log printed": Kind("data/log", _tail),
    "log of a script": Kind("data/log", lambda root, file: last_fault(file), 'File "script.py", line 3\nKeyError: 1\n'),
    "exit code": Kind("data/exit", lambda root, file: read_exit_file(file.parent)),
    "config.json": Kind("data/config.json", lambda root, file: read_attempt_config(file.parent)),
    "config.json of a task": Kind("data/config.json", _task_config),
    "draft": Kind("drafts/o.toml", lambda root, file: load_draft(open_project(root), "o")),
    "draft of a form": Kind("edits/sql/c.form.toml", _adopted, "digest = '1'\n"),
    "looked": Kind("looked.toml", lambda root, file: read_looked(ProjectPaths(root)), '[looked]\no = "r1"\n'),
    "pauses": Kind("scheduling/pauses/pauses.json", lambda root, file: read_pauses(ProjectPaths(root))),
    "sign of life": Kind("scheduling/scheduler.json", lambda root, file: last_sign(ProjectPaths(root))),
    "mark": Kind("scheduling/records/o/s/mark.json", lambda root, file: _ledger(root).mark()),
    "record": Kind("scheduling/records/o/s/20261129T101000Z.json", lambda root, file: _ledger(root).records(0)),
    "log of scheduled runs": Kind("scheduling/started.log", _scheduled),
    "lock of a table": Kind("storage/b/t/.lock", _publish),
    "table.toml": Kind("storage/b/t/table.toml", _table),
    "request": Kind("runs/o/r/control/1.json", _requests, CANCEL),
    "save": Kind("saving/1.json", lambda root, file: complete_saves(root)),
    "saved state": Kind("state/wr/c.json", _state),
    "state of a program": Kind("data/out/state.json", _program_state),
    "sent batches": Kind("sent/wr/c.jsonl", lambda root, file: Sent(_context(root), "k")),
    "batches underway": Kind("sent/wr/c.underway.json", lambda root, file: Underway(_context(root), "t")),
}


PLANTS = {
    "link": "it is a symbolic link",
    "pipe": "it is a named pipe",
    "directory": "it is a directory",
    "foreign": "it belongs to",
}


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """What waits for a pipe is ended as a failure of the test."""
    signal.alarm(30)
    yield
    signal.alarm(0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with an empty state."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "orch.toml").write_text("")
    ProjectPaths(root).make_state()
    return root


def _plant(plant: str, path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put something in the place of a file; the file beside it that must stay as it is."""
    make_private(path.parent)
    precious = path.parent / ".precious"
    precious.write_text(text or PRECIOUS)
    path.unlink(missing_ok=True)
    if plant == "link":
        path.symlink_to(precious)
    elif plant == "pipe":
        os.mkfifo(path)
    elif plant == "directory":
        path.mkdir()
    else:
        path.write_text(text or PRECIOUS)
        there, foreign, status = path.stat().st_ino, own_files.current_user() + 1, os.fstat

        def owned(descriptor: int) -> os.stat_result | SimpleNamespace:
            found = status(descriptor)
            values = {name: getattr(found, name) for name in dir(found) if name.startswith("st_")}
            return SimpleNamespace(**{**values, "st_uid": foreign}) if found.st_ino == there else found

        monkeypatch.setattr(os, "fstat", owned)
    return precious


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("kind", READ.values(), ids=READ)
def test_what_is_planted_is_not_taken_for_a_file_of_the_program_s_own(
    root: Path, kind: Kind, plant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN something else in the place of a file, and what the program does without the file
    path = root / ".orch" / kind.path
    make_private(path.parent)
    without = kind.use(root, path) if kind.text else None
    precious = _plant(plant, path, kind.text, monkeypatch)
    # WHEN the program comes to it
    told = ""
    try:
        found = kind.use(root, path)
    except (OSError, OrchError) as error:
        told = complaint(error)[0] if complaint(error) else str(error)  # type: ignore[index]
    # THEN it says what is there, or goes on as if there was nothing
    if kind.text:
        assert told == "" and found == without
    else:
        assert PLANTS[plant] in told and "take " in told
    # THEN nothing was written through it
    assert precious.read_text() == (kind.text or PRECIOUS)


WRITTEN: dict[str, tuple[str, Callable[[Path], object]]] = {
    "journal": ("run.toml.new", lambda run: _create_journal(run)),
    "reserve": ("reserve", lambda run: _create_journal(run)),
}


def _create_journal(run: Path) -> object:
    return Journal.create(run, HEADER, PLAN)


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("name", WRITTEN)
def test_a_new_run_is_not_written_through_what_is_planted(
    root: Path, name: str, plant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, write = WRITTEN[name]
    path = root / ".orch" / "runs" / "o" / "r" / file
    precious = _plant(plant, path, "", monkeypatch)
    with pytest.raises(OSError, match=PLANTS[plant]):
        write(path.parent)
    assert precious.read_text() == PRECIOUS and not (path.parent / "run.toml").exists()


@pytest.mark.parametrize("plant", ["link", "pipe", "directory"])
def test_a_table_s_file_is_looked_at_before_it_is_handed_to_the_database(
    root: Path, plant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a table whose file was replaced by something else, which the database would follow or wait for
    storage = Storage(root / ".orch" / "storage")
    put(storage, "b/t", "select 1 as id")
    info = storage.get("b/t")
    assert info is not None
    _plant(plant, info.file, "", monkeypatch)
    # WHEN it is read, staged or written to THEN it is said, and told in the list
    for use in (
        lambda: storage.preview("b/t"),
        lambda: storage.stage("b/t", root / "in.parquet"),
        lambda: put(storage, "b/t", "select 2 as id"),
    ):
        with pytest.raises(StorageError, match=PLANTS[plant]):
            use()
    (listed,) = storage.tables()
    assert listed.problem is not None and PLANTS[plant] in listed.problem.message


@pytest.mark.parametrize("plant", ["link", "pipe"])
@pytest.mark.parametrize("file", ["result.json", "progress.json", "out/state.json"])
def test_masking_does_not_follow_what_a_task_left(
    root: Path, file: str, plant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a task that left a link to a file with a secret, or a pipe, where it tells of itself
    directory = root / ".orch" / "data"
    precious = _plant(plant, directory / file, SECRET, monkeypatch)
    # WHEN the secrets in what it left are masked
    mask_attempt(directory, Redactor([SECRET]))
    # THEN the link is gone and what it led to is as it was
    assert precious.read_text() == SECRET and not (directory / file).is_symlink()


@pytest.mark.parametrize("plant", PLANTS)
def test_what_stands_in_the_place_of_gitignore_is_left_alone(
    root: Path, plant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    precious = _plant(plant, root / ".orch" / ".gitignore", "", monkeypatch)
    ProjectPaths(root).make_state()
    assert precious.read_text() == PRECIOUS


def test_a_directory_among_the_requests_does_not_keep_the_others_from_being_taken(root: Path) -> None:
    # GIVEN a directory where a request is looked for, and a request behind it
    control = root / ".orch" / "runs" / "o" / "r" / "control"
    (control / "1.json").mkdir(parents=True)
    (control / "2.json").write_text(CANCEL)
    # WHEN the executor looks twice THEN the request is taken once
    mailbox, handed = Mailbox(control.parent), list[object]()
    mailbox.deliver(handed.append)
    mailbox.deliver(handed.append)
    assert handed == [CancelRequest("me", True, None)]
