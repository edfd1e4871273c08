"""What was typed into a form and not saved yet, on disk, so that neither a crash nor a lost terminal takes it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from orch_tui.model.configuration import WriteMode, split_ref
from orch_tui.project.atomic import write_atomic
from orch_tui.project.paths import make_private
from orch_tui.project.project import Project
from orch_tui.project.source import DefinitionError, parse_toml, read_source
from orch_tui.project.toml.text import table_lines
from orch_tui.tui.form.state import FormState, InputRow, OutputRow


@dataclass(frozen=True, slots=True)
class FormDraft:
    """``digest`` is that of the file which was being edited, empty for a new one; ``data`` what the draft has."""

    digest: str
    data: dict[str, Any]

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
            inputs=tuple(InputRow(_text(item, "table"), _text(item, "name")) for item in self.data.get("inputs", [])),
            outputs=tuple(_output(item) for item in self.data.get("outputs", [])),
        )


def _text(item: dict[str, Any], key: str) -> str:
    return str(item.get(key, ""))


def _output(item: dict[str, Any]) -> OutputRow:
    mode = _text(item, "mode")
    known = mode if mode in list(WriteMode) else str(WriteMode.FULL)
    return OutputRow(_text(item, "name"), _text(item, "table"), known, _text(item, "primary_key"))


def _path(project: Project, ref: str) -> Path:
    component, name = split_ref(ref)
    return project.paths.state / "edits" / component / f"{name}.form.toml"


def keep_form(project: Project, ref: str, state: FormState, digest: str) -> None:
    """Write the draft of a form. Raises: OSError; ValueError for a text that no file can hold."""
    parts = [table_lines("", {"digest": digest, "name": state.name, "description": state.description})]
    parts += [table_lines("[[texts]]", {"path": list(path), "text": text}) for path, text in state.texts.items()]
    parts += [table_lines("[[inputs]]", asdict(row)) for row in state.inputs]
    parts += [table_lines("[[outputs]]", asdict(row)) for row in state.outputs]
    path = _path(project, ref)
    project.paths.make_state()
    make_private(path.parent)
    write_atomic(path, "\n".join(parts), 0o600)


def kept_form(project: Project, ref: str) -> FormDraft | None:
    """The draft of a form; None when there is none, or when it cannot be read."""
    path = _path(project, ref)
    shown = project.paths.relative(path)
    try:
        data = parse_toml(read_source(path, project.root, shown).text, shown)
    except DefinitionError:
        return None
    return FormDraft(str(data.get("digest", "")), data)


def drop_form(project: Project, ref: str) -> None:
    """Remove the draft if there is one. Raises: OSError."""
    _path(project, ref).unlink(missing_ok=True)
