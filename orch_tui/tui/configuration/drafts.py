"""What was typed into a form and not saved yet, on disk, so that neither a crash nor a lost terminal takes it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from orch_tui.model.components.configuration import WriteMode, split_ref
from orch_tui.project.concurrent.slots import Slot, Slots
from orch_tui.project.files.source import DefinitionError, parse_toml, read_own_source
from orch_tui.project.project import Project
from orch_tui.project.toml.text import table_lines
from orch_tui.tui.configuration.form.state import FormState, InputRow, OutputRow


@dataclass(frozen=True, slots=True)
class FormDraft:
    """``digest`` is that of the file which was being edited, empty for a new one; ``data`` what the draft has."""

    digest: str
    data: dict[str, Any]
    path: Path

    def onto(self, state: FormState) -> FormState:
        """``state`` with the texts of the draft; fields that the form does not have any more are passed over."""
        texts = dict(state.texts)
        for item in self.data.get("texts", []):
            path = tuple(map(str, item.get("path", [])))
            if path in texts:
                texts[path] = str(item.get("text", ""))
        return replace(
            state,
            name=str(self.data.get("name", state.name)),
            description=str(self.data.get("description", state.description)),
            texts=texts,
            pool=str(self.data.get("pool", state.pool)),
            rows=str(self.data.get("rows", state.rows)),
            row_parallel=str(self.data.get("row_parallel", state.row_parallel)),
            checks=str(self.data.get("checks", state.checks)),
            inputs=tuple(InputRow(_text(item, "table"), _text(item, "name")) for item in self.data.get("inputs", [])),
            outputs=tuple(_output(item) for item in self.data.get("outputs", [])),
        )


def _text(item: dict[str, Any], key: str) -> str:
    return str(item.get(key, ""))


def _output(item: dict[str, Any]) -> OutputRow:
    mode = _text(item, "mode")
    known = mode if mode in list(WriteMode) else str(WriteMode.FULL)
    return OutputRow(_text(item, "name"), _text(item, "table"), known, _text(item, "primary_key"))


class FormDrafts:
    """The draft of one screen for the form of a configuration: its own file from the first edit on.

    Methods raise OSError.
    """

    def __init__(self, project: Project, ref: str, by: str) -> None:
        """``by`` tells other screens who keeps something here."""
        component, name = split_ref(ref)
        self._project = project
        self._slots = Slots(project.paths.edits / component, name, ".form.toml", by)
        self._slot: Slot | None = None
        self.ref = ref

    def keep(self, state: FormState, digest: str) -> None:
        """Write the draft. Raises: ValueError too, for a text that no file can hold."""
        text = _text_of(state, digest)
        if self._slot is None:
            self._project.paths.make_state()
            self._slot = self._slots.new()
        self._slot.write(text)

    def drop(self) -> None:
        """Remove this screen's draft if it has one."""
        if self._slot is not None:
            self._slot.remove()

    def found(self) -> list[FormDraft]:
        """The drafts that no screen keeps any more, the latest first; ones that cannot be read are passed over."""
        drafts = (self._read(path) for path in self._slots.left_behind())
        return [draft for draft in drafts if draft is not None]

    def _read(self, path: Path) -> FormDraft | None:
        shown = self._project.paths.relative(path)
        try:
            data = parse_toml(read_own_source(path, shown).text, shown)
        except DefinitionError:
            return None
        return FormDraft(str(data.get("digest", "")), data, path)

    def adopt(self, draft: FormDraft) -> None:
        """Go on with a draft that was left behind."""
        slot = self._slots.take(draft.path)
        if slot is not None:
            self.leave()
            self._slot = slot

    def discard(self, draft: FormDraft) -> None:
        """Remove a draft that was left behind."""
        slot = self._slots.take(draft.path)
        if slot is not None:
            slot.remove()
            slot.release()

    def leave(self) -> None:
        """Let others find the draft, if there is one."""
        if self._slot is not None:
            self._slot.release()
            self._slot = None


_PLAIN = ("name", "description", "pool", "rows", "row_parallel", "checks")


def _text_of(state: FormState, digest: str) -> str:
    parts = [table_lines("", {"digest": digest, **{name: getattr(state, name) for name in _PLAIN}})]
    parts += [table_lines("[[texts]]", {"path": list(path), "text": text}) for path, text in state.texts.items()]
    parts += [table_lines("[[inputs]]", asdict(row)) for row in state.inputs]
    parts += [table_lines("[[outputs]]", asdict(row)) for row in state.outputs]
    return "\n".join(parts)
