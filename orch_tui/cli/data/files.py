"""``orch-tui files``: the project's file storage: listed, tagged, added to, copied from, removed from."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.shared.errors import FAILED, SUCCESS, CliError, os_sentence
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output, local_time, print_table
from orch_tui.model.texts.sizes import size_text
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from orch_tui.storage.files.store import FileStore
    from orch_tui.storage.files.values import StoredFile

_id_argument = click.argument("id", type=click.IntRange(0))
_ids_argument = click.argument("ids", nargs=-1, required=True, type=click.IntRange(0), metavar="ID...")


def _store(project: str | None) -> FileStore:
    from orch_tui.storage.files.store import FileStore

    return FileStore(open_it(project, tolerant=True).paths)


@click.group("files", invoke_without_command=True)
@click.option("--tag", "-t", "tags", multiple=True, metavar="TAG", help="Only those with this tag; repeatable.")
@click.option("--query", "-q", default="", metavar="QUERY", help="Such as 'tags:report AND created:>=now-7d'.")
@json_option
@project_option
@click.pass_context
def files_command(ctx: click.Context, tags: tuple[str, ...], query: str, as_json: bool, project: str | None) -> int:
    """List the files of the project's file storage, the newest first.

    Programs of Keboola leave them in out/files and find them by tags in in/files.
    """
    if ctx.invoked_subcommand is not None:
        return SUCCESS
    from orch_tui.storage.files.query import has_tags, parse_query

    test = parse_query(query, datetime.now(UTC))
    everything = not tags and not query
    found = [
        file
        for file in _store(project).files()
        if everything or (not file.problem and has_tags(file, tags) and test(file))
    ]
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, [_json(file) for file in found])
    elif found:
        print_table(out, ["id", "name", "size", "stored", "by", "tags"], [_row(file) for file in found], right=(2,))
    else:
        Output(sys.stderr).line("no file yet, or none that fits")
    return SUCCESS


def _row(file: StoredFile) -> list[str]:
    if file.problem:
        return [str(file.id), "", "", "", "", f"broken: {safe_line(file.problem, 200)}"]
    name = safe_line(file.name, 200) + ("/" if file.sliced else "")
    by = file.origin.configuration or "a person"
    return [
        str(file.id),
        name,
        size_text(file.size),
        local_time(file.created.timestamp()),
        safe_line(by, 100),
        safe_line(", ".join(file.tags), 300),
    ]


def _json(file: StoredFile) -> dict[str, Any]:
    return {"id": file.id, **file.as_json(), "path": str(file.path), "broken": file.problem or None}


@files_command.command("add")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--tag", "-t", "tags", multiple=True, metavar="TAG", help="A tag for it; repeatable.")
@click.option("--name", default="", help="What it is to be called; default: as it is.")
@click.option("--permanent", is_flag=True, help="prune never deletes it.")
@project_option
def add_command(path: Path, tags: tuple[str, ...], name: str, permanent: bool, project: str | None) -> int:
    """Store a copy of PATH: a file, or a directory of slices."""
    try:
        file = _store(project).add(path, name=name or path.absolute().name, tags=tags, permanent=permanent)
    except OSError as error:
        raise CliError(f"{safe_line(str(path), 200)} cannot be stored: {os_sentence(error)}", FAILED) from error
    Output(sys.stdout).line(f"{file.id}: {safe_line(file.name, 200)}, {size_text(file.size)}")
    return SUCCESS


@files_command.command("get")
@_id_argument
@click.argument("target", required=False, type=click.Path(path_type=Path))
@project_option
def get_command(id: int, target: Path | None, project: str | None) -> int:
    """Copy the file ID to TARGET (default: here, under its name). Nothing is written over."""
    store = _store(project)
    file = store.get(id)
    if file is None or file.problem:
        raise CliError(file.problem if file else f"there is no file {id}; orch-tui files lists them")
    place = target or Path(file.name)
    if place.is_dir():
        place /= file.name
    if place.exists() or place.is_symlink():
        raise CliError(f"{safe_line(str(place), 200)} is there already; name another place", FAILED)
    try:
        store.give(file, place)
    except OSError as error:
        raise CliError(f"{safe_line(str(place), 200)} cannot be written: {os_sentence(error)}", FAILED) from error
    Output(sys.stdout).line(f"{safe_line(str(place), 200)}: {size_text(file.size)}")
    return SUCCESS


@files_command.command("tag")
@_ids_argument
@click.option("--add", "-a", "added", multiple=True, metavar="TAG", help="Give this tag; repeatable.")
@click.option("--remove", "-r", "removed", multiple=True, metavar="TAG", help="Take this tag away; repeatable.")
@project_option
def tag_command(ids: tuple[int, ...], added: tuple[str, ...], removed: tuple[str, ...], project: str | None) -> int:
    """Give tags to files, or take some away."""
    if not added and not removed:
        raise CliError("name tags with --add or --remove")
    store, out = _store(project), Output(sys.stdout)
    for id in ids:
        file = store.tag(id, added, removed)
        out.line(f"{file.id}: {safe_line(file.name, 200)}: {safe_line(', '.join(file.tags) or 'no tags', 300)}")
    return SUCCESS


@files_command.command("remove")
@_ids_argument
@project_option
def remove_command(ids: tuple[int, ...], project: str | None) -> int:
    """Delete files from the storage."""
    store = _store(project)
    for id in ids:
        store.remove(id)
    Output(sys.stdout).line(f"{counted(len(ids), 'file')} removed")
    return SUCCESS


@files_command.command("prune")
@click.option("--days", type=click.FloatRange(0), default=15.0, show_default=True, help="Older than so many days.")
@click.option("--yes", "-y", is_flag=True, help="Delete them without asking.")
@project_option
def prune_command(days: float, yes: bool, project: str | None) -> int:
    """Delete files that are old and not permanent; shows them first."""
    store, out = _store(project), Output(sys.stdout)
    oldest = time.time() - days * 86_400
    found = [f for f in store.files() if not f.problem and not f.permanent and f.created.timestamp() < oldest]
    if not found:
        Output(sys.stderr).line("there is no such file")
        return SUCCESS
    print_table(out, ["id", "name", "size", "stored", "by", "tags"], [_row(file) for file in found], right=(2,))
    if not yes and not click.confirm(f"Delete {counted(len(found), 'file')}?"):
        return FAILED
    for file in found:
        store.remove(file.id)
    out.line(f"{counted(len(found), 'file')} removed")
    return SUCCESS
