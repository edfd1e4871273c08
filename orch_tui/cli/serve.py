"""``orch-tui serve``: the screen in a browser, on this machine's own address."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
from typing import TYPE_CHECKING

import click

from orch_tui.cli.shared.errors import SUCCESS, CliError
from orch_tui.cli.shared.opening import open_it, project_option
from orch_tui.cli.shared.output import Output
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from orch_tui.browser.server import BrowserServer
    from orch_tui.project.project import Project

_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@click.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=8750, show_default=True, help="0: any that is free.")
@project_option
def serve_command(port: int, project: str | None) -> int:
    """Show the screen in a browser, until this command is ended.

    Only this machine can reach it, and only with the address that is printed, which has a token made anew each time.
    From elsewhere: ssh -L, as is printed too. Each opened page is a terminal with a screen of its own; closing it is a
    line that drops: runs go on.
    """
    opened = open_it(project, tolerant=True)
    try:
        from orch_tui.browser import server
    except ImportError as error:
        raise CliError("the page for browsers is not installed; run: pip install 'orch-tui[serve]'") from error
    program = server.Program(
        (sys.executable, "-m", "orch_tui", "--project", str(opened.root)), _environment(), _title(opened)
    )
    number = asyncio.run(_serve(server.BrowserServer(program, port), Output(sys.stdout), port))
    return SUCCESS if number != signal.SIGINT else 128 + number


def _title(project: Project) -> str:
    return f"{safe_line(project.settings.name, 60)} · orch-tui"


def _environment() -> dict[str, str]:
    """Of the programs: a terminal of many colours that takes UTF-8, whatever this command was started from."""
    mine = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TMUX", "STY", "SSH_TTY")}
    encoding = {} if "utf-8" in _locale(mine).lower().replace("utf8", "utf-8") else {"LC_ALL": "C.UTF-8"}
    return {**mine, **encoding, "TERM": "xterm-256color", "COLORTERM": "truecolor"}


def _locale(environment: dict[str, str]) -> str:
    return next((environment[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), "")


async def _serve(server: BrowserServer, out: Output, port: int) -> int:
    """The signal that ended it."""
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def end(number: int) -> None:
        if not ended.done():
            ended.set_result(number)

    for number in _STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, end, number)
    try:
        async with server:
            out.line(f"open {server.address}")
            out.line(f"from another machine: ssh -L {server.port}:127.0.0.1:{server.port} HOST, then the same address")
            out.line("Ctrl-C ends it; runs go on")
            return await ended
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CliError(
                f"port {port} is taken; try another one: orch-tui serve --port 0 takes a free one"
            ) from error
        raise
