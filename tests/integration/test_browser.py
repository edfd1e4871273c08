"""The screen in Chromium: opened by the printed address, walked with the usual keys, a run started, a line copied."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from orch_tui.model.status import Status
from orch_tui.project.history import latest
from orch_tui.project.journal.file import read_run
from orch_tui.project.paths import ProjectPaths
from playwright.async_api import BrowserContext, Page, WebSocket, async_playwright

from tests.servers.tools import program
from tests.support.projects import argv, environment, make_project, orch
from tests.support.terminal import TerminalScreen, TerminalStream

PATIENCE = 60.0
BLANK_PICTURE = 5_000
"""Bytes of a PNG of a window of that size in which nothing is drawn."""


class Tab:
    """A page of the server: what is drawn in it, by what its socket brought, and the keys of its keyboard."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._screen = TerminalScreen(80, 24)
        self._stream = TerminalStream(self._screen)
        self._drawn = asyncio.Event()
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        columns, rows = (int(value) for value in re.findall(r"(?:width|height)=(\d+)", socket.url))
        self._screen.resize(rows, columns)
        socket.on("framereceived", self._draw)

    def _draw(self, frame: bytes | str) -> None:
        if isinstance(frame, bytes):
            # Private modes confuse pyte, and have no picture.
            self._stream.feed(re.sub(rb"\x1b\[[?>=<][0-9;]*\$?[a-zA-Z]", b"", frame))
            self._drawn.set()

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    async def shows(self, text: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while text not in self.text():
                    self._drawn.clear()
                    await self._drawn.wait()
        except TimeoutError:
            raise AssertionError(f"waited in vain for {text!r}; the screen:\n{self.text()}") from None

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self._page.keyboard.press(key)

    async def clipboard(self, text: str) -> None:
        """Wait until the browser's clipboard has it."""
        wanted = "async text => { while (!(await navigator.clipboard.readText()).includes(text)) {} return true }"
        assert await asyncio.wait_for(self._page.evaluate(wanted, text), PATIENCE)

    async def picture(self) -> bytes:
        """The window as PNG."""
        return await self._page.screenshot()

    async def close(self) -> None:
        await self._page.close()


class Browser:
    """One window, with leave to use the clipboard."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context

    async def open(self, address: str) -> Tab:
        page = await self._context.new_page()
        tab = Tab(page)
        await page.goto(address)
        return tab


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    # No sandbox: tests may run as root, and nothing but our own page is opened.
    arguments = ["--no-sandbox", "--disable-gpu"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program("chromium"), args=arguments)
        try:
            yield Browser(
                await browser.new_context(
                    viewport={"width": 1200, "height": 760}, permissions=["clipboard-read", "clipboard-write"]
                )
            )
        finally:
            await browser.close()


async def address_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    first = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()
    assert first.startswith("open http://127.0.0.1:"), first
    return first.split()[1]


@asynccontextmanager
async def serving(project: Path) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        *argv("serve", "--port", "0"), cwd=project, env=environment(), stdout=asyncio.subprocess.PIPE
    )
    try:
        yield await address_of(process)
    finally:
        process.terminate()
        assert await process.wait() == 0


async def test_the_screen_is_opened_walked_run_closed_opened_again_and_copied_from(tmp_path: Path) -> None:
    # GIVEN a project, and its page in a browser
    gated = 'while [ ! -e "$ORCH_PROJECT/gate" ]; do sleep 0.05; done; echo the line that is copied'
    root = make_project(tmp_path / "p", {"main": {"First": {"a": gated}, "Second": {"b": "true"}}})
    async with serving(root) as address, chromium() as browser:
        tab = await browser.open(address)
        await tab.shows("Main")
        # AND it is really painted there
        assert len(await tab.picture()) > 4 * BLANK_PICTURE
        # WHEN the usual keys are pressed
        await tab.press("Enter")
        await tab.shows("Problems")
        await tab.press("R")
        await tab.shows("2 will run")
        await tab.press("Enter")
        await tab.shows("processing  0/2")
        # AND the page is closed while the run goes on, and opened again
        await tab.close()
        tab = await browser.open(address)
        await tab.shows("0/2")
        await tab.press("Enter")
        await tab.shows("processing  0/2")
        (root / "gate").touch()
        await tab.shows("2/2")
        await tab.press("ArrowDown", "L")
        await tab.shows("the line that is copied")
        await tab.press("y")
        # THEN the run has ended well, and the line is in the browser's clipboard
        await tab.clipboard("the line that is copied")
    summary = latest(ProjectPaths(root), "main")
    assert summary is not None
    assert read_run(summary.directory).status is Status.SUCCESS


def test_a_port_that_is_taken_is_a_sentence(tmp_path: Path) -> None:
    root = make_project(tmp_path / "p", {"main": {"First": {"a": "true"}}})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        # WHEN the port of another program is asked for
        done = orch(root, "serve", "--port", str(taken.getsockname()[1]))
    # THEN it says so, with what to do
    assert done.returncode == 2
    assert "is taken" in done.stderr
    assert "--port 0" in done.stderr
    assert done.stdout == ""
