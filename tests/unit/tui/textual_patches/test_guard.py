"""Where Textual is not the one that the patches were written for, its own way is used, and the screen works."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from orch_tui.project.project import Project
from orch_tui.tui.app import OrchApp
from orch_tui.tui.textual_patches import app as patched
from orch_tui.tui.textual_patches import frugal, guard, keys, titles, unstyled
from textual._compositor import ChopsUpdate, Compositor
from textual.app import App
from textual.dom import DOMNode
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen
from textual.widget import _BorderTitle

from tests.support.engine_kit import make_commands

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_commands(tmp_path, {"First": {"a": "true"}})


@pytest.fixture(autouse=True)
def looked_at_anew() -> Iterator[None]:
    patched.terminal_parts.cache_clear()
    yield
    patched.terminal_parts.cache_clear()


def test_the_patched_version_is_the_pinned_and_the_installed_one() -> None:
    pinned = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert f"textual=={guard.VERSION}" in pinned
    assert version("textual") == guard.VERSION and guard.is_version()


def test_all_patches_fit_the_installed_version() -> None:
    assert frugal.install() and titles.install() and unstyled.install()
    assert patched.terminal_parts() is not None


def test_nothing_outside_names_private_modules_of_textual() -> None:
    # GIVEN all modules but those that are looked at before they are used
    found = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "orch_tui").rglob("*.py")
        if "textual_patches" not in path.parts and path.name != "textual_frames.py"
        if re.search(r"^\s*(from|import) textual(\.\w+)*\._", path.read_text(), re.MULTILINE)
    ]
    assert not found


def test_another_version_gets_textuals_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (patched, frugal, titles, unstyled):
        monkeypatch.setattr(module, "is_version", lambda: False)
    monkeypatch.setattr(Compositor, "_render_chops", frugal.ORIGINAL_CHOPS)
    monkeypatch.setattr(_BorderTitle, "__set__", titles.ORIGINAL)
    assert not frugal.install() and not titles.install() and not unstyled.install()
    assert patched.terminal_parts() is None


@pytest.mark.parametrize(
    ("owner", "part"),
    [
        (LinuxDriver, "run_input_thread"),
        (LinuxDriver, "_sigcont_application"),
        (WriterThread, "write"),
        (App, "_begin_update"),
    ],
)
async def test_without_a_part_of_the_terminal_textuals_driver_is_used(
    project: Project, monkeypatch: pytest.MonkeyPatch, owner: type, part: str
) -> None:
    # GIVEN a Textual without the part WHEN the program starts
    kept = owner.__dict__[part]
    monkeypatch.delattr(owner, part)
    assert patched.terminal_parts() is None
    app = OrchApp(project)
    assert app.driver_class is not None and app.driver_class.__name__ == "LinuxDriver"
    # THEN it works (Textual itself may need the part to paint)
    monkeypatch.setattr(owner, part, kept, raising=False)
    async with app.run_test() as pilot:
        await pilot.press("j")
        assert app.terminal_driver is None and app.fault is None


@pytest.mark.parametrize(("owner", "part"), [(Compositor, "_render_chops"), (ChopsUpdate, "render_segments")])
def test_without_a_part_of_painting_textuals_own_is_used(
    monkeypatch: pytest.MonkeyPatch, owner: type, part: str
) -> None:
    monkeypatch.setattr(ChopsUpdate, "render_segments", frugal.ORIGINAL)
    monkeypatch.setattr(Compositor, "_render_chops", frugal.ORIGINAL_CHOPS)
    monkeypatch.delattr(owner, part)
    assert not frugal.install()
    other = Compositor if owner is ChopsUpdate else ChopsUpdate
    kept = frugal.ORIGINAL_CHOPS if other is Compositor else frugal.ORIGINAL
    assert other.__dict__["_render_chops" if other is Compositor else "render_segments"] is kept


def test_without_component_classes_widgets_are_painted_by_textual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(DOMNode, "_get_component_classes")
    assert not unstyled.install()


async def test_without_a_list_of_bindings_the_palette_has_those_that_are_active(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with OrchApp(project).run_test() as pilot:
        await pilot.pause()
        monkeypatch.setattr(keys, "has", lambda *_: False)
        assert not [*keys.bindings_of(pilot.app.screen)]
        monkeypatch.delattr(Screen, "_binding_chain")
        assert keys.first_bindings(pilot.app.screen, "x") == []


def test_a_method_with_other_parameters_is_not_what_is_expected() -> None:
    assert guard.has(LinuxDriver, "write", "self", "data")
    assert not guard.has(LinuxDriver, "write", "self", "data", "more")
    assert not guard.has(LinuxDriver, "no_such_thing")
