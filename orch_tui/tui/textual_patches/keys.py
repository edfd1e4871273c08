"""Which bindings there are, and which of them work now: Textual keeps both to itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from orch_tui.tui.textual_patches.guard import has

if TYPE_CHECKING:
    from textual.app import App
    from textual.binding import Binding
    from textual.dom import DOMNode
    from textual.screen import Screen


def bindings_of(node: DOMNode) -> Iterator[Binding]:
    """The bindings of a widget or screen, one for each key; none where Textual has them elsewhere."""
    if has(node, "_bindings"):
        for _, binding in node._bindings:
            yield binding


def is_enabled(app: App[Any], binding: Binding, node: DOMNode) -> bool:
    """Whether an action is neither hidden nor off for a widget; True where Textual does not say."""
    check = getattr(app, "_check_action_state", None)
    return bool(check(binding.action, node)) if check is not None else True


def first_bindings(screen: Screen[Any], key: str) -> list[Binding]:
    """What a key is bound to nearest to the focus, whether it works now or not; empty where Textual does not say."""
    chain = getattr(screen, "_binding_chain", ())
    nearest = next((bindings for _, bindings in chain if key in bindings.key_to_bindings), None)
    return list(nearest.key_to_bindings[key]) if nearest is not None else []
