"""``orch-tui definitions``: versions of orchestrations and configurations, what a run used, and the trash."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.definitions.report import changes_json, print_changes, used_json, versions_json
from orch_tui.cli.shared.completion import complete_configuration, complete_run
from orch_tui.cli.shared.errors import FAILED, SUCCESS, CliError
from orch_tui.cli.shared.opening import command_hint, json_option, open_it, project_option, run_directory
from orch_tui.cli.shared.output import Output, local_time, print_table
from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.texts.text import counted, safe_line, valid_id

if TYPE_CHECKING:
    from orch_tui.project.project import Project
    from orch_tui.project.saving.roll_back import State

_ref_argument = click.argument("ref", metavar="ORCHESTRATION|COMPONENT/ID", shell_complete=complete_configuration)


def _json(value: Any) -> int:
    from orch_tui.cli.shared.report import print_json

    print_json(Output(sys.stdout), value)
    return SUCCESS


def _whole(ref: str) -> str:
    """The reference of a definition, of an orchestration also by its id alone. Raises: CliError for what is none."""
    component, _, name = (ref if "/" in ref else f"{ORCHESTRATION_COMPONENT}/{ref}").partition("/")
    if not (valid_id(component) and valid_id(name)):
        raise CliError(f'"{safe_line(ref, 200)}" is neither the id of an orchestration nor COMPONENT/ID')
    return f"{component}/{name}"


@click.group("definitions", invoke_without_command=True)
@json_option
@project_option
@click.pass_context
def definitions_command(ctx: click.Context, as_json: bool, project: str | None) -> int:
    """List the definitions of which versions are kept: each state that was saved, or that a run used.

    Nothing is ever committed. In a git work tree the commits are listed with the versions.
    """
    if ctx.invoked_subcommand is not None:
        return SUCCESS
    from orch_tui.project.kept.versions import Versions

    versions = Versions(open_it(project, tolerant=True).paths)
    found = {ref: versions.of(ref) for ref in versions.refs()}
    if as_json:
        return _json([{"definition": ref, "versions": len(kept)} for ref, kept in found.items()])
    out = Output(sys.stdout)
    if not found:
        out.line("no version is kept yet: the first save or the first run keeps one")
        return SUCCESS
    rows = [[ref, str(len(kept)), local_time(kept[-1].at), kept[-1].words] for ref, kept in found.items() if kept]
    print_table(out, ["definition", "versions", "last", ""], rows, right=(1,))
    return SUCCESS


@definitions_command.command("versions")
@_ref_argument
@json_option
@project_option
def versions_command(ref: str, as_json: bool, project: str | None) -> int:
    """List the versions of a definition, newest first, with the commits that changed it."""
    from orch_tui.project.kept.versions import Versions
    from orch_tui.project.saving.roll_back import commits_of_definition

    opened, ref = open_it(project, tolerant=True), _whole(ref)
    versions, commits = Versions(opened.paths).of(ref)[::-1], commits_of_definition(opened, ref)
    if as_json:
        return _json(versions_json(ref, versions, commits))
    out = Output(sys.stdout)
    if not versions and not commits:
        raise CliError(f"no version of {safe_line(ref, 200)} is kept yet: the first save or the first run keeps one")
    rows = [(one.at, [str(one.number), local_time(one.at), one.words]) for one in versions]
    rows += [(one.at, [one.id[:10], local_time(one.at), f"commit by {one.author}: {one.subject}"]) for one in commits]
    print_table(out, ["version", "at", ""], [row for _, row in sorted(rows, key=lambda pair: -pair[0])])
    return SUCCESS


@definitions_command.command("show")
@_ref_argument
@click.argument("version")
@project_option
def show_command(ref: str, version: str, project: str | None) -> int:
    """Print a VERSION: its number, the beginning of a commit's id, or "now". Comments and all."""
    state = _state(open_it(project, tolerant=True), _whole(ref), version)
    out = Output(sys.stdout)
    if not state.texts:
        raise CliError(f"{state.words} has no file: it was deleted", FAILED)
    for path, text in state.texts.items():
        if len(state.texts) > 1:
            out.line(out.bold(f"# {safe_line(path, 300)}"))
        out.data(text if text.endswith("\n") else f"{text}\n")
    return SUCCESS


