"""What a sheet says is about screens of its own: one that opens later changes nothing of what is shown already."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

_TUI = Path(__file__).resolve().parents[2] / "orch_tui" / "tui"
_FIRST = {"app.tcss", "home.tcss"}
"""Read before anything is shown."""
_SCREEN = re.compile(r"class (\w+)\([^)]*(?:Screen|Dialog|ScrollView|Vertical|Horizontal|Static|Widget|List|Pane|Grid)")
_OF_DIALOGS = ("#dialog.medium", "#dialog.wide")
"""The frame of dialogs, which is nowhere else."""


def _selectors(sheet: Path) -> Iterator[str]:
    """Those that stand at the beginning of a line, without what they say."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    for rule in re.findall(r"^([^\s}][^{}]*)\{", text, flags=re.MULTILINE):
        yield from (one.strip() for one in rule.split(","))


def _own_classes() -> set[str]:
    return {name for path in _TUI.rglob("*.py") for name in _SCREEN.findall(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize(
    "sheet", [path for path in sorted(_TUI.rglob("*.tcss")) if path.name not in _FIRST], ids=lambda path: path.name
)
def test_a_sheet_is_about_classes_of_ours(sheet: Path) -> None:
    selectors, own = list(_selectors(sheet)), _own_classes()
    assert selectors
    strange = [one for one in selectors if one not in _OF_DIALOGS and re.split(r"[ .:#]", one)[0] not in own]
    assert not strange, f"{sheet.name} would change what other screens show: {strange}"
