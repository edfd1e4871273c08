"""What the terminal can do, read from the environment."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from enum import Enum


class Colors(Enum):
    """How many colours there are; NONE is the wish of ``NO_COLOR``."""

    NONE = 0
    SIXTEEN = 16
    PALETTE = 256
    ALL = 1 << 24


def refusal(environment: Mapping[str, str] = os.environ) -> str | None:
    """Why the screen cannot be shown here, in a sentence that says what to use instead; None when it can."""
    if environment.get("TERM", "") in ("", "dumb"):
        problem = f"TERM is {environment.get('TERM') or 'not set'}: this terminal cannot move its cursor"
    elif not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        problem = "input or output is not a terminal"
    else:
        return None
    return (
        f"The screen cannot be shown: {problem}. "
        "Use orch-tui list, orch-tui watch or orch-tui run; orch-tui --help lists all commands."
    )


def colors(environment: Mapping[str, str] = os.environ) -> Colors:
    """``NO_COLOR`` (https://no-color.org), ``TEXTUAL_COLOR_SYSTEM``, ``COLORTERM``, ``TERM``, in this order."""
    if environment.get("NO_COLOR"):
        return Colors.NONE
    wished = environment.get("TEXTUAL_COLOR_SYSTEM", "auto")
    if wished != "auto":
        return {"standard": Colors.SIXTEEN, "256": Colors.PALETTE}.get(wished, Colors.ALL)
    if environment.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return Colors.ALL
    # As Rich has it, which turns colours into those of the terminal: without the word above, no more than 256.
    known = ("256color", "-direct", "kitty", "alacritty", "ghostty", "wezterm", "foot")
    return Colors.PALETTE if any(part in environment.get("TERM", "") for part in known) else Colors.SIXTEEN


def editor(environment: Mapping[str, str] = os.environ) -> list[str] | None:
    """The command of the person's editor: ``$VISUAL``, ``$EDITOR``, or one that is there; None when there is none.

    Raises:
        ValueError: the variable cannot be split into words.
    """
    for name in ("VISUAL", "EDITOR"):
        if command := environment.get(name, "").strip():
            return shlex.split(command)
    return next(([name] for name in ("sensible-editor", "nano", "vim", "vi") if shutil.which(name)), None)
