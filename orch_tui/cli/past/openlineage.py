"""``orch-tui openlineage``: a run as events of OpenLineage, to a file or an address."""

from __future__ import annotations

import sys

import click

from orch_tui.cli.shared.completion import complete_run
from orch_tui.cli.shared.errors import SUCCESS, CliError
from orch_tui.cli.shared.opening import open_it, project_option, run_directory
from orch_tui.cli.shared.output import Output
from orch_tui.model.texts.text import counted, safe_line


@click.command("openlineage")
@click.argument("run", required=False, default="last", shell_complete=complete_run)
@click.option("--to", required=True, metavar="FILE|URL", help="A file to add lines to, or the address of a server.")
@click.option("--namespace", metavar="NAME", help="Of jobs and tables; default: the project's name.")
@project_option
def openlineage_command(run: str, to: str, namespace: str | None, project: str | None) -> int:
    """Send RUN (default: the last one) as events of OpenLineage: starts, ends, tables, rows and columns.

    Needs the extra: pip install 'orch-tui[openlineage]'.
    """
    try:
        from orch_tui.lineage.openlineage import Telling, send
    except ImportError as error:
        raise CliError("the OpenLineage client is missing; pip install 'orch-tui[openlineage]'") from error
    from orch_tui.lineage.reading import read_lineage
    from orch_tui.project.journal.file import read_run

    opened = open_it(project, tolerant=True)
    directory = run_directory(opened, run)
    telling = Telling(read_lineage(opened), namespace or opened.settings.name)
    count = send(telling.events(read_run(directory), directory), to)
    Output(sys.stdout).line(f"run {directory.name}: {counted(count, 'event')} to {safe_line(to, 300)}")
    return SUCCESS
