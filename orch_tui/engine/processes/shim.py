"""The small shell around a task: it says that it began, with which code it ended, and holds its limit of memory."""

from __future__ import annotations

import re
from pathlib import Path

from orch_tui.engine.processes.launcher import AttemptSpec
from orch_tui.engine.processes.memory_limit import ENTER, LEAVE, shim_words
from orch_tui.model.texts.pattern import pattern
from orch_tui.project.attempt_dir import exit_file

# $1 the exit file, $2 the directory, $3 the umask of the task. The exit file is made at once and filled at the end:
# that it is missing proves that the task never began. `trap :` instead of `trap ''`: an ignored signal would stay so.
# With a limit of memory three more follow, see memory_limit.ENTER.
# `true` instead of `:`: a shell ends when the redirection of a special builtin fails, before any `||`.
NO_EXIT_FILE = 125
_BEGIN = f'f=$1; umask 077; true >"$f" || exit {NO_EXIT_FILE}; '
_GO_IN = 'umask "$3"; cd "$2" || exit 126; unset OLDPWD; shift {}; trap : TERM INT HUP; '
_END = 'printf "%d\\n" "$rc" >"$f"; exit "$rc"'
# A script for the shell needs no second shell: a subshell runs it.
_RUNS = ('"$@"; rc=$?; ', 's=$1; set --; (eval "$s"); rc=$?; ')
_SHIM, _SCRIPT_SHIM = (f"{_BEGIN}{_GO_IN.format(3)}{runs}{_END}" for runs in _RUNS)
_LIMITED_SHIM, _LIMITED_SCRIPT_SHIM = (f"{_BEGIN}{ENTER}{_GO_IN.format(6)}{runs}{LEAVE}{_END}" for runs in _RUNS)
_SHELL = ("/bin/sh", "-c")
# One program with plain arguments needs no subshell either, if the shell would start it as it is.
_PLAIN_WORDS = pattern(r"[\w./@%+=:,-]+(?: +[\w./@%+=:,-]+)*", re.ASCII)
_SHELL_WORDS = frozenset(
    """
    . : alias bg bind break builtin caller case cd command compgen complete continue coproc declare dirs
    disown do done echo elif else enable esac eval exec exit export false fc fg fi for function getopts
    hash help history if in jobs kill let local logout mapfile popd printf pushd pwd read readarray
    readonly return select set shift shopt source suspend test then time times trap true type typeset
    ulimit umask unalias unset until wait while
    """.split()  # noqa: SIM905 - a list of them would be a page long
)


def wrap(spec: AttemptSpec, umask: str, group: Path | None) -> list[str]:
    """What is started for an attempt. ``group`` is the one that holds its limit of memory; None for no group."""
    begin = ["sh", str(exit_file(spec.directory)), spec.cwd, umask]
    shim, script_shim = _SHIM, _SCRIPT_SHIM
    if spec.memory is not None:
        begin += shim_words(spec.directory, group, spec.memory)
        shim, script_shim = _LIMITED_SHIM, _LIMITED_SCRIPT_SHIM
    if spec.argv[:2] == _SHELL and len(spec.argv) == 3:
        script = spec.argv[2]
        words = script.split()
        if _PLAIN_WORDS.fullmatch(script) and words[0] not in _SHELL_WORDS and "=" not in words[0]:
            return [*_SHELL, shim, *begin, *words]
        return [*_SHELL, script_shim, *begin, script]
    return [*_SHELL, shim, *begin, *spec.argv]
