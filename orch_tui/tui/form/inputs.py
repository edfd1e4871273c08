"""The widgets that hold one text of a form each. ``text`` is always the text of the field, whatever it looks like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Select, TextArea

from orch_tui.model.text import safe_line
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions.configuration import ACTIONS
from orch_tui.tui.form.state import Place
from orch_tui.tui.text import line


class Edited(Message):
    """The text at ``place`` was changed by the person or by the program."""

    def __init__(self, place: Place, text: str) -> None:
        super().__init__()
        self.place = place
        self.text = text


class Line(Input):
    """One line. A secret is masked unless it is a reference."""

    def __init__(
        self, place: Place, text: str, placeholder: str = "", *, secret: bool = False, classes: str = ""
    ) -> None:
        super().__init__(
            text, placeholder=safe_line(placeholder), compact=True, select_on_focus=False, classes=f"editor {classes}"
        )
        self.place = place
        self._secret = secret
        self.cursor_blink = False
        self._mask()

    @property
    def text(self) -> str:
        return self.value

    @text.setter
    def text(self, text: str) -> None:
        self.value = text

    def _mask(self) -> None:
        self.password = self._secret and not self.value.startswith("$")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._mask()
        self.post_message(Edited(self.place, self.text))


class LongText(TextArea):
    """Several lines; as high as its text, within bounds."""

    def __init__(self, place: Place, text: str, placeholder: str = "", *, wide: bool = False) -> None:
        super().__init__(
            text,
            placeholder=line(placeholder, "$text-disabled"),
            compact=True,
            soft_wrap=not wide,
            highlight_cursor_line=False,
            classes="editor",
        )
        self.place = place
        self.cursor_blink = False
        # TextArea makes all line ends equal; what nobody edited must stay as it is.
        self._given, self._seen = text, super().text

    @property
    def text(self) -> str:
        seen = super().text
        return self._given if seen == self._seen else seen

    @text.setter
    def text(self, text: str) -> None:
        self.load_text(text)
        self._given, self._seen = text, self.document.text

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.post_message(Edited(self.place, self.text))


class Choice(Select[str]):
    """One of a few texts; the empty one stands for the default."""

    def __init__(self, place: Place, text: str, choices: Sequence[str], default: str, *, blank: bool = True) -> None:
        options: list[tuple[Any, str]] = [(line(choice, limit=60), choice) for choice in choices]
        if blank:
            first = f"{default} (default)" if default else "(not set)"
            options.insert(0, (line(first, "dim", 60), ""))
        super().__init__(options, value=text, allow_blank=False, compact=True, type_to_search=False, classes="editor")
        self.place = place

    @property
    def text(self) -> str:
        return "" if self.value is Select.NULL else str(self.value)

    @text.setter
    def text(self, text: str) -> None:
        self.value = text

    def on_select_changed(self, event: Select.Changed) -> None:
        event.stop()
        self.post_message(Edited(self.place, self.text))


class YesNo(Widget, can_focus=True):
    """Yes or no, with a default that is left out of the file."""

    BINDINGS = bindings(ACTIONS, "yes-no")

    def __init__(self, place: Place, text: str, *, default: bool) -> None:
        super().__init__(classes="editor")
        self.place = place
        self._first = text
        self._default = default
        self._text = text

    @property
    def on(self) -> bool:
        return self._text == "true" if self._text else self._default

    @property
    def text(self) -> str:
        return self._text

    @text.setter
    def text(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.refresh()
            self.post_message(Edited(self.place, text))

    def render(self) -> Content:
        mark = "[✔] yes" if self.on else "[ ] no"
        return line(f"{mark} (default)", "dim") if not self._text else line(mark)

    def action_flip(self) -> None:
        on = not self.on
        # Back at the default, the file needs no word about it, unless it had one.
        self.text = "" if on == self._default and not self._first else ("true" if on else "false")

    def on_click(self, event: Click) -> None:
        event.stop()
        self.focus()
        self.action_flip()


Editor = Line | LongText | Choice | YesNo
