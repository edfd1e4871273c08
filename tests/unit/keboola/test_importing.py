"""Imports into a project: what is written, what stays, and what is said of it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from orch_tui.keboola.code import blocks_text, text_blocks
from orch_tui.keboola.importing import Change, carry_out, plan_import
from orch_tui.keboola.mapping.components import type_of
from orch_tui.keboola.mapping.findings import Level
from orch_tui.keboola.reading.single import read_file
from orch_tui.keboola.values import KeboolaError
from orch_tui.model.components.component import ComponentType
from orch_tui.model.components.configuration import ConfigurationRow
from orch_tui.model.orchestration.rules import END
from orch_tui.model.problem import Severity
from orch_tui.project.lint.check import check
from orch_tui.project.project import Project
from orch_tui.project.saving.writer import save_orchestration

from tests.support.keboola_projects import (
    REAL_CASES,
    branching_flow,
    bring_in,
    empty_project,
    legacy_orchestrator,
    pulled_directory,
    real_cases,
    snapshot,
    write_json,
)

CASES = list(real_cases())
OF_MISSING_PARTS = {"not-installed"}
"""Errors that say what is to be installed."""


@pytest.mark.skipif(not CASES, reason="the real orchestrations are not on this machine")
def test_real_orchestrations_come_in_and_lack_nothing_but_components(tmp_path: Path) -> None:
    # GIVEN every valid one, as the API gives stored configurations
    project = empty_project(tmp_path / "here")
    valid = [read_file(REAL_CASES / case["file"]).stored[0] for case in CASES if case["valid"]]
    listed = [
        {"componentId": one.component, "id": one.id, "name": one.name, "configuration": one.body} for one in valid
    ]
    write_json(tmp_path / "all.json", listed)
    # WHEN
    bring_in(project, tmp_path / "all.json")
    # THEN
    errors = [problem for problem in check(project) if problem.severity is Severity.ERROR]
    assert {problem.code for problem in errors} <= OF_MISSING_PARTS, errors
    assert len(project.orchestration_ids()) == len(valid)
    # AND once more each is what it was
    assert {item.change for item in plan_import(project, tmp_path / "all.json").items} == {Change.SAME}


def test_a_flow_comes_in_with_rules_retries_notifications_and_variables(tmp_path: Path) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    write_json(tmp_path / "daily.json", branching_flow())
    # WHEN
    bring_in(project, tmp_path / "daily.json")
    # THEN
    value = project.orchestration("daily")
    extract, load, tell = value.phases
    first, tolerated, variable = extract.tasks
    assert (first.configuration, tolerated.continue_on_failure) == ("keboola.ex-http/11", True)
    assert first.options.retry is not None
    assert (first.options.retry.attempts, first.options.retry.on[0].text) == (2, "contains: timeout")
    assert extract.rules == ()
    assert [rule.goto for rule in load.rules] == ["p-tell", END]
    assert load.retry is not None
    assert project.configuration(variable.configuration).parameters == {"expressions": {"day": '"monday"'}}
    told = project.configuration(tell.tasks[0].configuration).parameters
    assert told["text"] == "Look at {{{{it}}."
    assert told["to"] == ["${ALERT_OPS_EXAMPLE_COM}", "jsons://hooks.example.com/x"]


def test_an_orchestrator_comes_in_with_its_phases_in_the_order_of_the_run(tmp_path: Path) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    write_json(tmp_path / "daily.json", legacy_orchestrator())
    # WHEN
    plan = plan_import(project, tmp_path / "daily.json")
    carry_out(project, plan)
    project.reload()
    # THEN
    value = project.orchestration("daily")
    assert [phase.name for phase in value.phases] == ["Extract", "Load", "Write"]
    assert value.phases[0].tasks[0].continue_on_failure
    assert [task.enabled for task in value.phases[1].tasks] == [False, True]
    inline = project.configuration(value.phases[1].tasks[1].configuration)
    assert inline.parameters["parameters"] == {"#token": "${EX_HTTP_DAILY_4_TOKEN}", "path": "a"}
    assert plan.secrets == ["EX_HTTP_DAILY_4_TOKEN"]
    assert plan.exact


def test_a_pulled_directory_comes_in_whole(tmp_path: Path) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    pulled_directory(tmp_path / "pulled")
    # WHEN
    plan = plan_import(project, tmp_path / "pulled")
    carry_out(project, plan)
    project.reload()
    # THEN
    assert plan.exact
    assert project.orchestration_ids() == ["daily", "outer"]
    daily = project.orchestration("daily")
    schedule = daily.schedules[0]
    assert (schedule.cron, schedule.timezone, schedule.enabled) == ("30 5 * * 1-5", "Europe/Prague", False)
    assert daily.phases[1].tasks[0].variables == {"day": "monday"}
    assert project.orchestration("outer").phases[0].tasks[0].configuration == "orchestration/daily"
    campaigns = project.configuration("keboola.ex-http/campaigns")
    output = campaigns.outputs[0]
    assert (output.name, output.table, output.mode.value) == ("raw", "in.c-main/campaigns", "incremental")
    assert campaigns.parameters["output_mapping"] == {"raw": {"delete_where_column": "day"}}
    assert campaigns.rows == (ConfigurationRow("r1", "First", parameters={"parameters": {"path": "a.csv"}}),)
    clean = project.configuration("keboola.python-transformation-v2/clean")
    assert "print('{{ day }}')" in clean.parameters["parameters"]["blocks"]
    assert {line.partition(":")[0] for line in plan.left_out} == {"keboola.ex-http/12", "keboola.sandboxes/91"}
    # AND what was kept of it has no value of a secret that Keboola has not encrypted
    assert not [name for name, data in snapshot(tmp_path / "here").items() if b"s3cret" in data]


def test_a_second_import_updates_what_is_unchanged_here_and_keeps_what_was_edited(tmp_path: Path) -> None:
    # GIVEN two orchestrations of one directory, of which one was edited here
    project = empty_project(tmp_path / "here")
    pulled = pulled_directory(tmp_path / "pulled")
    bring_in(project, pulled)
    base = project.source(project.paths.orchestration("outer"))
    save_orchestration(project, replace(project.orchestration("outer"), name="Mine"), base)
    # WHEN both change in Keboola
    for name, path in (("daily", "other/keboola.orchestrator/daily"), ("outer", "other/keboola.flow/outer")):
        write_json(pulled / "main" / path / "meta.json", {"name": f"New {name}", "isDisabled": False})
    project.reload()
    plan = plan_import(project, pulled)
    carry_out(project, plan)
    project.reload()
    # THEN
    changes = {item.ref: item.change for item in plan.orchestrations}
    assert changes == {"orchestration/daily": Change.UPDATED, "orchestration/outer": Change.KEPT}
    assert project.orchestration("daily").name == "New daily"
    assert project.orchestration("outer").name == "Mine"
    assert not plan.exact


def test_a_dry_run_and_a_refused_import_write_nothing(tmp_path: Path) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    before = snapshot(tmp_path / "here")
    flow = branching_flow()
    write_json(tmp_path / "good.json", flow)
    flow["tasks"][0]["phase"] = "nowhere"
    write_json(tmp_path / "bad.json", flow)
    # WHEN
    plan_import(project, tmp_path / "good.json")
    with pytest.raises(KeboolaError) as refused:
        plan_import(project, tmp_path / "bad.json")
    # THEN
    assert refused.value.sentences == ('bad.json: tasks[1].phase names "nowhere", which is no phase',)
    assert snapshot(tmp_path / "here") == before


def test_what_is_wrong_in_one_flow_of_a_directory_lets_the_others_in(tmp_path: Path) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    pulled = pulled_directory(tmp_path / "pulled")
    write_json(pulled / "main/other/keboola.flow/outer/config.json", {"phases": {}, "tasks": []})
    (pulled / "main/extractor/keboola.ex-http/campaigns/config.json").write_text("{,", encoding="utf-8")
    # WHEN
    plan = plan_import(project, pulled)
    # THEN
    assert [item.ref for item in plan.orchestrations] == ["orchestration/daily"]
    assert plan.problems == (
        "main/extractor/keboola.ex-http/campaigns/config.json:1: it is no JSON: "
        "Expecting property name enclosed in double quotes",
        "main/other/keboola.flow/outer: phases must be a list",
    )


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ({"id": "5", "name": "Daily", "configuration": branching_flow()}, ["daily"]),
        (
            [
                {
                    "id": "keboola.flow",
                    "type": "other",
                    "configurations": [{"id": "5", "name": "A b", "configuration": branching_flow(), "rows": []}],
                },
                {
                    "id": "keboola.scheduler",
                    "configurations": [
                        {
                            "id": "6",
                            "name": "Nightly",
                            "configuration": {
                                "schedule": {"cronTab": "0 1 * * *", "timezone": "UTC", "state": "enabled"},
                                "target": {"componentId": "keboola.flow", "configurationId": "5", "mode": "run"},
                            },
                        }
                    ],
                },
            ],
            ["a-b"],
        ),
    ],
    ids=["one configuration", "components"],
)
def test_what_the_api_gives_comes_in(tmp_path: Path, value: object, names: list[str]) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    write_json(tmp_path / "export.json", value)
    # WHEN
    bring_in(project, tmp_path / "export.json")
    # THEN
    assert project.orchestration_ids() == names
    schedules = project.orchestration(names[0]).schedules
    assert [schedule.cron for schedule in schedules] == (["0 1 * * *"] if isinstance(value, list) else [])


def test_a_flow_that_goes_back_ends_in_error_there(tmp_path: Path) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    flow = branching_flow()
    flow["phases"][2]["next"] = [{"id": "again", "goto": "p-extract"}]
    write_json(tmp_path / "daily.json", flow)
    # WHEN
    plan = plan_import(project, tmp_path / "daily.json")
    carry_out(project, plan)
    project.reload()
    # THEN
    rule = project.orchestration("daily").phases[2].rules[0]
    assert (rule.goto, rule.ends_as) == (END, "error")
    assert plan.orchestrations[0].level is Level.CANNOT_RUN


def test_the_layout_with_yaml_comes_in(tmp_path: Path) -> None:
    # GIVEN a flow and an extractor as the newer command line writes them
    pytest.importorskip("ruamel.yaml")
    project = empty_project(tmp_path / "here")
    pulled = pulled_directory(tmp_path / "pulled")
    for path, text in (
        ("extractor/keboola.ex-http/campaigns", "version: 2\nname: Campaigns\nparameters:\n  baseUrl: https://a.b\n"),
        (
            "other/keboola.flow/outer",
            "version: 2\nname: Outer flow\n_configuration_extra:\n"
            f"  phases: {json.dumps(branching_flow()['phases'])}\n  tasks: {json.dumps(branching_flow()['tasks'])}\n",
        ),
    ):
        shutil.rmtree(pulled / "main" / path)
        (pulled / "main" / path / "rows/first").mkdir(parents=True)
        (pulled / "main" / path / "_config.yml").write_text(text, encoding="utf-8")
        (pulled / "main" / path / "rows/first/_config.yml").write_text("name: First\n", encoding="utf-8")
    # WHEN
    bring_in(project, pulled)
    # THEN
    assert project.orchestration("outer").name == "Outer flow"
    assert len(project.orchestration("outer").phases) == 3
    found = project.configuration("keboola.ex-http/campaigns").parameters
    assert found["parameters"] == {"baseUrl": "https://a.b"}


@pytest.mark.parametrize("component", ["keboola.python-transformation-v2", "keboola.snowflake-transformation"])
def test_code_goes_to_a_text_with_markers_and_back(component: str) -> None:
    # GIVEN
    blocks = [
        {
            "name": "First",
            "codes": [{"name": "a", "script": ["select 1;", "select\n  2;"]}, {"name": "b", "script": []}],
        },
        {"name": "Second", "codes": []},
    ]
    # WHEN
    text = blocks_text(blocks, component)
    # THEN
    assert text is not None
    assert text_blocks(text) == blocks
    assert blocks_text([{"name": "x", "codes": [], "more": 1}], component) is None


def test_what_keboola_keeps_to_itself_is_a_warning(tmp_path: Path) -> None:
    # GIVEN a flow that tells somebody by mail, whose address nobody has yet
    project = empty_project(tmp_path / "here")
    write_json(tmp_path / "daily.json", branching_flow())
    # WHEN
    bring_in(project, tmp_path / "daily.json")
    # THEN that is no fault in the definitions
    found = [problem for problem in check(project) if problem.code == "missing-secret"]
    assert [(problem.severity, problem.names) for problem in found] == [(Severity.WARNING, ("ALERT_OPS_EXAMPLE_COM",))]
    # AND what was made here lacks it as before
    path = project.paths.configuration(*project.orchestration("daily").phases[2].tasks[0].configuration.split("/"))
    path.write_text(path.read_text(encoding="utf-8").split("[keboola]")[0].replace("keboola = ", "x = "), "utf-8")
    project.reload()
    found = [problem for problem in check(project) if problem.code == "missing-secret"]
    assert [problem.severity for problem in found] == [Severity.ERROR]


def test_components_come_with_their_types_so_that_tasks_can_be_grouped(tmp_path: Path) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    pulled = pulled_directory(tmp_path / "pulled")
    # WHEN
    bring_in(project, pulled)
    # THEN each has a type, from the directory that it lies in, and lacks its program
    components = project.components()
    assert components["keboola.ex-http"].type is ComponentType.EXTRACTOR
    assert components["keboola.python-transformation-v2"].type is ComponentType.TRANSFORMATION
    lacking = [problem.message for problem in check(project) if problem.code == "not-installed"]
    assert any(
        'the component "keboola.ex-http" is not installed: its venv or command is not named' in one for one in lacking
    )
    # AND once it is named, check is about the configurations themselves
    path = project.paths.component("keboola.ex-http")
    path.write_text(path.read_text("utf-8").replace("# venv", "venv").replace("# program", "program"), encoding="utf-8")
    project.reload()
    assert not [one for one in check(project) if one.code == "not-installed" and "keboola.ex-http" in one.message]
    assert project.component("keboola.ex-http") is not None


def test_processors_that_are_not_done_here_are_components_to_install(tmp_path: Path) -> None:
    # GIVEN a configuration with a processor that is done here, and one that is not
    project = empty_project(tmp_path / "here")
    stages = [{"definition": {"component": name}} for name in ("keboola.processor-skip-lines", "acme.processor-mark")]
    body = {"id": "1", "name": "One", "configuration": {"processors": {"after": stages}}}
    (tmp_path / "api.json").write_text(json.dumps([{"id": "acme.ex-a", "type": "extractor", "configurations": [body]}]))
    # WHEN it is brought in
    plan = plan_import(project, tmp_path / "api.json")
    carry_out(project, plan)
    project.reload()
    # THEN the other one has a file to name its program in, and check says that it lacks
    assert plan.components == ("acme.ex-a", "acme.processor-mark")
    path = project.paths.component("acme.ex-a")
    path.write_text(path.read_text("utf-8").replace("# venv", "venv").replace("# program", "program"), encoding="utf-8")
    project.reload()
    assert lacking_of(project) == ['"acme.ex-a/one" needs the processor "acme.processor-mark", which is not installed']
    # WHEN that is named too, THEN nothing lacks
    path = project.paths.component("acme.processor-mark")
    path.write_text(path.read_text("utf-8").replace("# venv", "venv").replace("# program", "program"), encoding="utf-8")
    project.reload()
    assert lacking_of(project) == []


def lacking_of(project: Project) -> list[str]:
    return [problem.message for problem in check(project) if problem.code == "not-installed"]


@pytest.mark.parametrize(
    ("component", "kind"),
    [
        ("keboola.ex-http", "extractor"),
        ("kds-team.wr-google-sheets", "writer"),
        ("ex-generic-v2", "extractor"),
        ("keboola.snowflake-transformation", "transformation"),
        ("kds-team.app-orchestration-trigger-queue-v2", "application"),
        ("keboola.runner-config-test", "other"),
    ],
)
def test_the_type_of_a_component_is_told_by_its_id(component: str, kind: str) -> None:
    assert type_of(component).value == kind
