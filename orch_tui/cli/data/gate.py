"""``orch-tui gate``: what checks refused and what becomes of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.shared.completion import complete_candidate
from orch_tui.cli.shared.errors import SUCCESS
from orch_tui.cli.shared.opening import command_hint, json_option, open_it, project_option
from orch_tui.cli.shared.output import Output
from orch_tui.model.texts.sizes import size_text
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from orch_tui.runs.people.deciding import Settled
    from orch_tui.storage.publishing.candidates import Candidate
    from orch_tui.storage.storage import Storage

_candidate_argument = click.argument("candidate", shell_complete=complete_candidate)
_note_option = click.option("--note", "-n", default="", metavar="TEXT", help="Why: it stays with the version.")


@click.group("gate", invoke_without_command=True)
@json_option
@project_option
@click.pass_context
def gate_command(ctx: click.Context, as_json: bool, project: str | None) -> int:
    """List what checks refused: each candidate waits until it is accepted or discarded.

    Checks stand in [[checks]] of configurations, see docs/checks.md.
    """
    ctx.obj = project
    if ctx.invoked_subcommand is not None:
        return SUCCESS
    from orch_tui.storage.publishing.candidates import candidates

    storage = _storage(project)
    found = candidates(storage)
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, [_json(storage, one) for one in found])
        return SUCCESS
    if not found:
        out.line("no candidate waits")
    for one in found:
        _print(out, storage, one)
    return SUCCESS


@gate_command.command("show")
@_candidate_argument
@json_option
@project_option
def show_command(candidate: str, as_json: bool, project: str | None) -> int:
    """Show all checks of CANDIDATE (its id, or the name of a table), with rows that they refused."""
    from orch_tui.runs.words.gates import result_lines
    from orch_tui.storage.publishing.candidates import find_candidate

    storage = _storage(project)
    one = find_candidate(storage, candidate)
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, _json(storage, one))
        return SUCCESS
    _print(out, storage, one, results=False)
    for result in one.results:
        word = out.paint(result.verdict.value, {"failed": "red", "warned": "yellow"}.get(result.verdict.value, "green"))
        first, *rest = result_lines(result)
        out.line(f"  {word}  {first}")
        for line in rest:
            out.line(f"  {line}")
    return SUCCESS


@gate_command.command("accept")
@_candidate_argument
@_note_option
@project_option
def accept_command(candidate: str, note: str, project: str | None) -> int:
    """Publish exactly the files of CANDIDATE: its tables get a new version, which says who accepted it and why.

    A run that goes on takes the task as done; one that has ended can be gone on with (run --rerun-failed).
    """
    from orch_tui.runs.people.deciding import accept_candidate

    settled = accept_candidate(open_it(project or _outer()).paths, candidate, note)
    _tell(settled)
    return SUCCESS


@gate_command.command("discard")
@_candidate_argument
@_note_option
@project_option
def discard_command(candidate: str, note: str, project: str | None) -> int:
    """Drop CANDIDATE: its tables stay as they are."""
    from orch_tui.runs.people.deciding import discard_candidate

    _tell(discard_candidate(open_it(project or _outer()).paths, candidate, note))
    return SUCCESS


def _tell(settled: Settled) -> None:
    from orch_tui.runs.people.deciding import settled_words

    out = Output(sys.stdout)
    out.line(settled_words(settled))
    if settled.rerun and not settled.going_on:
        out.line(f"go on with what comes after it: {command_hint('run', settled.rerun, '--rerun-failed')}")


def _outer() -> str | None:
    """The project as it was given before the name of the subcommand."""
    above = click.get_current_context().parent
    given = above.params.get("project") if above is not None else None
    return str(given) if given else None


def _storage(project: str | None) -> Storage:
    from orch_tui.storage.opening import open_storage

    return open_storage(open_it(project or _outer(), tolerant=True).paths)


def _print(out: Output, storage: Storage, one: Candidate, *, results: bool = True) -> None:
    from orch_tui.model.checks.values import Verdict, of_verdict
    from orch_tui.model.checks.words import result_words

    maker = one.maker
    out.line(f"{out.bold(one.id)}  {one.created.astimezone():%Y-%m-%d %H:%M:%S}  by {maker.task} (run {maker.run})")
    for table in one.tables:
        base = f"made from version {table.base}" if table.base else "a new table"
        out.line(f"  {table.table}: {counted(table.rows, 'row')}, {size_text(table.bytes)}, {base}")
    if results:
        for result in of_verdict(one.results, Verdict.FAILED):
            out.line(f"  {out.paint('failed', 'red')}  {safe_line(result_words(result), 400)}")
    if outdated := one.outdated(storage):
        out.line(f"  {', '.join(outdated)} has a newer version by now: it can be discarded only")
    else:
        out.line(f"  {command_hint('gate', 'accept', one.id, '--note', '…')}")
    out.line(f"  {command_hint('gate', 'discard', one.id)}")


def _json(storage: Storage, one: Candidate) -> dict[str, Any]:
    from orch_tui.model.checks.encoding import result_json

    return {
        "id": one.id,
        "created": one.created.isoformat(timespec="milliseconds"),
        "component": one.maker.component,
        "configuration": one.maker.configuration,
        "run": one.maker.run,
        "task": one.maker.task,
        "tables": [
            {
                "table": table.table,
                "file": str(table.file),
                "base": table.base or None,
                "rows": table.rows,
                "bytes": table.bytes,
                "columns": [{"name": name, "type": kind} for name, kind in table.columns],
                "primary_key": list(table.primary_key),
                "mode": table.mode.value,
            }
            for table in one.tables
        ],
        "outdated": one.outdated(storage),
        "checks": [result_json(result) for result in one.results],
    }
