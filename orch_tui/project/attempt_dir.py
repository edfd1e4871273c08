"""The directory of an attempt: where it is, what its files are called, and how it is made. Nothing else knows.

It is the data folder of Keboola's common interface as well (``KBC_DATADIR``), see docs/components.md; the functions
that name files of that interface take the folder of any program that is given one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from orch_tui.project.files.own_files import create_own
from orch_tui.project.paths import make_private

_ROWS = "rows"
_PARTS = "@"
"""Behind the id of an array in the names of its parts' directories."""
_DATA_FOLDER = ("in", "in/tables", "in/files", "out", "out/tables", "out/files")
DATA_SUBFOLDERS = tuple(folder for folder in _DATA_FOLDER if "/" in folder)
"""The folders of a data folder, relative to it; their parents are made with them."""


def attempt_directory(run_directory: Path, task: str, number: int) -> Path:
    """Where attempt ``number`` (from 1) of a task is, below the directory of its run."""
    return Path(f"{run_directory}/tasks/{task}/{number}")


def row_directory(directory: Path, row: str) -> Path:
    """Where the data folder of one row of the configuration is, below the directory of the attempt."""
    return directory / _ROWS / row


def row_directories(directory: Path) -> Iterator[Path]:
    """Those of all rows of an attempt that have begun."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        yield from (Path(entry.path) for entry in os.scandir(directory / _ROWS) if entry.is_dir(follow_symlinks=False))


def row_end_file(directory: Path) -> Path:
    """How a row ended, below its own directory, from then on: its attempt may be killed before it can say so of all."""
    return directory / "row.json"


def run_of(directory: Path) -> Path | None:
    """The directory of the run that this one is an attempt of, or a row of one; None when it is made like none."""
    if directory.parent.name == _ROWS and directory.parent.parent.name != "tasks":
        directory = directory.parent.parent
    above = directory.parents
    return above[2] if len(above) > 2 and above[1].name == "tasks" else None


# What each attempt is asked for again and again while it runs: making a path costs more than most of what is done with
# it.
_kept = lru_cache(256)


@_kept
def log_file(directory: Path) -> Path:
    """What the task writes to its descriptors 1 and 2; locked as long as anything of it has them open."""
    return directory / "log"


@_kept
def exit_file(directory: Path) -> Path:
    """Made empty by the shim when it begins, filled with the exit code and a line end when the task ends."""
    return directory / "exit"


def memory_file(directory: Path) -> Path:
    """Which limit of memory holds for the task, and what the kernel counted; written by the shim, for a task that has
    one."""
    return directory / "memory"


def config_file(directory: Path) -> Path:
    """What the task is asked to do, without the values of secrets."""
    return directory / "config.json"


@_kept
def result_file(directory: Path) -> Path:
    """What the task says of its finished work."""
    return directory / "result.json"


def progress_file(directory: Path) -> Path:
    """What the task says of its work while it works."""
    return directory / "progress.json"


@_kept
def unmasked_mark(directory: Path) -> Path:
    """There while files of the attempt may have secrets in them, see :mod:`orch_tui.project.masking.files`."""
    return directory / "unmasked"


def sent_batches(directory: Path) -> Path:
    """What a writer has handed over so far, where no configuration is known that could keep it."""
    return directory / "sent.jsonl"


def decision_file(directory: Path) -> Path:
    """What somebody decided of the tables that a check has kept back, see :mod:`orch_tui.project.decided`."""
    return directory / "decision.json"


def scratch_folder(directory: Path) -> Path:
    """Where the task puts what nobody needs after it; not there until it is made."""
    return directory / "tmp"


def input_tables(directory: Path) -> Path:
    return directory / "in" / "tables"


def output_tables(directory: Path) -> Path:
    return directory / "out" / "tables"


def output_files(directory: Path) -> Path:
    return directory / "out" / "files"


def read_tables_file(directory: Path) -> Path:
    """Which versions of tables the task was given, there from the moment in which it has them."""
    return directory / "inputs.json"


def referring_state(directory: Path) -> Path:
    """The state that the task was given, with references in the place of secrets; there only if it has secrets."""
    return directory / "state.json"


def input_state(directory: Path) -> Path:
    """What the configuration saved in its last run."""
    return directory / "in" / "state.json"


def output_state(directory: Path) -> Path:
    """What the configuration is to find in its next run."""
    return directory / "out" / "state.json"


def start_file(directory: Path) -> Path:
    """What a node is to start, with the values of secrets; there until a node takes it (0600)."""
    return directory / "start.json"


def node_file(directory: Path) -> Path:
    """Which node has begun with it, made exclusively; or that nobody shall any more."""
    return directory / "node.json"


def stop_file(directory: Path) -> Path:
    """That its node shall stop it."""
    return directory / "stop.json"


def stopping_file(directory: Path) -> Path:
    """That its node is stopping it, and why."""
    return directory / "stopping.json"


def end_file(directory: Path) -> Path:
    """How it ended, as its node says, or what is known where its node says nothing."""
    return directory / "end.json"


def is_carried(directory: Path) -> bool:
    """Whether another machine has the attempt, or may still begin with it: nobody has said how it ended."""
    try:
        names = set(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return False
    begins, ends = {start_file(directory).name, node_file(directory).name}, end_file(directory).name
    return not names.isdisjoint(begins) and ends not in names


def parts_record(run_directory: Path, task: str) -> Path:
    """What the lock of a configuration names instead of an attempt when the parts of an array have it: all of them
    begin so."""
    return Path(f"{run_directory}/tasks/{task}{_PARTS}")


def is_any_carried(place: Path) -> bool:
    """The same as :func:`is_carried`; of :func:`parts_record`: whether one of the parts is."""
    return any(map(is_carried, attempts_of_record(place)))


def attempts_of_record(place: Path) -> Iterator[Path]:
    """The directories of the attempts that the lock of a configuration names: one, or those of :func:`parts_record`."""
    if not place.name.endswith(_PARTS):
        yield place
        return
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for part in os.scandir(place.parent):
            if part.name.startswith(place.name):
                yield from (Path(one.path) for one in os.scandir(part))


def queue_log(directory: Path) -> Path:
    """What the queue's own programs say on the node, apart from the log of the task."""
    return directory / "queue.log"


