"""How often the files of an attempt are looked at: what has been as it is for long is left alone for longer."""

from __future__ import annotations

from pathlib import Path

from orch_tui.engine.backends.remote.file_watch import Followed

NODE, END = frozenset({"node.json"}), frozenset({"node.json", "end.json"})


def looks(seen: Followed, begin: float, seconds: float, names: frozenset[str]) -> list[float]:
    """When it is looked at within these seconds, asked ten times a second."""
    found = []
    for tenth in range(int(seconds * 10)):
        now = begin + tenth / 10
        if seen.is_due(now):
            seen.take_files(names, now)
            found.append(now)
    return found


def test_what_has_changed_is_looked_at_again_at_once_and_what_has_not_ever_more_rarely() -> None:
    seen = Followed(Path("/nowhere"), "orch-1", lambda level, text: None)
    # GIVEN one that has just begun THEN each look is taken
    assert len(looks(seen, 100.0, 2, NODE)) == 20 and seen.begun and seen.changed.is_set()
    # WHEN nothing changes for an hour THEN it is looked at every two seconds, and never more rarely
    seen.changed.clear()
    later = looks(seen, 102.0, 3600, NODE)
    assert 1800 < len(later) < 2100 and not seen.changed.is_set()
    pauses = [after - before for before, after in zip(later[-100:], later[-99:], strict=False)]
    assert min(pauses) > 1.9 and max(pauses) < 2.15
    # WHEN it is asked for something THEN it is looked at without a pause
    seen.wake()
    assert seen.changed.is_set() and len(looks(seen, 3702.0, 1, NODE)) == 10
    # WHEN it has ended THEN that is told
    seen.changed.clear()
    seen.take_files(END, 3703.0)
    assert seen.changed.is_set() and seen.files == END
