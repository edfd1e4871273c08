"""Which shell runs the text of a command, and what it does when a line fails."""

from __future__ import annotations

import os
import shlex
import shutil

PLAIN = ("/bin/sh", "-c")
_STRICT = ("-e", "-o", "pipefail", "-c")
# A shell that has no pipefail would end at `set -o pipefail`; so a subshell tries it first.
_STRICT_IF_KNOWN = "(set -o pipefail) 2>/dev/null && set -o pipefail\n"


def shell_argv(script: str, shell: str | None = None, path: str | None = None) -> list[str]:
    """The argument vector that runs ``script``.

    ``shell`` is a program with its options, as it would be typed; the script follows behind ``-c``. Without one, a text
    of one line is for ``/bin/sh``, and one of several lines is run by bash so that it ends at the first line that
    fails, and a pipe fails with any of its parts (``-e -o pipefail``). Where there is no bash, ``/bin/sh`` does what
    it can of that. ``path`` is the PATH of the script, by default this program's.

    Raises:
        ValueError: ``shell`` has quotes that do not end, or is empty; a sentence.
    """
    if shell is not None:
        return [*shell_words(shell), "-c", script]
    if not has_several_lines(script):
        return [*PLAIN, script]
    bash = shutil.which("bash", path=path if path is not None else os.environ.get("PATH"))
    return [bash, *_STRICT, script] if bash else ["/bin/sh", "-e", "-c", _STRICT_IF_KNOWN + script]


def shell_words(shell: str) -> list[str]:
    """Raises: ValueError, see :func:`shell_argv`."""
    try:
        words = shlex.split(shell)
    except ValueError as error:
        raise ValueError(f'shell is "{shell}", whose quotes do not end; write it like "bash -eu"') from error
    if not words:
        raise ValueError('shell is empty; write it like "bash -eu", or remove it')
    return words


def has_several_lines(script: str) -> bool:
    """Whether there is more than one line, blank ones and comments left out."""
    lines = (line.strip() for line in script.splitlines())
    return sum(1 for line in lines if line and not line.startswith("#")) > 1
