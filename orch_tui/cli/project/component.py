"""``orch-tui component``: what can be configured, and with which parameters."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from orch_tui.cli.shared.completion import complete_component
from orch_tui.cli.shared.errors import SUCCESS, CliError
from orch_tui.cli.shared.opening import command_hint, json_option, open_it, project_option
from orch_tui.cli.shared.output import Output
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from orch_tui.model.components.component import Component
    from orch_tui.project.project import Project


@click.group("component")
def component_command() -> None:
    """List components, or show one with its parameters."""


@component_command.command("list")
@json_option
@project_option
def list_components(as_json: bool, project: str | None) -> int:
    """List all components, built-in ones and the project's own."""
    from orch_tui.cli.project.listing import components, print_components

    items = components(open_it(project, tolerant=True))
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, items)
    else:
        print_components(out, items)
    return SUCCESS


@component_command.command("schema")
@click.argument("component", shell_complete=complete_component)
@project_option
def component_schema(component: str, project: str | None) -> int:
    """Print the JSON Schema of a component's parameters."""
    from orch_tui.cli.shared.report import print_json
    from orch_tui.components.kit.schema import json_schema

    found = _component(open_it(project, tolerant=True), component)
    print_json(Output(sys.stdout), json_schema(found))
    return SUCCESS


def _component(project: Project, name: str) -> Component:
    known = project.components()
    if name in known:
        return known[name]
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1)
    hint = f'did you mean "{close[0]}"?' if close else f"see {command_hint('component', 'list')}"
    raise CliError(f'there is no component "{safe_line(name, 100)}"; {hint}')
