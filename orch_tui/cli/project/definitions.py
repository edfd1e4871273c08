"""``orch-tui check`` and ``orch-tui new``: the definitions of a project, and their beginning."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orch_tui.cli.shared.completion import complete_orchestration
from orch_tui.cli.shared.errors import SUCCESS, USAGE, CliError, os_sentence
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from orch_tui.model.components.component import Component
    from orch_tui.project.project import Project


@click.command("check")
@click.argument("orchestration", required=False, shell_complete=complete_orchestration)
@json_option
@click.option("--strict", is_flag=True, help="Exit with 2 for warnings too.")
@click.option("--backend", metavar="NAME", help="Only send a job to this backend, and say what is not fit there.")
@project_option
def check_command(
    orchestration: str | None, as_json: bool, strict: bool, backend: str | None, project: str | None
) -> int:
    """List everything that is wrong or suspicious in the project, or in what ORCHESTRATION needs.

    Exit code 2 when there is an error.
    """
    from orch_tui.project.lint.check import check

    opened = open_it(project, tolerant=True)
    if backend is not None:
        return _report(_probed(opened, backend, as_json=as_json), as_json=as_json, strict=strict)
    if orchestration is not None and orchestration not in opened.orchestration_ids():
        opened.orchestration(orchestration)

    def validate(component: Component, parameters: Mapping[str, Any]) -> list[str]:
        # Only here, for the configurations there are: this imports pydantic or jsonschema.
        from orch_tui.components.kit.schema import validate_parameters

        return validate_parameters(component, parameters, opened.root)

    problems = [*check(opened, validate), *_missed(opened)]
    if opened.settings.storage is not None:
        # Few projects keep their tables on a server.
        from orch_tui.storage.probing import probe_storage

        problems += probe_storage(opened.paths)
    if orchestration is not None:
        wanted = files_of(opened, orchestration)
        problems = [p for p in problems if p.orchestration == orchestration or p.file in wanted]
    return _report(problems, as_json=as_json, strict=strict)


def _probed(project: Project, backend: str, *, as_json: bool) -> list[Problem]:
    from orch_tui.engine.trials.probe import probe

    try:
        found = probe(project, backend)
    except OSError as error:
        raise CliError(f"nothing can be sent to {backend}: {os_sentence(error)}", USAGE) from error
    if not as_json:
        Output(sys.stdout).line(safe_line(found.words, 400))
    return list(found.problems)


def _report(problems: list[Problem], *, as_json: bool, strict: bool) -> int:
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json, problem_json

        print_json(out, [problem_json(problem) for problem in problems])
    else:
        _print(out, problems)
    counted_as_bad = (Severity.ERROR, Severity.WARNING) if strict else (Severity.ERROR,)
    bad = [problem for problem in problems if problem.severity in counted_as_bad]
    return USAGE if bad else SUCCESS


def _missed(project: Project) -> list[Problem]:
    """The last scheduled time of each schedule that was missed."""
    from orch_tui.cli.shared.output import local_time
    from orch_tui.scheduling.missed import latest_by_schedule, missed_times, project_schedules
    from orch_tui.scheduling.outage import this_moment
    from orch_tui.scheduling.pauses import DamagedPauses
    from orch_tui.scheduling.words import why_words

    try:
        missed = missed_times(project.paths, project_schedules(project), this_moment())
    except OSError:
        # Another user's: the definitions are for all, what became of them is not.
        return []
    except DamagedPauses as error:
        return [Problem(Severity.ERROR, "pauses", error.sentence)]
    found = []
    for one, number in latest_by_schedule(missed):
        before = f", nor did {number - 1} before it" if number > 1 else ""
        message = f"{local_time(one.at)} did not start{before}: {why_words(one.why, one.detail)}"
        remedy = f"see orch-tui missed {one.watched.orchestration}; --catch-up starts them"
        path = project.paths.relative(project.paths.orchestration(one.watched.orchestration))
        found.append(
            Problem(Severity.WARNING, "missed", message, remedy, path, orchestration=one.watched.orchestration)
        )
    return found


def files_of(project: Project, orchestration: str) -> set[str]:
    """The files that an orchestration depends on, nested ones included, relative to the project."""
    from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
    from orch_tui.model.components.configuration import split_ref
    from orch_tui.project.project import DefinitionError

    paths, files, left, seen = project.paths, {"orch.toml", ".env"}, [orchestration], set()
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        files.add(paths.relative(paths.orchestration(name)))
        try:
            tasks = list(project.orchestration(name).tasks())
        except DefinitionError:
            continue
        for task in tasks:
            try:
                component, configuration = split_ref(task.configuration)
            except ValueError:
                continue
            if component == ORCHESTRATION_COMPONENT:
                left.append(configuration)
            else:
                files.add(paths.relative(paths.configuration(component, configuration)))
                files.add(paths.relative(paths.component(component)))
    return files


def _print(out: Output, problems: Iterable[Problem]) -> None:
    problems = list(problems)
    groups: dict[str, list[Problem]] = {}
    for problem in problems:
        groups.setdefault(problem.file or "", []).append(problem)
    # Files with errors first, and in each file its errors first.
    for file in sorted(groups, key=lambda name: (min(map(_rank, groups[name])) > 0, name)):
        for problem in sorted(groups[file], key=lambda p: (_rank(p), p.line or 0)):
            _print_problem(out, problem)
    counts = Counter(problem.severity for problem in problems)
    if not counts[Severity.ERROR] and not counts[Severity.WARNING]:
        out.line("no problems found")
    else:
        out.line(f"{counted(counts[Severity.ERROR], 'error')}, {counted(counts[Severity.WARNING], 'warning')}")


def _rank(problem: Problem) -> int:
    return list(Severity).index(problem.severity)


def _print_problem(out: Output, problem: Problem) -> None:
    color = {Severity.ERROR: "red", Severity.WARNING: "yellow"}.get(problem.severity, "bright_black")
    place = f"{safe_line(problem.place, 300)}: " if problem.place else ""
    out.line(f"{place}{out.paint(problem.severity.value, color)}: {safe_line(problem.message, 2000)}")
    if problem.remedy:
        out.line(f"    {safe_line(problem.remedy, 2000)}")


@click.command("new")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--name", help="The project's name (default: the directory's).")
@project_option
def new_command(directory: Path, name: str | None, project: str | None) -> int:
    """Make a new project in DIRECTORY, with an orchestration that runs."""
    from orch_tui.project.files.given_files import real_path
    from orch_tui.project.saving.scaffold import new_project

    try:
        new_project(directory, name or real_path(directory).name)
    except OSError as error:
        raise CliError(f"the project cannot be made: {os_sentence(error)}") from error
    shown = safe_line(str(directory))
    out = Output(sys.stdout)
    out.line(f"made the project {shown}; next: orch-tui {shown}")
    return SUCCESS
