"""``orch-tui note``: what people note of a run, kept with it."""

from __future__ import annotations

import sys
import time

import click

from orch_tui.cli.shared.completion import complete_run
from orch_tui.cli.shared.errors import SUCCESS, USAGE, CliError, os_sentence
from orch_tui.cli.shared.opening import command_hint, json_option, open_it, project_option, run_directory
from orch_tui.cli.shared.output import Output, local_time, print_table


@click.command("note")
@click.argument("run", metavar="RUN|ORCHESTRATION", shell_complete=complete_run)
@click.argument("text", nargs=-1)
@click.option("--remove", type=click.IntRange(1), metavar="NUMBER", help="Take this note away.")
@json_option
@project_option
def note_command(run: str, text: tuple[str, ...], remove: int | None, as_json: bool, project: str | None) -> int:
    """Note TEXT on RUN, or on the latest run of ORCHESTRATION; without TEXT: list its notes.

    Notes are kept with the run, and shown wherever it is. They are for everybody who can read the project.
    """
    from orch_tui.engine.requests.requests import who_am_i
    from orch_tui.runs.past.notes import add_note, read_notes, take_back

    directory = run_directory(open_it(project, tolerant=True), run)
    words = " ".join(text).strip()
    if remove is not None and (words or as_json):
        raise CliError("--remove takes a note away; it goes with no text and not with --json")
    out = Output(sys.stdout)
    try:
        if remove is not None:
            gone = take_back(directory, remove, who_am_i(), time.time())
            out.line(f"taken away from run {directory.name}: {gone.text}")
        elif words:
            add_note(directory, who_am_i(), time.time(), words)
            out.line(f"noted on run {directory.name}")
    except FileNotFoundError as error:
        raise CliError(f"run {directory.name} is gone: it was deleted") from error
    except OSError as error:
        raise CliError(f"the note cannot be kept: {os_sentence(error)}", USAGE) from error
    if remove is not None or words:
        return SUCCESS
    if text:
        raise CliError("the note is empty; write what is to be noted behind the run")
    notes = read_notes(directory)
    if as_json:
        from orch_tui.cli.shared.report import note_json, print_json

        print_json(out, [note_json(note) for note in notes])
    elif notes:
        rows = [[str(note.number), local_time(note.at), note.by, note.text] for note in notes]
        print_table(out, ["", "at", "by", "note"], rows)
    else:
        hint = command_hint("note", directory.name, "TEXT")
        Output(sys.stderr).line(f"no note on run {directory.name}; add one with {hint}")
    return SUCCESS
