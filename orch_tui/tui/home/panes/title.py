"""The first line of the home screen: the project, and how much there is in it."""

from __future__ import annotations

from textual.content import Content

from orch_tui.model.texts.text import counted
from orch_tui.tui import text
from orch_tui.tui.home.state.model import HomeModel


def title_of(model: HomeModel, short: str = "") -> tuple[Content, Content]:
    """What stands on the left, and on the right: ``short``, or how many definitions there are once files are read."""
    project = model.project
    left = Content.assemble(("◆ orch-tui", "bold $text-primary"), "  ", text.line(project.settings.name, "bold"))
    if not model.reads:
        return left, Content("")
    configurations = sum(1 for ref in project.configuration_refs() if not ref.startswith("orchestration/"))
    counts = f"{counted(model.total, 'orchestration')} · {counted(configurations, 'configuration')}"
    return left, Content.styled(short or counts, "$text-muted")
