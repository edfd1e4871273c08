"""Several pictures of a screen as one moving SVG: what stays the same is drawn once, for as long as it stays."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

_STYLE = re.compile(r"\.[\w-]+-(r\d+) \{ ([^}]*) \}")
_RECT = re.compile(
    r'<rect fill="([^"]*)" x="([^"]*)" y="([^"]*)" width="([^"]*)" height="[^"]*" shape-rendering[^>]*/>'
)
_TEXT = re.compile(
    r'<text class="[\w-]+-(r\d+)" x="([^"]*)" y="([^"]*)" textLength="([^"]*)"[^>]*>(.*?)</text>', re.DOTALL
)
_CELL = 12.2
"""Width of a cell in Rich's export of a screen."""
_LINE = 24.4
_EDGE = 10.0
_NOTHING = re.compile(r"(&#160;)*")


@dataclass(frozen=True)
class Frame:
    """A screen as it was exported, and for how many seconds it is shown."""

    svg: str
    seconds: float


def film(frames: Sequence[Frame], columns: int, rows: int, background: str = "#10141c") -> str:
    """The moving picture, over and over; the last frame where nothing may move (a printer, a wish for less motion)."""
    looks: dict[str, str] = {}
    drawn = [_shapes(frame.svg, rows, looks) for frame in frames]
    starts = [sum(frame.seconds for frame in frames[:number]) for number in range(len(frames) + 1)]
    grounds, letters = (_spans([frame[layer] for frame in drawn]) for layer in (0, 1))
    spans = dict.fromkeys((*grounds, *letters))
    width, height = columns * _CELL + 2 * _EDGE, rows * _LINE + 2 * _EDGE
    styles = [f".{name}{{{look}}}" for look, name in looks.items()]
    styles += [_moving(span, starts) for span in spans if span != (0, len(frames))]
    groups = [
        f'<g class="{_name(span)}">{"".join(content)}</g>'
        for layer in (grounds, letters)
        for span, content in layer.items()
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}">\n<style>\n'
        "text{font:20px 'Fira Code',Menlo,'DejaVu Sans Mono',monospace;white-space:pre}\n"
        + "\n".join(styles)
        + f'\n</style>\n<rect width="100%" height="100%" rx="8" fill="{background}"/>\n'
        f'<g transform="translate({_EDGE:g} {_EDGE:g})">\n' + "\n".join(groups) + "\n</g>\n</svg>\n"
    )


def _spans(frames: Sequence[Sequence[str]]) -> dict[tuple[int, int], list[str]]:
    """The shapes by the frames that they are in, from the first to the one behind the last."""
    spans: dict[tuple[int, int], list[str]] = defaultdict(list)
    begun: dict[str, int] = {}
    for number, shapes in enumerate([*frames, ()]):
        for shape in [shape for shape in begun if shape not in set(shapes)]:
            spans[begun.pop(shape), number].append(shape)
        for shape in shapes:
            begun.setdefault(shape, number)
    return spans


def _name(span: tuple[int, int]) -> str:
    return f"f{span[0]}-{span[1]}"


def _moving(span: tuple[int, int], starts: Sequence[float]) -> str:
    """The rule that shows rows for their time only."""
    first, end = span
    last = end == len(starts) - 1
    begin, over = (100 * starts[number] / starts[-1] for number in span)
    steps = "" if first == 0 else "0%{visibility:hidden}"
    steps += f"{begin:.3f}%{{visibility:visible}}"
    steps += "" if last else f"{over:.3f}%{{visibility:hidden}}"
    name, still = _name(span), "visible" if last else "hidden"
    animation = f"animation:{name} {starts[-1]:g}s step-end infinite"
    return (
        f".{name}{{visibility:{still}}}"
        f"@media (prefers-reduced-motion:no-preference){{.{name}{{{animation}}}}}"
        f"@keyframes {name}{{{steps}}}"
    )


def _shapes(svg: str, rows: int, looks: dict[str, str]) -> tuple[list[str], list[str]]:
    """The grounds and the letters of a screen; ``looks`` gets a class for every style that is new."""
    styles = dict(_STYLE.findall(svg))
    grounds, letters = [], []
    for fill, x, y, wide in _RECT.findall(svg):
        row = int((float(y) + 1) // _LINE)
        if row < rows:
            place = f'x="{float(x):g}" y="{row * _LINE:.4g}" width="{float(wide) + 0.3:.5g}" height="24.7"'
            grounds.append(f'<rect fill="{fill}" {place}/>')
    for style, x, y, long, text in _TEXT.findall(svg):
        if float(y) // _LINE < rows and not _NOTHING.fullmatch(text):
            name = looks.setdefault(styles[style].replace("; ", ";").strip(), f"s{len(looks)}")
            letters.append(f'<text class="{name}" x="{x}" y="{y}" textLength="{long}">{text}</text>')
    return grounds, letters
