"""Reports of faults of the program: everything that its environment or the project's ``.env`` holds is masked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from orch_tui.project.masking.redactor import Redactor

# What these hold is no secret, and blotting it out of paths would make the report useless.
_HARMLESS = frozenset(
    (
        *(
            "COLORTERM",
            "COLUMNS",
            "EDITOR",
            "HOME",
            "HOSTNAME",
            "LANG",
            "LINES",
            "LOGNAME",
            "MAIL",
            "NO_COLOR",
            "OLDPWD",
        ),
        *("OLDPWD", "PAGER", "PATH", "PWD", "SHELL", "SHLVL", "TERM", "TERM_PROGRAM", "TMPDIR", "TZ", "USER"),
        *("VIRTUAL_ENV", "VISUAL", "XDG_RUNTIME_DIR"),
    )
)


def fault_text(text: str, env_file: Path | None = None) -> str:
    """``text`` (a traceback, say) without any value that may be a secret."""
    return Redactor(possible_secrets(os.environ, env_file)).text(text)


def possible_secrets(environment: Mapping[str, str], env_file: Path | None = None) -> list[str]:
    """Values of the environment and of a project's ``.env``; those of harmless variables are left out."""
    found = [value for name, value in environment.items() if name not in _HARMLESS and not name.startswith("LC_")]
    if env_file is not None and env_file.is_file():
        from dotenv import dotenv_values

        found += [value for value in dotenv_values(env_file, interpolate=False).values() if value]
    return found
