"""What every attempt that goes to another machine leaves for its node, and what it is called there."""

from __future__ import annotations

import os

from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.processes.launcher import AttemptSpec
from orch_tui.project.attempt_dir import queue_log
from orch_tui.project.files.own_files import open_own

OF_THIS_MACHINE = ("PATH", "TMPDIR", "XDG_RUNTIME_DIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Variables that say something of the submitting machine, and would be wrong on a node."""
SUPERVISOR = "orch_tui.engine.supervisor"
"""The module that carries an attempt on a node; its argument is the attempt's directory."""


def job_name() -> str:
    """Without a comma: such a name cannot be asked for."""
    return f"orch-{os.urandom(8).hex()}"


def time_limit(spec: AttemptSpec) -> float | None:
    """Seconds that it may run on a node: its timeout, or what it says that it needs."""
    limits = (spec.timeout, spec.resources.time if spec.resources is not None else None)
    return min((limit for limit in limits if limit is not None), default=None)


def leave_for_node(spec: AttemptSpec, passed: tuple[str, ...]) -> None:
    """Write down what a node is to start. ``passed`` are variables that the project wants passed on in any case.

    Raises: OSError.
    """
    hidden = [one for one in OF_THIS_MACHINE if one not in passed]
    environment = {key: value for key, value in spec.environment.items() if key not in hidden}
    os.close(open_own(queue_log(spec.directory), os.O_WRONLY | os.O_CREAT | os.O_APPEND))
    # Last: with it the attempt counts as carried, and keeps its configuration from all others.
    handoff.write_start(spec, environment, time_limit(spec))
