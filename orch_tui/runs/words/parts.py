"""How the parts of an array stand, in words."""

from __future__ import annotations

from orch_tui.model.events.reasons import Cause
from orch_tui.model.run.phase_state import Parts, TaskState
from orch_tui.model.status import Status
from orch_tui.model.texts.text import counted, safe_line

_ENDS = {
    Status.ERROR: "failed",
    Status.TERMINATED: "stopped",
    Status.CANCELLED: "cancelled",
    Status.WARNING: "in warning",
}
"""How parts end that did not go well, the worst first."""


def array_words(array: TaskState) -> str:
    """How its parts stand, and why it is as it is: ``30 parts, 7 failed; load@4: exit code 1``."""
    because, words = array.because, parts_words(array.parts) if array.parts is not None else ""
    if because is None or because.cause is not Cause.PARTS_ENDED:
        return "; ".join(filter(None, (words, array.reason)))
    # The sentence of the reason counts those again that went wrong.
    return f"{words}; {': '.join(filter(None, (because.fields['part'], because.fields['why'])))}"


def parts_words(parts: Parts) -> str:
    """``12 of 120 parts, 3 failed, 1 skipped, 40 not run again``; of those that have ended how many went wrong."""
    total = len(parts.states)
    words = [f"{parts.ended} of {counted(total, 'part')}" if parts.ended < total else counted(total, "part")]
    words += [f"{number} {word}" for status, word in _ENDS.items() if (number := parts.counts[status])]
    words += [f"{skipped} skipped"] if (skipped := parts.counts[Status.SKIPPED] - parts.reused) else []
    words += [f"{parts.reused} not run again"] if parts.reused else []
    return ", ".join(words)


def parts_brief(parts: Parts) -> str:
    """``12/120 · 3 ✘``: how many have ended, and how many of these went wrong, of several ways the worst; ``117 ✔ 3 ✘``
    when all have. For a narrow column."""
    total, ended, good = len(parts.states), parts.ended, Status.SUCCESS.style.glyph
    wrong = sum(parts.counts[status] for status in _ENDS)
    if not wrong:
        return f"{ended}/{total} {good}"
    worst = next(status for status in _ENDS if parts.counts[status])
    done = f"{total - wrong} {good}" if ended == total else f"{ended}/{total} ·"
    return f"{done} {parts.counts[worst]} {worst.style.glyph}"


def part_words(part: TaskState) -> str:
    """What a part is run for, and why it is as it is."""
    item = part.planned.item.text if part.planned.item is not None else ""
    return "  ".join(text for text in (safe_line(item, 200), safe_line(part.reason, 400)) if text)
