"""Unsaved edits on disk, so that a crash loses none: ``.orch/drafts/<orchestration-id>.toml``.

A draft is an orchestration's file in the house style with one more key, ``draft``: when it was kept and the text of
the file that was being edited.
"""

from __future__ import annotations

from dataclasses import dataclass

from orch_tui.model.orchestration import Orchestration
from orch_tui.model.text import valid_id
from orch_tui.project.atomic import write_atomic
from orch_tui.project.decode import Place
from orch_tui.project.definitions import decode_orchestration
from orch_tui.project.orchestration_text import house_text
from orch_tui.project.paths import make_private
from orch_tui.project.project import Project
from orch_tui.project.source import DefinitionError, SourceText, digest_of, parse_toml, read_source

_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Draft:
    """``base`` is the file that was being edited (None: a new one), ``saved`` seconds since the epoch."""

    orchestration: Orchestration
    base: SourceText | None
    saved: float

    def outdated(self, project: Project) -> bool:
        """True when the file is not the one any more that was being edited."""
        path = project.paths.orchestration(self.orchestration.id)
        try:
            now = read_source(path, project.root, project.paths.relative(path)).digest
        except DefinitionError as error:
            return self.base is not None or error.problems[0].code != "missing-file"
        return self.base is None or now != self.base.digest


def save_draft(project: Project, orchestration: Orchestration, base: SourceText | None, now: float) -> None:
    """Keep unsaved edits. ``now`` is seconds since the epoch.

    Raises:
        OSError: it cannot be written; an earlier draft is still there.
        ValueError: a text in it cannot be written.
    """
    extra = {"saved": now, **({"base": base.text} if base is not None else {})}
    # The screen does not edit schedules, so they are kept as a file's own keys are.
    schedules = [
        {"cron": one.cron, "enabled": one.enabled, **({"timezone": one.timezone} if one.timezone else {})}
        for one in orchestration.schedules
    ]
    text = house_text(orchestration, {"draft": extra, **({"schedules": schedules} if schedules else {})})
    project.paths.make_state()
    make_private(project.paths.drafts)
    write_atomic(project.paths.drafts / f"{orchestration.id}.toml", text, _PRIVATE)


def load_draft(project: Project, orchestration_id: str) -> Draft | None:
    """The draft of an orchestration; None when there is none. Raises: DefinitionError when it cannot be read."""
    path = project.paths.drafts / f"{orchestration_id}.toml"
    shown = project.paths.relative(path)
    try:
        source = read_source(path, project.root, shown)
    except DefinitionError as error:
        if error.problems[0].code == "missing-file":
            return None
        raise
    data = parse_toml(source.text, shown)
    kept = data.pop("draft", {})
    place = Place(shown, source.text, orchestration_id)
    value = decode_orchestration(data, place, orchestration_id)
    if place.broken:
        raise DefinitionError(place.problems)
    base = kept.get("base")
    saved = kept.get("saved", 0.0)
    return Draft(value, SourceText(base, digest_of(base)) if isinstance(base, str) else None, float(saved))


def discard_draft(project: Project, orchestration_id: str) -> None:
    """Remove a draft if there is one. Raises: OSError."""
    (project.paths.drafts / f"{orchestration_id}.toml").unlink(missing_ok=True)


def list_drafts(project: Project) -> list[str]:
    """Ids of the orchestrations that have a draft, sorted."""
    return sorted(path.stem for path in project.paths.drafts.glob("*.toml") if valid_id(path.stem))
