"""How the parts of an array stand, in words."""

from __future__ import annotations

from orch_tui.model.run.phase_state import FAILED, Parts, TaskState
from orch_tui.model.status import Status
from orch_tui.model.texts.text import counted, safe_line


def parts_words(parts: Parts) -> str:
    """``12 of 120 parts, 3 failed, 1 skipped, 40 not run again``; of those that have ended how many went wrong."""
    total = len(parts.states)
    failed = sum(parts.counts[status] for status in FAILED)
    words = [f"{parts.ended} of {counted(total, 'part')}" if parts.ended < total else counted(total, "part")]
    words += [f"{failed} failed"] if failed else []
    words += [f"{warned} in warning"] if (warned := parts.counts[Status.WARNING]) else []
    words += [f"{skipped} skipped"] if (skipped := parts.counts[Status.SKIPPED] - parts.reused) else []
    words += [f"{parts.reused} not run again"] if parts.reused else []
    return ", ".join(words)


def parts_brief(parts: Parts) -> str:
    """``12/120 · 3 ✘``: how many have ended, and how many of these went wrong; ``117 ✔ 3 ✘`` when all have. For a
    narrow column."""
    total, ended = len(parts.states), parts.ended
    bad = Status.ERROR if any(parts.counts[status] for status in FAILED) else Status.WARNING
    wrong = sum(parts.counts[status] for status in FAILED) or parts.counts[Status.WARNING]
    good, mark = Status.SUCCESS.style.glyph, bad.style.glyph
    if not wrong:
        return f"{ended}/{total} {good}"
    done = f"{total - wrong} {good}" if ended == total else f"{ended}/{total} ·"
    return f"{done} {wrong} {mark}"


def part_words(part: TaskState) -> str:
    """What a part is run for, and why it is as it is."""
    item = part.planned.item.text if part.planned.item is not None else ""
    return "  ".join(text for text in (safe_line(item, 200), safe_line(part.reason, 400)) if text)
