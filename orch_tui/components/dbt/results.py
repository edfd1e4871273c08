"""What dbt says: its log as JSON lines, and target/run_results.json.

Sources: https://docs.getdbt.com/reference/events-logging, https://docs.getdbt.com/reference/artifacts/run-results-json.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orch_tui.components.kit.component import Context
from orch_tui.components.kit.processes.environments import Tail
from orch_tui.model.errors import UserError
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import safe_line

_FAILED = {"error", "fail", "runtime error", "partial success"}
_SHOWN = 20
"""Failures that get a sentence of their own."""


class DbtLog:
    """Takes dbt's JSON lines: readable lines into the log, finished nodes into the progress."""

    def __init__(self, ctx: Context, *, quiet: bool = False) -> None:
        self._ctx = ctx
        self._quiet = quiet
        self.tail = Tail(ctx, quiet=quiet)
        self.done = 0
        self.errors: list[str] = []
        self.messages: list[str] = []
        self.nothing_to_do = False

    def __call__(self, line: bytes) -> None:
        """One line; one that is no JSON (of a hook, of a library) goes to the log as it is."""
        text = line.decode("utf-8", "replace")
        try:
            event = parse_json(text)
        except ValueError:
            event = None
        info = event.get("info") if isinstance(event, dict) else None
        if not isinstance(info, dict):
            self.tail.add(text)
            return
        data = event.get("data")
        self._event(info, data if isinstance(data, dict) else {})

    def _event(self, info: dict[str, Any], data: dict[str, Any]) -> None:
        level, message, name = str(info.get("level")), str(info.get("msg") or ""), str(info.get("name"))
        self.nothing_to_do |= name in ("NothingToDo", "NoNodesSelected")
        if name.startswith("Log") and name.endswith("Result"):
            self.done += 1
            total = data.get("total") or data.get("num_models")
            self._ctx.progress(self.done, total if isinstance(total, int) else None, "nodes")
        if not message.strip():
            return
        self.messages.append(message)
        if level == "error":
            self.errors.append(message)
        if not self._quiet:
            word = {"warn": "WARNING ", "error": "ERROR "}.get(level, "")
            for number, part in enumerate(line for line in message.splitlines() if line.strip()):
                self._ctx.log(part if number else f"{word}{part}")

    def reason(self) -> str:
        """Why dbt itself failed, in one line."""
        # The traceback of an error follows its message.
        plain = [text for text in self.errors if not text.lstrip().startswith("Traceback")]
        text = plain[-1] if plain else self.tail.reason()
        return safe_line(" ".join(text.removeprefix("Encountered an error:").split()), 500)


@dataclass(slots=True)
class Results:
    """What became of the nodes. ``relations`` are the built ones by the name of their model, seed or snapshot."""

    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    metrics: dict[str, float | int | str] = field(default_factory=dict)
    relations: dict[str, str] = field(default_factory=dict)


def read_results(path: Path) -> Results | None:
    """None when dbt did not get as far as to write them. Raises: UserError when they cannot be understood."""
    try:
        body = parse_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UserError(f"dbt's run_results.json cannot be read: {safe_line(str(error), 200)}") from error
    nodes = body.get("results") if isinstance(body, dict) else None
    if not isinstance(nodes, list):
        raise UserError("dbt's run_results.json has no list of results; is this version of dbt known to work?")
    results = Results()
    counts = dict.fromkeys(("models", "tests_passed", "tests_failed", "tests_warned", "skipped"), 0)
    for node in nodes:
        if isinstance(node, dict):
            _count(node, results, counts)
    # A count of zero says something only where there could have been others.
    results.metrics = {name: number for name, number in counts.items() if number or name in ("models", "tests_passed")}
    return results


def _count(node: dict[str, Any], results: Results, counts: dict[str, int]) -> None:
    kind, _, rest = str(node.get("unique_id", "")).partition(".")
    name = rest.partition(".")[2]
    if kind in ("test", "unit_test"):
        name = name.partition(".")[0] if kind == "test" else name
    status = str(node.get("status"))
    said = safe_line(" ".join(str(node.get("message") or status).split()), 400)
    is_test = kind in ("test", "unit_test")
    if status in _FAILED:
        results.failures.append(f"{kind} {safe_line(name, 120)}: {said}")
    elif status == "warn":
        results.warnings.append(f"{kind} {safe_line(name, 120)}: {said}")
    elif status == "success" and node.get("relation_name"):
        results.relations[name] = str(node["relation_name"])
    if status == "skipped":
        counts["skipped"] += 1
    elif is_test:
        key = "tests_failed" if status in _FAILED else "tests_warned" if status == "warn" else "tests_passed"
        counts[key] += 1
    elif status == "success":
        counts["models"] += 1


def failure_lines(results: Results) -> str:
    """A sentence for each node that failed, and how many more there are."""
    lines = results.failures[:_SHOWN]
    if len(results.failures) > _SHOWN:
        lines.append(f"and {len(results.failures) - _SHOWN} more; see the log above")
    if skipped := results.metrics.get("skipped"):
        lines.append(f"{skipped} more were skipped because of that")
    return "\n".join(lines)
