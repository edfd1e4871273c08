"""``orch-tui completion``, and what a shell is offered for the names that commands take."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TYPE_CHECKING

import click

from orch_tui.cli.shared.errors import SUCCESS
from orch_tui.cli.shared.opening import open_it, project_option, run_directory
from orch_tui.model.errors import OrchError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from orch_tui.model.orchestration.orchestration import Orchestration
    from orch_tui.project.project import Project

_RUNS = 50
"""Runs that are offered at most, the newest."""

Complete = Callable[[click.Context, click.Parameter, str], list["CompletionItem"]]


def _offering(names: Callable[[Project, click.Context], Iterable[tuple[str, str]]]) -> Complete:
    """A click callback from a function that gives names with a word about each.

    Nothing is offered where there is no project, or one that cannot be read: a shell that completes cannot show why.
    """

    def complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        try:
            project = open_it(ctx.params.get("project") or ctx.find_root().params.get("project"), tolerant=True)
            known = list(names(project, ctx))
        except (OrchError, OSError):
            return []
        return [CompletionItem(name, help=word or None) for name, word in known if name.startswith(incomplete)]

    return complete


def _orchestrations(project: Project, _: click.Context) -> Iterable[tuple[str, str]]:
    for name in project.orchestration_ids():
        try:
            yield name, project.orchestration(name).name
        except OrchError:
            yield name, ""


def _runs(project: Project, ctx: click.Context) -> Iterable[tuple[str, str]]:
    from orch_tui.project.history import all_runs

    yield "last", "the latest run"
    yield from _orchestrations(project, ctx)
    for run in islice(all_runs(project.paths), _RUNS):
        yield run.id, f"{run.orchestration}: {run.state}"


def _tasks_of_run(project: Project, ctx: click.Context) -> Iterable[tuple[str, str]]:
    from orch_tui.runs.live.follower import Follower

    state = Follower(run_directory(project, ctx.params.get("run"))).catch_up()
    return [(task.id, f"{task.name}: {task.status.value}") for task in state.tasks.values()]


def _phases_of_run(project: Project, ctx: click.Context) -> Iterable[tuple[str, str]]:
    from orch_tui.runs.live.follower import Follower

    state = Follower(run_directory(project, ctx.params.get("run"))).catch_up()
    return [(phase.id, f"{phase.name}: {phase.status.value}") for phase in state.phases.values()]


def _orchestration(project: Project, ctx: click.Context) -> Orchestration:
    # Where the option that is completed has no value yet, click leaves what came before it unparsed.
    name = ctx.params.get("orchestration") or next(iter(ctx.args), "")
    return project.orchestration(str(name))


def _tasks(project: Project, ctx: click.Context) -> Iterable[tuple[str, str]]:
    return [(task.id, task.configuration) for task in _orchestration(project, ctx).tasks()]


def _phases(project: Project, ctx: click.Context) -> Iterable[tuple[str, str]]:
    return [(phase.id, phase.name) for phase in _orchestration(project, ctx).phases]


def _tables(project: Project, _: click.Context) -> Iterable[tuple[str, str]]:
    from orch_tui.storage.opening import open_storage

    return [(info.table, f"{info.rows} rows") for info in open_storage(project.paths).tables()]


def _candidates(project: Project, _: click.Context) -> Iterable[tuple[str, str]]:
    from orch_tui.storage.opening import open_storage
    from orch_tui.storage.publishing.candidates import candidates

    return [(one.id, ", ".join(t.table for t in one.tables)) for one in candidates(open_storage(project.paths))]


def _configurations(project: Project, ctx: click.Context) -> Iterable[tuple[str, str]]:
    yield from _orchestrations(project, ctx)
    yield from ((ref, "") for ref in project.configuration_refs())


def _components(project: Project, _: click.Context) -> Iterable[tuple[str, str]]:
    return [(component.id, component.name) for component in project.components().values()]


complete_orchestration = _offering(_orchestrations)
complete_run = _offering(_runs)
complete_task_of_run = _offering(_tasks_of_run)
complete_phase_of_run = _offering(_phases_of_run)
complete_task = _offering(_tasks)
complete_phase = _offering(_phases)
complete_table = _offering(_tables)
complete_candidate = _offering(_candidates)
complete_configuration = _offering(_configurations)
complete_component = _offering(_components)

_SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(_SHELLS))
@project_option
def completion_command(shell: str, project: str | None) -> int:
    """Print what makes SHELL complete commands, options, orchestrations, runs, tasks and tables.

    Put it where SHELL reads it: a line in ~/.bashrc or ~/.zshrc, eval "$(orch-tui completion bash)" (or zsh); a file
    ~/.config/fish/completions/orch-tui.fish with the line: orch-tui completion fish | source
    """
    from click.shell_completion import get_completion_class

    del project  # Taken like by every command; the script is the same for all.
    root = click.get_current_context().find_root()
    found = get_completion_class(shell)
    assert found is not None  # The choice has only shells that click knows.
    source = found(root.command, {}, "orch-tui", "_ORCH_TUI_COMPLETE").source()
    sys.stdout.write(source.rstrip() + "\n")
    return SUCCESS