@definitions_command.command("diff")
@_ref_argument
@click.argument("first", metavar="[A]", required=False)
@click.argument("second", metavar="[B]", required=False)
@click.option("--fields", is_flag=True, help="By the fields of the TOML, not by lines.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when there is a difference.")
@json_option
@project_option
def diff_command(
    ref: str, first: str | None, second: str | None, fields: bool, exit_code: bool, as_json: bool, project: str | None
) -> int:
    """Show what changed from version A to B: numbers, commits, or "now".

    Without B it is what the files hold now; without A too, the last version that was another.
    """
    from orch_tui.project.kept.comparing import line_difference
    from orch_tui.project.saving.roll_back import NOW

    opened, ref = open_it(project, tolerant=True), _whole(ref)
    after = _state(opened, ref, second or NOW)
    before = _state(opened, ref, first) if first is not None else _other_than(opened, ref, after)
    lines = line_difference(before.texts, after.texts)
    out = Output(sys.stdout)
    if as_json:
        _json(changes_json(before, after, lines))
    else:
        out.line(f"{out.bold(before.words)} → {out.bold(after.words)}")
        print_changes(out, before, after, lines, fields=fields)
    return FAILED if exit_code and lines else SUCCESS


def _other_than(project: Project, ref: str, state: State) -> State:
    """The last kept version that is not as ``state``. Raises: CliError."""
    from orch_tui.project.kept.versions import Versions

    for version in reversed(Versions(project.paths).of(ref)):
        other = _state(project, ref, str(version.number))
        if dict(other.texts) != dict(state.texts):
            return other
    raise CliError(f"no other version of {safe_line(ref, 200)} is kept", FAILED)


def _state(project: Project, ref: str, wanted: str) -> State:
    from orch_tui.project.saving.roll_back import find_state

    return find_state(project, ref, wanted)


@definitions_command.command("roll-back")
@_ref_argument
@click.argument("version")
@click.option("--note", "-n", default="", metavar="TEXT", help="Why: it stays with the version.")
@project_option
def roll_back_command(ref: str, version: str, note: str, project: str | None) -> int:
    """Make a VERSION (its number, or a commit) the definition of now: a new version with exactly its bytes.

    What the files hold now is kept as a version first.
    """
    from orch_tui.project.saving.roll_back import roll_back

    opened, ref = open_it(project, tolerant=True), _whole(ref)
    state = _state(opened, ref, version)
    out = Output(sys.stdout)
    for path in roll_back(opened, ref, state, note.strip()):
        out.line(f"{opened.paths.relative(path)} is as in {state.words}")
    return SUCCESS


@definitions_command.command("used")
@click.argument("run", metavar="RUN|ORCHESTRATION", shell_complete=complete_run)
@json_option
@project_option
def used_command(run: str, as_json: bool, project: str | None) -> int:
    """List the exact definitions that RUN used, by their versions."""
    from orch_tui.project.kept.run_definitions import used_by_run
    from orch_tui.project.kept.versions import Versions

    opened = open_it(project, tolerant=True)
    directory = run_directory(opened, run)
    used = used_by_run(directory)
    if not used:
        raise CliError(f"what run {directory.name} used was not kept: it was started by an older program", FAILED)
    told = used_json(Versions(opened.paths), directory.name, used)
    if as_json:
        return _json(told)
    out = Output(sys.stdout)
    for number, state in enumerate(told["states"]):
        if number:
            out.line("then, by the process that took the run over:")
        rows = [
            [one["definition"], str(one["version"] or "?"), "" if one["now"] else "changed since"]
            for one in state["definitions"]
        ]
        print_table(out, ["definition", "version", ""], rows, right=(1,))
    return SUCCESS


@definitions_command.command("trash")
@json_option
@project_option
def trash_command(as_json: bool, project: str | None) -> int:
    """List deleted definitions, the newest first."""
    from orch_tui.project.saving.catalog import trashed

    opened = open_it(project, tolerant=True)
    items = trashed(opened)
    if as_json:
        return _json([{"file": opened.paths.relative(one.original), "deleted": one.when} for one in items])
    out = Output(sys.stdout)
    if not items:
        out.line("the trash is empty")
        return SUCCESS
    rows = [
        [str(place), opened.paths.relative(one.original), local_time(one.when)] for place, one in enumerate(items, 1)
    ]
    print_table(out, ["", "file", "deleted"], rows, right=(0,))
    hint = command_hint("definitions", "put-back", "NUMBER")
    Output(sys.stderr).line(f"{counted(len(items), 'file')}; put one back with {hint}")
    return SUCCESS


@definitions_command.command("put-back")
@click.argument("number", type=click.IntRange(1), default=1)
@project_option
def put_back_command(number: int, project: str | None) -> int:
    """Put a deleted definition back where it was: the newest one, or the NUMBER of definitions trash."""
    from orch_tui.project.saving.catalog import restore, trashed

    opened = open_it(project, tolerant=True)
    items = trashed(opened)
    if number > len(items):
        raise CliError(f"the trash has {counted(len(items), 'file')}; see {command_hint('definitions', 'trash')}")
    path = restore(opened, items[number - 1])
    Output(sys.stdout).line(f"{opened.paths.relative(path)} is back")
    return SUCCESS
