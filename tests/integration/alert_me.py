"""A look for what is to be told and a round of sending, killed at a step: for the tests of alerts.

    alert_me PROJECT

Each try is a process of its own that kills itself (SIGKILL) before its n-th step, n = 0, 1, …, until one comes to its
end; a step is a file that is replaced, or an alert that is handed over. What was handed over is in PROJECT/arrived.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orch_tui.alerts import looking, outbox, remembering
from orch_tui.alerts.looking import Lookout
from orch_tui.alerts.sending import Sender
from orch_tui.alerts.values import Entry
from orch_tui.project.project import open_project
from orch_tui.scheduling.outage import this_moment


def step_or_die(left: list[int]) -> None:
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1


def attempt(root: Path, number: int) -> None:
    """Look and send; die before the step of this number."""
    left = [number]

    def dying(function: Callable[..., Any]) -> Callable[..., Any]:
        def step(*given: Any, **named: Any) -> Any:
            step_or_die(left)
            return function(*given, **named)

        return step

    def hand_over(entry: Entry, where: Path, lookup: object) -> None:
        step_or_die(left)
        with (root / "arrived").open("a") as file:
            file.write(f"{entry.id} {entry.channel.text}\n")

    for module in (outbox, remembering, looking):
        module.replace_json = dying(module.replace_json)  # type: ignore[attr-defined]
    project = open_project(root)
    Lookout(project).look(this_moment())
    Sender(project.paths, hand_over=hand_over).round()


def main() -> None:
    root, number = Path(sys.argv[1]), 0
    while True:
        child = os.fork()
        if child == 0:
            attempt(root, number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            sys.exit(0 if os.WEXITSTATUS(status) == 0 and number > 0 else 1)
        number += 1


if __name__ == "__main__":
    main()
