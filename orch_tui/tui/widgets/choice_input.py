"""A text field that knows what may stand in it: it tells what fits, and the right arrow key takes the first of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.widgets import Input

_SHOWN = 3


def fitting(choices: Sequence[str], text: str) -> list[str]:
    """Those that begin with the text, then those that have it; none for a text that is one of them."""
    wanted = text.strip().casefold().replace(" ", "_")
    if not wanted or any(one.casefold() == wanted for one in choices):
        return []
    first = [one for one in choices if one.casefold().startswith(wanted)]
    # A city is what people know of a time zone.
    parts = [one for one in choices if one not in first and f"/{wanted}" in one.casefold()]
    return [*first, *parts, *(one for one in choices if one not in [*first, *parts] and wanted in one.casefold())]


class ChoiceInput(Input):
    """Completes its last word; ``choices`` are asked for when something is typed."""

    def __init__(self, value: str, choices: Callable[[], Sequence[str]], placeholder: str, id: str) -> None:
        super().__init__(value, placeholder=placeholder, id=id, compact=True)
        self.cursor_blink = False
        self._choices = choices

    @property
    def _word(self) -> str:
        return self.value[self._start :]

    @property
    def _start(self) -> int:
        return max(self.value.rfind(" "), self.value.rfind(",")) + 1

    def matches(self) -> list[str]:
        """What the last word may become."""
        return fitting(self._choices(), self._word) if self._word else []

    def completions(self) -> str:
        """``→ Europe/Prague, Europe/Paris``: what the key takes, and what else there is; empty without any."""
        found = self.matches()
        more = " …" if len(found) > _SHOWN else ""
        return f"→ {', '.join(found[:_SHOWN])}{more}" if found else ""

    def action_cursor_right(self, select: bool = False) -> None:
        found = self.matches() if not select and self.cursor_position == len(self.value) else []
        if not found:
            super().action_cursor_right(select)
            return
        self.value = self.value[: self._start] + found[0]
        self.cursor_position = len(self.value)
