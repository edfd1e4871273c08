"""The web server: a page with the terminal of textual-serve, and for each opened page a program behind a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import textual_serve
from aiohttp import WSCloseCode, WSMsgType, web

from orch_tui.browser.admission import Admission, Refusal
from orch_tui.browser.messages import Ping, Resized, Typed, cells_of, read_message
from orch_tui.browser.terminal import PseudoTerminal

LOOPBACK = "127.0.0.1"
MOST_PAGES = 20
"""Pages open at once: each has a program of its own, with the memory of one."""
_PAGE = Path(__file__).parent / "page"
_TERMINAL = Path(textual_serve.__file__).parent / "static"
_LARGEST_MESSAGE = 1 << 20
_HEARTBEAT_SECONDS = 20.0
_HEADERS = {
    # The terminal makes its style sheets at run time. Nothing comes from, or goes to, anywhere else.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self'; img-src 'self' data:; connect-src 'self' ws:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_STATUS = {Refusal.HOST: 421, Refusal.ORIGIN: 403, Refusal.TOKEN: 403}


@dataclass(frozen=True)
class Program:
    """What each page gets: a command and its environment, and the title of the page."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    title: str


class BrowserServer:
    """``async with`` listens at ``port`` of the loopback address (0: any that is free); :attr:`address` opens it.

    Raises: OSError on entering, where the port is taken.
    """

    def __init__(self, program: Program, port: int = 0) -> None:
        self._program = program
        self._port = port
        self._open: set[PseudoTerminal] = set()

    async def __aenter__(self) -> BrowserServer:
        app = web.Application(middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/socket", self._socket),
                web.static("/page", _PAGE),
                web.static("/terminal", _TERMINAL),
            ]
        )
        app.on_response_prepare.append(_add_headers)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            site = web.TCPSite(self._runner, LOOPBACK, self._port)
            await site.start()
        except BaseException:
            await self._runner.cleanup()
            raise
        self._port = self._runner.addresses[0][1]
        self._admission = Admission(self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        # The programs are left alone: one that executes a run stays with it.
        for terminal in list(self._open):
            terminal.hang_up()
        await self._runner.cleanup()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def address(self) -> str:
        """What is opened in a browser, with the token."""
        return f"http://{LOOPBACK}:{self._port}/?token={self._admission.token}"

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        token = request.query.get("token")
        if request.path == "/" and token is not None:
            return self._let_in(request, token)
        refusal = self._admission.refusal(request.headers, request.cookies)
        return await handler(request) if refusal is None else _refused(refusal)

    def _let_in(self, request: web.Request, token: str) -> web.StreamResponse:
        refusal = self._admission.refused_address(request.headers)
        if refusal is None and not self._admission.holds(token):
            refusal = Refusal.TOKEN
        if refusal is not None:
            return _refused(refusal)
        # The token leaves the address at once: what stands there is kept in histories.
        response = web.Response(status=303, headers={"Location": "/"})
        response.set_cookie(self._admission.cookie, token, httponly=True, samesite="Strict", path="/")
        return response

    async def _page(self, request: web.Request) -> web.StreamResponse:
        text = (_PAGE / "index.html").read_text(encoding="utf-8")
        return web.Response(text=text.replace("{{ title }}", _escaped(self._program.title)), content_type="text/html")

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Origin") is None:
            # Every browser says where a socket comes from.
            return _refused(Refusal.ORIGIN)
        if len(self._open) >= MOST_PAGES:
            return web.Response(status=503, text=f"{MOST_PAGES} pages are open already: close one of them\n")
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_SECONDS, max_msg_size=_LARGEST_MESSAGE)
        await socket.prepare(request)
        columns = cells_of(request.query.get("width"), 80)
        rows = cells_of(request.query.get("height"), 24)
        terminal = PseudoTerminal.start(self._program.argv, self._program.environment, columns, rows)
        self._open.add(terminal)
        drawing = asyncio.create_task(_draw(terminal, socket))
        try:
            await _obey(terminal, socket)
        finally:
            self._open.discard(terminal)
            terminal.hang_up()
            await drawing
        return socket


async def _draw(terminal: PseudoTerminal, socket: web.WebSocketResponse) -> None:
    """Hand on what the program draws, until it ends; then the page says so."""
    while data := await terminal.read():
        try:
            await socket.send_bytes(data)
        except ConnectionError:
            return
    await socket.close(code=WSCloseCode.OK)


async def _obey(terminal: PseudoTerminal, socket: web.WebSocketResponse) -> None:
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            await socket.close(code=WSCloseCode.UNSUPPORTED_DATA)
            return
        try:
            wish = read_message(message.data)
        except ValueError:
            await socket.close(code=WSCloseCode.UNSUPPORTED_DATA)
            return
        match wish:
            case Typed(data):
                await terminal.write(data)
            case Resized(columns, rows):
                terminal.resize(columns, rows)
            case Ping(value):
                await socket.send_str(json.dumps(["pong", value]))


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)


def _refused(refusal: Refusal) -> web.Response:
    return web.Response(status=_STATUS[refusal], text=f"{refusal.value}\n")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
