"""Tasks of ours as tasks of a flow or an orchestrator."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from orch_tui.keboola.mapping.orchestrations import MappedOrchestration
from orch_tui.keboola.mapping.tasks import VARIABLES_COMPONENT, as_list, target_of
from orch_tui.keboola.mapping.texts import unescaped
from orch_tui.keboola.values import OWN_KEY, Body
from orch_tui.model.components.component import NOTIFICATION_COMPONENT
from orch_tui.model.components.configuration import Configuration, split_ref
from orch_tui.model.orchestration.orchestration import Task
from orch_tui.model.orchestration.retry import Retry, RetryMatch

Reference = Callable[[str], Body]
"""How a task names a configuration, given as it is called here: ``{"componentId": …, "configId": …}`` or a path."""
_RETRY_ON = {RetryMatch.CONTAINS: "errorMessageContains", RetryMatch.EQUALS: "errorMessageExact"}


class TaskWriter:
    """Writes the tasks of one flow. ``base`` is what it was here before; ``notes`` hears what Keboola will not do."""

    def __init__(
        self,
        base: MappedOrchestration | None,
        is_flow: bool,
        configuration: Callable[[str], Configuration | None],
        reference: Reference,
        notes: list[str],
    ) -> None:
        self.known = {task.id: task for task in base.value.tasks()} if base is not None else {}
        self.made = {one.ref: one for one in base.made} if base is not None else {}
        self.is_flow = is_flow
        self.configuration = configuration
        self.reference = reference
        self.notes = notes

    def write(self, task: Task, old: Body | None, task_id: Any, phase_id: Any) -> Body:
        """The task's object; ``old`` is what it was in Keboola."""
        known = self.known.get(task.id) if old is not None else None
        body: Body = {key: item for key, item in (old or {}).items() if key != OWN_KEY}
        body = {**body, "id": task_id} if old else {"id": task_id, "name": task.configuration, "phase": phase_id}
        if body.get("phase") != phase_id:
            body["phase"] = phase_id
        inner = dict(body.get("task") or {})
        if known is None or known.configuration != task.configuration or self._was_edited(task.configuration):
            inner = self._inner(task, inner)
            if known is None or known.configuration != task.configuration:
                body["name"] = self._name(inner, task)
        if self.is_flow and inner.get("type", "job") == "job":
            self._options(task, known, inner)
        if inner.get("type", "job") == "job" and task.rows != (known.rows if known is not None else ()):
            if task.rows:
                inner["configRowIds"] = list(task.rows)
            else:
                inner.pop("configRowIds", None)
        body["task"] = inner
        if known is None or known.enabled != task.enabled:
            body["enabled"] = task.enabled
        if not self.is_flow and (known is None or known.continue_on_failure != task.continue_on_failure):
            body["continueOnFailure"] = task.continue_on_failure
        return body

    def _was_edited(self, ref: str) -> bool:
        """Whether a configuration that stands in a task in Keboola is another one now."""
        made = self.made.get(ref)
        now = self.configuration(ref) if made is not None else None
        return made is not None and now is not None and now != made

    def _name(self, inner: Body, task: Task) -> str:
        if inner.get("type", "job") != "job":
            return str(inner.get("title") or inner.get("name") or task.id)
        return "-".join(str(inner[key]) for key in ("componentId", "configId") if inner.get(key)) or task.id

    def _inner(self, task: Task, old: Body) -> Body:
        component, _ = split_ref(task.configuration)
        configuration = self.configuration(task.configuration)
        if self.is_flow and component == NOTIFICATION_COMPONENT and configuration is not None:
            return self._notification(configuration, old if old.get("type") == "notification" else {})
        if self.is_flow and component == VARIABLES_COMPONENT and configuration is not None:
            found = _variable(configuration, old if old.get("type") == "variable" else {})
            if found is not None:
                return found
        if task.configuration in self.made and "configData" in old:
            self.notes.append(f'task "{task.id}": its configuration stands in the task itself and was edited here: '
                              "change it in Keboola")  # fmt: skip
            return old
        kept = {"type": "job"} if self.is_flow else {}
        return {**kept, **self.reference(task.configuration), "mode": "run"}

    def _notification(self, configuration: Configuration, old: Body) -> Body:
        parameters = configuration.parameters
        title = unescaped(str(parameters.get("title") or configuration.name), variables=False)
        text = unescaped(str(parameters.get("text") or ""), variables=False)
        known = {}
        for one in as_list(old.get("recipients")):
            address = str(one.get("address") or one.get("url") or "") if isinstance(one, Mapping) else str(one)
            known[target_of(address, [])] = one
        targets = [str(target) for target in parameters.get("to") or ()]
        recipients = [known[target] if target in known else _recipient(target) for target in targets]
        return {**old, "type": "notification", "title": title, "message": text, "recipients": recipients}

    def _options(self, task: Task, known: Task | None, inner: Body) -> None:
        options = task.options
        if known is None or known.options.retry != options.retry:
            retry = self.retry(options.retry, inner.get("retry"))
            if retry is not None:
                inner["retry"] = retry
            else:
                inner.pop("retry", None)
        if known is None or known.options.delay != options.delay:
            if options.delay is not None and options.delay == int(options.delay):
                inner["delay"] = int(options.delay)
            else:
                inner.pop("delay", None)

    def retry(self, retry: Retry | None, old: Any) -> Body | None:
        """``retry`` of a task or a phase, as far as Keboola can say it."""
        if retry is None:
            return None
        kept: Body = dict(old) if isinstance(old, Mapping) else {"strategy": "linear"}
        delay = int(retry.delay)
        kept["strategyParams"] = {"maxRetries": retry.attempts, "delay": delay}
        on = [{"type": _RETRY_ON[one.match], "value": one.value} for one in retry.on if one.match in _RETRY_ON]
        kept.pop("retryOn", None)
        return {**kept, "retryOn": on} if on else kept


def _recipient(target: str) -> Body:
    for scheme, theirs in (("jsons://", "https://"), ("json://", "http://")):
        if target.startswith(scheme):
            return {"channel": "webhook", "address": theirs + target.removeprefix(scheme)}
    return {"channel": "email", "address": target}


def _variable(configuration: Configuration, old: Body) -> Body | None:
    """A task that sets one variable to a text; None for anything else."""
    expressions = configuration.parameters.get("expressions")
    if not isinstance(expressions, Mapping) or len(expressions) != 1:
        return None
    name, text = next(iter(expressions.items()))
    try:
        value = json.loads(text)
    except (ValueError, TypeError):
        return None
    if not isinstance(value, str):
        return None
    kept = {key: item for key, item in old.items() if key != "source"}
    return {**kept, "type": "variable", "name": name, "value": value}
