"""What the terminal can do, as its description in terminfo says."""

from __future__ import annotations

import os
from collections.abc import Mapping

from orch_tui.tui.wire.encode import Capabilities


def of_terminal(name: str | None = None, environment: Mapping[str, str] = os.environ) -> Capabilities:
    """The capabilities of the terminal type ``name`` (default: ``TERM``); none where there is no description of it.

    Source: terminfo(5). ``ech``, ``el``: erase; ``bce``: erased cells take the background; ``rep``; ``csr``, ``dl``,
    ``il``: a scrolling region, lines deleted and inserted. Their sequences are taken as ECMA-48 has them: a terminal
    whose description has others gets none of them.

    Within tmux and screen ``TERM`` is often set to that of the terminal outside. tmux 3.3 repeats ASCII only: frames
    would lose their lines.
    """
    try:
        import curses

        curses.setupterm(name, 1)
    except (ImportError, curses.error, TypeError):
        return Capabilities()

    def has(**expected: bytes) -> bool:
        return all((curses.tigetstr(capability) or b"").startswith(start) for capability, start in expected.items())

    return Capabilities(
        erase=has(ech=b"\x1b[%p1%dX", el=b"\x1b[K"),
        erase_colours=curses.tigetflag("bce") == 1,
        repeat=has(rep=b"%p1%c\x1b[%p2%{1}%-%db") and not (environment.get("TMUX") or environment.get("STY")),
        scroll=has(csr=b"\x1b[%i%p1%d;%p2%dr", dl=b"\x1b[%p1%dM", il=b"\x1b[%p1%dL"),
    )
