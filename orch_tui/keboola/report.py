"""What an import did or would do, as lines: the command prints them and the screen shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from orch_tui.keboola.importing import Change, Item, Plan
from orch_tui.keboola.mapping.findings import Level
from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import counted, safe_line


class Mark(StrEnum):
    """The word of a line that has a colour."""

    EXACT = Level.EXACT.value
    DIFFERS = Level.DIFFERS.value
    CANNOT_RUN = Level.CANNOT_RUN.value
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ReportLine:
    """``before``, then the word of the mark if there is one, then ``after``; ``depth`` steps to the right."""

    before: str = ""
    mark: Mark | None = None
    after: str = ""
    depth: int = 0

    @property
    def text(self) -> str:
        return f"{'    ' * self.depth}{self.before}{self.mark.value if self.mark else ''}{self.after}"


def report_lines(plan: Plan, *, done: bool) -> list[ReportLine]:
    """All of it; ``done``: it was carried out."""
    lines = [line for item in plan.orchestrations for line in _item(item)]
    configurations = plan.configurations
    told = [item for item in configurations if item.findings or item.change in (Change.UPDATED, Change.KEPT)]
    lines += [line for item in told for line in _item(item)]
    if rest := len(configurations) - len(told):
        lines.append(ReportLine(f"{counted(rest, 'configuration')} {'more ' if told else ''}without a difference"))
    lines += [ReportLine("", Mark.REFUSED, f": {safe_line(problem, 2000)}") for problem in plan.problems]
    lines += _list("left out", plan.left_out)
    lines += _list("secrets to put into .env", plan.secrets)
    lines += _list("signs in with OAuth, which has to be done again", plan.oauth)
    lines += _list("components that are not installed", plan.components)
    number = written_by(plan)
    lines.append(
        ReportLine(f"{counted(number, 'definition')} {'written' if done else 'would be written'} from {plan.source}")
    )
    return lines


def written_by(plan: Plan) -> int:
    """How many definitions it writes."""
    return sum(item.change in (Change.NEW, Change.UPDATED) for item in plan.items)


def _item(item: Item) -> Iterator[ReportLine]:
    yield ReportLine(f"{safe_line(item.ref, 120)}: ", Mark(item.level.value), _said(item))
    for one in item.findings:
        yield ReportLine("", Mark(one.level.value), f": {safe_line(one.message, 2000)}", 1)


def _said(item: Item) -> str:
    changed = f" ({', '.join(item.changed)})" if item.changed else ""
    if item.change is Change.KEPT:
        return f", but changed here and in Keboola{changed}: it stays as it is here"
    return f", {item.change.value}{changed}"


def _list(title: str, names: Iterable[str]) -> list[ReportLine]:
    listed = [ReportLine(safe_line(name, 200), depth=1) for name in names]
    return [ReportLine(f"{title}:"), *listed] if listed else []
