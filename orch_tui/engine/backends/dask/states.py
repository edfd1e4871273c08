"""What a scheduler says of a task, in words. Source: https://distributed.dask.org/en/stable/scheduling-state.html."""

from __future__ import annotations

from collections.abc import Mapping

PROCESSING = "processing"
"""A worker has it: it runs, or waits there."""
OVER = frozenset({"memory", "erred"})
"""Its function has ended."""


def why_waiting(state: str | None, takes: Mapping[str, float]) -> str:
    """Why it has not begun; ``takes`` is what it takes of a worker's resources."""
    if state == "queued":
        return "queued: waits for a free thread of a worker"
    if state == "no-worker":
        wanted = " and ".join(f"{name} {amount:g}" for name, amount in takes.items())
        return f"no-worker: waits for a worker with {wanted}" if wanted else "no-worker: waits for a worker"
    if state == PROCESSING:
        return "processing: a worker has it, and has not begun"
    return ""
