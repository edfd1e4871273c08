"""Events of a run as lines for people. One event gives one line or none; every text is made safe here."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.cli.shared.opening import command_hint
from orch_tui.cli.shared.output import Output
from orch_tui.model.events.events import Event, EventType
from orch_tui.model.events.interventions import Intervention
from orch_tui.model.run.intervening import needs_decision
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.status import Status
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.attempt_dir import attempt_directory
from orch_tui.runs.words.ending import counts_told, files_written, tables_written

if TYPE_CHECKING:
    from orch_tui.cli.follow.parts import PartsTold

_WORD = 13
"""Columns of glyph and status word."""
_REASON = 400
"""Characters of a reason; the whole of it is in ``show``."""


def clock(at: float) -> str:
    """``14:02:13`` in the local time zone."""
    return time.strftime("%H:%M:%S", time.localtime(at))


def written(directory: Path) -> str:
    """``60 rows in 1 table`` from an attempt's ``result.json``; else what it counted; empty if it says nothing."""
    parts = []
    for noun, found in (("table", tables_written(directory)), ("file", files_written(directory))):
        if found:
            parts.append(f"{counted(sum(rows for _, rows in found), 'row')} in {counted(len(found), noun)}")
    return ", ".join(parts) or counts_told(directory)


class Narrator:
    """Tells what happens. ``starts`` also tells of every task that starts, for output without a status line."""

    def __init__(self, out: Output, directory: Path, *, starts: bool = True, quiet: bool = False) -> None:
        self._out = out
        self._directory = directory
        self._starts = starts
        self._quiet = quiet
        self._numbers: dict[str, int] = {}
        self._parts: PartsTold | None = None

    def tell(self, event: Event, state: RunState) -> str | None:
        """The line for an event that ``state`` has taken in already, coloured; None when it is not worth one."""
        handler = _TELLERS.get(event.type)
        text = handler(self, state, event.data) if handler is not None else None
        if text is None or (self._quiet and not _matters(event, state)):
            return None
        return f"{self._out.paint(clock(event.at), 'bright_black')} {text}"

    # Each returns a line without the time.

    def _executor(self, state: RunState, data: Any) -> str:
        if len(state.executors) > 1:
            by = safe_line(str(data["by"]), 200)
            return f"this process goes on with the run: {by}" if _is_me(data) else f"{by} goes on with the run"
        name = safe_line(state.header.name, 120)
        tasks = counted(len(state.tasks), "task")
        continues = f", continues run {safe_line(state.header.rerun_of, 100)}" if state.header.rerun_of else ""
        return f'run {state.header.id} of "{name}": {tasks} in {counted(len(state.phases), "phase")}{continues}'

    def _phase_started(self, state: RunState, data: Any) -> str:
        return self._out.bold(self._phase(state, data["phase"]))

    def _phase_ended(self, state: RunState, data: Any) -> str:
        phase = state.phases[data["phase"]]
        seconds = show_duration((phase.ended or 0) - (phase.started or 0))
        return f"{self._status(phase.status)} {self._phase(state, phase.id)}  {seconds}"

    def _phase_skipped(self, state: RunState, data: Any) -> str:
        phase = state.phases[data["phase"]]
        return (
            f"{self._status(phase.status)} {self._phase(state, phase.id)}  {safe_line(phase.reason, _REASON)}".rstrip()
        )

    def _decided(self, state: RunState, data: Any) -> str | None:
        """The way that is taken, with the facts that were seen. What cannot be decided ends the run, which says so."""
        phase = state.phases[data["phase"]]
        rule, decision = phase.taken, phase.decision
        if decision is None or decision.error or not decision.tried:
            return None
        seen = {name: value for tried in decision.tried for name, value in tried.seen.items()}
        facts = ", ".join(f"{name} is {json.dumps(value, ensure_ascii=False)}" for name, value in seen.items())
        if rule is None:
            seen_words = safe_line(f" ({facts})", _REASON) if facts else ""
            return f"{self._phase(state, phase.id)}: no rule holds{seen_words}"
        where = self._phase(state, rule.goto) if rule.goto in state.phases else "the end"
        why = f"{rule.title} ({facts})" if facts else rule.title
        return f"→ {where}: {safe_line(why, _REASON)}"

    def _waiting(self, state: RunState, data: Any) -> str:
        until = data.get("until")
        when = f" until {clock(until)}" if until is not None else ""
        task = state.task(data["task"])
        return self._task(task, Status.WAITING, f"{task.reason}{when}")

    def _unfolded(self, state: RunState, data: Any) -> str:
        task = state.task(data["task"])
        return self._array(task)

    def _array(self, task: TaskState) -> str:
        """An array as it stands."""
        from orch_tui.runs.words.parts import array_words

        seconds = show_duration(task.attempt.seconds) if task.status.final and task.attempt is not None else ""
        return self._task(task, task.status, "  ".join(filter(None, (seconds, array_words(task)))))

    def _of_part(self, state: RunState, part: TaskState, line: str) -> str | None:
        """Not each of thousands of parts has a line of its own."""
        if self._parts is None:
            from orch_tui.cli.follow.parts import PartsTold

            self._parts = PartsTold()
        about = self._parts.tells(state, part)
        if about is None or about is part:
            return line if about is part else None
        return self._array(about) + (self._decision(state) if needs_decision(about) else "")

    def _spawning(self, state: RunState, data: Any) -> str | None:
        task = state.task(data["task"])
        if not self._starts or "backend" in data or task.planned.item is not None:
            # A backend says when it begins there.
            return None
        return self._task(task, Status.PROCESSING, self._again(task, data))

    def _queued(self, state: RunState, data: Any) -> str | None:
        task = state.task(data["task"])
        job = f"job {data['job']}" if "job" in data else ""
        said = (self._again(task, data), task.attempt.backend if task.attempt else "", job, data.get("reason", ""))
        told = self._starts and task.planned.item is None
        return self._task(task, Status.QUEUED, " · ".join(filter(None, said))) if told else None

    def _started(self, state: RunState, data: Any) -> str | None:
        task = state.task(data["task"])
        if not self._starts or "node" not in data or task.attempt is None or task.planned.item is not None:
            return None
        said = (self._again(task, data), task.attempt.place)
        return self._task(task, Status.PROCESSING, " · ".join(filter(None, said)))

    def _again(self, task: TaskState, data: Any) -> str:
        return task.attempt_words(data["attempt"]) if data["attempt"] > 1 else ""

    def _asked(self, state: RunState, data: Any) -> str:
        task = state.task(data["task"])
        question = task.attempts[-1].question
        text = safe_line(question.text, _REASON) if question is not None else ""
        until = data.get("until")
        when = f" until {clock(until)}" if until is not None else ""
        how = command_hint("approve", state.header.id, task.id)
        return self._out.paint(
            self._task(task, Status.WAITING, f"waits for an approval{when}: {text}; {how}"), "yellow"
        )

    def _killing(self, state: RunState, data: Any) -> str:
        grace = f"; killed in {show_duration(data['grace'])} if it does not end" if data["grace"] else ""
        why = {"timeout": "timed out", "cancel": "cancelled", "log_limit": "its log is too long"}
        task = state.task(data["task"])
        return self._task(task, Status.TERMINATING, f"{why.get(data['why'], data['why'])}{grace}")

    def _ended(self, state: RunState, data: Any) -> str | None:
        task, status = state.task(data["task"]), Status(data["status"])
        attempt = task.attempt
        reason = data.get("reason", "")
        if "retry_at" in data:
            reason += f"; {task.attempt_words(data['attempt'] + 1)} at {clock(data['retry_at'])}"
        rows = written(attempt_directory(self._directory, task.id, data["attempt"])) if data.get("exit") == 0 else ""
        leftovers = data.get("leftovers")
        left = f"{counted(leftovers, 'process')[:-1]}es" if leftovers and leftovers > 1 else "1 process"
        stopped = f"{left} it had left behind stopped" if leftovers else ""
        parts = [show_duration(attempt.seconds if attempt else None), rows, reason, stopped]
        line = self._task(task, status, "  ".join(part for part in parts if part))
        if task.planned.item is not None:
            return self._of_part(state, task, line)
        return line + (self._decision(state) if needs_decision(task) else "")

    def _settled(self, state: RunState, data: Any) -> str | None:
        task = state.task(data["task"])
        line = self._task(task, task.status, task.reason)
        return line if task.planned.item is None else self._of_part(state, task, line)

    def _cancel(self, state: RunState, data: Any) -> str:
        what = f"task {data['task']}" if "task" in data else "the run"
        return safe_line(f"{what} is being cancelled{' at once' if data.get('now') else ''}, by {data['by']}", _REASON)

    def _intervened(self, state: RunState, data: Any) -> str | None:
        from orch_tui.runs.people.interventions import words_of

        one = Intervention.of(data)
        return None if one is None else safe_line(words_of(one, state), _REASON) + self._decision(state)

    def _decision(self, state: RunState) -> str:
        """What the run waits for, behind the event by which it does."""
        from orch_tui.runs.people.interventions import decision_words

        words = decision_words(state)
        return f"; {self._out.paint(safe_line(words, _REASON), 'yellow')}" if words else ""

    def _note(self, state: RunState, data: Any) -> str:
        color = {"error": "red", "warning": "yellow"}.get(data["level"], "")
        return f"{self._out.paint(safe_line(str(data['level']), 20), color)}: {safe_line(str(data['text']), _REASON)}"

    def _run_ended(self, state: RunState, data: Any) -> str:
        seconds = show_duration(data.get("seconds"))
        counts = summary_of(state)
        reason = f"  {safe_line(state.reason, _REASON)}" if state.reason else ""
        return f"{self._status(state.status)} run {state.header.id}  {seconds}  {counts}{reason}"

    def _phase(self, state: RunState, phase: str) -> str:
        if not self._numbers:
            self._numbers = {key: number for number, key in enumerate(state.phases, 1)}
        return f'phase {self._numbers[phase]} "{safe_line(state.phases[phase].name, 120)}"'

    def _status(self, status: Status) -> str:
        return self._out.status(status, width=_WORD)

    def _task(self, task: TaskState, status: Status, text: str) -> str:
        said = f"  {safe_line(text, _REASON)}" if text else ""
        return f"{self._status(status)} {safe_line(task.name, 120)}{said}"


