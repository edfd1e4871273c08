"""What came from Keboola, asked of a project later: where a thing is from, and what of it is kept and not done here."""

from __future__ import annotations

from orch_tui.keboola.mapping.findings import Finding
from orch_tui.keboola.mapping.references import References
from orch_tui.keboola.mapping.whole import findings_of
from orch_tui.keboola.originals import Link, link_of, links, read_originals
from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import safe_line
from orch_tui.project.project import Project


@dataclass(frozen=True, slots=True)
class Origin:
    """``link`` is the thing of Keboola; ``findings`` are what is not here what it is there."""

    link: Link
    findings: tuple[Finding, ...] = ()

    @property
    def words(self) -> str:
        """``keboola.flow 72``, or what it was made for."""
        if self.link.made_for:
            return f"made for the orchestration {safe_line(self.link.made_for, 60)}"
        return f"{safe_line(self.link.component, 60)} {safe_line(self.link.configuration, 60)}"


def origin_of(project: Project, ref: str) -> Origin | None:
    """Of a configuration or ``orchestration/<id>``; None for what was made here. Reads all originals.

    Raises:
        KeboolaError: an original is damaged.
    """
    link = link_of(project, ref)
    if link is None:
        return None
    known = links(project)
    if known.get(link.key) != ref:
        # A copy, or what stands in a task there: nothing is kept of it alone.
        return Origin(link)
    originals = read_originals(project)
    stored = originals.by_key().get(link.key)
    if stored is None:
        return Origin(link)
    references = References(known, set(project.configuration_refs()) - set(known.values()))
    references.add_all(originals)
    return Origin(link, findings_of(stored, ref, references, originals))
