"""The left side of the workbench: a filter, the components that fit it, and the configurations of the chosen one."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.text import line
from orch_tui.tui.widgets.line_tree import LineList
from orch_tui.tui.workbench.catalog import Catalog, ComponentEntry, ConfigurationEntry
from orch_tui.tui.workbench.components.component_list import ComponentList
from orch_tui.tui.workbench.components.configuration_list import ConfigurationList
from orch_tui.tui.workbench.model import Workbench


class ComponentFilter(Input):
    """Always there; Escape takes its words away and leads back to the components."""

    BINDINGS = bindings(actions.LISTS, "component-filter")

    @dataclass
    class Cleared(Message):
        """The components are wanted again."""

    def action_clear(self) -> None:
        self.value = ""
        self.post_message(self.Cleared())


class ComponentsPane(Vertical):
    """Shows what the catalog has; what is chosen goes up as a message."""

    @dataclass
    class Add(Message):
        """The configuration under the cursor is to become a task."""

    def __init__(self, bench: Workbench, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._catalog: Catalog = bench.catalog
        self.filter = ComponentFilter(placeholder=" / filter", id="filter", compact=True)
        self.filter.cursor_blink = False
        self.components = ComponentList(id="components")
        self.configurations = ConfigurationList(bench.uses, id="configurations")

    def compose(self) -> ComposeResult:
        with Vertical(id="components-pane") as pane:
            pane.border_title = line("Components")
            yield self.filter
            yield self.components
        yield self.configurations

    @property
    def chosen_component(self) -> ComponentEntry | None:
        """The component under the cursor of its list."""
        return self.components.chosen

    @property
    def chosen_configuration(self) -> ConfigurationEntry | None:
        """The configuration under the cursor of its list."""
        return self.configurations.chosen

    def show(self) -> None:
        """What the catalog has now and the filter lets through."""
        self.components.show(self._catalog.components(self.filter.value))
        self._show_configurations()

    def show_uses(self) -> None:
        """How many tasks run each configuration, where that is different now."""
        self.configurations.show_uses()

    def _show_configurations(self) -> None:
        chosen, shown = self.components.chosen, self.configurations
        if chosen is None:
            shown.show([], "")
            return
        text = self.filter.value
        empty = " None fits the filter" if text and chosen.configurations else " None yet: N makes one"
        shown.show(self._catalog.configurations(chosen.id, text), empty)
        shown.border_title = line(chosen.name, limit=40)

    def focus_components(self) -> None:
        self.screen.set_focus(self.components)

    def focus_configurations(self) -> None:
        self.screen.set_focus(self.configurations)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.focus_components()

    def on_component_filter_cleared(self, event: ComponentFilter.Cleared) -> None:
        event.stop()
        self.focus_components()

    def key_down(self) -> None:
        """From the filter into the list below it; lists have a binding of their own for it."""
        if self.filter.has_focus:
            self.focus_components()

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        if event.control is self.components:
            self._show_configurations()

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        if event.control is self.components:
            self.focus_configurations()
        else:
            self.post_message(self.Add())

    def on_configuration_list_plus_clicked(self, event: ConfigurationList.PlusClicked) -> None:
        event.stop()
        self.post_message(self.Add())
