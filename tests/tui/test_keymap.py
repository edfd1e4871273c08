"""The registry of actions, and a person's own keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.tui.actions import ALL, BY_ID, Action
from orch_tui.tui.keymap import checked_keys, keys_table, load_config, parse_keys, save_theme, show_key, together
from orch_tui.tui.keys_page import keys_page

# What tmux, screen, terminals and shells take.
_TAKEN = {"ctrl+a", "ctrl+b", "ctrl+s", "ctrl+z", "ctrl+m", "ctrl+i", "ctrl+j", "ctrl+h", "ctrl+q"}
_MOTIONS = {"h", "j", "k", "l", "g", "G"}
_SOME = (
    Action("app.quit", "q", "Quit", "Leave."),
    Action("home.new", "n", "New", "Make one."),
    Action("home.open", "enter,o", "Open", "Open it."),
    Action("workbench.save", "s", "Save", "Save it."),
)


def test_ids_are_unique_and_every_action_explains_itself() -> None:
    assert len(BY_ID) == len(ALL)
    for action in ALL:
        assert "." in action.id and action.label and action.key_list, action.id
        assert action.tooltip.endswith((".", "…")) and "\n" not in action.tooltip, action.id


def test_no_two_actions_of_a_context_share_a_key() -> None:
    for context in {action.context for action in ALL}:
        keys = [key for action in ALL if action.context == context for key in action.key_list]
        assert len(keys) == len(set(keys)), (context, sorted(key for key in keys if keys.count(key) > 1))


def test_no_key_is_one_that_multiplexers_take_or_no_key_at_all() -> None:
    for action in ALL:
        # Ctrl-Z means to every program what it means to the shell.
        if action.id != "app.suspend-process":
            assert not _TAKEN & set(action.key_list), action.id
        for key in action.key_list:
            assert parse_keys(key) == key, (action.id, key)


def test_no_motion_destroys() -> None:
    for action in ALL:
        if any(word in action.id for word in ("delete", "remove", "discard", "overwrite")):
            assert not _MOTIONS & set(action.key_list), action.id


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("?", "question_mark"),
        ("ctrl+k, F5", "ctrl+k,f5"),
        ("A", "A"),
        ("space", "space"),
        (" ", "space"),
        ("+", "plus"),
        ("ctrl++", "ctrl+plus"),
        (["a", ","], "a,comma"),
        (",", "comma"),
        ("slash", "slash"),
        ("a,a", "a"),
        ("é", "é"),
    ],
)
def test_keys_are_written_as_people_write_them(written: object, meant: str) -> None:
    assert parse_keys(written) == meant


@pytest.mark.parametrize("written", ["", "foo", "ctrl+", "hypr+a", 5, ["a", 5], "a b", "\x1b"])
def test_what_is_no_key_is_refused_in_a_sentence(written: object) -> None:
    with pytest.raises(ValueError, match=r"key"):
        parse_keys(written)


def test_a_name_that_is_nearly_right_is_suggested() -> None:
    with pytest.raises(ValueError, match='did you mean "pagedown"'):
        parse_keys("pgdown")


def test_good_entries_hold_and_wrong_ones_are_named() -> None:
    # WHEN a keymap has good entries, an unknown action and an unknown key; dotted names may be tables
    keys, complaints = checked_keys(
        {"home.new": "f5", "home": {"open": "o,ctrl+k"}, "app.quite": "x", "workbench.save": "ctlr+k"}, _SOME
    )
    # THEN
    assert keys == {"home.new": "f5", "home.open": "o,ctrl+k"}
    assert len(complaints) == 2
    assert 'did you mean "app.quit"' in complaints[0]
    assert "workbench.save" in complaints[1] and "it keeps s" in complaints[1]


def test_a_key_that_is_taken_at_the_same_place_is_a_conflict() -> None:
    # an action of the program works on the home screen too
    assert checked_keys({"home.new": "q"}, _SOME)[0] == {}
    assert "q is the key of app.quit" in checked_keys({"home.new": "q"}, _SOME)[1][0]
    # one of the workbench does not
    assert checked_keys({"home.new": "s"}, _SOME) == ({"home.new": "s"}, [])


def test_two_actions_may_swap_their_keys() -> None:
    wanted = {"home.new": "o,enter", "home.open": "n"}
    assert checked_keys(wanted, _SOME) == (wanted, [])


@given(st.dictionaries(st.sampled_from([one.id for one in _SOME]), st.sampled_from("qnos"), max_size=4))
def test_whatever_is_wished_no_two_actions_share_a_key_in_the_end(wished: dict[str, str]) -> None:
    keys, complaints = checked_keys(wished, _SOME)
    assert len(keys) + len(complaints) == len(wished)
    for one in _SOME:
        for other in _SOME:
            if one is not other and together(one.context, other.context):
                mine = set(keys.get(one.id, one.keys).split(","))
                assert not mine & set(keys.get(other.id, other.keys).split(","))


def test_the_file_may_be_missing_broken_or_strange(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    assert load_config(path).complaints == []
    path.write_text("keys = [")
    assert "cannot be read" in load_config(path).complaints[0]
    path.write_bytes(b"\xff")
    assert "cannot be read" in load_config(path).complaints[0]
    path.write_text('keys = 5\ntheme = "orch-dakr"\ncolour = "x"\n')
    complaints = load_config(path).complaints
    assert len(complaints) == 3 and all(str(path) in one for one in complaints)
    assert any('did you mean "orch-dark"' in one for one in complaints)


def test_a_kept_theme_leaves_the_rest_of_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "config.toml"
    save_theme(path, "orch-light")
    assert load_config(path).theme == "orch-light"
    path.write_text('# mine\ntheme = "nord" # nice\n[keys]\n"home.new" = "f5"\n')
    save_theme(path, "orch-dark")
    assert path.read_text() == '# mine\ntheme = "orch-dark" # nice\n[keys]\n"home.new" = "f5"\n'
    path.write_text("theme = [")
    with pytest.raises(ValueError, match="left alone"):
        save_theme(path, "orch-dark")
    assert path.read_text() == "theme = ["


def test_the_table_has_every_action_and_marks_the_keys_that_were_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[keys]\n"app.theme" = "f9"\n')
    monkeypatch.setenv("ORCH_TUI_CONFIG", str(path))
    table = keys_table()
    assert all(f" {action.id} " in table for action in ALL)
    assert any(line.startswith(" * app.theme") and "F9" in line for line in table.splitlines())


def test_keys_are_shown_as_people_write_them() -> None:
    shown = [show_key(key) for key in ("question_mark", "ctrl+p", "f5", "G", "space", "shift+tab", "alt+up")]
    assert shown == ["?", "Ctrl-P", "F5", "G", "Space", "Shift-Tab", "Alt-↑"]


def test_the_page_of_keys_is_up_to_date() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "keys.md"
    assert page.read_text(encoding="utf-8") == keys_page(), "run: python -m orch_tui.tui.keys_page"


def test_a_key_that_two_actions_share_from_the_beginning_may_be_written_down() -> None:
    # GIVEN two actions that work at one place and share a key, as the program has them
    shared = (Action("app.help", "question_mark,f1", "Help", "Help."), Action("home.hints", "f1", "Hints", "Hints."))
    # WHEN a person writes that key beside another one THEN it is no conflict
    assert checked_keys({"home.hints": "x,f1"}, shared) == ({"home.hints": "x,f1"}, [])
    # AND a key that only the other one has is
    assert checked_keys({"home.hints": "f1,question_mark"}, shared)[0] == {}
