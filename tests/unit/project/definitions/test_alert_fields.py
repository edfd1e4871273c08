"""The fields of alerts: read, refused, written into drafts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from orch_tui.model.orchestration.alerts import USUAL_KINDS, AlertKind, AlertRule, Channel, ChannelKind
from orch_tui.project.definitions.alert_fields import alert_values, read_alerts
from orch_tui.project.lint.check import check
from orch_tui.project.project import open_project
from orch_tui.project.toml.decode import Place, Table

from tests.support.projects import make_project

FULL = AlertRule(
    (AlertKind.FAILED, AlertKind.SLOW, AlertKind.DEADLINE, AlertKind.QUIET),
    (Channel(ChannelKind.ADDRESS, "${MAIL}"), Channel(ChannelKind.COMMAND, "notify")),
    ("load",),
    ("a", "b"),
    80.0,
    390,
    93600.0,
)


def read(*tables: dict[str, Any], whole: bool = False) -> tuple[tuple[AlertRule, ...], list[str]]:
    place = Place("o.toml", "")
    given = [Table(one, place, ("alerts", at)) for at, one in enumerate(tables)]
    rules = read_alerts(given, ["load"], ["a", "b"], whole_project=whole)
    return rules, [problem.message for problem in place.problems]


@pytest.mark.parametrize("rule", [FULL, AlertRule(channels=(Channel(ChannelKind.COMMAND, "x"),))])
def test_what_is_written_reads_back(rule: AlertRule) -> None:
    assert read(alert_values(rule)) == ((rule,), [])


def test_without_more_the_first_failure_and_the_repair_are_told() -> None:
    (rule,), problems = read({"to": "${MAIL}"})
    assert rule.kinds == USUAL_KINDS and problems == []


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"to": []}, "nobody is told"),
        ({"to": "me@example.com"}, "no scheme"),
        ({"on": ["fail"]}, '"fail"'),
        ({"on": []}, "is empty"),
        ({"on": ["scheduler-gone"]}, '"scheduler-gone"'),
        ({"on": ["deadline"]}, "there is no deadline"),
        ({"on": ["quiet"]}, "there is no quiet"),
        ({"deadline": "06:30"}, "has no effect"),
        ({"on": ["deadline"], "deadline": "26:30"}, "no time of day"),
        ({"slow": 50}, "no percentage"),
        ({"tasks": ["c"]}, '"c", which is not there'),
        ({"unknown": 1}, "no key we know"),
    ],
)
def test_what_is_wrong_is_said_and_no_address_is_quoted(table: dict[str, Any], said: str) -> None:
    _, problems = read({"to": ["${MAIL}"], **table})
    assert len(problems) == 1 and said in problems[0] and "example.com" not in problems[0]


def test_only_the_project_is_told_that_the_scheduler_is_gone() -> None:
    assert read({"to": "${MAIL}", "on": ["scheduler-gone"]}, whole=True)[1] == []
    assert "no key we know" in read({"to": "${MAIL}", "tasks": ["a"]}, whole=True)[1][0]


def test_check_says_which_alert_reaches_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN alerts of the project and of an orchestration with secrets that nobody has set
    monkeypatch.delenv("PAGER", raising=False)
    make_project(tmp_path, {"o": {"P": {"t": "true"}}}, '[[alerts]]\ncommand = "curl ${PAGER}"\n')
    with (tmp_path / "orchestrations" / "o.toml").open("a") as file:
        file.write('\n[[alerts]]\nto = "${MAIL_ADDRESS}"\n')
    # THEN both are warnings with their file
    found = [(one.file, one.message) for one in check(open_project(tmp_path)) if one.code == "missing-secret"]
    assert [file for file, _ in found] == ["orch.toml", "orchestrations/o.toml"]
    assert "PAGER" in found[0][1] and "MAIL_ADDRESS" in found[1][1]
