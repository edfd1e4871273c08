"""Asking the component for what it offers for a field: tables of a service, columns, folders, accounts."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orch_tui.model.components.component import ANY_ACTION, TEST_CONNECTION
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.tui.configuration.editing import Editing
from orch_tui.tui.configuration.form.codec import EMPTY_LIST, encode_scalar, quoted
from orch_tui.tui.configuration.form.fields import Field, Kind
from orch_tui.tui.configuration.form.inputs import Editor, LongText
from orch_tui.tui.configuration.page import Background, Page
from orch_tui.tui.dialogs.pick import Choice, Pick
from orch_tui.tui.dialogs.prompt import Prompt

if TYPE_CHECKING:
    from orch_tui.engine.trials.actions import ActionResult, ActionRun

_MOST_CHOICES = 10_000
_SHOWN = 2000


class Asking:
    """One question at a time, as a program of the component, with what is on the form."""

    def __init__(self, page: Page, background: Background, editing: Editing) -> None:
        self._page = page
        self._background = background
        self._editing = editing
        self._run: ActionRun | None = None
        self._last = ""

    @property
    def offered(self) -> bool:
        """Whether the component answers to more than a test of its connection."""
        component = self._editing.editor.component
        more = component is not None and any(name != TEST_CONNECTION for name in component.actions)
        return more and self._editing.form is not None

    def cancel(self) -> bool:
        """Stop the question; False when there is none."""
        if self._run is None:
            return False
        self._run.cancel()
        return True

    async def ask(self) -> None:
        """Let the person choose an action, ask it, let them choose of what it answers, and put that into the field."""
        form, component = self._editing.form, self._editing.editor.component
        if self._run is not None or form is None or component is None or not self.offered:
            return
        editor = _editor_of(self._editing)
        checked = self._editing.checked("Not asked")
        if checked is None:
            return
        name = await self._action(checked.configuration)
        if name is None:
            return
        self._last = name
        result = await self._answer(name, checked.configuration)
        choices = _choices(result.answer) if result.ok else []
        if not choices:
            self._page.notice(_sentence(result))
            return
        self._page.notice("")
        title = f"{name}: {counted(len(choices), 'choice')}"
        value = await self._page.app.push_screen_wait(Pick(title, choices, "type to find"))
        if value is not None:
            await self._take(editor, value, name)

    async def _action(self, configuration: Configuration) -> str | None:
        """Which action: of those that are known, or by its name."""
        from orch_tui.engine.trials.offered import offered_actions

        component, app = self._editing.editor.component, self._page.app
        assert component is not None
        names = await asyncio.to_thread(offered_actions, app.project.root, component, configuration)
        other = ANY_ACTION in component.actions
        if len(names) == 1 and not other:
            return names[0]
        if names:
            choices = [Choice(name, name) for name in names] + ([Choice("", "another one…")] if other else [])
            start = self._last if self._last in names else None
            found: str | None = await app.push_screen_wait(Pick("Ask the component", choices, start=start))
            if found != "":
                return found
        return await app.push_screen_wait(
            Prompt("Ask the component: name of the action", self._last, placeholder="such as listTables")
        )

    async def _answer(self, name: str, configuration: Configuration) -> ActionResult:
        from orch_tui.engine.trials.actions import ActionRun

        self._run = run = ActionRun(self._page.app.project.root, configuration, name)
        begun = time.monotonic()

        def show_seconds() -> None:
            key = self._page.app.key_of("configuration.back")
            self._page.notice(f"Asking {name}… {int(time.monotonic() - begun)} s. {key} cancels it.")

        show_seconds()
        timer = self._background.each(1.0, show_seconds)
        try:
            return await asyncio.to_thread(run.run)
        finally:
            timer.stop()
            self._run = None

    async def _take(self, editor: Editor | None, value: str, action: str) -> None:
        """Put it into the field that had the cursor: in its place, or at the cursor of a longer text."""
        form = self._editing.form
        if form is None or editor is None:
            self._page.app.say("Put the cursor on the field that it is for.", "warning")
            return
        place = editor.place
        field = next((one for one in self._editing.editor.fields if ("parameters", *one.path) == place), None)
        text = _with_value(editor, field, value)
        await self._editing.put(form.state.with_text(place, text), f"choice of {action}")
        form.go_to(place, edit=False)


def _editor_of(editing: Editing) -> Editor | None:
    """The editor under the cursor."""
    row = editing.form.current if editing.form is not None else None
    editors = row.editors() if row is not None else []
    return next((one for one in editors if one.has_focus), editors[0] if editors else None)


def _with_value(editor: Editor, field: Field | None, value: str) -> str:
    """The text of the field with the value in it, as the field's kind writes one."""
    kind = field.kind if field is not None else Kind.LINE
    if kind is Kind.LIST:
        before = "" if editor.text.strip() == EMPTY_LIST else editor.text.rstrip("\n")
        return f"{before}\n{encode_scalar(value)}".lstrip("\n")
    written = quoted(value) if kind is Kind.TOML else value
    if isinstance(editor, LongText):
        row, column = editor.cursor_location
        lines = editor.text.split("\n")
        lines[row] = f"{lines[row][:column]}{written}{lines[row][column:]}"
        return "\n".join(lines)
    return encode_scalar(value, field.types) if field is not None else value


def _choices(answer: Any) -> Sequence[Choice]:
    """What can be chosen of an answer: texts, or Keboola's values with labels; none where it is something else."""
    if not isinstance(answer, list):
        return []
    found: dict[str, Choice] = {}
    for one in answer[:_MOST_CHOICES]:
        if isinstance(one, Mapping) and "value" in one:
            value, label = str(one["value"]), str(one.get("label") or "")
            detail = safe_line(label, 200) if label != value else ""
        elif isinstance(one, str | int | float):
            value, detail = str(one), ""
        else:
            return []
        found.setdefault(value, Choice(value, safe_line(value, 100), detail))
    return list(found.values())


def _sentence(result: ActionResult) -> str:
    """An answer that is no list, as text; or why there is none."""
    if not result.ok:
        return f"✖ {result.message} ({result.seconds:.1f} s)"
    answer = result.answer
    if isinstance(answer, Mapping) and isinstance(answer.get("message"), str):
        return "\n".join(["✔ the component says:", *(safe_line(part, 400) for part in answer["message"].splitlines())])
    if answer in ([], None, ""):
        return "✔ the component answered with nothing to choose"
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    return f"✔ {safe_line(text, _SHOWN)}"
