"""What a form needs is loaded while the cursor rests on what it would be of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from orch_tui.model.components.component import Component
from orch_tui.project.extensions.manifests import BUILTIN_COMPONENTS
from orch_tui.project.project import Project
from orch_tui.tui.workbench import forms_ahead
from orch_tui.tui.workbench.forms_ahead import FormsAhead

from tests.unit.tui.workbench.doubles import Host


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def ahead(tmp_path: Path, host: Host) -> FormsAhead:
    (tmp_path / "orch.toml").write_text('name = "Test"\n')
    return FormsAhead(Project(tmp_path, builtin=BUILTIN_COMPONENTS), host)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The components whose forms were loaded."""
    found: list[str] = []

    def load(component: Component) -> None:
        found.append(component.id)

    monkeypatch.setattr(forms_ahead, "load_form", load)
    return found


async def rest(host: Host) -> None:
    """The cursor stays where it is, until all that follows is done."""
    timers, host.timers = host.timers, []
    for act in timers:
        act()
    works, host.background = host.background, []
    for work in works:
        await work()


async def test_it_is_loaded_once_for_each_component(ahead: FormsAhead, host: Host, loaded: list[str]) -> None:
    # WHEN the cursor comes to a configuration THEN nothing is loaded yet
    ahead.cursor_on("sql/one")
    assert len(host.timers) == 1 and not loaded
    # WHEN it rests there THEN what its form needs is
    await rest(host)
    assert loaded == ["sql"]
    # WHEN it comes to another one of the component THEN there is nothing to do
    ahead.cursor_on("sql/two")
    await rest(host)
    assert loaded == ["sql"]
    # AND of another component there is
    ahead.cursor_on("python/one")
    await rest(host)
    assert loaded == ["sql", "python"]


async def test_a_cursor_that_goes_on_loads_nothing(ahead: FormsAhead, host: Host, loaded: list[str]) -> None:
    # WHEN the cursor passes some, and rests on what is no configuration
    ahead.cursor_on("sql/one")
    ahead.cursor_on("python/one")
    assert len(host.timers) == 1
    ahead.cursor_on(None)
    # THEN nothing waits to be loaded
    assert not host.timers
    await rest(host)
    assert not loaded


async def test_of_a_component_that_is_not_there_nothing_is_loaded(
    ahead: FormsAhead, host: Host, loaded: list[str]
) -> None:
    ahead.cursor_on("gone/one")
    await rest(host)
    assert not loaded


def test_one_whose_model_cannot_be_loaded_leaves_it_to_the_form(tmp_path: Path) -> None:
    # GIVEN a component whose model is nowhere
    (tmp_path / "orch.toml").write_text('name = "Test"\n')
    component = Project(tmp_path, builtin=BUILTIN_COMPONENTS).component("sql")
    assert component is not None
    broken = replace(component, parameters_model="orch_tui.nowhere:Parameters")
    # WHEN its form is loaded ahead THEN that is no fault here
    forms_ahead.load_form(broken)
