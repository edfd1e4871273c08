"""All that starts an orchestration and who is told of it: a list, each with its form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from orch_tui.model.orchestration.alerts import AlertRule
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.orchestration.starts import Schedule
from orch_tui.model.texts.text import safe_line
from orch_tui.project.schedules.time_zones import zone_of
from orch_tui.scheduling.pauses import held_pauses
from orch_tui.scheduling.values import pause_at
from orch_tui.scheduling.words import pause_words
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import starts as actions
from orch_tui.tui.breakpoints import HEIGHTS
from orch_tui.tui.dialogs.base import SHEET, Dialog
from orch_tui.tui.starts.entries import (
    Entry,
    EntryPlace,
    StartKind,
    Starts,
    entries,
    toggled,
    with_entry,
    without_entry,
)
from orch_tui.tui.starts.form import EntryForm
from orch_tui.tui.starts.look import SHEET as OWN
from orch_tui.tui.starts.shared_alerts import SharedAlerts
from orch_tui.tui.starts.words import entry_words, next_of, show_start
from orch_tui.tui.text import line, lines
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from orch_tui.tui.application import Application

_HEADINGS = {
    StartKind.SCHEDULE: ("Schedules", "when it starts by the clock"),
    StartKind.TRIGGER: ("Triggers", "files, tables or runs that start it"),
    StartKind.ALERT: ("Alerts", "who is told what of its runs"),
    StartKind.SHARED: ("Alerts of all orchestrations", "in orch.toml; saved at once"),
}
_GLYPHS = {StartKind.SCHEDULE: "◷", StartKind.TRIGGER: "▸", StartKind.ALERT: "!", StartKind.SHARED: "!"}


class KeepsStarts(Protocol):
    """Whoever holds the orchestration: what is changed here goes to it at once."""

    def change(self, new: Orchestration, what: str) -> Orchestration | None:
        """Take the edited one over; as it is then, or None when it was refused, which has been said."""

    def undo(self) -> Orchestration | None:
        """Take the last change back; as it is then, or None when there is nothing."""


class StartsDialog(Dialog[None]):
    """A change is kept at once, where it can be taken back: with the orchestration, or with the project's alerts.

    ``timezone`` is the project's, empty for the machine's.
    """

    CSS_PATH = [SHEET, OWN]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS = bindings(actions.STARTS)
    HELP = "What starts this orchestration by itself, and who is told of its runs. Enter opens the form of one."
    app: Application

    def __init__(self, value: Orchestration, timezone: str, keeper: KeepsStarts) -> None:
        super().__init__()
        self._own, self._timezone, self._keeper = value, timezone, keeper
        self._shared = SharedAlerts(self.app.project, lambda said: self.app.say(said, "error"))
        self._order: list[StartKind] = []
        """Which kinds were changed here, one after another."""
        self._list = RowList(id="starts")
        self._places: Sequence[EntryPlace] = ()

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="wide") as dialog:
            dialog.border_title = line(f"Schedules, triggers and alerts of {safe_line(self._own.name, 50)}")
            dialog.border_subtitle = line("Enter edits, n new, x enables, d deletes, u undoes, Esc closes")
            yield self._list
            yield Static(id="about")

    def on_mount(self) -> None:
        self._show(0)
        # The first that can be edited, if there is one.
        self._list.go(next((at for at, place in enumerate(self._places) if place.index is not None), 0))
        self.set_focus(self._list)

    # --- showing ---

    @property
    def _value(self) -> Starts:
        return Starts(self._own, self._shared.rules)

    def _show(self, cursor: int) -> None:
        value, rows, places = self._value, [], []
        for kind, (heading, about) in _HEADINGS.items():
            known = entries(value, kind)
            places.append(EntryPlace(kind))
            right = "" if known else "none; n adds one "
            rows.append(Row((Part(f" {heading}", "strong"), Part(f"  {about}", "dim")), (Part(right, "dim"),)))
            for index, one in enumerate(known):
                places.append(EntryPlace(kind, index))
                rows.append(self._row(one, places[-1]))
        self._places = places
        self._list.show(rows, min(cursor, len(rows) - 1))
        self._list.styles.height = len(rows)
        told = self._about()
        below = self.query_one("#about", Static)
        below.update(lines("\n".join(told)))
        below.display = bool(told)

    def _row(self, one: Entry, place: EntryPlace) -> Row:
        words = entry_words(one, self._own, self._timezone)
        disabled = not isinstance(one, AlertRule) and not one.enabled
        right = "disabled" if disabled else self._next(one, place.index or 0)
        glyph, style = _GLYPHS[place.kind], "dim" if disabled else "accent"
        return Row((Part(f"   {glyph} ", style), Part(words, "dim" if disabled else "text")), (Part(f"{right} "),))

    def _next(self, one: Entry, index: int) -> str:
        if not isinstance(one, Schedule):
            return ""
        now = self.app.clock.wall()
        at = next_of(self._own, index, self._timezone, held_pauses(self.app.project.paths), now)
        return "never" if at is None else f"next {show_start(at, zone_of(one.timezone or self._timezone), now)}"

    def _about(self) -> Sequence[str]:
        now, pauses = self.app.clock.wall(), held_pauses(self.app.project.paths)
        pause = pause_at(pauses, self._own.id, now)
        if pause is None:
            return []
        until = show_start(pause.end, zone_of(""), now) if pause.end is not None else ""
        return [f"The schedules are {pause_words(pause, until)}"]

    # --- what can be done ---

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self._edit(self._places[event.index])

    def action_add(self) -> None:
        self._edit(EntryPlace(self._places[self._list.cursor].kind))

    def action_enable(self) -> None:
        place = self._chosen()
        if place is None:
            return
        new = toggled(self._value, place)
        if new is None:
            self.app.say("An alert is not disabled; d takes it out.", "warning")
        else:
            now = entries(new, place.kind)[place.index or 0]
            enabled = not isinstance(now, AlertRule) and now.enabled
            self._keep(new, f"{'enabling' if enabled else 'disabling'} of a {place.kind.one}", place)

    def action_delete(self) -> None:
        if (place := self._chosen()) is not None:
            self._keep(without_entry(self._value, place), f"deletion of a {place.kind.one}", None)

    def action_undo(self) -> None:
        if self._order and self._order.pop() is StartKind.SHARED:
            self._shared.undo()
        elif (value := self._keeper.undo()) is not None:
            self._own = value
        self._show(self._list.cursor)

    def action_close(self) -> None:
        self.dismiss(None)

    def _chosen(self) -> EntryPlace | None:
        place = self._places[self._list.cursor]
        return place if place.index is not None else None

    def _edit(self, place: EntryPlace) -> None:
        def take(one: Entry | None) -> None:
            if one is not None:
                new = with_entry(self._value, place, one)
                index = place.index if place.index is not None else len(entries(self._value, place.kind))
                self._keep(new, f"editing of a {place.kind.one}", EntryPlace(place.kind, index))

        self.app.push_screen(EntryForm(self._value, place, self._timezone), take)

    def _keep(self, new: Starts, what: str, place: EntryPlace | None) -> None:
        value = self._value
        if new == value:
            return
        if new.shared != value.shared:
            if self._shared.change(new.shared):
                self._order.append(StartKind.SHARED)
        elif (kept := self._keeper.change(new.own, what)) is not None:
            self._own = kept
            self._order.append(StartKind.ALERT)
        else:
            return
        self._show(self._list.cursor)
        if place in self._places:
            self._list.go(self._places.index(place))


class Keeper:
    """A keeper of two functions."""

    def __init__(
        self,
        change: Callable[[Orchestration, str], Orchestration | None],
        undo: Callable[[], Orchestration | None],
    ) -> None:
        self.change, self.undo = change, undo
