"""What people call the nodes of the graph, for command line and screen."""

from __future__ import annotations

from orch_tui.lineage.graph import LineageGraph
from orch_tui.lineage.values import Kind, Node
from orch_tui.model.texts.text import counted, safe_line

HEADS = {"up": "comes from", "down": "goes to"}
"""Over the nodes of each direction."""


def title(graph: LineageGraph, node: Node) -> str:
    """What people call a node."""
    job = graph.jobs.get(node.name) if node.kind is Kind.JOB else None
    return job.name if job is not None else node.name


def place_words(graph: LineageGraph, node: Node) -> str:
    """Where a configuration runs: ``sql/a · campaigns, phase 2 "Transformation"``; empty for a table."""
    job = graph.jobs.get(node.name) if node.kind is Kind.JOB else None
    if job is None:
        return ""
    if not job.places:
        return f"{job.ref} · in no orchestration"
    first = job.places[0]
    more = f" and {counted(len(job.places) - 1, 'other task')}" if len(job.places) > 1 else ""
    return f'{job.ref} · {first.orchestration}, phase {first.number} "{safe_line(first.phase, 60)}"{more}'
