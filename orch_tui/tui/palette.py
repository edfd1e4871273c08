"""Every action by its name, and every theme: two lists to pick from by typing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.dom import DOMNode
from textual.screen import Screen

from orch_tui.tui.actions import ALL, Action
from orch_tui.tui.dialogs.pick import Choice, Pick
from orch_tui.tui.keymap import keys_of, save_theme, shown_keys
from orch_tui.tui.textual_patches.keys import bindings_of, is_enabled

if TYPE_CHECKING:
    from orch_tui.tui.app import OrchApp

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


def choices(runnable: dict[str, tuple[DOMNode, str]], app: OrchApp, actions: tuple[Action, ...] = ALL) -> list[Choice]:
    """All actions: first those that can be run here, then the others with the place where they work."""
    here = [action for action in actions if action.id in runnable]
    elsewhere = [action for action in actions if action.id not in runnable]
    rows = [_choice(action, app, "") for action in sorted(here, key=_rank)]
    return rows + [
        _choice(action, app, _PLACES.get(action.context, f"in: {action.context}".replace("-", " ")))
        for action in elsewhere
    ]


def _rank(action: Action) -> int:
    return 2 if action.group == "Moving about" else 1 if action.context == "app" else 0


def _choice(action: Action, app: OrchApp, place: str) -> Choice:
    keys = shown_keys(keys_of(action, app.config.keys))
    return Choice(action.id, action.label, action.tooltip, f"{place}  {keys}" if place else keys, enabled=not place)


def open_palette(app: OrchApp) -> None:
    """Show the palette over the current screen, and run what is picked."""
    screen = app.screen
    runnable = owners(screen)

    async def picked(action_id: str | None) -> None:
        if action_id is None or action_id not in runnable:
            return
        node, name = runnable[action_id]
        focusable = getattr(node, "focusable", False)
        if focusable and hasattr(node, "focus"):
            screen.set_focus(node)  # type: ignore[arg-type]
        await app.run_action(name, node)

    app.push_screen(Pick("Actions", choices(runnable, app), "Type a part of a name"), picked)


def choose_theme(app: OrchApp) -> None:
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
