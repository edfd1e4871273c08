"""What a tap's last state says of its end.

Sources: https://github.com/singer-io/getting-started/blob/master/docs/CONFIG_AND_STATE.md (``currently_syncing``), and
https://sdk.meltano.com/en/latest/implementation/state.html (``progress_markers``, which a finished stream has not).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def unfinished_streams(state: Mapping[str, Any], wanted: Collection[str]) -> list[str]:
    """Streams among ``wanted`` that the state says were being read when it was written, in their order."""
    current = state.get("currently_syncing")
    bookmarks = state.get("bookmarks")
    marks = bookmarks if isinstance(bookmarks, Mapping) else {}
    return [name for name in wanted if name == current or _in_progress(marks.get(name))]


def _in_progress(mark: Any) -> bool:
    if not isinstance(mark, Mapping):
        return False
    parts = mark.get("partitions")
    return bool(mark.get("progress_markers")) or (isinstance(parts, list) and any(_in_progress(part) for part in parts))
