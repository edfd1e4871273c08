"""The text of an orchestration cut into blocks, so that a task takes its comments along when it moves.

A block is a ``[[phases]]`` or ``[[phases.tasks]]`` header with what belongs to it: the comment lines directly above,
its keys, its sub-tables. Everything before the first phase is the preamble. Comments that stand alone between blank
lines, and tables of the document that stand between or after phases, are loose: they follow the block before them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orch_tui.model.dataclass import dataclass
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.texts.pattern import pattern
from orch_tui.project.toml.lines import Kind, Statement, comments_above, scan

BlockKey = tuple[str, str]
PREAMBLE: BlockKey = ("preamble", "")

_BLANK_THEN_COMMENT = pattern(r"(?:^|\n)[ \t\r]*\n(?=[ \t]*#)")


@dataclass(frozen=True, slots=True)
class Block:
    """``body`` ends with the last key's line; ``tail`` is the blank lines and comments after it.

    ``header_end`` is the offset in ``body`` after the header's line; ``number`` the position in the file.
    """

    key: BlockKey
    number: int
    body: str
    tail: str
    header_end: int = 0


@dataclass(slots=True)
class _Span:
    key: BlockKey
    start: int
    statements: list[Statement]


def split_blocks(text: str, value: Orchestration) -> list[Block] | None:
    """The blocks of ``text``, which reads as ``value``; None when phases or tasks are written in another shape."""
    statements = scan(text).statements
    if not _has_block_shape(statements, value):
        return None
    spans: list[_Span] = [_Span(PREAMBLE, 0, [])]
    previous_end = 0
    for statement in statements:
        if statement.kind is not Kind.KEY:
            key = _block_key(statement, value, spans[-1].key)
            if key is None:
                return None
            if key != spans[-1].key:
                spans.append(_Span(key, comments_above(text, statement.start, previous_end), []))
        spans[-1].statements.append(statement)
        previous_end = statement.end
    ends = [span.start for span in spans[1:]] + [len(text)]
    blocks: list[Block] = []
    for span, end in zip(spans, ends, strict=True):
        _append_blocks(blocks, text, span, end)
    return blocks


def _has_block_shape(statements: Sequence[Statement], value: Orchestration) -> bool:
    headers = {statement.path for statement in statements if statement.kind is Kind.ARRAY}
    for index, phase in enumerate(value.phases):
        if ("phases", index) not in headers:
            return False
        if any(("phases", index, "tasks", number) not in headers for number in range(len(phase.tasks))):
            return False
    # An empty "phases = []" or "tasks = []" leaves no room for a header of the same name.
    return not any(
        s.kind is Kind.KEY and (s.path[:1] == ("phases",) and s.path[2:3] in ((), ("tasks",)) and len(s.path) <= 3)
        for s in statements
    )


def _block_key(statement: Statement, value: Orchestration, current: BlockKey) -> BlockKey | None:
    """The block that a header opens or goes on with; None for a part of a block that was left before."""
    path = statement.path
    if path[0] != "phases":
        return current if current == PREAMBLE else ("root", str(statement.start))
    phase = value.phases[int(path[1])]
    if len(path) == 2:
        return "phase", phase.id
    if path[2] != "tasks":
        return current if current == ("phase", phase.id) else None
    task = "task", phase.tasks[int(path[3])].id
    return task if len(path) == 4 or current == task else None


def _append_blocks(blocks: list[Block], text: str, span: _Span, end: int) -> None:
    body_end = span.statements[-1].end if span.statements else span.start
    tail, loose = text[body_end:end], ""
    if span.key != PREAMBLE:
        # The body ends with a line end, so a blank line may be the very first one of the tail.
        cut = _BLANK_THEN_COMMENT.search(tail)
        if cut is not None:
            tail, loose = tail[: cut.end()], tail[cut.end() :]
    header_end = span.statements[0].end - span.start if span.statements else 0
    blocks.append(Block(span.key, len(blocks), text[span.start : body_end], tail, header_end))
    if loose:
        blocks.append(Block(("loose", str(end)), len(blocks), loose, ""))


def arrange(blocks: Sequence[Block], order: Sequence[BlockKey], texts: Mapping[BlockKey, str], line_end: str) -> str:
    """The text with blocks in the wanted order: old ones as they are or as ``texts`` has them, new ones from ``texts``.

    Neighbours that stayed neighbours keep what is between them; others get one blank line.
    """
    known = {block.key: block for block in blocks}
    followers = _followers(blocks, set(order))
    pieces: list[tuple[int | None, str]] = []
    for key in order:
        block = known.get(key)
        if block is None:
            pieces.append((None, texts[key]))
        elif block.body or block.tail or key in texts:
            pieces.append((block.number, texts.get(key, block.body) + block.tail))
        pieces.extend((loose.number, loose.body + loose.tail) for loose in followers.get(key, ()))
    result = ""
    last: int | None = None
    for number, text in pieces:
        adjacent = number is not None and last is not None and number == last + 1
        if result and not adjacent:
            result = result.rstrip(" \t\r\n") + 2 * line_end
        result += text
        last = number
    if last != len(blocks) - 1:
        result = result.rstrip(" \t\r\n") + line_end
    return result


def _followers(blocks: Sequence[Block], kept: set[BlockKey]) -> dict[BlockKey, list[Block]]:
    """Loose blocks by the nearest block before them that is still there."""
    followers: dict[BlockKey, list[Block]] = {}
    anchor = PREAMBLE
    for block in blocks:
        if block.key in kept:
            anchor = block.key
        elif block.key[0] in ("loose", "root"):
            followers.setdefault(anchor, []).append(block)
    return followers
