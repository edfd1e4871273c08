"""The picture as PNG: the SVG, drawn by resvg, which the extra ``png`` brings."""

from __future__ import annotations

from orch_tui.model.errors import UserError
from orch_tui.runs.sequence.svg import FONTS

_ZOOM = 2.0
_PROBE = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">{}</svg>'
_LETTER = f'<text x="2" y="15" font-family="{FONTS}" font-size="14">M</text>'


def write_png(svg: str) -> bytes:
    """The bytes of the file, two pixels for each of the SVG.

    Raises:
        UserError: resvg is not installed, or the machine has none of the fonts.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise UserError(
            "a PNG needs resvg, which is not installed: pip install 'orch-tui[png]', or write an .svg instead"
        ) from error
    draw = resvg_py.svg_to_bytes
    # Without a font resvg draws everything but the text, and says nothing.
    if bytes(draw(svg_string=_PROBE.format(_LETTER))) == bytes(draw(svg_string=_PROBE.format(""))):
        raise UserError(
            "a PNG needs a font of equally wide letters, and none was found: "
            "install DejaVu Sans Mono (fonts-dejavu-core), or write an .svg instead"
        )
    return bytes(draw(svg_string=svg, zoom=_ZOOM))
