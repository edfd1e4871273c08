"""The command group. A command's module is imported when that command runs, and not for ``--help``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

import click

from orch_tui.cli.shared.errors import INTERRUPTED, USAGE, complaint
from orch_tui.cli.shared.opening import Screen
from orch_tui.cli.shared.output import Output, silence
from orch_tui.model.texts.text import safe_line


class _Lazy(NamedTuple):
    module: str
    help: str


_COMMANDS = {
    "run": _Lazy("run.command", "Run an orchestration and follow it to its end."),
    "rehearse": _Lazy("run.rehearse", "Walk the flow with assumed outcomes, and start nothing."),
    "check": _Lazy("project.definitions", "List everything that is wrong or suspicious in the project."),
    "test": _Lazy("project.testing", "Test the connections of configurations, without running anything."),
    "action": _Lazy("project.action", "Ask a configuration's program for a list, or whatever it answers to."),
    "list": _Lazy("project.listing", "List orchestrations, configurations or components."),
    "runs": _Lazy("past.runs", "List or search earlier runs, newest first."),
    "show": _Lazy("show.command", "Show one run: phases, tasks, tables, first failure."),
    "logs": _Lazy("show.logs", "Print or follow the logs of a run's tasks."),
    "failures": _Lazy("past.failures", "List failures grouped by what they say, and what cured them."),
    "why": _Lazy("past.why", "Show what is different in a run from the last one that worked."),
    "rerun": _Lazy("past.rerun", "Run several runs again: what did not succeed in each."),
    "note": _Lazy("past.note", "Note something on a run, or list its notes."),
    "grep": _Lazy("past.grep", "Find text in the logs of all runs that are kept."),
    "advise": _Lazy("run.advise", "Say what would make an orchestration quicker, by its earlier runs."),
    "watch": _Lazy("run.watch", "Follow a run that any process executes."),
    "cancel": _Lazy("interventions.cancel", "Stop a run, or one of its tasks."),
    "hold": _Lazy("interventions.intervene", "Let nothing new start in a run, a phase, or let a task wait."),
    "release": _Lazy("interventions.intervene", "Let go on what was held."),
    "skip": _Lazy("interventions.intervene", "Let a run go on without a task that has not started."),
    "retry": _Lazy("interventions.intervene", "Try a failed task of a run that goes on again, now."),
    "mark-done": _Lazy("interventions.intervene", "Let a run go on as if a failed task had done its work."),
    "limit": _Lazy("interventions.intervene", "Change how many tasks of a run may run at once."),
    "approvals": _Lazy("interventions.approve", "List what waits for a person to approve it."),
    "approve": _Lazy("interventions.approve", "Approve or reject what a run asks."),
    "pools": _Lazy("interventions.pools", "List pools: who has their slots, and who waits for some."),
    "scheduler": _Lazy("schedules.scheduler", "Start orchestrations by their schedules, each scheduled time once."),
    "inbox": _Lazy("alerts.inbox", "List what waits for somebody, and acknowledge it."),
    "alerts": _Lazy("alerts.command", "List what was told to whom, try channels, send what waits."),
    "missed": _Lazy("schedules.missed", "List scheduled times that were not started, and catch up with them."),
    "pause": _Lazy("schedules.pause", "Let schedules start nothing for a while."),
    "unpause": _Lazy("schedules.pause", "End a pause of schedules."),
    "backfill": _Lazy("schedules.backfill", "Run an orchestration for each interval of a span of time."),
    "crontab": _Lazy("schedules.crontab", "Print the lines for crontab that start orchestrations by their schedules."),
    "new": _Lazy("project.definitions", "Make a new project directory."),
    "definitions": _Lazy("definitions.command", "Versions of definitions: list, compare, go back; and the trash."),
    "import": _Lazy("keboola.importing", "Bring in a project of Keboola, or a single orchestrator or flow."),
    "gate": _Lazy("data.gate", "List what checks refused, accept or discard it."),
    "tables": _Lazy("project.tables", "List the tables in the project's storage."),
    "preview": _Lazy("project.tables", "Show the first rows of a table."),
    "files": _Lazy("data.files", "List, tag, add and remove files of the project's file storage."),
    "openlineage": _Lazy("past.openlineage", "Send a run as events of OpenLineage to a file or an address."),
    "fresh": _Lazy("run.fresh", "Bring a table up to date: run what is stale on the way to it, and nothing else."),
    "lineage": _Lazy("data.lineage", "Show what a table or a column is made of, and what is made of it."),
    "serve": _Lazy("serve", "Show the screen in a browser of this machine."),
    "diff": _Lazy("data.diff", "Show what is different between two versions of a table."),
    "restore": _Lazy("data.versions", "Make an old version of a table the current one again."),
    "export": _Lazy("keboola.exporting", "Copy a table to a file, or write changes into a project of Keboola."),
    "prune": _Lazy("data.versions", "Delete versions of tables that are not to be kept; shows them first."),
    "keys": _Lazy("keys", "List the keys of the screen, and what is wrong in the file that changes them."),
    "component": _Lazy("project.component", "List components, or show one with its parameters."),
    "completion": _Lazy("shared.completion", "Print what makes a shell complete commands and names."),
}
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


class LazyGroup(click.Group):
    """Knows its commands by name; a name that is no command may be a project's directory."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        lazy = _COMMANDS.get(cmd_name)
        if lazy is None:
            return _open_directory(cmd_name) if os.path.isdir(cmd_name) else None
        import importlib

        module = importlib.import_module(f"orch_tui.cli.{lazy.module}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-") and not os.path.isdir(name):
            ctx.fail(_unknown(name))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in _COMMANDS.items()])


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, _COMMANDS, 1)
    hint = f'did you mean "{close[0]}"?' if close else "see orch-tui --help"
    return f'"{safe_line(name, 80)}" is neither a command nor the directory of a project; {hint}'


