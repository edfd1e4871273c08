"""What an executor and the node that carries an attempt tell each other: files of the attempt's directory.

Only the file system is shared, so each thing that only one of them may do is a file that is made exclusively, or taken
away: the node file says who has the attempt (a node, or nobody any more), and who takes the start file away begins.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from orch_tui.engine.processes.launcher import AttemptSpec, Exit
from orch_tui.model.failure import FailureKind
from orch_tui.model.memory import MemoryEnd
from orch_tui.model.usage import decode_usage, encode_usage
from orch_tui.project.attempt_dir import (
    end_file,
    exit_file,
    log_file,
    node_file,
    start_file,
    stop_file,
    stopping_file,
)
from orch_tui.project.files.own_files import create_own, read_own, replace_own

_MOST = 1 << 20
_PLAIN = (
    "code",
    "killed",
    "seconds_to_stop",
    "leftovers",
    "unkillable",
    "begun",
    "oom",
    "lost",
    "unstarted",
    "again",
    "oom_by",
)


class Node(NamedTuple):
    """Who has an attempt: ``host`` as ``job``. ``refused``: nobody shall begin with it any more, for this reason."""

    host: str = ""
    job: str = ""
    refused: str = ""


class End(NamedTuple):
    """How an attempt ended, and after how many seconds, if that is known. ``error`` (number, text, file) is what the
    system refused, so that it did not even begin."""

    exit: Exit
    seconds: float | None = None
    error: tuple[int, str, str] | None = None


def write_start(spec: AttemptSpec, environment: Mapping[str, str], timeout: float | None) -> None:
    """Leave for the node what it is to start. Raises: OSError."""
    values = {
        "argv": spec.argv,
        "environment": dict(environment),
        "cwd": spec.cwd,
        "timeout": timeout,
        "grace": spec.grace,
        "max_log": spec.max_log,
        "memory": spec.memory,
    }
    with contextlib.suppress(FileNotFoundError):
        os.unlink(start_file(spec.directory))
    create_own(start_file(spec.directory), _encoded(values))


def take_start(directory: Path) -> AttemptSpec | None:
    """What is to be started, which from now on only the caller may do; None when that is somebody else's, or nobody's.

    Raises: OSError when it is not known whether it is.
    """
    try:
        values = json.loads(read_own(start_file(directory)))
        os.unlink(start_file(directory))
    except FileNotFoundError:
        return None
    return AttemptSpec(
        tuple(values["argv"]),
        values["environment"],
        values["cwd"],
        directory,
        values["timeout"],
        values["grace"],
        values["max_log"],
        memory=values["memory"],
    )


def forget_start(directory: Path) -> bool:
    """Take away what was to be started; False when a node has taken it. Raises: OSError."""
    try:
        os.unlink(start_file(directory))
    except FileNotFoundError:
        return False
    return True


def claim(directory: Path, node: Node) -> bool:
    """Be the one who says who has the attempt; False when that was said before. Raises: OSError."""
    try:
        create_own(node_file(directory), _encoded(node._asdict()))
    except FileExistsError:
        return False
    return True


def read_node(directory: Path) -> Node | None:
    """None when nobody has it, or when that is being written now. Raises: OSError."""
    values = _read(node_file(directory))
    if values is None:
        return None
    return Node(*(str(values.get(name, "")) for name in Node._fields))


def ask_to_stop(directory: Path, why: FailureKind, *, now: bool) -> None:
    """Raises: OSError."""
    replace_own(stop_file(directory), _encoded({"why": why.value, "now": now}))


def asked_to_stop(directory: Path) -> tuple[FailureKind, bool] | None:
    """Why it shall stop, and whether at once. The directory is listed: that there was no such file a second ago is what
    a network file system answers for a minute. Raises: OSError."""
    values = _read(stop_file(directory)) if STOP in names_in(directory) else None
    return None if values is None else (FailureKind(values["why"]), bool(values["now"]))


def tell_stopping(directory: Path, why: FailureKind, grace: float) -> None:
    """Raises: OSError."""
    replace_own(stopping_file(directory), _encoded({"why": why.value, "grace": grace}))


def told_stopping(directory: Path) -> tuple[FailureKind, float] | None:
    """Why a node is stopping it, and the grace time. Raises: OSError."""
    values = _read(stopping_file(directory))
    return None if values is None else (FailureKind(values["why"]), float(values["grace"]))


def write_end(directory: Path, end: End) -> None:
    """Raises: OSError."""
    values = {name: getattr(end.exit, name) for name in _PLAIN}
    values |= {"stopped": end.exit.stopped.value if end.exit.stopped is not None else None}
    values |= {"memory": end.exit.memory.value if end.exit.memory is not None else None}
    values |= {"usage": encode_usage(end.exit.usage), "seconds": end.seconds, "error": end.error}
    replace_own(end_file(directory), _encoded(values))


def read_end(directory: Path) -> End | None:
    """None while there is none. Raises: OSError."""
    values = _read(end_file(directory))
    if values is None:
        return None
    stopped = None if values["stopped"] is None else FailureKind(values["stopped"])
    known = {name: values[name] for name in _PLAIN}
    error, memory = values["error"], values["memory"]
    return End(
        Exit(
            **known,
            stopped=stopped,
            memory=None if memory is None else MemoryEnd(memory),
            usage=decode_usage(values["usage"]),
        ),
        values["seconds"],
        None if error is None else (error[0], error[1], error[2]),
    )


def names_in(directory: Path) -> frozenset[str]:
    """The files that are there. Listing is what makes a network file system ask its server (nextflow-io/nextflow#5454);
    none when there is no such directory. Raises: OSError."""
    try:
        return frozenset(os.listdir(directory))
    except FileNotFoundError:
        return frozenset()


def listings(directories: Sequence[Path]) -> list[frozenset[str] | None]:
    """:func:`names_in` of each; None for one whose file system does not answer now."""
    found: list[frozenset[str] | None] = []
    for directory in directories:
        try:
            found.append(names_in(directory))
        except OSError:
            found.append(None)
    return found


START, NODE, STOP, STOPPING, END = (
    path(Path()).name for path in (start_file, node_file, stop_file, stopping_file, end_file)
)  # names as :func:`names_in` has them
EXIT, LOG = exit_file(Path()).name, log_file(Path()).name


def _encoded(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values).encode() + b"\n"


def _read(path: Path) -> dict[str, Any] | None:
    """What a file holds; None when it is not there or not whole yet. Raises: OSError."""
    try:
        data = read_own(path, _MOST)
    except FileNotFoundError:
        return None
    if not data.endswith(b"\n"):
        return None
    values: dict[str, Any] = json.loads(data)
    return values
