"""Keboola's words for how a task, a job or a phase ended, as tests of the facts that conditions see here.

``user_error`` is the exit code 1 and ``application_error`` any other failure (help.keboola.com/flows).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

_OK, _USER, _APPLICATION, _STOPPED = "success", "user_error", "application_error", "terminated"
_JOB_STATES = ("created", "waiting", "processing", "success", "warning", "error", "terminating", "cancelled")


def quoted(text: str) -> str:
    """A text in CEL."""
    return json.dumps(text, ensure_ascii=False)


def any_of(tests: Sequence[str]) -> str:
    """Tests of which one must hold; without any none does."""
    return " || ".join(tests) if len(tests) == 1 else f"({' || '.join(tests)})" if tests else "false"


def all_of(tests: Sequence[str]) -> str:
    """Tests that must all hold."""
    return " && ".join(tests) if len(tests) == 1 else f"({' && '.join(tests)})" if tests else "true"


def task_ended(task: str, words: Iterable[str]) -> str:
    """Whether the task with this id of ours ended in one of Keboola's words."""
    facts = f"task[{quoted(task)}]"
    return _ended(f"{facts}.status", set(words), f"{facts}.exit_code == 1", f"{facts}.exit_code != 1")


def job_ended(task: str, words: Iterable[str]) -> str:
    """The same in the words of jobs, which are ours."""
    known = [word for word in (*_JOB_STATES, _STOPPED) if word in set(words)]
    return any_of([f"task[{quoted(task)}].status == {quoted(word)}" for word in known])


def phase_ended(phase: str, tasks: Sequence[str], words: Iterable[str]) -> str:
    """Whether the phase with this id ended in one of Keboola's words; ``tasks`` are the ids of its tasks."""
    # A phase with failures of both kinds counts as the graver one.
    graver = any_of([task_ended(task, [_APPLICATION]) for task in tasks])
    return _ended(f"phase[{quoted(phase)}].status", set(words), f"!{graver}", graver)


def _ended(status: str, wanted: set[str], by_user: str, by_application: str) -> str:
    """Whether ``status`` is one of the words; the last two tell the kinds of failure apart."""
    tests = []
    if _OK in wanted:
        tests.append(f'{status} in ["success", "warning"]')
    if {_USER, _APPLICATION} <= wanted:
        tests.append(f'{status} == "error"')
    elif _USER in wanted or _APPLICATION in wanted:
        tests.append(f'({status} == "error" && {by_user if _USER in wanted else by_application})')
    if _STOPPED in wanted:
        tests.append(f'{status} in ["terminated", "cancelled"]')
    return any_of(tests)
