"""Every action and every place of the project by its name, and every theme: two lists to pick from by typing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.dom import DOMNode
from textual.screen import Screen

from orch_tui.tui.actions import ALL, Action
from orch_tui.tui.dialogs.key_list import group_rank
from orch_tui.tui.dialogs.pick import Choice, Pick
from orch_tui.tui.keymap import keys_of, save_theme, shown_keys
from orch_tui.tui.places import read_places
from orch_tui.tui.textual_patches.keys import bindings_of, is_enabled

if TYPE_CHECKING:
    from orch_tui.tui.application import Application

_PLACES = {"app": "everywhere", "home": "in the list of orchestrations"}


def owners(screen: Screen[Any]) -> dict[str, tuple[DOMNode, str]]:
    """For every action that can be run on this screen: the node that does it and its Textual action."""
    found: dict[str, tuple[DOMNode, str]] = {}
    for active in screen.active_bindings.values():
        if active.binding.id and active.enabled:
            found.setdefault(active.binding.id, (active.node, active.binding.action))
    if not screen.is_modal:
        # A pane without the focus gets it before its action runs.
        for widget in screen.query("*").results():
            if widget.focusable:
                for binding in bindings_of(widget):
                    if binding.id and is_enabled(screen.app, binding, widget):
                        found.setdefault(binding.id, (widget, binding.action))
    return found


def choices(
    runnable: dict[str, tuple[DOMNode, str]], app: Application, actions: tuple[Action, ...] = ALL
) -> list[Choice]:
    """All actions: first those that can be run here, then the others with the place where they work."""
    here = [action for action in actions if action.id in runnable]
    elsewhere = [action for action in actions if action.id not in runnable]
    rows = [_choice(action, app, "") for action in sorted(here, key=_rank)]
    return rows + [
        _choice(action, app, _PLACES.get(action.context, f"in: {action.context}".replace("-", " ")))
        for action in elsewhere
    ]


def _rank(action: Action) -> tuple[int, bool]:
    """As the help has them; before others those that the footer names."""
    return group_rank(action.group), not action.footer


def _choice(action: Action, app: Application, place: str) -> Choice:
    keys = shown_keys(keys_of(action, app.config.keys))
    return Choice(action.id, action.label, action.tooltip, f"{place}  {keys}" if place else keys, enabled=not place)


def palette(app: Application, screen: Screen[Any]) -> Pick:
    """All actions, then the places of the project as they are read; over the ``screen``."""
    root = app.project.root
    # In a dialog only what belongs to it can be done: going elsewhere would leave it below.
    more = None if screen.is_modal else lambda: read_places(root)
    words = "Type a part of a name" + (
        "" if screen.is_modal else ": an action, an orchestration, a task, a table, a run"
    )
    return Pick("Find", choices(owners(screen), app), words, more=more)


async def do_here(app: Application, screen: Screen[Any], action_id: str) -> None:
    """Do an action on the ``screen``, which is on top again; nothing where it cannot be done there any more."""
    owner = owners(screen).get(action_id)
    if owner is None:
        return
    node, name = owner
    if getattr(node, "focusable", False) and hasattr(node, "focus"):
        screen.set_focus(node)  # type: ignore[arg-type]
    await app.run_action(name, node)


def choose_theme(app: Application) -> None:
    """Show the themes; the one under the cursor is tried on, Escape takes the old one back."""
    before = app.theme
    rows = [
        Choice(name, name, "light" if not one.dark else "dark", "the terminal's own colours" if one.ansi else "")
        for name, one in app.available_themes.items()
    ]

    def tried(name: str) -> None:
        app.theme = name

    def chosen(name: str | None) -> None:
        app.theme = name or before
        if name is None or name == app.config.theme:
            return
        app.config.theme = name
        try:
            save_theme(app.config.path, name)
        except (OSError, ValueError) as error:
            app.say(f"The theme holds until you leave, but could not be kept: {error}", "warning")

    app.push_screen(Pick("Themes", rows, "Type a part of a name", tried=tried, start=before), chosen)
