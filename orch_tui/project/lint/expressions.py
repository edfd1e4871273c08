"""What the expressions of a task's configuration ask for, and whether the orchestration has that by then."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from orch_tui.model.components.component import Component
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.problem import Problem, Severity
from orch_tui.project.lint.task_names import NameOf
from orch_tui.project.toml.decode import quote
from orch_tui.project.toml.lines import line_of


def expression_problems(
    value: Orchestration,
    place: tuple[Phase, Task],
    component: Component,
    configuration: Configuration,
    variables: Collection[str],
    file: tuple[str, str],
    name_of: NameOf,
) -> Iterator[Problem]:
    """``place`` is the task, ``variables`` are the names of those that it can count on, ``file`` the configuration's,
    by its name and its text. What is no expression at all is told of the configuration itself."""
    phase, task = place
    for key in component.expressions:
        texts = configuration.parameters.get(key)
        for name, text in texts.items() if isinstance(texts, dict) else ():
            for sentence, place_in_text, line in _faults(value, phase, text, variables):
                message = f"task {name_of(task)}: {key}.{name}: {sentence} ({place_in_text})"
                remedy = "correct the expression; docs/flow.md has what it can ask for"
                at = line_of(file[1], ("parameters", key, name)) + line
                severity = Severity.ERROR if task.enabled else Severity.WARNING
                yield Problem(severity, "expression", message, remedy, file[0], at, phase=phase.id, task=task.id)


def _faults(
    value: Orchestration, phase: Phase, text: Any, variables: Collection[str]
) -> Iterator[tuple[str, str, int]]:
    """A sentence for each fact that there is not, or not yet, its place in words, and its line from 0."""
    from orch_tui.conditions.condition import ConditionError, Expression
    from orch_tui.conditions.names import Names, unknown_names

    try:
        expression = Expression(str(text))
    except ConditionError:
        return
    phases = [other.id for other in value.phases]
    names = Names({task.id for task in value.tasks()}, set(phases), variables)
    for fault in unknown_names(expression, names):
        yield fault.sentence, fault.place, fault.line - 1
    reached = value.phases[: value.phases.index(phase)]
    before = {other.id for other in reached} | {task.id for other in reached for task in other.tasks}
    for reference in expression.references:
        known = names.tasks if reference.root == "task" else names.phases if reference.root == "phase" else ()
        if reference.keys and reference.keys[0] in known and reference.keys[0] not in before:
            line, column = expression.place_of(reference.place)
            told = ConditionError("", line, column)
            sentence = f"{reference.root} {quote(reference.keys[0])} has not ended when this is computed"
            yield sentence, told.place, line - 1
