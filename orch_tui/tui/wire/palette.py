"""The palette of terminals with 256 colours, from 16 on: a cube of six steps, and 24 greys.

Source: 256colres.pl of xterm. The first sixteen are left to the person, and differ.
"""

from __future__ import annotations

from rich.color import Color, ColorSystem, ColorType
from rich.color_triplet import ColorTriplet

_STEPS = (0, 95, 135, 175, 215, 255)
_GREYS_FROM = 232
_CUBE = [ColorTriplet(red, green, blue) for red in _STEPS for green in _STEPS for blue in _STEPS]
NUMBERS = {
    **{ColorTriplet(*[8 + 10 * grey] * 3): _GREYS_FROM + grey for grey in range(24)},
    **{triplet: number for number, triplet in enumerate(_CUBE, 16)},
}
"""The number of each colour of the palette, by its red, green and blue."""


def fitting(color: Color, system: ColorSystem) -> Color:
    """The colour for a terminal with so many: itself where the palette has it, else what Rich rounds it to.

    Rich rounds each grey from 247 on to the one below it, though the palette has it.
    """
    if system is ColorSystem.EIGHT_BIT and color.triplet is not None:
        number = NUMBERS.get(color.triplet)
        if number is not None:
            return Color(color.name, ColorType.EIGHT_BIT, number=number)
    return color.downgrade(system)
