"""Projects with alerts for tests: rules that count as old as time, a clock, and what stands in the outbox."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from orch_tui.alerts.looking import Lookout
from orch_tui.alerts.outbox import Outbox
from orch_tui.alerts.values import Alert, Entry
from orch_tui.project.project import Project, open_project
from orch_tui.scheduling.outage import Moment, this_moment

from tests.support.engine_kit import make_commands, run


def age(root: Path) -> None:
    """Let the definitions be as old as time: all runs came after them."""
    for path in (root / "orch.toml", *(root / "orchestrations").glob("*.toml")):
        os.utime(path, (0, 0))


def rule(on: str, more: str = 'command = "true"') -> str:
    return f"\n[[alerts]]\non = {on}\n{more}\n"


@dataclass
class Here:
    """A project whose runs nobody was told of: its rules are written after them, and looked at by hand."""

    root: Path
    rules: str
    settings: str = ""
    late: float = 0.0
    seen: set[str] = field(default_factory=set)

    def project(self) -> Project:
        (self.root / "orch.toml").write_text(f'name = "Test"\n{self.settings}\n{self.rules}')
        age(self.root)
        return open_project(self.root)

    def moment(self) -> Moment:
        now = this_moment()
        return Moment(now.now + self.late, now.up + self.late, now.awake + self.late, now.boot)

    def look(self) -> list[Alert]:
        """What one more look has found, the earliest first."""
        self.wake = Lookout(self.project()).look(self.moment())
        new = [entry for entry in self.entries() if entry.id not in self.seen]
        self.seen |= {entry.id for entry in new}
        return [entry.alert for entry in new]

    def kinds(self) -> list[str]:
        return [alert.kind.value for alert in self.look()]

    def entries(self) -> list[Entry]:
        return Outbox(open_project(self.root).paths).entries()

    def run(self, command: str = "test -e ok") -> None:
        """A run without anybody who wants to be told."""
        (self.root / "orch.toml").write_text('name = "Test"\n')
        project = open_project(self.root)
        (self.root / "configurations" / "command" / "t.toml").write_text(f"[parameters]\ncommand = '''{command}'''\n")
        run(project)


def here(root: Path, rules: str, settings: str = "", schedule: str = "") -> Here:
    make_commands(root, {"P": {"t": "test -e ok"}})
    with (root / "orchestrations" / "o.toml").open("a") as file:
        file.write(schedule)
    return Here(root, rules, settings)
