"""The widgets that hold one text of a form each. ``text`` is always the text of the field, whatever it looks like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.content import Content
from textual.events import Click, Key
from textual.message import Message
from textual.strip import Strip
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, TextArea

from orch_tui.model.texts.text import safe_line
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions.configuration import ACTIONS
from orch_tui.tui.configuration.form.state import Place
from orch_tui.tui.keymap import keys_of
from orch_tui.tui.text import line, lines

if TYPE_CHECKING:
    from orch_tui.tui.application import Application


class Edited(Message):
    """The text at ``place`` was changed by the person or by the program."""

    def __init__(self, place: Place, text: str) -> None:
        super().__init__()
        self.place = place
        self.text = text


class Passed(Message):
    """The cursor went beyond the first (-1) or the last line (1) of a text."""

    def __init__(self, by: int) -> None:
        super().__init__()
        self.by = by


class Beginnings(Suggester):
    """Offers the first of some texts that begins as what is typed does; ``after_comma``: in a list of such texts."""

    def __init__(self, texts: Callable[[], Iterable[str]], *, after_comma: bool = False) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._texts = texts
        self._after_comma = after_comma

    async def get_suggestion(self, value: str) -> str | None:
        before, comma, last = value.rpartition(",") if self._after_comma else ("", "", value)
        begun = last.lstrip()
        rest = next((text for text in self._texts() if begun and text.startswith(begun)), None)
        return f"{before}{comma}{last[: len(last) - len(begun)]}{rest}" if rest is not None else None


class Line(Input):
    """One line. A secret is masked unless it is a reference."""

    BINDINGS = bindings(ACTIONS, "line")

    def __init__(
        self,
        place: Place,
        text: str,
        placeholder: str = "",
        *,
        secret: bool = False,
        classes: str = "",
        suggester: Suggester | None = None,
    ) -> None:
        super().__init__(
            text,
            placeholder=safe_line(placeholder),
            compact=True,
            select_on_focus=False,
            classes=f"editor {classes}",
            suggester=suggester,
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

    def render_line(self, y: int) -> Strip:
        strip, room = super().render_line(y), self.scrollable_content_region.width
        if self.has_focus or not room or cell_len(self.value) <= room + round(self.scroll_x):
            return strip
        # Who types sees where the text goes on; who looks would take what is in view for all of it.
        style = next((segment.style for segment in strip.crop(room - 1, room)), None)
        return Strip.join([strip.crop_extend(0, room - 1, style), Strip([Segment("…", style)])])

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
            placeholder=lines(placeholder, "$text-disabled"),
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

    def go_to_line(self, number: int) -> None:
        """Put the cursor at the beginning of a line, from 1; the last one where there are fewer."""
        self.move_cursor((min(number, self.document.line_count) - 1, 0))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.text_changed()
        self.post_message(Edited(self.place, self.text))

    def text_changed(self) -> None:
        """Something was typed."""

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Enter is text here, too."""
        return key == "enter" or super().check_consume_key(key, character)

    def action_cursor_up(self, select: bool = False) -> None:
        """Beyond the first line it is the form's turn."""
        if not select and self.wrapped_document.location_to_offset(self.cursor_location).y == 0:
            self.post_message(Passed(-1))
        else:
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """Beyond the last line it is the form's turn."""
        at = self.wrapped_document.location_to_offset(self.cursor_location).y
        if not select and at == self.wrapped_document.height - 1:
            self.post_message(Passed(1))
        else:
            super().action_cursor_down(select)


