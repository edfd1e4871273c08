"""What an action is: everything that a key, the palette, the help and the page of keys say about it, in one place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.binding import BindingType


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person can do.

    ``id`` is ``"<module>.<name>"`` and never changes: keymaps refer to it. ``keys`` are Textual key names, separated by
    commas. ``label`` is the word in the footer, ``tooltip`` one sentence for help, palette and the page of keys.
    ``group`` is a heading in the help. ``priority``: also while a text field has the focus. ``context`` names what must
    have the focus (``app``, ``home``, ``workbench``, ``tree``, …), the module unless something else is said: no two
    actions of one context share a key.
    """

    id: str
    keys: str
    label: str
    tooltip: str
    footer: bool = False
    group: str = ""
    priority: bool = False
    context: str = ""

    def __post_init__(self) -> None:
        if not self.context:
            object.__setattr__(self, "context", self.id.partition(".")[0])

    @property
    def method(self) -> str:
        """The Textual action: ``"workbench.add-tasks"`` is ``action_add_tasks`` of what owns the context."""
        return self.id.rpartition(".")[2].replace("-", "_")

    @property
    def key_list(self) -> tuple[str, ...]:
        return tuple(key.strip() for key in self.keys.split(",") if key.strip())


def bindings(actions: Iterable[Action], *contexts: str) -> list[BindingType]:
    """The bindings of a screen or widget: all ``actions``, or those of the ``contexts`` named."""
    return [_binding(action, action.method) for action in actions if not contexts or action.context in contexts]


def handed_on(actions: Iterable[Action], to: str = "") -> list[BindingType]:
    """Bindings whose owner has one method for all, ``action_do``, which is given the id of the action.

    ``to`` is ``screen`` for a widget whose screen has the table.
    """
    return [_binding(action, f"{to}{'.' if to else ''}do('{action.id}')") for action in actions]


def _binding(action: Action, textual_action: str) -> BindingType:
    from textual.binding import Binding

    return Binding(
        ",".join(action.key_list),
        textual_action,
        action.label,
        show=action.footer,
        tooltip=action.tooltip,
        id=action.id,
        priority=action.priority,
    )
