"""Unsaved edits on disk, so that a crash loses none: ``.orch/drafts/<orchestration-id>.toml``.

Each screen keeps a draft of its own, see :mod:`orch_tui.project.concurrent.slots`. A draft is an orchestration's file
in the house style with one more key, ``draft``: when it was kept, by whom, and the text of the file that was
being edited.
"""

from __future__ import annotations

import os
from pathlib import Path

from orch_tui.model.dataclass import dataclass
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.texts.text import valid_id
from orch_tui.project.concurrent.slots import Slots, renamed, stem_of
from orch_tui.project.definitions.alert_fields import alert_values
from orch_tui.project.definitions.orchestrations import decode_orchestration
from orch_tui.project.definitions.schedule_fields import schedule_values
from orch_tui.project.definitions.trigger_fields import trigger_values
from orch_tui.project.files.own_files import replace_own
from orch_tui.project.files.source import (
    DefinitionError,
    SourceText,
    digest_of,
    parse_toml,
    read_own_source,
    read_source,
)
from orch_tui.project.paths import make_private
from orch_tui.project.project import Project
from orch_tui.project.saving.orchestration_text import house_text
from orch_tui.project.toml.decode import Place, to_float

_SUFFIX = ".toml"


@dataclass(frozen=True, slots=True)
class Draft:
    """``base`` is the file that was being edited (None: a new one), ``saved`` seconds since the epoch.

    ``by`` says who kept it where, ``path`` is its file.
    """

    orchestration: Orchestration
    base: SourceText | None
    saved: float
    by: str = ""
    path: Path | None = None

    def outdated(self, project: Project) -> bool:
        """True when the file is not the one any more that was being edited."""
        path = project.paths.orchestration(self.orchestration.id)
        try:
            now = read_source(path, project.root, project.paths.relative(path)).digest
        except DefinitionError as error:
            return self.base is not None or error.problems[0].code != "missing-file"
        return self.base is None or now != self.base.digest


def draft_slots(project: Project, orchestration_id: str, holder: str) -> Slots:
    """The drafts of an orchestration. ``holder`` is a sentence for other screens."""
    return Slots(project.paths.drafts, orchestration_id, _SUFFIX, holder)


def found_drafts(project: Project, orchestration_id: str) -> tuple[list[Draft], list[DefinitionError]]:
    """The drafts that no screen keeps any more, the latest first, and what is wrong with those that cannot be read."""
    drafts, broken = [], []
    for path in draft_slots(project, orchestration_id, "").left_behind():
        try:
            draft = load_draft(project, orchestration_id, path)
        except DefinitionError as error:
            broken.append(error)
        else:
            drafts += [draft] if draft is not None else []
    return drafts, broken


def draft_text(orchestration: Orchestration, base: SourceText | None, now: float, by: str = "") -> str:
    """The text of a draft. ``now`` is seconds since the epoch. Raises: ValueError when a text cannot be written."""
    extra = {"saved": now, **({"by": by} if by else {}), **({"base": base.text} if base is not None else {})}
    # They are no part of the house style's root: they are written as keys that it does not know.
    kept = {
        "schedules": [schedule_values(one) for one in orchestration.schedules],
        "triggers": [trigger_values(one) for one in orchestration.triggers],
        "alerts": [alert_values(one) for one in orchestration.alerts],
    }
    return house_text(orchestration, {"draft": extra, **{key: values for key, values in kept.items() if values}})


def save_draft(project: Project, orchestration: Orchestration, base: SourceText | None, now: float) -> None:
    """Keep unsaved edits in the first place for them, for a program with no screen of its own.

    Raises:
        OSError: it cannot be written; an earlier draft is still there.
        ValueError: a text in it cannot be written.
    """
    project.paths.make_state()
    make_private(project.paths.drafts)
    replace_own(project.paths.drafts / f"{orchestration.id}.toml", draft_text(orchestration, base, now))


def load_draft(project: Project, orchestration_id: str, path: Path | None = None) -> Draft | None:
    """The draft in ``path``, else in the first place; None when there is none.

    Raises: DefinitionError when it cannot be read.
    """
    path = path or project.paths.drafts / f"{orchestration_id}{_SUFFIX}"
    shown = project.paths.relative(path)
    try:
        source = read_own_source(path, shown)
    except DefinitionError as error:
        if error.problems[0].code == "missing-file":
            return None
        raise
    data = parse_toml(source.text, shown)
    data_of_draft = data.pop("draft", {})
    place = Place(shown, source.text, orchestration_id)
    value = decode_orchestration(data, place, orchestration_id)
    if place.broken:
        raise DefinitionError(place.problems)
    return _with_origin(value, data_of_draft if isinstance(data_of_draft, dict) else {}, path)


def _with_origin(value: Orchestration, kept: dict[str, object], path: Path) -> Draft:
    base, saved, by = kept.get("base"), kept.get("saved"), kept.get("by")
    return Draft(
        value,
        SourceText(base, digest_of(base)) if isinstance(base, str) else None,
        to_float(saved) if isinstance(saved, int | float) else 0.0,
        by if isinstance(by, str) else "",
        path,
    )


def discard_draft(project: Project, orchestration_id: str) -> None:
    """Remove the draft in the first place if there is one. Raises: OSError."""
    (project.paths.drafts / f"{orchestration_id}.toml").unlink(missing_ok=True)


def move_drafts(project: Project, old_id: str, new_id: str) -> None:
    """Let the drafts that were left behind follow an orchestration that has another id now. Raises: OSError."""
    for path in draft_slots(project, old_id, "").left_behind():
        target = renamed(path, old_id, new_id)
        if not os.path.lexists(target):
            path.rename(target)


def list_drafts(project: Project) -> list[str]:
    """Ids of the orchestrations that have a draft, sorted."""
    stems = (stem_of(path.name, _SUFFIX) for path in project.paths.drafts.glob(f"*{_SUFFIX}"))
    return sorted({stem for stem in stems if stem is not None and valid_id(stem)})
