"""The panes of the workbench: side by side where there is room, else as tabs; how much of the screen each has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

from orch_tui.tui.workbench.layout import look
from orch_tui.tui.workbench.layout.pane_tabs import PaneTabs

TABS = (("tasks", "1 Tasks"), ("components", "2 Components"), ("below", "3 Problems"))
_LEAST_RUN, _LEAST_PROBLEMS = 10, 3
"""Lines of a run and of problems, frame included, with which they are of use below the tree."""
_MOST_PROBLEMS = 0.3
_LEAST_PICTURE = 8
"""Lines of the lowest picture that shows more than a frame: a box with three tasks."""
_LEAST_FACTS = 8
"""Lines below a picture from which it is told there what the task under the cursor does."""


class Room(IntEnum):
    """How much of the screen the pane with the focus has."""

    SHARED = 0
    HALF = 1
    ALL = 2


class Lines(NamedTuple):
    """Lines of the screen for the tree, for the ``picture`` of its plan, for the ``facts`` of the task under the
    cursor, and for what is below; None for all that are left, 0 for not in view."""

    tree: int | None
    below: int | None
    picture: int = 0
    facts: int = 0


def lines_of(
    height: int,
    tree: int,
    problems: int,
    *,
    run: bool,
    room: Room,
    focus: str,
    narrow: bool,
    picture: Callable[[int], int] = lambda most: most,
) -> Lines:
    """Share ``height`` lines between the tree and what is below it: a ``run``, or problems.

    ``tree`` and ``problems`` are the lines that each of them would fill, ``picture`` says it of the picture of a plan
    that may have so many; ``focus`` is the pane with the focus.
    """
    if focus == "below" and (narrow or room is Room.ALL):
        return Lines(0, None)
    if room is Room.ALL or (narrow and room is not Room.SHARED):
        return Lines(None, 0)
    if room is Room.HALF and focus != "components":
        return Lines(height // 2, None)
    if not run:
        most = max(_LEAST_PROBLEMS, int(height * _MOST_PROBLEMS))
        below = max(_LEAST_PROBLEMS, min(problems, most))
        if not narrow and (left := height - below - tree) >= _LEAST_PICTURE:
            wanted = max(_LEAST_PICTURE, picture(left))
            if left - wanted >= _LEAST_FACTS:
                return Lines(tree, below, wanted, left - wanted)
            return Lines(tree, below, left)
        return Lines(None, below if not narrow or tree + below <= height else 0)
    if narrow:
        return Lines(tree, None) if tree + _LEAST_RUN <= height else Lines(None, 0)
    return Lines(min(tree, max(height * 11 // 20, height - 2 * _LEAST_RUN)), None)


@dataclass(frozen=True, slots=True)
class Places:
    """The widgets of the layout: ``work`` holds ``tree``, ``picture``, ``facts`` and ``below``. The lines are what each
    would fill, the picture of those that it may have."""

    left: Widget
    work: Widget
    tree: Widget
    picture: Widget
    facts: Widget
    below: Widget
    tree_lines: Callable[[], int]
    problem_lines: Callable[[], int]
    picture_lines: Callable[[int], int]


class Panes:
    """``first`` is what takes the focus in a pane, by its name.

    While a run is shown, the components leave their columns to it until they get the focus.
    """

    def __init__(self, screen: Screen[None], tabs: PaneTabs, places: Places, first: Mapping[str, Widget]) -> None:
        self._screen = screen
        self._tabs = tabs
        self._places = places
        self._first = first
        self._panes = {"tasks": places.tree, "components": places.left, "below": places.below}
        self._pane = "tasks"
        self._room = Room.SHARED
        self._with_run = False
        self._lines: Lines | None = None

    def apply(self) -> None:
        """The screen may have another size, or the tree and the problems other rows."""
        places, narrow = self._places, self._narrow
        # Not by classes: what is typed after the key must find the focus where it will be.
        places.left.display = self._pane == "components" or self._is_left_beside
        places.left.set_class(self._room is Room.HALF and self._pane == "components" and not narrow, "-half")
        places.work.display = self._pane != "components" or not (narrow or self._room is Room.ALL)
        height = self._size.height - 1 - narrow
        lines = lines_of(
            height,
            places.tree_lines(),
            places.problem_lines(),
            run=self._with_run,
            room=self._room,
            focus=self._pane,
            narrow=narrow,
            picture=places.picture_lines,
        )
        if lines != self._lines:
            self._lines = lines
            for widget, number in (
                (places.tree, lines.tree),
                (places.picture, lines.picture),
                (places.facts, lines.facts),
                (places.below, lines.below),
            ):
                widget.display = number != 0
                if number != 0:
                    widget.styles.height = "1fr" if number is None else number
        self._screen.set_class(self._room is not Room.SHARED, "-enlarged")
        self._tabs.show(self._pane)

    @property
    def _size(self) -> Size:
        """That of the screen; before its first layout that of the program, which it fills."""
        return self._screen.size or self._screen.app.size

    @property
    def _narrow(self) -> bool:
        return self._size.width < look.NARROW

    @property
    def _is_left_beside(self) -> bool:
        """Whether the components are in view without the focus."""
        return not (self._narrow or self._with_run or self._room is not Room.SHARED)

    def resize(self, step: int) -> bool:
        """Give the pane with the focus more or less of the screen; False when there is no more, or no less."""
        room = min(max(self._room + step, Room.SHARED), Room.ALL)
        if room == self._room:
            return False
        self._room = Room(room)
        self.apply()
        return True

    def show(self, pane: str) -> None:
        """Bring a pane into view."""
        if pane != self._pane:
            self._pane = pane
            self.apply()

    def go_to(self, pane: str, widget: Widget | None = None) -> None:
        """Bring a pane into view and give it, or a widget in it, the focus."""
        self.show(pane)
        self._screen.set_focus(widget or self._first[pane])

    def follow_focus(self, widget: Widget) -> None:
        """A widget got the focus: its pane is in view."""
        for pane, container in self._panes.items():
            if container in widget.ancestors_with_self:
                self.show(pane)

    @property
    def focused(self) -> Widget | None:
        """What has the focus."""
        return self._screen.focused

    def show_run(self, shown: bool) -> None:
        """A run takes the place of the problems, or leaves it to them."""
        self._with_run = shown
        self._screen.set_class(shown, "-run")
        self.apply()

    def keys_changed(self) -> None:
        """Other keys can do something now: the footer is made anew."""
        self._screen.refresh_bindings()

    def name(self, labels: Sequence[str]) -> None:
        """Give the tabs other words."""
        self._tabs.show(self._pane, labels)
