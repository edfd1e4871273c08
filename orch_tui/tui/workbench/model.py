"""What the workbench does to one orchestration: edits with labels, marks, undo, saving, drafts. No Textual."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from orch_tui.model.edits import edits
from orch_tui.model.edits.edits import EditError
from orch_tui.model.edits.undo import EditHistory
from orch_tui.model.orchestration.each import Each
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task, TaskOptions
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.files.source import read_source
from orch_tui.project.project import DefinitionError, Project, SourceText
from orch_tui.project.saving.drafts import Draft
from orch_tui.tui.workbench.catalog import Catalog
from orch_tui.tui.workbench.tree.rule_row import RuleRow, title_of_rule

Item = Phase | Task | RuleRow
"""What the cursor of the tree can be on."""


@dataclass(frozen=True, slots=True)
class OptionChanges:
    """What a person changed in the options of some tasks; fields that are not in ``options`` stay as each has them."""

    options: Mapping[str, Any]
    variables: Mapping[str, str] | edits.Keep = edits.KEEP
    max_parallel: int | edits.Keep | None = edits.KEEP
    sets: Sequence[str] | edits.Keep = edits.KEEP
    rows: Sequence[str] | edits.Keep = edits.KEEP
    each: Each | edits.Keep | None = edits.KEEP
    allow_empty: bool | edits.Keep = edits.KEEP


@dataclass(frozen=True, slots=True)
class PhaseChanges:
    """What a person changed in the options of a phase."""

    max_parallel: int | edits.Keep | None = edits.KEEP
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)


class Workbench:
    """One orchestration being edited.

    ``base`` is its file as it was read, None when there is none yet. Edits raise :class:`EditError` with a sentence
    and change nothing when they are refused; those that have nothing to do return False.
    """

    def __init__(self, project: Project, orchestration: Orchestration, base: SourceText | None) -> None:
        self.project = project
        self.base = base
        self.history = EditHistory(orchestration)
        self.catalog = Catalog(project, orchestration.id)
        self.marks: set[str] = set()
        self.phase_marks: set[str] = set()
        self.last_mark: str | None = None
        self._uses: tuple[Orchestration, Counter[str]] | None = None

    @classmethod
    def open(cls, project: Project, orchestration_id: str) -> Workbench:
        """Read the file as it is now. Raises: DefinitionError when it is missing or broken."""
        path = project.paths.orchestration(orchestration_id)
        project.forget(path)
        value = project.orchestration(orchestration_id)
        return cls(project, value, project.source(path))

    @property
    def path(self) -> Path:
        """Where its file is."""
        return self.project.paths.orchestration(self.value.id)

    @property
    def value(self) -> Orchestration:
        return self.history.value

    @property
    def dirty(self) -> bool:
        return self.history.dirty

    def uses(self, ref: str) -> int:
        """How many tasks run the configuration, in this orchestration as it is edited and in the others."""
        if self._uses is None or self._uses[0] is not self.value:
            self._uses = (self.value, Counter(task.configuration for task in self.value.tasks()))
        return self._uses[1][ref] + self.catalog.used_elsewhere(ref)

    # Finding things

    def phase_of(self, item: Item | None) -> Phase | None:
        """The phase of the row: itself, or the one that has the task or the rule."""
        if item is None:
            return None
        own = item.phase if isinstance(item, RuleRow) else item.id if isinstance(item, Phase) else None
        for phase in self.value.phases:
            if phase.id == own if own is not None else any(task.id == item.id for task in phase.tasks):
                return phase
        return None

    def targets(self, item: Item | None) -> list[str]:
        """The tasks that an action is about: the marked ones, or else the task, or all tasks of the phase."""
        if self.marks:
            return [task.id for task in self.value.tasks() if task.id in self.marks]
        if isinstance(item, Phase):
            return [task.id for task in item.tasks]
        return [item.id] if isinstance(item, Task) else []

    def tasks_of(self, ids: Iterable[str]) -> list[Task]:
        """The tasks of these ids, in the order of the phases."""
        wanted = set(ids)
        found = (task for task in self.value.tasks() if task.id in wanted)
        # Each is there once: behind the last one nothing is looked at.
        return list(islice(found, len(wanted)))

    def defaults_of(self, ids: Iterable[str]) -> TaskOptions:
        """What holds for these tasks where they set nothing: of their phase if it is one, the orchestration, the
        project."""
        wanted = set(ids)
        defaults = self.value.defaults.over(self.project.settings.defaults)
        phases = [phase for phase in self.value.phases if any(task.id in wanted for task in phase.tasks)]
        return phases[0].options_over(defaults) if len({phase.options for phase in phases}) == 1 else defaults

    def title_of(self, ids: Sequence[str]) -> str:
        """ "the task Adform · Campaigns" or "2 tasks"."""
        if len(ids) != 1:
            return counted(len(ids), "task")
        return self.catalog.label(self.tasks_of(ids)[0].configuration).text

    # Marks

    def toggle_mark(self, item: Item) -> None:
        """Mark or unmark a task, or a phase together with all its tasks; a rule has no mark."""
        if isinstance(item, RuleRow):
            return
        if isinstance(item, Task):
            self.marks ^= {item.id}
            phase = self.phase_of(item)
            if phase is not None:
                self.phase_marks.discard(phase.id)
        elif item.id in self.phase_marks:
            self.phase_marks.discard(item.id)
            self.marks -= {task.id for task in item.tasks}
        else:
            self.phase_marks.add(item.id)
            self.marks |= {task.id for task in item.tasks}
        self.last_mark = item.id

    def mark_range(self, rows: Sequence[Item], cursor: int) -> None:
        """Mark all rows from the last one marked or unmarked to the cursor; without one, the row of the cursor."""
        start = next((index for index, row in enumerate(rows) if row.id == self.last_mark), cursor)
        first, last = sorted((start, cursor))
        chosen = rows[first : last + 1]
        tasks = [row for row in chosen if isinstance(row, Task)]
        self.marks |= {row.id for row in tasks}
        if not tasks or self.phase_marks:
            for row in chosen:
                if isinstance(row, Phase):
                    self.phase_marks.add(row.id)
                    self.marks |= {task.id for task in row.tasks}

    def mark_all(self) -> None:
        """All tasks, or none when all were marked."""
        every = {task.id for task in self.value.tasks()}
        all_marked = self.marks >= every
        self.unmark()
        if not all_marked:
            self.marks = every

    def unmark(self) -> bool:
        """Take all marks away; False when there was none."""
        had = bool(self.marks or self.phase_marks)
        self.marks, self.phase_marks, self.last_mark = set(), set(), None
        return had

    def _drop_marks_of_the_gone(self) -> None:
        if self.marks:
            self.marks &= {task.id for task in self.value.tasks()}
        if self.phase_marks:
            self.phase_marks &= {phase.id for phase in self.value.phases}

    # Edits

    def push(self, value: Orchestration, label: str) -> bool:
        """Take an edited value over. False when nothing changed."""
        if not self.history.push(value, label):
            return False
        self._drop_marks_of_the_gone()
        return True

    def undo(self) -> str:
        """What was undone, as a label. Raises: NothingToUndo."""
        label = self.history.undo_label or ""
        self.history.undo()
        self._drop_marks_of_the_gone()
        return label

    def redo(self) -> str:
        """What was done again, as a label. Raises: NothingToUndo."""
        label = self.history.redo_label or ""
        self.history.redo()
        self._drop_marks_of_the_gone()
        return label

    def add(self, refs: Sequence[str], item: Item | None) -> list[str]:
        """Tasks for these configurations in the phase of the row, or in the last one; the ids of the new tasks."""
        phase = self.phase_of(item)
        names = {ref: self.catalog.entry(ref).name for ref in refs}
        new = edits.add_tasks(self.value, refs, phase.id if phase else None, names)
        ids = list(edits.new_task_ids(self.value, new))
        what = self.catalog.label(refs[0]).text if len(refs) == 1 else counted(len(refs), "task")
        self.push(new, f"adding of {what}")
        return ids

    def delete(self, item: Item | None) -> bool:
        """The marked tasks, or what the row is; marked phases that become empty by it go too."""
        if self.marks or self.phase_marks:
            ids, new = self.targets(None), self.value
            if ids:
                new = edits.remove_tasks(new, ids)
            for phase in new.phases:
                if phase.id in self.phase_marks and not phase.tasks:
                    new = edits.remove_phase(new, phase.id)
            what = counted(len(ids), "task") if ids else counted(len(self.phase_marks), "phase")
            return self.push(new, f"deletion of {what}")
        if isinstance(item, Phase):
            return self.push(edits.remove_phase(self.value, item.id), f"deletion of phase {safe_line(item.name, 40)}")
        if isinstance(item, RuleRow):
            return self.push(
                edits.remove_rule(self.value, item.phase, item.index), f"deletion of {title_of_rule(item.rule)}"
            )
        ids = self.targets(item)
        return self.push(edits.remove_tasks(self.value, ids), f"deletion of {self.title_of(ids)}")

    def toggle_enabled(self, item: Item | None) -> bool:
        """Disable them when all are enabled, else enable all."""
        ids = self.targets(item)
        on = not all(task.enabled for task in self.tasks_of(ids))
        new = edits.set_enabled(self.value, ids, on)
        return self.push(new, f"{'enabling' if on else 'disabling'} of {self.title_of(ids)}")

    def toggle_continue(self, item: Item | None) -> bool:
        """Stop on failure when all continue, else let all continue."""
        ids = self.targets(item)
        on = not all(task.continue_on_failure for task in self.tasks_of(ids))
        new = edits.set_continue_on_failure(self.value, ids, on)
        return self.push(new, f"{'continue' if on else 'stop'} on failure for {self.title_of(ids)}")

    def set_options(self, ids: Sequence[str], changes: OptionChanges) -> bool:
        """Change some options of some tasks; each keeps its own value of what is not changed."""
        by_result: dict[TaskOptions, list[str]] = {}
        for task in self.tasks_of(ids):
            by_result.setdefault(replace(task.options, **changes.options), []).append(task.id)
        new = self.value
        for options, same in by_result.items():
            new = edits.set_options(
                new,
                same,
                options=options,
                variables=changes.variables,
                max_parallel=changes.max_parallel,
                sets=changes.sets,
                rows=changes.rows,
                each=changes.each,
                allow_empty=changes.allow_empty,
            )
        return self.push(new, f"options of {self.title_of(ids)}")

    def move_to(self, ids: Sequence[str], *, phase_id: str | None = None, phase_name: str | None = None) -> bool:
        """To a phase that exists, or to a new one of that name, which goes last."""
        new = edits.move_tasks(self.value, ids, phase_id=phase_id, phase_name=phase_name)
        moved = self.push(new, f"move of {self.title_of(ids)}")
        if moved:
            self.unmark()
        return moved

    def move_row(self, item: Item, step: int) -> bool:
        """A phase by one place, a rule among those of its phase, a task by one place and over the edge of its phase."""
        if isinstance(item, RuleRow):
            return self.push(
                edits.move_rule(self.value, item.phase, item.index, item.index + step),
                f"move of {title_of_rule(item.rule)}",
            )
        if isinstance(item, Phase):
            return self.push(
                edits.move_phase_by(self.value, item.id, step), f"move of phase {safe_line(item.name, 40)}"
            )
        return self.push(edits.move_task_across(self.value, item.id, step), f"move of {self.title_of([item.id])}")

    def drop(self, source: Item, target: Item) -> bool:
        """What a drag with the mouse does: a phase takes the place of another, tasks go to a phase or before a task, a
        rule takes the place of another one of its phase."""
        goal = self.phase_of(target)
        if goal is None:
            return False
        if isinstance(source, RuleRow):
            if not isinstance(target, RuleRow) or target.phase != source.phase:
                raise EditError("A rule stays with its phase; its form says where it leads.")
            new = edits.move_rule(self.value, source.phase, source.index, target.index)
            return self.push(new, f"move of {title_of_rule(source.rule)}")
        if isinstance(source, Phase):
            new = edits.move_phase(self.value, source.id, self.value.phases.index(goal))
            return self.push(new, f"move of phase {safe_line(source.name, 40)}")
        ids = self.targets(None) if source.id in self.marks else [source.id]
        position = None
        if isinstance(target, Task):
            others = [task.id for task in goal.tasks if task.id not in ids or task.id == target.id]
            position = others.index(target.id)
        new = edits.move_tasks(self.value, ids, phase_id=goal.id, position=position)
        return self.push(new, f"move of {self.title_of(ids)}")

    def new_phase(self, name: str, item: Item | None) -> str:
        """A phase behind that of the row, or last; its id."""
        before = self.phase_of(item)
        position = None if before is None else self.value.phases.index(before) + 1
        new = edits.new_phase(self.value, name, position)
        known = {phase.id for phase in self.value.phases}
        self.push(new, f"new phase {safe_line(name, 40)}")
        return next(phase.id for phase in new.phases if phase.id not in known)

    def rename_phase(self, phase_id: str, name: str) -> bool:
        return self.push(edits.rename_phase(self.value, phase_id, name), f"renaming of phase to {safe_line(name, 40)}")

    def set_phase_options(self, phase_id: str, changes: PhaseChanges) -> bool:
        new = self.value
        if not isinstance(changes.max_parallel, edits.Keep):
            new = edits.set_phase_max_parallel(new, phase_id, changes.max_parallel)
        if changes.options:
            new = edits.set_phase_options(new, phase_id, changes.options)
        return self.push(new, "options of the phase")

    def merge(self, ids: Sequence[str], *, into_id: str | None = None, into_name: str | None = None) -> bool:
        """One phase out of these and the target."""
        chosen = [*ids, into_id] if into_id is not None and into_id not in ids else list(ids)
        new = edits.merge_phases(self.value, chosen, into_id=into_id, into_name=into_name)
        merged = self.push(new, f"merge of {counted(len(chosen), 'phase')}")
        if merged:
            self.unmark()
        return merged

    def grouped(self) -> Orchestration:
        """What grouping by component type would make, in the project's order. Raises: EditError without tasks."""
        return edits.group_by_type(self.value, self.catalog.type_of, self.project.settings.group_order)

    def group(self, shown: Orchestration | None = None) -> bool:
        """What grouping makes of the value; ``shown`` is that, where it was made already."""
        return self.push(shown or self.grouped(), "grouping by component type")

    def duplicate(self, item: Item | None) -> bool:
        ids = self.targets(item)
        return self.push(edits.duplicate_tasks(self.value, ids), f"duplicate of {self.title_of(ids)}")

    def drop_empty(self) -> bool:
        return self.push(edits.drop_empty_phases(self.value), "removal of empty phases")

    # The file

    def saved(self, value: Orchestration, base: SourceText) -> None:
        """``value`` was written as ``base``; edits since then are unsaved ones."""
        self.base = base
        self.history.mark_saved_as(value)
        self.project.forget(self.path)

    def reload(self) -> bool:
        """Take over what is on disk now; the edits stay in the undo list. False when it is equal to the value.

        Raises:
            DefinitionError: the file is broken or gone; everything stays as it was.
        """
        self.project.forget(self.path)
        value = self.project.orchestration(self.value.id)
        self.base = self.project.source(self.path)
        self.history.mark_saved_as(value)
        changed = self.push(value, "reading of the file")
        self.catalog.forget()
        return changed

    def changed_on_disk(self) -> bool:
        """Whether the file is not what was read or saved last."""
        try:
            disk: str | None = read_source(self.path, self.project.root, "").digest
        except DefinitionError:
            disk = None
        return disk != (self.base.digest if self.base is not None else None)

    def restore(self, draft: Draft) -> bool:
        """Take a draft over as an edit; saving will tell when the file has changed since."""
        restored = self.push(draft.orchestration, "restoring of unsaved edits")
        self.base = draft.base
        return restored
