"""A new configuration: its component, its name, its id; then its form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Static

from orch_tui.model.components.component import DATA_FLOW_ORDER, ORCHESTRATION_COMPONENT, Component
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.texts.text import safe_line, slug, unique
from orch_tui.tui.actions import app as app_actions
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions.configuration import ACTIONS
from orch_tui.tui.configuration.files import id_problem, taken_ids
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.text import line
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from orch_tui.tui.application import Application


_MOST_ROWS, _BESIDES = 12, 14
"""Rows of the list at most, and those of the screen that all else needs: buttons below what is in view are none."""
_DIALOG = [action for action in app_actions.ACTIONS if action.context == "dialog"]
_KEYS = [action for action in ACTIONS if action.context == "new-configuration"]


class NewConfigurationScreen(Dialog[str | None]):
    """Dismissed with the reference of the new configuration when it was saved, else with None."""

    CSS_PATH = "new_configuration.tcss"
    BINDINGS = bindings((*_DIALOG, *_KEYS))
    app: Application

    def __init__(self, component_id: str | None = None) -> None:
        """Without ``component_id`` the component is chosen first."""
        super().__init__()
        self._component_id = component_id
        self._made_id = ""

    def compose(self) -> ComposeResult:
        self._components = _in_order(self.app.project.components())
        known = next((one for one in self._components if one.id == self._component_id), None)
        with Vertical(id="dialog") as dialog:
            dialog.border_title = line(f"New configuration of {known.name}" if known else "New configuration")
            dialog.border_subtitle = line("Enter goes on to the form, Esc changes nothing")
            if self._component_id is None:
                yield RowList([_row(one) for one in self._components], driven=True, id="components")
            with Horizontal(classes="pair"):
                yield Static("Name", classes="title")
                yield Input(placeholder="what people call it", id="name", compact=True)
            with Horizontal(classes="pair"):
                yield Static("Id", classes="title")
                yield Input(placeholder="made of the name", id="id", compact=True)
            yield Static("", id="hint")
            with Horizontal(id="buttons"):
                yield Button(line("Go on to the form"), id="create", compact=True)
                yield Button(line("Cancel"), id="cancel", compact=True)

    def on_mount(self) -> None:
        for one in self.query(Input):
            one.cursor_blink = False
        for one_list in self.query(RowList):
            one_list.styles.height = min(len(self._components), _MOST_ROWS, max(3, self.app.size.height - _BESIDES))
        self.query_one("#name", Input).focus()
        self._hint("")

    @property
    def component(self) -> Component | None:
        """The one that was given or has the cursor."""
        if self._component_id is not None:
            return next((one for one in self._components if one.id == self._component_id), None)
        cursor = self.query_one(RowList).cursor
        return self._components[cursor] if cursor < len(self._components) else None

    @on(Input.Changed, "#name")
    def _named(self, event: Input.Changed) -> None:
        event.stop()
        wanted = self.query_one("#id", Input)
        if wanted.value != self._made_id:
            return
        self._make_id()

    def _make_id(self) -> None:
        """An id from the name, until a person writes another one."""
        name, component = self.query_one("#name", Input).value, self.component
        made = (
            unique(slug(name, "configuration"), taken_ids(self.app, component.id)) if component and name.strip() else ""
        )
        self._made_id = made
        self.query_one("#id", Input).value = made
        self._hint("")

    @on(Input.Changed, "#id")
    def _id_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._hint(self._id_problem() or "" if event.value else "")

    def _id_problem(self) -> str | None:
        component = self.component
        taken = taken_ids(self.app, component.id) if component is not None else frozenset()
        return id_problem(self.query_one("#id", Input).value.strip(), taken)

    def _hint(self, wrong: str) -> None:
        hint = self.query_one("#hint", Static)
        component = self.component
        place = f"configurations/{component.id}/{self.query_one('#id', Input).value or '…'}.toml" if component else ""
        hint.update(line(wrong or place))
        hint.set_class(bool(wrong), "wrong")

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        event.stop()
        if self.query_one("#id", Input).value == self._made_id:
            self._make_id()

    @on(LineList.Chosen)
    def _chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.query_one("#name", Input).focus()

    def action_down(self) -> None:
        for one in self.query(RowList):
            one.action_cursor_down()

    def action_up(self) -> None:
        for one in self.query(RowList):
            one.action_cursor_up()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._create()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "create":
            self._create()
        else:
            self.dismiss(None)

    def _create(self) -> None:
        from orch_tui.tui.configuration.screen import ConfigurationScreen

        component = self.component
        name = self.query_one("#name", Input).value.strip()
        if component is None:
            self._hint(f'There is no component "{safe_line(self._component_id or "", 60)}".')
            return
        if not safe_line(name).strip():
            self._hint("Give it a name.")
            self.query_one("#name", Input).focus()
            return
        wrong = self._id_problem()
        if wrong:
            self._hint(wrong)
            self.query_one("#id", Input).focus()
            return
        new_id = self.query_one("#id", Input).value.strip()
        new = Configuration(component.id, new_id, name)
        self.app.push_screen(ConfigurationScreen(new.ref, new), self._formed)

    def _formed(self, ref: str | None) -> None:
        self.dismiss(ref)


def _in_order(components: dict[str, Component]) -> list[Component]:
    found = [one for one in components.values() if one.id != ORCHESTRATION_COMPONENT]
    return sorted(found, key=lambda one: (DATA_FLOW_ORDER.index(one.type), one.name.casefold()))


def _row(component: Component) -> Row:
    left = (Part(f" {safe_line(component.name, 30)}", "strong"), Part(f"  {safe_line(component.description)}", "dim"))
    return Row(left, (Part(f"{component.type.value} ", "accent"),))
