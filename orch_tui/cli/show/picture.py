"""``orch-tui show --picture``: the sequence as boxes and arrows, on the terminal or as a file for a wiki page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.cli.shared.errors import SUCCESS, CliError
from orch_tui.cli.shared.opening import command_hint, run_directory
from orch_tui.cli.shared.output import Output
from orch_tui.model.status import Status
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from orch_tui.project.project import Project
    from orch_tui.runs.sequence.text import Piece
    from orch_tui.runs.sequence.values import Sequence

TERMINAL = "-"
"""In place of a file: print it."""
_PAGE_WIDTH = 150
"""Cells of a picture in a file: about 1,300 pixels."""


def show_picture(project: Project, name: str | None, run: str | None, target: str) -> int:
    """``name`` is an orchestration, whose plan is drawn, or a run; ``run`` one of the orchestration ``name``.

    Raises: CliError, DefinitionError, UserError.
    """
    suffix = Path(target).suffix.lower()
    if target != TERMINAL and suffix not in (".svg", ".png"):
        raise CliError(
            f'"{safe_line(target, 200)}" is no name for a picture: let it end in .svg or .png, '
            "or put --picture last to print it"
        )
    sequence = _find(project, name, run)
    if target == TERMINAL:
        _print(Output(sys.stdout), sequence)
    else:
        _write(sequence, Path(target), suffix)
    return SUCCESS


def _find(project: Project, name: str | None, run: str | None) -> Sequence:
    from orch_tui.runs.sequence.read import read_sequence

    known = name is not None and name in project.orchestration_ids()
    if known and name is not None and run is None:
        return read_sequence(project, project.orchestration(name))
    if run is not None and not known:
        raise CliError(f'there is no orchestration "{safe_line(name or "", 100)}"; see {command_hint("list")}')
    return _of_run(project, name, run)


def _of_run(project: Project, name: str | None, run: str | None) -> Sequence:
    from orch_tui.cli.follow.marks import model_of
    from orch_tui.runs.sequence.values import sequence_of_run

    # The last one of an orchestration is what its own name means.
    directory = run_directory(project, name if run in (None, "last") else run)
    if run is not None and directory.parent.name != name:
        raise CliError(
            f'run {directory.name} is one of "{directory.parent.name}", not of "{safe_line(name or "", 100)}"'
        )
    model = model_of(project.paths, directory)
    return sequence_of_run(model, model.now())


def _print(out: Output, sequence: Sequence) -> None:
    from orch_tui.runs.sequence.layout import lay_out
    from orch_tui.runs.sequence.text import draw, legend

    counts = f"{counted(len(sequence.phases), 'phase')}, {counted(sequence.tasks, 'task')}"
    out.line(f"{out.bold(sequence.name)}  {counts}")
    for line in draw(lay_out(sequence, out.width, ascii_only=not out.unicode)):
        out.line("".join(_painted(out, piece) for piece in line).rstrip())
    if states := legend(sequence):
        out.line("  ".join(out.status(state) for state in states))


def _painted(out: Output, piece: Piece) -> str:
    from orch_tui.runs.sequence.text import Kind

    match piece.kind:
        case Kind.MARK | Kind.FRAME:
            return out.paint(piece.text, piece.status.style.color)
        case Kind.ARROW if piece.status is Status.SUCCESS:
            return out.paint(piece.text, piece.status.style.color)
        case Kind.PHASE:
            return out.bold(piece.text)
        case Kind.BLANK | Kind.NAME:
            return piece.text
    return out.paint(piece.text, "bright_black")


def _write(sequence: Sequence, path: Path, suffix: str) -> None:
    from orch_tui.project.files.atomic import write_atomic
    from orch_tui.runs.sequence.layout import lay_out
    from orch_tui.runs.sequence.svg import write_svg

    picture = lay_out(sequence, _PAGE_WIDTH)
    if suffix == ".svg":
        write_atomic(path, write_svg(picture))
        return
    from orch_tui.runs.sequence.png import write_png

    write_atomic(path, write_png(write_svg(picture, dark=False)))
