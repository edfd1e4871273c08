"""What the list of orchestrations shows and does, without Textual: files and runs are read when they are shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from orch_tui.model.dataclass import dataclass
from orch_tui.model.edits.undo import NothingToUndo
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.problem import Problem, to_mend
from orch_tui.model.status import Status
from orch_tui.model.texts.text import one_line, safe_line, slug, unique
from orch_tui.project.files.source import DefinitionError, SourceText
from orch_tui.project.project import Project
from orch_tui.tui.filtering import filter_words, matches
from orch_tui.tui.home.state.own_fields import put_back, read_again, save_over
from orch_tui.tui.home.state.schedule_look import ScheduleLook

if TYPE_CHECKING:
    from orch_tui.model.orchestration.triggers import Trigger
    from orch_tui.project.history import RunSummary
    from orch_tui.project.newest_runs import NewestRuns
    from orch_tui.scheduling.values import Pause, Watched

SPARK_RUNS = 20
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Entry:
    """One orchestration; ``value`` is None for a broken file, whose ``problems`` say why."""

    id: str
    name: str
    value: Orchestration | None
    problems: tuple[Problem, ...] = ()
    draft: bool = False
    timezone: str = ""
    pauses: tuple[Pause, ...] = ()

    @property
    def description(self) -> str:
        """As one line."""
        return safe_line(self.value.description, 200) if self.value else ""

    @property
    def phases(self) -> int:
        return len(self.value.phases) if self.value else 0

    @property
    def tasks(self) -> int:
        return sum(len(phase.tasks) for phase in self.value.phases) if self.value else 0

    def next_start(self, now: float) -> float | None:
        """When a schedule starts it next; ``now`` and the answer are seconds since the epoch."""
        if not (schedules := self.schedules()):
            return None
        from orch_tui.scheduling.next_start import next_start_of

        following = next_start_of(schedules, self.pauses, now)
        return None if following is None else following.at

    def schedules(self) -> list[Watched]:
        """Its schedules, as those who start it see them."""
        if self.value is None or not self.value.schedules:
            return []
        from orch_tui.scheduling.watching import schedules_of

        return schedules_of(self.value, self.timezone)

    def pause(self, now: float) -> Pause | None:
        """The pause of its schedules that holds at ``now``."""
        from orch_tui.scheduling.values import pause_at

        return pause_at(self.pauses, self.id, now) if self.pauses and self.schedules() else None


@dataclass(frozen=True, slots=True)
class Runs:
    """The newest runs, newest first. ``stamp`` changes when any of them may have; ``problem`` is why none was read."""

    summaries: tuple[RunSummary, ...]
    stamp: tuple[object, ...]
    problem: str = ""

    @property
    def last(self) -> RunSummary | None:
        return self.summaries[0] if self.summaries else None


class HomeModel:
    """The orchestrations of a project, filtered. Not for several threads, except for :func:`read_runs`."""

    def __init__(self, project: Project, now: Callable[[], float] = time.time) -> None:
        self.project = project
        self.now = now
        self.filter = ""
        self.reads = False
        """Whether files may be read for what is shown: not before the first picture."""
        self._entries: dict[str, Entry] = {}
        self._problems: dict[str, tuple[Problem, ...]] = {}
        self._runs: dict[str, Runs] = {}
        self._drafts: frozenset[str] | None = None
        self._next: dict[str, tuple[Entry, float | None]] = {}
        self._undo: list[tuple[str, Callable[[], str | None]]] = []
        self.schedule_look = ScheduleLook()
        self.ids: list[str] = []
        self._all: list[str] = []
        self.look_again()

    def reload(self) -> None:
        """Forget everything that was read, because files may have changed."""
        self.project.reload()
        self._runs.clear()
        self.look_again()

    def look_again(self) -> None:
        """Read the directory again, and each file again when it is shown."""
        self._entries.clear()
        self._problems.clear()
        self._drafts = None
        self._all = self.project.orchestration_ids()
        self.set_filter(self.filter)

    @property
    def total(self) -> int:
        """How many there are without the filter."""
        return len(self._all)

    def set_filter(self, text: str) -> None:
        """Keep those whose name, id or description has all the words of ``text``; capital letters do not matter."""
        self.filter = text
        words = filter_words(text)
        self.ids = [one for one in self._all if not words or matches(self._haystack(one), words)]

    def _haystack(self, orchestration_id: str) -> str:
        entry = self.entry(orchestration_id)
        description = entry.value.description if entry.value else ""
        return f"{entry.id} {entry.name} {description}"

    def entry(self, orchestration_id: str) -> Entry:
        """One orchestration, read at most once."""
        entry = self._entries.get(orchestration_id)
        if entry is None:
            draft = orchestration_id in self._with_drafts()
            try:
                value = self.project.orchestration(orchestration_id)
                entry = Entry(
                    orchestration_id,
                    safe_line(value.name, 200),
                    value,
                    (),
                    draft,
                    self.project.settings.timezone,
                    self.schedule_look.pauses,
                )
            except DefinitionError as error:
                entry = Entry(orchestration_id, orchestration_id, None, tuple(error.problems), draft)
            self._entries[orchestration_id] = entry
        return entry

    def _with_drafts(self) -> frozenset[str]:
        """Those of which unsaved edits are kept."""
        if self._drafts is None:
            from orch_tui.project.saving.drafts import list_drafts

            self._drafts = frozenset(list_drafts(self.project))
        return self._drafts

    def in_row(self, orchestration_id: str) -> Entry | None:
        """What its row shows; None as long as no files are to be read."""
        return self.entry(orchestration_id) if self.reads else self._entries.get(orchestration_id)

    def problems(self, orchestration_id: str) -> tuple[Problem, ...]:
        """What is wrong with it and with what it uses, errors first; reads its configurations."""
        from orch_tui.project.lint.check import check_orchestration

        if (known := self.known_problems(orchestration_id)) is not None:
            return known
        value = self.entry(orchestration_id).value
        found = check_orchestration(self.project, value) if value else []
        return self._problems.setdefault(orchestration_id, tuple(to_mend(found)))

    def known_problems(self, orchestration_id: str) -> tuple[Problem, ...] | None:
        """The problems if nothing has to be read for them; else None."""
        entry = self.entry(orchestration_id)
        return entry.problems if entry.value is None else self._problems.get(orchestration_id)

    def read_some(self, seconds: float) -> bool:
        """Read files for the filter, for about as long; True while there are more to read."""
        end = time.perf_counter() + seconds
        for orchestration_id in self._all:
            if orchestration_id not in self._entries:
                self.entry(orchestration_id)
                if time.perf_counter() > end:
                    return True
        return False

    def following(self) -> list[tuple[float, str]]:
        """When a schedule starts which orchestration next, soonest first, of all whose files were read."""
        now = self.now()
        for orchestration_id, entry in self._entries.items():
            known = self._next.get(orchestration_id)
            if known is None or (known[1] is not None and known[1] <= now) or known[0] is not entry:
                self._next[orchestration_id] = entry, entry.next_start(now)
        starts = [(when, one) for one, (_, when) in self._next.items() if when is not None and one in self._entries]
        return sorted(starts)

    def schedules(self) -> list[Watched]:
        """Those of all whose files were read."""
        return [watched for entry in self._entries.values() for watched in entry.schedules()]

    def triggers(self) -> list[tuple[str, Trigger]]:
        """Those of all whose files were read, each with the id of its orchestration."""
        values = (entry.value for entry in self._entries.values())
        return [(value.id, one) for value in values if value is not None for one in value.triggers]

    def paused(self) -> dict[str, Pause]:
        """The pauses that hold now, by orchestration, of all whose files were read."""
        now = self.now()
        held = {name: entry.pause(now) for name, entry in self._entries.items()}
        return {name: pause for name, pause in held.items() if pause is not None}

    def keep_schedule_look(self, look: ScheduleLook) -> None:
        """Take over what was found out about schedules."""
        if look.pauses != self.schedule_look.pauses:
            self._entries = {name: replace(entry, pauses=look.pauses) for name, entry in self._entries.items()}
        self.schedule_look = look

    def known_name(self, orchestration_id: str) -> str:
        """Its name, or its id as long as its file was not read."""
        entry = self._entries.get(orchestration_id)
        return entry.name if entry is not None else orchestration_id

    @property
    def all_ids(self) -> Sequence[str]:
        """Without the filter."""
        return self._all

    def runs(self, orchestration_id: str) -> Runs | None:
        """What was read of its runs; None when they were not read yet."""
        return self._runs.get(orchestration_id)

    def keep_runs(self, orchestration_id: str, found: Runs) -> bool:
        """Keep what was read; True when it differs from what was there."""
        changed = self._runs.get(orchestration_id) != found
        self._runs[orchestration_id] = found
        return changed

    # --- what can be done; every method returns the id that the cursor goes to ---

    def name_problem(self, name: str) -> str | None:
        """Why a name cannot be taken, in a sentence; None when it can."""
        if not name.strip():
            return "A name needs at least one character."
        if one_line(name) != name:
            return "A name is one line without control characters."
        return None

    def create(self, name: str) -> str:
        """A new orchestration without phases. Raises: DefinitionError, ChangedOnDisk, SaveError."""
        from orch_tui.project.saving.catalog import create_orchestration

        new_id = unique(slug(name, "orchestration"), self.project.orchestration_ids())
        create_orchestration(self.project, Orchestration(new_id, name.strip()))
        self._undo.append((f'creation of "{name.strip()}"', lambda: self._take_away(new_id)))
        self.look_again()
        return new_id

    def duplicate(self, orchestration_id: str, name: str) -> str:
        """A copy with its comments under another name. Raises: as :meth:`create`."""
        from orch_tui.project.saving.catalog import duplicate_orchestration

        new_id = unique(slug(name, "orchestration"), self.project.orchestration_ids())
        duplicate_orchestration(self.project, orchestration_id, new_id, name.strip())
        self._undo.append((f'duplicate "{name.strip()}"', lambda: self._take_away(new_id)))
        self.look_again()
        return new_id

    def rename(self, orchestration_id: str, name: str) -> str:
        """Another name; the id, which runs and tasks refer to, stays. Raises: as :meth:`create`."""
        value, base = read_again(self.project, orchestration_id)
        return self.edit(replace(value, name=name.strip()), base, f'renaming to "{name.strip()}"')

    def edit(self, value: Orchestration, base: SourceText, label: str) -> str:
        """Save an edited orchestration over the file that was read as ``base``. Raises: as :meth:`create`."""
        before = save_over(self.project, value, base)
        self.look_again()

        def back() -> str:
            put_back(self.project, before, value)
            self.look_again()
            return value.id

        self._undo.append((label, back))
        return value.id

    def change_id(self, orchestration_id: str, new_id: str) -> str:
        """Another file name; history, draft and the tasks that run it follow. Raises: as :meth:`create`."""
        from orch_tui.project.saving.catalog import rename_orchestration

        rename_orchestration(self.project, orchestration_id, new_id)
        self._undo.append((f'change of the id "{orchestration_id}"', lambda: self._id_back(new_id, orchestration_id)))
        self._runs.clear()
        self.look_again()
        return new_id

    def _id_back(self, orchestration_id: str, old: str) -> str:
        from orch_tui.project.saving.catalog import rename_orchestration

        rename_orchestration(self.project, orchestration_id, old)
        self._runs.clear()
        self.look_again()
        return old

    def delete(self, orchestration_id: str) -> None:
        """Move the file to the trash; its history stays. Raises: InUse, SaveError, RuntimeError while a run is live."""
        from orch_tui.project.history import latest
        from orch_tui.project.saving.catalog import delete_orchestration, restore

        name = self.entry(orchestration_id).name
        last = latest(self.project.paths, orchestration_id)
        if last is not None and last.live:
            raise RuntimeError(f'"{name}" is running ({last.id}); wait for its end, or cancel the run, then delete it')
        item = delete_orchestration(self.project, orchestration_id)

        def back() -> str:
            restore(self.project, item)
            self.look_again()
            return orchestration_id

        self._undo.append((f'deletion of "{name}"', back))
        self.look_again()

    def _take_away(self, orchestration_id: str) -> None:
        from orch_tui.project.saving.catalog import delete_orchestration

        delete_orchestration(self.project, orchestration_id)
        self.look_again()

    def undo(self) -> tuple[str, str | None]:
        """Take the last of these back: what it was, and where the cursor goes. Raises: NothingToUndo, as above."""
        if not self._undo:
            raise NothingToUndo("There is nothing to undo here. What was deleted earlier is in .orch/trash.")
        label, back = self._undo[-1]
        place = back()
        self._undo.pop()
        return label, place


def read_runs(newest: NewestRuns, orchestration_id: str, known: Runs | None = None) -> Runs:
    """The newest runs; ``known`` is returned when nothing has changed since. For any thread."""
    try:
        ids = newest.ids(orchestration_id, SPARK_RUNS)
        stamp = (tuple(ids), tuple(newest.journal_size(orchestration_id, run) for run in ids[:3]))
        # A run that nobody executes any more changes nothing on disk: it is looked at again.
        if known is not None and known.stamp == stamp and not any(run.live for run in known.summaries):
            return known
        return Runs(tuple(newest.runs(orchestration_id, SPARK_RUNS)), stamp)
    except OSError as error:
        return Runs((), (), error.strerror or str(error))


@dataclass(frozen=True, slots=True)
class Beat:
    """One cell of the spark: a bar as high as a successful run was long, or the glyph of what went wrong."""

    glyph: str
    status: Status | None


def spark(summaries: tuple[RunSummary, ...], cells: int = SPARK_RUNS) -> list[Beat]:
    """The newest runs, oldest first. The longest success is the highest bar."""
    shown = summaries[:cells][::-1]
    longest = max((run.seconds or 0.0 for run in shown if run.status is Status.SUCCESS), default=0.0)
    return [_beat(run, longest) for run in shown]


def _beat(run: RunSummary, longest: float) -> Beat:
    if run.broken or run.interrupted:
        return Beat("?", None)
    if run.status is Status.SUCCESS:
        level = round((run.seconds or 0.0) / longest * (len(_BARS) - 1)) if longest else 0
        return Beat(_BARS[level], Status.SUCCESS)
    return Beat(run.status.style.glyph, run.status)