def _is_me(executor: Any) -> bool:
    return bool(executor.get("pid") == os.getpid() and executor.get("host") == os.uname().nodename)


def summary_of(state: RunState) -> str:
    """``5 tasks: 3 success, 1 error, 1 skipped``."""
    parts = [f"{number} {status.value}" for status in Status if (number := state.counts.get(status, 0))]
    return f"{counted(len(state.tasks), 'task')}: {', '.join(parts)}" if parts else "no tasks"


def _matters(event: Event, state: RunState) -> bool:
    """What ``--quiet`` still tells: what went wrong."""
    if event.type in (EventType.ENDED, EventType.SETTLED) and (part := state.task(event.data["task"])).planned.item:
        array = state.tasks[part.planned.array]
        return part.kind is not None or (array.status.final and array.status is not Status.SUCCESS)
    if event.type == EventType.NOTE:
        return bool(event.data["level"] != "info")
    if event.type in (EventType.ENDED, EventType.SETTLED):
        return event.data["status"] not in (Status.SUCCESS, Status.SKIPPED)
    if event.type == EventType.ASKED:
        return True
    return event.type == EventType.RUN_ENDED and event.data["status"] != Status.SUCCESS


_TELLERS: dict[str, Callable[[Narrator, RunState, Any], str | None]] = {
    EventType.EXECUTOR.value: Narrator._executor,
    EventType.PHASE_STARTED.value: Narrator._phase_started,
    EventType.PHASE_ENDED.value: Narrator._phase_ended,
    EventType.PHASE_SKIPPED.value: Narrator._phase_skipped,
    EventType.DECIDED.value: Narrator._decided,
    EventType.UNFOLDED.value: Narrator._unfolded,
    EventType.WAITING.value: Narrator._waiting,
    EventType.SPAWNING.value: Narrator._spawning,
    EventType.QUEUED.value: Narrator._queued,
    EventType.STARTED.value: Narrator._started,
    EventType.ASKED.value: Narrator._asked,
    EventType.KILLING.value: Narrator._killing,
    EventType.ENDED.value: Narrator._ended,
    EventType.SETTLED.value: Narrator._settled,
    EventType.CANCEL.value: Narrator._cancel,
    EventType.INTERVENED.value: Narrator._intervened,
    EventType.NOTE.value: Narrator._note,
    EventType.RUN_ENDED.value: Narrator._run_ended,
}
