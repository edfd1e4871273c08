"""What stands around the form: sentences above it, facts beside it, the help of the field under the cursor below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from orch_tui.tui.configuration.editor import User
from orch_tui.tui.text import join, line, lines

if TYPE_CHECKING:
    from orch_tui.keboola.kept import Origin

_MOST_USERS = 12


class Pane(Static):
    """A text that is painted only when it becomes another one: a new layout sends the whole screen."""

    def __init__(self, *, id: str, layout: bool = True) -> None:
        """``layout``: whether its height follows from the text."""
        super().__init__("", id=id)
        self._text: Content | None = None
        self._new_layout = layout

    def put(self, text: Content) -> None:
        """Show this text instead."""
        if text != self._text:
            self._text = text
            self.update(text, layout=self._new_layout)


class Notice(Pane):
    """Sentences until the next ones; out of the way while there are none."""

    def on_mount(self) -> None:
        self.display = False

    def show(self, text: str) -> None:
        self.put(lines(text))
        self.display = bool(text)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a form depends on. ``secrets``: by name, whether each has a value; ``files``: those that hold its texts."""

    users: Sequence[User] = ()
    secrets: Mapping[str, bool] = field(default_factory=dict)
    files: Sequence[str] = ()


class FactsPane(Pane):
    """Who uses the configuration, its secrets, its files, where it came from."""

    _facts: Facts | None = None
    _origin: Origin | None = None

    def show_origin(self, origin: Origin | None) -> None:
        """Say what it was in Keboola as well."""
        self._origin = origin
        if self._facts is not None:
            self.show(self._facts)

    def show(self, facts: Facts) -> None:
        self._facts = facts
        parts = [line("Used by", "bold $text-primary")]
        for user in facts.users[:_MOST_USERS]:
            parts.append(join([line(user.orchestration_name), line(user.phase_name, "$text-muted")]))
        if len(facts.users) > _MOST_USERS:
            parts.append(line(f"and {len(facts.users) - _MOST_USERS} more", "$text-muted"))
        if not facts.users:
            parts.append(line("no task yet", "$text-muted"))
        parts += [line(""), line("Secrets", "bold $text-primary")]
        parts += [secret_line(name, is_set) for name, is_set in facts.secrets.items()] or [line("none", "$text-muted")]
        parts += [line(""), line("Texts in files of their own", "bold $text-primary")] if facts.files else []
        parts += [line(name) for name in facts.files]
        if self._origin is not None:
            parts += [line(""), line("From Keboola", "bold $text-primary"), line(self._origin.words)]
            parts += [line(f"kept, not done here: {one.message}", "$text-warning") for one in self._origin.findings]
        self.put(Content("\n").join(parts))


class FieldHelp(Pane):
    """What the field under the cursor means, and whether its secrets have a value."""

    def show(self, help_text: Content, secrets: Mapping[str, bool]) -> None:
        self.put(join([help_text, *(secret_line(name, is_set) for name, is_set in secrets.items())]))


def secret_line(name: str, is_set: bool) -> Content:
    """The name of a secret and whether it has a value; never the value."""
    if is_set:
        return line(f"✔ {name} is set", "$text-success")
    return line(f"✖ {name} has no value: put it into .env", "$text-error")
