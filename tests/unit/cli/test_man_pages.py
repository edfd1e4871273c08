"""The manual pages say what the commands say."""

from __future__ import annotations

from tests.support.man_pages import PAGES, pages


def test_the_pages_are_those_of_the_commands() -> None:
    made = pages()
    kept = {path.name: path.read_text(encoding="utf-8") for path in PAGES.glob("*.1")}
    assert kept == made, "make them anew: python -m tests.support.man_pages"


def test_every_option_of_run_stands_in_its_page() -> None:
    page = pages()["orch-tui-run.1"].replace("\\-", "-")
    for option in ("--only", "--from-phase", "--rerun-failed", "--resume", "--var", "--dry-run", "--json"):
        assert option in page


def test_a_hidden_command_has_no_page_and_commands_stand_once() -> None:
    made = pages()
    assert "orch-tui-alerts-notify.1" not in made and "notify" not in made["orch-tui-alerts.1"]
    assert made["orch-tui-alerts.1"].count(".SH COMMANDS") == 1 == made["orch-tui.1"].count(".SH COMMANDS")
