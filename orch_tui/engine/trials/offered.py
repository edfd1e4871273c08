"""Which synchronous actions a configuration's program can be asked for."""

from __future__ import annotations

import re
from pathlib import Path

from orch_tui.model.components.component import ANY_ACTION, TEST_CONNECTION, Component
from orch_tui.model.components.configuration import Configuration
from orch_tui.project.files.given_files import read_given

_MARKED = re.compile(r"@sync_action\(\s*['\"]([A-Za-z_][\w-]*)['\"]")
_MOST_FILES = 100
_PROGRAM = "program"
"""The parameter of Keboola's components that names the program's file."""


def offered_actions(root: Path, component: Component, configuration: Configuration) -> list[str]:
    """The names, but for the test of the connection: what the component's file says, and what the Python files beside
    the program mark, as programs on Keboola's library do (https://github.com/keboola/python-component,
    ``sync_action``).

    A program may have more: of one that cannot be read none is known.
    """
    found = [name for name in component.actions if name not in (TEST_CONNECTION, ANY_ACTION)]
    program = component.configured(configuration).parameters.get(_PROGRAM)
    if ANY_ACTION in component.actions and isinstance(program, str) and program:
        found += _marked(root / program)
    return list(dict.fromkeys(name for name in found if name != TEST_CONNECTION))


def _marked(program: Path) -> list[str]:
    folder = program if program.is_dir() else program.parent
    names = []
    for path in sorted(folder.glob("*.py"))[:_MOST_FILES]:
        try:
            names += _MARKED.findall(read_given(path).decode("utf-8", "replace"))
        except OSError:
            # It is asked for its own sake later, and says then what is wrong.
            continue
    return names
