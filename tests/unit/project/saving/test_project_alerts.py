"""The alerts of orch.toml are written; all else in the file stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.model.orchestration.alerts import AlertKind, AlertRule, Channel, ChannelKind
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.project import Project
from orch_tui.project.saving.project_alerts import save_project_alerts
from orch_tui.project.saving.writer import ChangedOnDisk

RULE = AlertRule((AlertKind.FAILED,), (Channel(ChannelKind.ADDRESS, "${MAIL}"),))


def _project(root: Path, text: str | None) -> Project:
    if text is not None:
        (root / "orch.toml").write_bytes(text.encode())
    return Project(root, tolerant=True)


@pytest.mark.parametrize(
    "text",
    [
        'name = "P"  # ours\r\n\r\n[runs]\r\nkeep = 5\r\n',
        '\ufeffname = "P"\n[pools]\nsnow = 4\n',
        'alerts = [{ on = ["slow"], command = "./tell" }]\nname = "P"\n',
        'name = "P"\n[environments]\nunknown = [1, 2]\n'
        '[[alerts]]\non = ["slow"]\ncommand = "./tell"\n[runs]\nkeep = 5\n',
        "",
    ],
    ids=["windows", "mark", "inline", "between", "empty"],
)
def test_one_more(tmp_path: Path, text: str) -> None:
    # GIVEN a file
    project = _project(tmp_path, text)
    base, before = project.source(project.paths.settings), project.settings.alerts
    # WHEN a rule is added
    save_project_alerts(project, (*before, RULE), base)
    # THEN it is there with all else, and known
    assert project.settings.alerts == (*before, RULE) == Project(tmp_path).settings.alerts
    written = (tmp_path / "orch.toml").read_bytes().decode()
    if "alerts" not in text:
        assert written.startswith(text)
    assert "\n" not in written.replace("\r\n", "") or "\r\n" not in text
    # WHEN it is taken out
    save_project_alerts(project, before, project.source(project.paths.settings))
    # THEN
    assert Project(tmp_path).settings.alerts == before


def test_a_project_without_a_file_gets_one(tmp_path: Path) -> None:
    project = _project(tmp_path, None)
    save_project_alerts(project, (RULE,), None)
    assert Project(tmp_path).settings.alerts == (RULE,)
    assert (tmp_path / "orch.toml").read_text().startswith("[[alerts]]\n")


def test_a_broken_file_is_left_alone(tmp_path: Path) -> None:
    project = _project(tmp_path, 'on_hangup = "perhaps"\n')
    with pytest.raises(DefinitionError):
        save_project_alerts(project, (RULE,), project.source(project.paths.settings))
    assert (tmp_path / "orch.toml").read_text() == 'on_hangup = "perhaps"\n'


def test_what_another_program_wrote_meanwhile_stays(tmp_path: Path) -> None:
    project = _project(tmp_path, "")
    base = project.source(project.paths.settings)
    (tmp_path / "orch.toml").write_text('name = "theirs"\n')
    with pytest.raises(ChangedOnDisk):
        save_project_alerts(project, (RULE,), base)
    assert (tmp_path / "orch.toml").read_text() == 'name = "theirs"\n'
