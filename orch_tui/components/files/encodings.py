"""Text that is not UTF-8, turned into UTF-8 to its last byte."""

from __future__ import annotations

import codecs
import dataclasses
from pathlib import Path

from orch_tui.components.files.source import Source
from orch_tui.components.files.unpack import open_bytes
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.sql import listed
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line

# The longer marks first: that of UTF-32 begins like that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK = 2**20


def as_utf8(source: Source, encoding: str, scratch: Path, ctx: Context) -> Source:
    """The source itself when it is UTF-8 (a mark at its start is no harm), else one in ``scratch`` that is.

    Raises:
        UserError: the encoding is unknown, or the file is not written in it; with the line.
    """
    wanted = text_encoding(encoding)
    with open_bytes(source) as file:
        start = file.peek(4)[:4]
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), wanted)
    # Who says UTF-16 or UTF-32 knows better than the mark, which may be a part of the text.
    if marked != wanted and not wanted.startswith(("utf-16", "utf-32")):
        ctx.log(f"{source.label} begins with the mark of {marked.upper()} and is read so")
        wanted = marked
    if wanted in ("utf-8", "utf-8-sig", "ascii"):
        return source
    target = scratch / f"text-{len(list(scratch.iterdir())):05d}"
    _convert(source, wanted, target)
    return dataclasses.replace(source, path=target, packing="none")


def text_encoding(encoding: str) -> str:
    """The canonical name of an encoding. Raises: UserError when Python knows none of that name for texts."""
    try:
        "".encode(encoding)
        return codecs.lookup(encoding).name
    except LookupError:
        examples = listed(["utf-8", "utf-16", "latin-1", "cp1252", "cp1250"])
        raise UserError(f'there is no encoding "{safe_line(encoding)}"; usual ones are {examples}') from None


def _convert(source: Source, encoding: str, target: Path) -> None:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    lines = 0
    with open_bytes(source) as file, target.open("w", encoding="utf-8", newline="") as out:
        while True:
            data = file.read(_CHUNK)
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeError as error:
                good = error.object[: error.start] if isinstance(error, UnicodeDecodeError) else b""
                line = 1 + lines + good.decode(encoding, "replace").count("\n")
                raise UserError(
                    f'{source.label} line {line} is not written in "{encoding}": {safe_line(str(error), 200)}'
                ) from error
            lines += text.count("\n")
            out.write(text)
            if not data:
                return
