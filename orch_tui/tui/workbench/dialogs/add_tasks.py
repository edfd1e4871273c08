"""Add tasks: a component, then its configurations, several in a row, all by typing."""

from __future__ import annotations

from collections.abc import Callable

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Static

from orch_tui.model.texts.text import counted
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.dialogs.finding import FindingDialog
from orch_tui.tui.text import line
from orch_tui.tui.widgets.line_tree import LineList
from orch_tui.tui.workbench.catalog import Catalog
from orch_tui.tui.workbench.components.component_list import ComponentList
from orch_tui.tui.workbench.components.configuration_list import ConfigurationList
from orch_tui.tui.workbench.layout import look


class AddTasks(FindingDialog[int]):
    """The text field keeps the focus; the arrow keys move in the list that is being chosen from.

    ``add`` takes a reference and says with a sentence when it was refused. Dismissed with the number of tasks added.
    """

    CSS_PATH = look.DIALOG
    VERTICAL_BREAKPOINTS = look.HEIGHTS
    BINDINGS = bindings(actions.DIALOGS, "add-tasks")

    def __init__(self, catalog: Catalog, uses: Callable[[str], int], add: Callable[[str], str | None]) -> None:
        super().__init__(Input(placeholder="Type to filter", id="text", compact=True))
        self._catalog = catalog
        self._uses = uses
        self._add = add
        self._added = 0
        self._in_configurations = False

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="wide") as dialog:
            dialog.border_title = line("Add tasks")
            yield self.field
            with Horizontal(id="lists"):
                yield ComponentList(id="components")
                yield ConfigurationList(self._uses, id="configurations")
            yield Static(id="hint")
            with Horizontal(id="buttons"):
                yield Button(line("Done"), id="done", compact=True)

    def on_mount(self) -> None:
        for found in (self.query_one(ComponentList), self.query_one(ConfigurationList)):
            found.can_focus = False
        self.query_one(ComponentList).show(self._catalog.components())
        self._switch(False)
        self._show_configurations()
        self.set_focus(self.field)

    def _switch(self, in_configurations: bool) -> None:
        self._in_configurations = in_configurations
        components, configurations = self.query_one(ComponentList), self.query_one(ConfigurationList)
        components.driven, configurations.driven = not in_configurations, in_configurations
        components.refresh_rows(components.cursor)
        configurations.refresh_rows(configurations.cursor)
        self._say()

    def _say(self, refused: str | None = None) -> None:
        hint = self.query_one("#hint", Static)
        added = f"{counted(self._added, 'task')} added.  " if self._added else ""
        keys = "+ or Enter adds, Esc back to components" if self._in_configurations else "Enter goes on, Esc closes"
        hint.update(line(refused or f"{added}{keys}"))
        hint.set_class(refused is not None, "wrong")

    def _show_configurations(self) -> None:
        chosen, shown = self.query_one(ComponentList).chosen, self.query_one(ConfigurationList)
        if chosen is None:
            shown.show([], " No component is chosen")
            return
        text = self.field.value
        empty = " No configuration fits the filter" if text and chosen.configurations else " None yet: Enter makes one"
        shown.show(self._catalog.configurations(chosen.id, text), empty)

    def narrow(self, text: str) -> None:
        if not self._in_configurations:
            components = self.query_one(ComponentList)
            components.show(self._catalog.components(text))
            components.go_to_named(text)
        self._show_configurations()

    def moved(self) -> None:
        if not self._in_configurations:
            self._show_configurations()

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        if isinstance(event.control, ComponentList):
            self._show_configurations()

    @property
    def driven(self) -> LineList:
        return self.query_one(ConfigurationList if self._in_configurations else ComponentList)

    def action_enter(self) -> None:
        self.do(self._enter)

    def _enter(self) -> None:
        if self.focused is not None and self.focused.id == "done":
            self.dismiss(self._added)
        elif self._in_configurations:
            self._add_chosen()
        elif self.query_one(ConfigurationList).count():
            # What found the component need not fit its configurations.
            self._switch(True)
            self.field.value = ""
        elif (component := self.query_one(ComponentList).chosen) is not None and not component.configurations:
            self._make_one(component.id)
        else:
            self._say("No configuration of this component fits the filter.")

    @work(group="new", exclusive=True, description="make a configuration")
    async def _make_one(self, component: str) -> None:
        """Of a component that has none: its form, and then it is there to be added."""
        from orch_tui.tui.configuration.new_configuration import NewConfigurationScreen

        if await self.app.push_screen_wait(NewConfigurationScreen(component)) is None:
            return
        self._catalog.forget()
        self.field.value = ""
        components = self.query_one(ComponentList)
        components.show(self._catalog.components())
        self._show_configurations()
        self._switch(True)

    def action_add(self) -> None:
        self.do(self._add_chosen)

    def _add_chosen(self) -> None:
        chosen = self.query_one(ConfigurationList).chosen
        if not self._in_configurations or chosen is None:
            self._say("Choose a configuration first: Enter goes to those of the component.")
            return
        refused = self._add(chosen.ref)
        self._added += refused is None
        shown = self.query_one(ConfigurationList)
        shown.refresh_rows(shown.cursor)
        self._say(refused)

    def action_back(self) -> None:
        self.do(self._back)

    def _back(self) -> None:
        if self._in_configurations:
            self._switch(False)
            self.field.value = ""
        else:
            self.dismiss(self._added)

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        """A double click."""
        event.stop()
        self._switch(isinstance(event.control, ConfigurationList))
        self.action_enter()

    def on_configuration_list_plus_clicked(self, event: ConfigurationList.PlusClicked) -> None:
        event.stop()
        self._switch(True)
        self.action_add()

    def on_button_pressed(self) -> None:
        self.dismiss(self._added)
