"""The exact definitions that a run used: the digests of their files, in the directory of the run.

One state for each process that executed it: whoever takes a run over reads the definitions as they are by then.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.dataclass import dataclass
from orch_tui.model.run.plan import Decision, RunPlan
from orch_tui.model.texts.json_text import parse_json
from orch_tui.project.files.own_files import open_own, read_own, write_all
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.kept.versions import Change, Versions, state_as_read
from orch_tui.project.project import Project

_FILE = "definitions.jsonl"


@dataclass(frozen=True, slots=True)
class UsedDefinitions:
    """``definitions`` has for each reference the digests of its files by path relative to the project; ``others`` those
    of the settings and of the project's own components. ``surroundings`` is the digest of what the run found around it,
    as JSON; empty where that is not known."""

    definitions: Mapping[str, Mapping[str, str]]
    others: Mapping[str, str]
    surroundings: str = ""

    @property
    def files(self) -> dict[str, str]:
        """The digests of all files, by path."""
        found = dict(self.others)
        for files in self.definitions.values():
            found |= files
        return found


def keep_used(project: Project, plan: RunPlan, run: Path, surroundings: Mapping[str, Any]) -> None:
    """Keep the definitions that a run uses, as ``project`` has read them, and write down which they are.

    ``run`` is the directory of the run, which need not have a journal yet; ``surroundings`` is JSON without secrets,
    kept as well. Raises: OSError.
    """
    running = (task.configuration for task in plan.with_decision(Decision.RUN))
    refs = (f"{ORCHESTRATION_COMPONENT}/{plan.orchestration}", *running)
    versions, used = Versions(project.paths), dict[str, Mapping[str, str]]()
    if plan.as_it_ran is not None:
        # Its texts are those of the run that it repeats, whatever the files say now.
        then = used_by_run(project.paths.run(plan.orchestration, plan.as_it_ran))
        _write(run, versions, then[-1] if then else UsedDefinitions({}, {}), surroundings)
        return
    for ref in dict.fromkeys(refs):
        try:
            # Of many it would take long to wait for the disk, and what is lost with the power is kept by the next run.
            files = versions.keep(state_as_read(project, ref), durable=False)
        except (DefinitionError, ValueError):
            # No task can run it: the plan says so.
            continue
        versions.add(ref, files, Change.USED, run=run.name)
        used[ref] = files
    others = versions.keep(_others(project, used), durable=False)
    _write(run, versions, UsedDefinitions(used, others), surroundings)


def _write(run: Path, versions: Versions, used: UsedDefinitions, surroundings: Mapping[str, Any]) -> None:
    around = versions.objects.keep(json.dumps(surroundings, sort_keys=True).encode(), durable=False)
    values = {"definitions": used.definitions, "others": used.others, "surroundings": around}
    line = json.dumps(values, separators=(",", ":")).encode()
    path = run / _FILE
    descriptor = open_own(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        # What somebody has not written to its end ends here.
        write_all(descriptor, b"\n" + line + b"\n", path)
    finally:
        os.close(descriptor)


def _others(project: Project, refs: Iterable[str]) -> dict[str, str]:
    """The settings, and the manifests of the project's own components that these configurations are of."""
    paths = project.paths
    components = {ref.partition("/")[0] for ref in refs}
    found = {}
    for path in (paths.settings, *(paths.component(one) for one in sorted(components))):
        if path == paths.settings or os.path.lexists(path):
            try:
                found[paths.relative(path)] = project.source(path).text
            except DefinitionError:
                continue
    return found


def used_by_run(run: Path) -> list[UsedDefinitions]:
    """What the run of a directory used, one for each process that executed it, the first one first.

    None for runs of older programs, and where it cannot be read.
    """
    try:
        data = read_own(run / _FILE)
    except OSError:
        return []
    return [used for line in data.split(b"\n") if line and (used := _decode(line)) is not None]


def _decode(line: bytes) -> UsedDefinitions | None:
    try:
        values: Any = parse_json(line)
    except ValueError:
        return None
    match values:
        case {"definitions": dict(definitions), "others": dict(others)}:
            if all(isinstance(files, dict) for files in definitions.values()):
                return UsedDefinitions(definitions, others, str(values.get("surroundings", "")))
    return None
