"""Small projects of Keboola, written as ``kbc`` and the newer command line lay them out; and where real ones are."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orch_tui.keboola.importing import carry_out, plan_import
from orch_tui.project.project import Project, open_project

from tests.support.projects import ROOT

REAL_CASES = Path(os.environ.get("ORCH_TUI_KEBOOLA_CASES", ROOT.parent / "shared" / "cases" / "keboola"))
"""Real orchestrators and flows with an ``index.json`` that says which are valid; they are not part of the project, but
beside it, or where the variable says."""


def real_cases() -> Iterator[dict[str, Any]]:
    """The entries of the index: ``file``, ``valid``, ``why``; none where the cases are not there."""
    if (REAL_CASES / "index.json").is_file():
        yield from json.loads((REAL_CASES / "index.json").read_text(encoding="utf-8"))


def empty_project(path: Path) -> Project:
    """A new project that has nothing but its name."""
    path.mkdir(parents=True)
    (path / "orch.toml").write_text('name = "here"\n', encoding="utf-8")
    return open_project(path)


def bring_in(project: Project, source: Path) -> None:
    """Import all of ``source``, as ``orch-tui import`` does."""
    carry_out(project, plan_import(project, source))
    project.reload()


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def job(task: str, phase: Any, component: str, configuration: str, **more: Any) -> dict[str, Any]:
    """A task of a flow."""
    inner = {"type": "job", "componentId": component, "configId": configuration, "mode": "run"}
    inner |= {key: more.pop(key) for key in ("retry", "delay") if key in more}
    return {"id": task, "name": task, "phase": phase, "enabled": True, "task": inner, **more}


def equals(subject: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """The condition that a subject has a value."""
    return {"type": "operator", "operator": "EQUALS", "operands": [dict(subject), {"type": "const", "value": value}]}


def status_of(task: str) -> dict[str, Any]:
    return {"type": "task", "task": task, "value": "status"}


def branching_flow() -> dict[str, Any]:
    """A flow with a condition, a tolerated task, retries, a notification and a variable; ids of several shapes."""
    failed = equals({"type": "phase", "phase": "p-load", "value": "status"}, "user_error")
    tolerate = {"type": "operator", "operator": "CONTINUE_ON_FAILURE", "phase": "p-extract", "tasks": ["t2"]}
    retry = {
        "strategy": "linear",
        "strategyParams": {"maxRetries": 2, "delay": 15},
        "retryOn": [{"type": "errorMessageContains", "value": "timeout"}],
    }
    mail = {
        "type": "notification",
        "title": "Load failed",
        "message": "Look at {{it}}.",
        "recipients": [
            {"channel": "email", "address": "ops@example.com"},
            {"channel": "webhook", "address": "https://hooks.example.com/x"},
        ],
    }
    return {
        "phases": [
            {
                "id": "p-extract",
                "name": "Extract",
                "description": "From **afar**",
                "next": [{"id": "n1", "goto": "p-load", "condition": tolerate}, {"id": "n2", "goto": None}],
            },
            {
                "id": "p-load",
                "name": "Load",
                "retry": retry,
                "next": [
                    {"id": "n3", "name": "broken", "goto": "p-tell", "condition": failed},
                    {"id": "n4", "goto": None},
                ],
            },
            {"id": "p-tell", "name": "Tell", "colour": "red"},
        ],
        "tasks": [
            job("t1", "p-extract", "keboola.ex-http", "11", retry=retry),
            job("t2", "p-extract", "keboola.ex-http", "12", delay="30"),
            {
                "id": "t3",
                "name": "day",
                "phase": "p-extract",
                "task": {"type": "variable", "name": "day", "value": "monday"},
            },
            job("t4", "p-load", "keboola.snowflake-transformation", "21", unknown={"kept": None}),
            {"id": "t5", "name": "mail", "phase": "p-tell", "task": mail},
        ],
        "x-of-the-root": 1,
    }


def legacy_orchestrator() -> dict[str, Any]:
    """A chain of three phases in another order than in the file, ids as numbers, an inline configuration."""

    def task(number: int, phase: int, **inner: Any) -> dict[str, Any]:
        return {
            "id": number,
            "name": f"task {number}",
            "phase": phase,
            "enabled": True,
            "continueOnFailure": False,
            "task": {"mode": "run", **inner},
        }

    return {
        "phases": [
            {"id": 20, "name": "Load", "dependsOn": [10], "behavior": {"onError": "stop"}},
            {"id": 10, "name": "Extract", "dependsOn": []},
            {"id": 30, "name": "Write", "dependsOn": [20], "foo": "bar"},
        ],
        "tasks": [
            task(3, 30, componentId="keboola.wr-google-sheets", configId="31"),
            {**task(1, 10, componentId="keboola.ex-http", configId="11"), "continueOnFailure": True},
            {**task(2, 20, componentId="keboola.ex-http", configId=""), "enabled": False},
            task(4, 20, componentId="keboola.ex-http", configData={"parameters": {"#token": "KBC::x", "path": "a"}}),
        ],
    }


def pulled_directory(root: Path) -> Path:
    """A project as ``kbc pull`` leaves it: an orchestrator as directories, a flow, a scheduler, variables, rows,
    blocks, a sandbox, and a configuration that .kbcignore leaves out."""
    main = root / "main"
    entries: list[dict[str, Any]] = []

    def configuration(component: str, key: str, path: str, name: str, body: Any, **more: Any) -> Path:
        place = main / str(more.pop("below", "")) / path
        entries.append(
            {"branchId": 1, "componentId": component, "id": key, "path": path, "rows": more.pop("rows", []), **more}
        )
        write_json(place / "meta.json", {"name": name, "isDisabled": False})
        write_json(place / "config.json", body)
        (place / "description.md").write_text(f"About {name}.\n", encoding="utf-8")
        return place

    place = configuration(
        "keboola.ex-http",
        "11",
        "extractor/keboola.ex-http/campaigns",
        "Campaigns",
        {
            "parameters": {
                "baseUrl": "https://example.com",
                "#token": "KBC::ProjectSecure::abc",
                "limit": None,
                "#plain": "s3cret",
            },
            "storage": {
                "output": {
                    "tables": [
                        {
                            "source": "raw",
                            "destination": "in.c-main.campaigns",
                            "incremental": True,
                            "primary_key": ["id"],
                            "delete_where_column": "day",
                        }
                    ]
                }
            },
            "processors": {"after": [{"definition": {"component": "keboola.processor-create-manifest"}}]},
        },
        rows=[{"id": "r1", "path": "rows/first"}],
    )
    write_json(place / "rows/first/meta.json", {"name": "First", "isDisabled": False})
    write_json(place / "rows/first/config.json", {"parameters": {"path": "a.csv"}})
    place = configuration(
        "keboola.python-transformation-v2",
        "21",
        "transformation/keboola.python-transformation-v2/clean",
        "Clean",
        {
            "storage": {
                "input": {"tables": [{"source": "in.c-main.campaigns", "destination": "c.csv", "columns": ["id"]}]}
            },
            "variables_id": "51",
        },
    )
    code = place / "blocks/001-first/001-all"
    write_json(place / "blocks/001-first/meta.json", {"name": "First"})
    write_json(code / "meta.json", {"name": "All"})
    (code / "code.py").write_text("print('{{ day }}')\n", encoding="utf-8")
    relation = {"componentId": "keboola.python-transformation-v2", "configId": "21", "type": "variablesFor"}
    place = configuration(
        "keboola.variables",
        "51",
        "variables",
        "Variables",
        {"variables": [{"name": "day", "type": "string"}]},
        below="transformation/keboola.python-transformation-v2/clean",
        relations=[relation],
        rows=[{"id": "v1", "path": "values/default"}],
    )
    write_json(place / "values/default/meta.json", {"name": "Default", "isDisabled": False})
    write_json(place / "values/default/config.json", {"values": [{"name": "day", "value": "monday"}]})
    place = configuration("keboola.orchestrator", "71", "other/keboola.orchestrator/daily", "Daily", {})
    write_json(place / "phases/001-extract/phase.json", {"name": "Extract", "dependsOn": []})
    write_json(
        place / "phases/001-extract/001-campaigns/task.json",
        {
            "name": "Campaigns",
            "enabled": True,
            "continueOnFailure": False,
            "task": {"mode": "run", "configPath": "extractor/keboola.ex-http/campaigns"},
        },
    )
    write_json(
        place / "phases/002-clean/phase.json", {"name": "Clean", "dependsOn": ["<previous>"], "foo": {"kept": None}}
    )
    write_json(
        place / "phases/002-clean/001-clean/task.json",
        {
            "name": "Clean",
            "enabled": True,
            "continueOnFailure": True,
            "task": {"mode": "run", "configPath": "transformation/keboola.python-transformation-v2/clean"},
        },
    )
    relation = {"componentId": "keboola.orchestrator", "configId": "71", "type": "schedulerFor"}
    configuration(
        "keboola.scheduler",
        "81",
        "schedules/mornings",
        "Mornings",
        {
            "schedule": {"cronTab": "30 5 * * 1-5", "timezone": "Europe/Prague", "state": "disabled"},
            "target": {"mode": "run"},
        },
        below="other/keboola.orchestrator/daily",
        relations=[relation],
    )
    flow = {
        "phases": [{"id": "a", "name": "All", "next": [{"id": "n", "goto": None}]}],
        "tasks": [job("inner", "a", "keboola.orchestrator", "71")],
    }
    configuration("keboola.flow", "72", "other/keboola.flow/outer", "Outer", flow)
    configuration("keboola.sandboxes", "91", "other/keboola.sandboxes/mine", "Mine", {})
    configuration("keboola.ex-http", "12", "extractor/keboola.ex-http/old", "Old", {})
    write_json(
        root / ".keboola/manifest.json",
        {
            "version": 2,
            "project": {"id": 123, "apiHost": "connection.keboola.com"},
            "sortBy": "path",
            "branches": [{"id": 1, "path": "main"}],
            "configurations": entries,
        },
    )
    (root / ".keboola/.kbcignore").write_text("keboola.ex-http/12\n", encoding="utf-8")
    return root


def snapshot(root: Path) -> dict[str, bytes]:
    """Every file below a directory with its bytes."""
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
