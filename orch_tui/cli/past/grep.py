"""``orch-tui grep``: text in the logs of all runs that are kept."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from orch_tui.cli.past.runs import WHERE_HELP, found_runs
from orch_tui.cli.shared.completion import complete_orchestration
from orch_tui.cli.shared.errors import FAILED, SUCCESS, CliError
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output
from orch_tui.model.texts.text import counted, safe_line

if TYPE_CHECKING:
    from orch_tui.runs.log.search import Pattern
    from orch_tui.runs.past.grep import Hit, LogSearch

_LIMIT = 1000


@click.command("grep")
@click.argument("text")
@click.argument("orchestration", required=False, shell_complete=complete_orchestration)
@click.option("--regex", "-e", "as_regex", is_flag=True, help="TEXT is a regular expression.")
@click.option(
    "--task", "-t", default="*", metavar="TASK", help="Only logs of this task (id; * and ? stand for letters)."
)
@click.option("--since", metavar="TIME", help="Only runs that began since then: 7d, yesterday, 2026-11-03.")
@click.option("--until", metavar="TIME", help="Only runs that began until then.")
@click.option("--where", "-w", metavar="SEARCH", help=WHERE_HELP)
@click.option("--limit", "-n", type=click.IntRange(1), default=_LIMIT, show_default=True, help="At most so many lines.")
@json_option
@project_option
def grep_command(
    text: str,
    orchestration: str | None,
    as_regex: bool,
    task: str,
    since: str | None,
    until: str | None,
    where: str | None,
    limit: int,
    as_json: bool,
    project: str | None,
) -> int:
    """Find TEXT in the logs of all runs that are kept, or of those of ORCHESTRATION, the newest run first.

    Capitals count if there are any in TEXT. Each line comes after its run, task and number. Exit code 1: no line has
    it.
    """
    from orch_tui.runs.past.grep import LogSearch

    wanted = _pattern(text, as_regex)
    runs, _ = found_runs(open_it(project, tolerant=True), orchestration, _search(since, until, where))
    search = LogSearch(wanted, task)
    hits = itertools.islice(search.hits(runs), limit + 1)
    out = Output(sys.stdout)
    number = _print_json(out, list(hits)[:limit]) if as_json else _print(out, hits, limit)
    _tell(search, number, limit)
    if wanted.too_slow:
        raise CliError("one line took too long with this expression; write it without nested repetitions")
    return SUCCESS if number else FAILED


def _pattern(text: str, as_regex: bool) -> Pattern:
    from orch_tui.runs.log.search import expression, literal

    if not text:
        raise CliError("the text is empty: every line of every log would have it")
    try:
        return expression(text) if as_regex else literal(text)
    except ValueError as error:
        raise CliError(f"{safe_line(text, 100)}: {error}") from error


def _search(since: str | None, until: str | None, where: str | None) -> str:
    """All of them as one search of runs."""
    parts = [f"({where})"] if where else []
    for field, value in (("since", since), ("until", until)):
        if value is not None:
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'{field}="{escaped}"')
    return " ".join(parts)


def _print(out: Output, hits: Iterable[Hit], limit: int) -> int:
    number = 0
    for hit in hits:
        if out.gone or number == limit:
            break
        number += 1
        attempt = f"#{hit.attempt}" if hit.attempt > 1 else ""
        place = out.paint(f"{hit.run.id} {hit.task}{attempt}:{hit.line}:", "blue")
        out.line(f"{place} {hit.text}")
    return number


def _print_json(out: Output, hits: list[Hit]) -> int:
    from orch_tui.cli.shared.report import print_json

    print_json(
        out,
        [
            {
                "run": hit.run.id,
                "orchestration": hit.run.orchestration,
                "task": hit.task,
                "attempt": hit.attempt,
                "line": hit.line,
                "text": hit.text,
                "log": str(hit.log),
            }
            for hit in hits
        ],
    )
    return len(hits)


def _tell(search: LogSearch, number: int, limit: int) -> None:
    err = Output(sys.stderr)
    more = "; there may be more: --limit" if number == limit else ""
    err.line(f"{counted(number, 'line')} in {counted(search.logs, 'log')}, {search.bytes:,} bytes{more}")
    if search.unreadable:
        path, why = search.unreadable[0]
        err.line(f"{counted(len(search.unreadable), 'place')} could not be read: {safe_line(str(path), 300)}: {why}")
