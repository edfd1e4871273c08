"""Pens: how a cell is drawn, and the shortest sequence from one pen to another.

Source: ECMA-48, "SGR - Select Graphic Rendition". Some codes switch off two attributes at once (22, 24, 25, 54): the
one that is to stay is then switched on again.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

_ON = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53")
"""SGR of the attributes by bit, in Rich's order: bold, dim, italic, underline, blink, blink2, reverse, conceal, strike,
underline2, frame, encircle, overline."""
_OFF = ("22", "22", "23", "24", "25", "25", "27", "28", "29", "24", "54", "54", "55")

REVERSE = 1 << 6
_SEEN_ON_BLANKS = (1 << 3) | (1 << 4) | (1 << 5) | REVERSE | (1 << 8) | (1 << 9) | (1 << 10) | (1 << 11) | (1 << 12)
"""Attributes that show on a blank too: lines through, under, over and around it, blinking lines, reversed colours."""


class Pen(NamedTuple):
    """Attributes as bits, and the SGR codes of both colours (``38;5;12``); empty is the terminal's own colour.

    ``link`` is the address of a hyperlink (OSC 8), empty for none.
    """

    attributes: int = 0
    foreground: str = ""
    background: str = ""
    link: str = ""


DEFAULT = Pen()


@lru_cache(4096)
def on_blank(pen: Pen) -> Pen:
    """The pen that draws a blank alike: a colour of letters is not seen where there is none."""
    if pen.link or pen.attributes & _SEEN_ON_BLANKS:
        return pen
    return Pen(0, "", pen.background)


@lru_cache(16384)
def change(old: Pen, new: Pen) -> str:
    """The shortest escape sequences that turn ``old`` into ``new``; empty when they draw alike."""
    sgr = ""
    if old[:3] != new[:3]:
        anew, little = _whole(new), _difference(old, new)
        sgr = f"\x1b[{min(anew, little, key=len)}m"
    if old.link != new.link:
        sgr += f"\x1b]8;;{new.link}\x1b\\"
    return sgr


def _whole(pen: Pen) -> str:
    codes = [code for bit, code in enumerate(_ON) if pen.attributes & 1 << bit]
    codes += [colour for colour in (pen.foreground, pen.background) if colour]
    return ";".join(["0", *codes]) if codes else ""


def _difference(old: Pen, new: Pen) -> str:
    codes: list[str] = []
    kept = old.attributes
    for bit, code in enumerate(_OFF):
        if old.attributes & ~new.attributes & 1 << bit and code not in codes:
            codes.append(code)
            for other, its_code in enumerate(_OFF):
                if its_code == code:
                    kept &= ~(1 << other)
    codes += [code for bit, code in enumerate(_ON) if new.attributes & ~kept & 1 << bit]
    if old.foreground != new.foreground:
        codes.append(new.foreground or "39")
    if old.background != new.background:
        codes.append(new.background or "49")
    return ";".join(codes)
