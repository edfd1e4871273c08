"""The code of a transformation as one text with markers, as the newer command line of Keboola writes it, and back.

``/* ===== BLOCK: name ===== */``, then ``CODE`` for each part of it; a part of several statements has ``STATEMENT``
between them. In Python and R the markers are comments with ``#``.
"""

from __future__ import annotations

import re
from typing import Any

_MARKER = re.compile(r"(?:/\*|#) ===== (BLOCK|CODE|STATEMENT)(?:: ?(.*?))? =====(?: \*/)?")


def comment_of(component: str) -> str:
    """What begins a comment in the code of a transformation."""
    return "#" if "python" in component or "-r-" in component else "--"


def blocks_text(blocks: Any, component: str) -> str | None:
    """The text of ``blocks[].codes[].script[]``; None where that would not say everything."""
    line = "# ===== {} =====" if comment_of(component) == "#" else "/* ===== {} ===== */"
    lines: list[str] = []
    try:
        for block in blocks:
            lines.append(line.format(f"BLOCK: {block['name']}"))
            for code in block["codes"]:
                lines.append(line.format(f"CODE: {code['name']}"))
                for number, statement in enumerate(code["script"]):
                    lines += [line.format("STATEMENT")] if number else []
                    lines.append(statement)
        text = "\n".join(lines) + "\n"
    except (KeyError, TypeError):
        return None
    return text if blocks and text_blocks(text) == blocks else None


def text_blocks(text: str) -> list[dict[str, Any]]:
    """The blocks in such a text; what stands before the first marker is a block of its own."""
    blocks: list[dict[str, Any]] = []
    taken: list[str] | None = None

    def begin_code(name: str) -> list[str]:
        if not blocks:
            blocks.append({"name": "Code", "codes": []})
        blocks[-1]["codes"].append({"name": name, "script": []})
        return []

    def finish(lines: list[str] | None) -> None:
        if lines is not None and lines:
            blocks[-1]["codes"][-1]["script"].append("\n".join(lines))

    for line in text.removesuffix("\n").split("\n"):
        found = _MARKER.fullmatch(line)
        if found is None:
            if taken is None:
                if not line.strip():
                    continue
                taken = begin_code("Code")
            taken.append(line)
            continue
        finish(taken)
        kind, name = found[1], found[2] or ""
        if kind == "BLOCK":
            blocks.append({"name": name, "codes": []})
            taken = None
        elif kind == "CODE":
            taken = begin_code(name)
        else:
            taken = [] if taken is not None else begin_code("Code")
    finish(taken)
    return blocks