class Drawn(Widget, can_focus=True):
    """A text that is not typed: the widget draws itself, and keys and the mouse change it.

    Letters that are typed here all the same are this field's, never keys of something else.
    """

    CONTEXT: ClassVar[str]
    """The context of its keys."""
    app: Application

    def __init__(self, place: Place, text: str) -> None:
        super().__init__(classes="editor")
        self.place = place
        self._text = text

    @property
    def text(self) -> str:
        return self._text

    @text.setter
    def text(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.refresh()
            self.post_message(Edited(self.place, text))

    @property
    def _own_keys(self) -> set[str]:
        keys = self.app.config.keys
        return {key for action in ACTIONS if action.context == self.CONTEXT for key in keys_of(action, keys)}

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whatever is typed, but for its own keys."""
        return character is not None and character.isprintable() and key not in self._own_keys

    def on_key(self, event: Key) -> None:
        if event.is_printable and event.character and event.key not in self._own_keys:
            event.stop()
            self.typed(event.character)

    def typed(self, character: str) -> None:
        """A character that is no key of this field."""


class Choice(Drawn):
    """One of a few texts; the empty one stands for the default. A fifth of the cost of Textual's ``Select``."""

    CONTEXT = "choice"
    BINDINGS = bindings(ACTIONS, CONTEXT)

    def __init__(self, place: Place, text: str, choices: Sequence[str], default: str, *, blank: bool = True) -> None:
        super().__init__(place, text)
        self._default = f"{default} (default)" if default else "(not set)"
        # The default is there already, as the empty text; written out it counts only when the file has it.
        rest = [one for one in choices if one != default or one == text]
        self._choices = ["", *rest] if blank else list(choices)

    def render(self) -> Content:
        shown = line(self._text) if self._text else line(self._default, "$text-muted")
        room = max(1, self.size.width - 2)
        return Content.assemble(shown.truncate(room, ellipsis=True, pad=True), " ", line("▾", "$text-muted"))

    def action_turn(self, by: int) -> None:
        """Take the next choice, or the one before."""
        at = self._choices.index(self._text) if self._text in self._choices else 0
        self.text = self._choices[(at + by) % len(self._choices)]

    def action_next_choice(self) -> None:
        self.action_turn(1)

    def action_previous_choice(self) -> None:
        self.action_turn(-1)

    def typed(self, character: str) -> None:
        """Take the next choice that begins with it."""
        at = self._choices.index(self._text) if self._text in self._choices else 0
        after = self._choices[at + 1 :] + self._choices[: at + 1]
        wanted = character.casefold()
        self.text = next((one for one in after if self._shown(one).casefold().startswith(wanted)), self._text)

    def _shown(self, choice: str) -> str:
        return choice or self._default

    def action_pick(self) -> None:
        """Show all choices."""
        from orch_tui.tui.dialogs.pick import Choice as Picked
        from orch_tui.tui.dialogs.pick import Pick

        def answered(text: str | None) -> None:
            if text is not None:
                self.text = text

        choices = [Picked(one, safe_line(self._shown(one), 60)) for one in self._choices]
        self.app.push_screen(Pick("Choose", choices, "type to find", start=self._text), answered)

    def on_click(self, event: Click) -> None:
        event.stop()
        self.focus()
        self.action_pick()


class YesNo(Drawn):
    """Yes or no, with a default that is left out of the file."""

    CONTEXT = "yes-no"
    BINDINGS = bindings(ACTIONS, CONTEXT)

    def __init__(self, place: Place, text: str, *, default: bool) -> None:
        super().__init__(place, text)
        self._first = text
        self._default = default

    @property
    def on(self) -> bool:
        return self._text == "true" if self._text else self._default

    def render(self) -> Content:
        mark = "[✔] yes" if self.on else "[ ] no"
        return line(f"{mark} (default)", "dim") if not self._text else line(mark)

    def action_flip(self) -> None:
        self._turn(not self.on)

    def typed(self, character: str) -> None:
        """``y`` and ``n`` answer."""
        if character.lower() in "yn":
            self._turn(character.lower() == "y")

    def _turn(self, on: bool) -> None:
        # Back at the default, the file needs no word about it, unless it had one.
        self.text = "" if on == self._default and not self._first else ("true" if on else "false")

    def on_click(self, event: Click) -> None:
        event.stop()
        self.focus()
        self.action_flip()


Editor = Line | LongText | Choice | YesNo
