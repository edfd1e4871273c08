"""The server with programs of its own, reached by a client that is no browser."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from orch_tui.browser.server import MOST_PAGES, BrowserServer, Program

ECHO = (
    "import os, sys, tty; tty.setraw(0)\n"
    "size = os.get_terminal_size()\n"
    "print(f'size {size.columns}x{size.lines} {os.getsid(0) == os.getpid()}', end='', flush=True)\n"
    "while data := os.read(0, 100):\n"
    "    size = os.get_terminal_size()\n"
    "    print(f'<{data!r} {size.columns}x{size.lines}>', end='', flush=True)\n"
    "    if data == b'q': break\n"
)


@asynccontextmanager
async def serving(*argv: str, title: str = "p") -> AsyncIterator[tuple[BrowserServer, aiohttp.ClientSession]]:
    program = Program(argv or (sys.executable, "-c", ECHO), {**os.environ, "TERM": "xterm-256color"}, title)
    jar = aiohttp.CookieJar(unsafe=True)
    async with BrowserServer(program) as server, aiohttp.ClientSession(cookie_jar=jar) as session:
        yield server, session


def base(server: BrowserServer) -> str:
    return f"http://127.0.0.1:{server.port}"


async def let_in(server: BrowserServer, session: aiohttp.ClientSession) -> str:
    async with session.get(server.address) as response:
        assert response.status == 200
        assert "token" not in str(response.url)
        return await response.text()


def socket(
    server: BrowserServer, session: aiohttp.ClientSession, size: str = ""
) -> aiohttp.client._WSRequestContextManager:
    return session.ws_connect(f"{base(server)}/socket{size}", headers={"Origin": base(server)})


async def shown(stream: aiohttp.ClientWebSocketResponse[bool], pattern: str) -> str:
    """What was drawn, once the pattern is in it."""
    seen = ""
    async with asyncio.timeout(20):
        while not re.search(pattern, seen):
            message = await stream.receive()
            assert message.type is aiohttp.WSMsgType.BINARY, (message, seen)
            seen += message.data.decode()
    return seen


async def test_a_page_is_a_terminal() -> None:
    async with serving() as (server, session):
        # GIVEN a page that was opened by the printed address
        await let_in(server, session)
        async with socket(server, session, "?width=101&height=33") as stream:
            # THEN its program leads a session on a terminal of that size
            await shown(stream, "size 101x33 True")
            # AND gets what is typed, as bytes, and each new size
            await stream.send_str('["stdin", "\\u001b[Až"]')
            typed = "\x1b[Až".encode()
            await shown(stream, re.escape(f"<{typed!r} 101x33>"))
            await stream.send_str('["resize", {"width": 60, "height": 20}]')
            await stream.send_str('["stdin", "a"]')
            await shown(stream, "<b'a' 60x20>")
            await stream.send_str('["ping", "5"]')
            assert (await stream.receive_str()) == '["pong", "5"]'
            # AND its end is told to the page
            await stream.send_str('["stdin", "q"]')
            await shown(stream, "<b'q' 60x20>")
            assert (await stream.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


async def test_a_page_that_is_closed_hangs_up(tmp_path: Path) -> None:
    mark = tmp_path / "hung up"
    program = (
        "import os, pathlib, signal, sys, time\n"
        f"def end(*_): pathlib.Path({str(mark)!r}).touch(); os._exit(0)\n"
        "signal.signal(signal.SIGHUP, end)\n"
        "print('ready', flush=True)\n"
        "while True: time.sleep(60)\n"
    )
    async with serving(sys.executable, "-c", program) as (server, session):
        # GIVEN an open page
        await let_in(server, session)
        async with socket(server, session) as stream:
            await shown(stream, "ready")
        # WHEN it is closed THEN its program is told as by a line that drops
        async with asyncio.timeout(20):
            while not mark.exists():
                await asyncio.sleep(0.01)


async def test_a_page_that_does_not_read_stops_the_drawing_and_nothing_else() -> None:
    async with serving(sys.executable, "-c", "while True: print('x' * 1000)") as (server, session):
        await let_in(server, session)
        async with socket(server, session) as deaf, session.get(f"{base(server)}/") as response:
            # THEN another request is answered while one page is flooded and never reads
            assert response.status == 200
            assert not deaf.closed


@pytest.mark.parametrize(
    "path", ["/", "/socket", "/page/page.js", "/terminal/js/textual.js", "/?token=wrong", "/?token="]
)
async def test_without_the_token_there_is_nothing(path: str) -> None:
    async with serving() as (server, session), session.get(f"{base(server)}{path}") as response:
        assert response.status == 403
        assert "orch-tui serve" in await response.text()
        assert not response.cookies


async def test_another_site_gets_nothing_with_the_cookie() -> None:
    async with serving() as (server, session):
        await let_in(server, session)
        url = f"{base(server)}/socket"
        for headers in (
            {},
            {"Origin": "http://evil.example"},
            {"Host": "evil.example", "Origin": "http://evil.example"},
        ):
            # WHEN a page of another site, or none, opens a socket THEN no program is started
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(url, headers=headers)
            assert refused.value.status in (403, 421)
        async with session.get(server.address, headers={"Host": "evil.example"}) as response:
            assert response.status == 421


async def test_files_beside_the_page_are_not_handed_out() -> None:
    async with serving() as (server, session):
        await let_in(server, session)
        for path in (
            "/page/../server.py",
            "/page/%2e%2e/server.py",
            "/terminal/..%2f..%2fserver.py",
            "/page/",
            "/nothing",
        ):
            async with session.get(f"{base(server)}{path}") as response:
                assert response.status in (403, 404), path


@pytest.mark.parametrize(
    "text", ["nonsense", '["resize", {"width": "x", "height": 1}]', "[" * 5000], ids=["words", "size", "deep"]
)
async def test_what_is_no_message_ends_the_page(text: str) -> None:
    async with serving() as (server, session):
        await let_in(server, session)
        async with socket(server, session) as stream:
            await shown(stream, "size 80x24")
            await stream.send_str(text)
            async with asyncio.timeout(20):
                message = await stream.receive()
            assert message.data == aiohttp.WSCloseCode.UNSUPPORTED_DATA
        # AND the server goes on
        async with socket(server, session) as stream:
            await shown(stream, "size 80x24")


async def test_the_page_names_the_project_and_loads_nothing_from_elsewhere() -> None:
    async with serving(title="<b>&Marketing") as (server, session):
        text = await let_in(server, session)
        assert "<title>&lt;b&gt;&amp;Marketing</title>" in text
        assert not re.findall(r"https?://", text)
        async with session.get(f"{base(server)}/") as response:
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]


async def test_pages_are_limited() -> None:
    async with serving(sys.executable, "-c", "import time; print('x', flush=True); time.sleep(60)") as (
        server,
        session,
    ):
        await let_in(server, session)
        streams = [await socket(server, session) for _ in range(MOST_PAGES)]
        for stream in streams:
            await shown(stream, "x")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await socket(server, session)
        assert refused.value.status == 503
        # WHEN one is closed THEN there is room again
        await streams.pop().close()
        async with asyncio.timeout(20):
            while True:
                try:
                    streams.append(await socket(server, session))
                    break
                except aiohttp.WSServerHandshakeError:
                    await asyncio.sleep(0.01)
        for stream in streams:
            await stream.close()


async def test_a_page_s_program_ends_with_it_also_below_a_server_under_nohup() -> None:
    # GIVEN a server that ignores hang-ups
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        script = "import os, time; print(f'pid {os.getpid()}.', flush=True); time.sleep(60)"
        async with serving(sys.executable, "-c", script) as (server, session):
            await let_in(server, session)
            stream = await socket(server, session)
            drawn = await shown(stream, r"pid \d+\.")
            pid = int(drawn.partition("pid ")[2].partition(".")[0])
            # WHEN the page is closed THEN its program ends
            await stream.close()
            async with asyncio.timeout(20):
                while Path(f"/proc/{pid}").exists():
                    await asyncio.sleep(0.01)
    finally:
        signal.signal(signal.SIGHUP, before)
