"""Editing: the form, what its texts come to, undo."""

from __future__ import annotations

from collections.abc import Callable

from orch_tui.model.components.fault import Fault
from orch_tui.model.edits.undo import NothingToUndo
from orch_tui.tui.configuration.editor import Checked, ConfigurationEditor
from orch_tui.tui.configuration.form.form import Form
from orch_tui.tui.configuration.form.names import KnownNames
from orch_tui.tui.configuration.form.state import FormState, Place
from orch_tui.tui.configuration.page import Page


class Editing:
    """``form`` is None where only the file can be shown. ``seen``: the places whose mistakes are shown; None for all.

    ``keep`` is called after each step: what is not saved then should outlive the program.
    """

    def __init__(self, page: Page, editor: ConfigurationEditor) -> None:
        self._page = page
        self.editor = editor
        self.form: Form | None = None
        self._names = KnownNames()
        self.seen: set[Place] | None = None if editor.saved else set()
        self.keep: Callable[[], object] = lambda: None

    @property
    def unsaved(self) -> bool:
        """True when something would be lost by leaving."""
        history, form = self.editor.history, self.form
        if history is None or form is None:
            return False
        return history.dirty or form.state != history.value

    def commit(self, label: str = "change") -> None:
        """Make what was typed an undo step."""
        history, form = self.editor.history, self.form
        if history is None or form is None:
            return
        if history.push(form.state, label):
            self.keep()
        self._page.show_title()

    def left(self, place: Place | None, label: str) -> None:
        """A field was left: check it, and make an undo step of what was typed there."""
        if place is not None and self.seen is not None:
            self.seen.add(place)
        form, history = self.form, self.editor.history
        if form is None or history is None:
            return
        if form.state != history.value:
            self.commit(label)
            self.check()
        elif self.seen is not None:
            self.check()

    def check(self, *, everything: bool = False) -> Checked | None:
        """Check the form and show what is wrong: with fields that were visited, or with all."""
        form = self.form
        if form is None:
            return None
        if everything or self.editor.saved:
            self.seen = None
        checked = self.editor.check(form.state)
        form.show_errors(checked.errors, self.seen)
        if self.seen is None:
            self._page.notice("\n".join(f"✖ {one}" for one in checked.general))
        self._page.show_facts(checked.configuration)
        return checked

    def checked(self, refusal: str) -> Checked | None:
        """What the form comes to when nothing is wrong with it. Else the first mistake has the cursor, and ``refusal``
        says what did not happen."""
        self.commit()
        checked = self.check(everything=True)
        form = self.form
        if checked is None or form is None or checked.ok:
            return checked
        wrong = next((e.place for row in form.rows() for e in row.editors() if e.place in checked.errors), None)
        if wrong is not None:
            form.go_to(wrong)
        self._page.app.say(f"{refusal}: there are mistakes, shown below the fields.", "error")
        return None

    def open_form(self) -> Form:
        """The form of what was read."""
        assert self.editor.history is not None
        self.form = Form(self.editor.fields, self.editor.history.value, self.editor.project.settings.pools)
        self.form.names = self._names
        return self.form

    def know(self, names: KnownNames) -> None:
        """The names of the storage are there."""
        self._names = names
        if self.form is not None:
            self.form.names = names

    def show_fault(self, fault: Fault) -> None:
        """Go to what made a task fail, and say why there; above the form where no field is to blame."""
        place = ("parameters", *fault.parameter)
        if self.form is None or not fault.parameter or self.form.editor(place) is None:
            self._page.notice(f"✖ {fault.message}")
        else:
            self.form.go_to(place, line=fault.line)
            self.form.tell(place, fault.message)

    async def put(self, state: FormState, label: str) -> None:
        """Another state of the form, as one step of undo."""
        if self.editor.history is not None and self.form is not None:
            self.editor.history.push(state, label)
            await self._show(state)

    async def undo(self) -> None:
        """Take the last step back."""
        self.commit()
        await self._through_history(lambda: self.editor.history and self.editor.history.undo())

    async def redo(self) -> None:
        """Make the step again that was taken back."""
        self.commit()
        await self._through_history(lambda: self.editor.history and self.editor.history.redo())

    async def _through_history(self, step: Callable[[], object]) -> None:
        history = self.editor.history
        if history is None or self.form is None:
            return
        try:
            step()
        except NothingToUndo as error:
            self._page.app.say(str(error), seconds=2)
            return
        await self._show(history.value)
        self.keep()

    async def _show(self, state: FormState) -> None:
        if self.form is not None:
            await self.form.show(state)
            self.check()
            self._page.show_title()