def told_files(directory: Path) -> tuple[Path, ...]:
    """The files in which a task tells this program of itself, in words of its own."""
    return result_file(directory), progress_file(directory), output_state(directory)


def make_data_folder(directory: Path, config: Mapping[str, Any]) -> None:
    """Create the data folder of one row with its ``config.json``, anew if there is one. Raises: OSError."""
    make_private(directory.parent)
    if directory.exists():
        shutil.rmtree(directory)
    os.mkdir(directory, 0o700)
    text = json.dumps(config, ensure_ascii=False, default=str)
    create_own(config_file(directory), f"{text}\n".encode("utf-8", "backslashreplace"))
    for part in _DATA_FOLDER:
        os.mkdir(f"{directory}/{part}", 0o700)


def make_attempt(directory: Path, config: Mapping[str, Any], *, data_folder: bool, secrets: bool = False) -> None:
    """Create the directory (0700), its ``config.json`` and an empty log (0600), and the data folder if wanted.

    With ``secrets`` what the task will write there counts as unmasked. The log is made here so that a full disk is
    noticed before anything is started. The caller has no record of this attempt yet: what is there under its name goes.

    Raises:
        OSError: nothing of it is left behind.
    """
    make_private(directory.parent)
    try:
        os.mkdir(directory, 0o700)
    except FileExistsError:
        # An executor was killed between making it and recording the start: nothing ever ran in it.
        shutil.rmtree(directory)
        os.mkdir(directory, 0o700)
    try:
        # On one line: only then does the encoder that is written in C do it. TOML has dates and times, JSON has not.
        text = json.dumps(config, ensure_ascii=False, default=str)
        create_own(config_file(directory), f"{text}\n".encode("utf-8", "backslashreplace"))
        create_own(log_file(directory), b"")
        if secrets:
            create_own(unmasked_mark(directory), b"")
        for part in _DATA_FOLDER if data_folder else ():
            os.mkdir(f"{directory}/{part}", 0o700)
    except OSError:
        shutil.rmtree(directory, ignore_errors=True)
        raise