def _open_directory(name: str) -> click.Command:
    def open_it() -> int:
        above = click.get_current_context().parent
        return open_screen(Path(name), mouse=not (above and above.params.get("no_mouse")))

    return click.Command(name, callback=open_it, context_settings=_CONTEXT)


def _version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from orch_tui import __version__

        click.echo(f"orch-tui {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings=_CONTEXT,
    subcommand_metavar="[PROJECT] | COMMAND [ARGUMENTS]...",
    epilog="Exit codes: 0 success, 1 a run ended in error, 2 wrong usage or project, 3 ended in warning with "
    "--strict, 4 it runs already, 129/130/143 hung up, interrupted, terminated.",
)
@click.option(
    "--project",
    "-p",
    metavar="DIR",
    envvar="ORCH_TUI_PROJECT",
    help="The project; default: the directory here or above that has an orch.toml (env: ORCH_TUI_PROJECT).",
)
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal: less traffic, native selection.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_context
def cli(ctx: click.Context, project: str | None, no_mouse: bool) -> int | None:
    """Compose, run and watch data pipelines. Without a command: open the project on the screen."""
    if ctx.invoked_subcommand is None:
        return open_screen(Path(project) if project else None, mouse=not no_mouse)
    return None


def open_screen(directory: Path | None, *, mouse: bool = True) -> int:
    """The exit code of the screen; 2 where it cannot be shown."""
    from orch_tui.cli.shared.errors import CliError
    from orch_tui.cli.shared.opening import NoProjectHere, project_root
    from orch_tui.cli.shared.recent import ask_for_project, remember

    missing = [name for name, stream in (("input", sys.stdin), ("output", sys.stdout)) if not stream.isatty()]
    root: Path | None = None
    try:
        root = project_root(str(directory) if directory else None)
    except NoProjectHere as error:
        if missing:
            raise
        outside = error
    if missing or os.environ.get("TERM", "dumb") == "dumb":
        why = f"standard {missing[0]} is not one" if missing else "TERM says that this one cannot"
        raise CliError(
            f"the screen needs a terminal that can move its cursor, and {why}; without it use orch-tui list, "
            "orch-tui run, orch-tui watch and orch-tui show (orch-tui --help lists all commands)"
        )
    if root is None:
        root = ask_for_project(outside)
    remember(root)
    screen: Screen = click.get_current_context().obj
    return screen.open(root, mouse=mouse)


def run_command_line(arguments: list[str], screen: Screen) -> int:
    """Run a command; the exit code. Errors end as one sentence on standard error."""
    try:
        code = _invoke(arguments, screen)
        # Here and not at the interpreter's exit, where a reader that left would cost the exit code.
        sys.stdout.flush()
    except BrokenPipeError:
        silence(sys.stdout)
        code = 0
    return code


def _invoke(arguments: list[str], screen: Screen) -> int:
    try:
        result: Any = cli.main(arguments, prog_name="orch-tui", standalone_mode=False, obj=screen)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        Output(sys.stderr).line()
        return INTERRUPTED
    except click.ClickException as error:
        _usage(error, Output(sys.stderr))
        return USAGE
    except BrokenPipeError:
        raise
    except Exception as error:
        found = complaint(error)
        if found is None:
            raise
        _complain(Output(sys.stderr), found[0])
        return found[1]


def _complain(out: Output, message: str) -> None:
    first, *rest = message.split("\n")
    out.line(f"{out.paint('error:', 'red')} {safe_line(first)}")
    for line in rest:
        out.line(safe_line(line))


def _usage(error: click.ClickException, out: Output) -> None:
    context = getattr(error, "ctx", None)
    if context is not None:
        out.line(context.get_usage())
    _complain(out, error.format_message())
