"""A configuration that is edited: reading, checking, saving, and the file in another editor. Without a screen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.project import Project
from orch_tui.project.saving.writer import ChangedOnDisk
from orch_tui.tui.configuration.editor import ConfigurationEditor
from orch_tui.tui.configuration.external import ExternalEdit, edit_text
from orch_tui.tui.configuration.form.state import FormState, InputRow, OutputRow, split_key

SAMPLE = Path(__file__).parents[4] / "sample_configs"
MAILER = """
name = "Mailer"
type = "writer"
command = ["mail"]

[schema]
type = "object"
required = ["host"]
additionalProperties = false

[schema.properties.host]
type = "string"
title = "Host"

[schema.properties.port]
type = "integer"
default = 25
maximum = 65535

[schema.properties.password]
type = "string"
x-secret = true

[schema.properties.body]
type = "string"
x-widget = "text"
"""
NEWS = """# Written by hand.
name = "News"

[parameters]
host = "mail.example"   # the new one
password = "${MAIL_PASSWORD}"
body = { file = "news.txt" }

[[inputs]]
table = "marketing/people"
"""
NIGHTLY = """
name = "Nightly"
[[phases]]
name = "Writers"
[[phases.tasks]]
id = "news"
configuration = "mailer/news"
"""
FILES = {
    "orch.toml": 'name = "Test"\n',
    "components/mailer.toml": MAILER,
    "configurations/mailer/news.toml": NEWS,
    "configurations/mailer/news.txt": "Dear all,\n",
    "orchestrations/nightly.toml": NIGHTLY,
}


def make_project(root: Path, **more: str) -> Project:
    for name, text in {**FILES, **more}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Project(root, tolerant=True)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path)


@pytest.fixture
def editor(project: Project) -> ConfigurationEditor:
    return ConfigurationEditor(project, "mailer/news")


def state(editor: ConfigurationEditor) -> FormState:
    assert editor.history is not None
    return editor.history.value


def test_what_was_not_edited_is_not_written(editor: ConfigurationEditor, tmp_path: Path) -> None:
    # GIVEN a form with one change
    changed = state(editor).with_text(("parameters", "host"), "post.example")
    # WHEN it is saved
    checked = editor.check(changed)
    assert checked.ok
    editor.save(checked.configuration)
    # THEN comments and everything else are as they were
    text = (tmp_path / "configurations/mailer/news.toml").read_text()
    assert text == NEWS.replace("mail.example", "post.example")


def test_a_text_in_a_file_of_its_own_is_written_there(editor: ConfigurationEditor, tmp_path: Path) -> None:
    # GIVEN a long text that the configuration names by its file
    body = next(field for field in editor.fields if field.path == ("body",))
    assert (body.file, body.text) == ("news.txt", "Dear all,\n")
    # WHEN it is changed and saved
    checked = editor.check(state(editor).with_text(("parameters", "body"), "Hello\n"))
    editor.save(checked.configuration)
    # THEN that file has it, and the configuration still names it
    assert (tmp_path / "configurations/mailer/news.txt").read_text() == "Hello\n"
    assert (tmp_path / "configurations/mailer/news.toml").read_text() == NEWS


ROWS = """
[[rows]]
id = "people"

[rows.parameters]
port = 26   # another one

[[rows]]
id = "others"
enabled = false
"""


def test_rows_are_a_text_of_the_form(tmp_path: Path) -> None:
    # GIVEN a configuration whose rows give what it lacks itself
    news = NEWS.replace('host = "mail.example"   # the new one\n', "") + ROWS.replace(
        "port = 26", 'host = "a"\nport = 26'
    )
    editor = ConfigurationEditor(make_project(tmp_path, **{"configurations/mailer/news.toml": news}), "mailer/news")
    shown = state(editor)
    assert (shown.rows.count("[[rows]]"), shown.row_parallel) == (2, "1")
    # WHEN one is edited
    checked = editor.check(shown.with_text(("rows",), shown.rows.replace("26", "27")).with_text(("row_parallel",), "3"))
    assert checked.ok, (checked.errors, checked.general)
    editor.save(checked.configuration)
    # THEN the rest of the file is as it was
    text = (tmp_path / "configurations/mailer/news.toml").read_text()
    assert text == news.replace("26", "27").replace('name = "News"\n', 'name = "News"\nrow_parallel = 3\n')
    # AND mistakes are said at the rows
    for old, new, says in (
        ("26", '"x"', "row people: port"), ("26", "= 1", "line 6"), ('id = "others"', "", "rows[2].id is missing"),
    ):  # fmt: skip
        found = editor.check(shown.with_text(("rows",), shown.rows.replace(old, new)))
        assert says in " ".join(found.errors[("rows",)]), found.errors
    assert ("row_parallel",) in editor.check(shown.with_text(("row_parallel",), "0")).errors


CHECKED = """
[[outputs]]
table = "mart/sent"

# What nobody would notice otherwise.
[[checks]]
not_null = "id"   # the key

[[checks]]
rows = { min = 1 }
severity = "warn"
"""


def test_checks_are_a_text_of_the_form(tmp_path: Path) -> None:
    # GIVEN a configuration with two sets of checks
    news = NEWS.rstrip() + "\n" + CHECKED
    editor = ConfigurationEditor(make_project(tmp_path, **{"configurations/mailer/news.toml": news}), "mailer/news")
    shown = state(editor)
    assert shown.checks.count("[[checks]]") == 2
    # WHEN one is edited and saved
    checked = editor.check(shown.with_text(("checks",), shown.checks.replace("min = 1", "min = 100")))
    assert checked.ok, (checked.errors, checked.general)
    editor.save(checked.configuration)
    # THEN the rest of the file is as it was, comments too
    text = (tmp_path / "configurations/mailer/news.toml").read_text()
    assert text == news.replace("min = 1", "min = 100")
    # AND mistakes are said at the checks
    for old, new, says in (
        ("min = 1", "min = = 1", "line 5"),
        ("not_null", "not_nul", "not_nul"),
        ("min = 1", 'min = "x"', "checks[2].rows"),
        ("[[checks]]", "[checks]", "line"),
        ("[[checks]]", "[[tests]]", "stands outside of [[checks]]"),
    ):
        found = editor.check(shown.with_text(("checks",), shown.checks.replace(old, new)))
        assert says in " ".join(found.errors[("checks",)]), (new, found.errors)
    # AND all of them can be taken out
    assert editor.check(shown.with_text(("checks",), "")).configuration.checks == ()


def test_mistakes_are_said_at_their_place(editor: ConfigurationEditor) -> None:
    # GIVEN a form with all kinds of mistakes
    wrong = (
        state(editor)
        .with_text(("name",), " ")
        .with_text(("parameters", "host"), "")
        .with_text(("parameters", "port"), "70000")
        .with_text(("inputs", "0", "table"), "people")
        .with_row("outputs")
        .with_row("outputs")
        .with_text(("outputs", "0", "table"), "a/b")
        .with_text(("outputs", "0", "mode"), "incremental")
        .with_text(("outputs", "1", "table"), "c/b")
    )
    # WHEN it is checked THEN each is named at its place
    errors = editor.check(wrong).errors
    assert errors.keys() == {
        ("name",),
        ("parameters", "host"),
        ("parameters", "port"),
        ("inputs", "0", "table"),
        ("outputs", "0", "primary_key"),
        ("outputs", "1", "name"),
    }
    assert errors[("parameters", "port")] == ["must be at most 65535"]


def test_a_secret_typed_in_plain_text_is_refused(editor: ConfigurationEditor) -> None:
    checked = editor.check(state(editor).with_text(("parameters", "password"), "hunter2"))
    assert not checked.ok
    assert "${NAME}" in checked.errors[("parameters", "password")][0]
    assert "hunter2" not in str(checked.errors)


def test_secrets_are_named_with_whether_they_have_a_value(
    editor: ConfigurationEditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAIL_PASSWORD", raising=False)
    assert editor.configuration is not None
    assert editor.secrets(editor.configuration.parameters) == {"MAIL_PASSWORD": False}
    monkeypatch.setenv("MAIL_PASSWORD", "hunter2")
    assert editor.secrets(editor.configuration.parameters) == {"MAIL_PASSWORD": True}


def test_users_are_tasks_with_their_phase(editor: ConfigurationEditor) -> None:
    (user,) = editor.users()
    assert (user.orchestration, user.orchestration_name, user.phase_name, user.task) == (
        "nightly",
        "Nightly",
        "Writers",
        "news",
    )


def test_without_its_component_a_configuration_is_shown_as_its_file(tmp_path: Path) -> None:
    # GIVEN a configuration of a component that is gone, with a secret in plain text
    text = 'name = "Old"\n[parameters]\nurl = "x"\napi_token = "hunter2"\n"#key" = "hunter3"\npassword = "${P}"\n'
    project = make_project(tmp_path, **{"configurations/gone/old.toml": text})
    # WHEN it is opened
    editor = ConfigurationEditor(project, "gone/old")
    # THEN there is no form, a sentence says why, and the secret is not in the text
    assert editor.history is None
    assert 'no component "gone"' in editor.obstacles[0]
    assert 'url = "x"' in editor.file_text()
    assert 'password = "${P}"' in editor.file_text()
    assert "hunter" not in editor.file_text()


def test_a_broken_file_is_said_with_its_line(tmp_path: Path) -> None:
    project = make_project(tmp_path, **{"configurations/mailer/news.toml": "name = \n"})
    editor = ConfigurationEditor(project, "mailer/news")
    assert editor.history is None
    assert "news.toml:1" in editor.obstacles[0]
    assert editor.file_text() == "name = "


def test_reading_again_can_be_undone(editor: ConfigurationEditor, tmp_path: Path) -> None:
    # GIVEN an edit, and a file that others changed meanwhile
    assert editor.history is not None
    edited = state(editor).with_text(("parameters", "host"), "mine")
    editor.history.push(edited, "change of host")
    (tmp_path / "configurations/mailer/news.toml").write_text(NEWS.replace("mail.example", "theirs"))
    with pytest.raises(ChangedOnDisk):
        editor.save(editor.check(edited).configuration)
    # WHEN it is read again
    assert editor.reload_keeping_edits()
    # THEN the form has the file, is saved, and undo brings the edit back
    assert state(editor).texts[("host",)] == "theirs"
    assert not editor.history.dirty
    editor.history.undo()
    assert state(editor).texts[("host",)] == "mine"
    assert editor.check(state(editor)).configuration.parameters["host"] == "mine"


def test_undo_across_a_save_still_writes_what_it_shows(editor: ConfigurationEditor, tmp_path: Path) -> None:
    # GIVEN a change that was saved
    assert editor.history is not None
    first = state(editor)
    second = first.with_text(("parameters", "host"), "second")
    editor.history.push(second, "change of host")
    editor.save(editor.check(second).configuration)
    # WHEN it is undone and saved again THEN the file is what it was
    editor.history.undo()
    editor.save(editor.check(state(editor)).configuration)
    assert (tmp_path / "configurations/mailer/news.toml").read_text() == NEWS


def test_columns_of_a_key() -> None:
    assert split_key('a, "b, c" ,d') == ["a", "b, c", "d"]
    assert split_key(" ") == []


def test_rows_come_and_go() -> None:
    first = FormState("n", "", {}, (InputRow("a/b"),), (OutputRow("x", "a/b"),))
    more = first.with_row("inputs").with_text(("inputs", "1", "table"), "c/d")
    assert more.inputs == (InputRow("a/b"), InputRow("c/d"))
    assert more.without_row("inputs", 0).inputs == (InputRow("c/d"),)
    with pytest.raises(KeyError):
        first.with_text(("inputs", "7", "table"), "x")


class TestExternalEdit:
    def test_a_good_edit_is_taken_over(self, project: Project, tmp_path: Path) -> None:
        session = ExternalEdit(project, "mailer/news")
        copy = session.begin()
        assert copy.stat().st_mode & 0o777 == 0o600
        copy.write_text(NEWS.replace("News", "Newer"))
        assert session.finish()
        assert 'name = "Newer"' in (tmp_path / "configurations/mailer/news.toml").read_text()
        assert not session.pending

    def test_no_change_is_nothing(self, project: Project) -> None:
        session = ExternalEdit(project, "mailer/news")
        session.begin()
        assert not session.finish()
        assert not session.pending

    @pytest.mark.parametrize(
        ("broken", "said"),
        [("name = \n", "news.toml:1"), ('name = "x"\n[[inputs]]\ntable = 3\n', "news.toml:3")],
    )
    def test_a_refused_edit_keeps_its_text_with_the_error_on_top(
        self, project: Project, tmp_path: Path, broken: str, said: str
    ) -> None:
        # GIVEN an edit that cannot be read
        session = ExternalEdit(project, "mailer/news")
        session.begin().write_text(broken)
        # WHEN it is finished THEN it is refused, and the file is as it was
        with pytest.raises(DefinitionError, match=said):
            session.finish()
        assert (tmp_path / "configurations/mailer/news.toml").read_text() == NEWS
        # AND the next time, also of the program, the text is there with the error on top, at the line it has now
        again = ExternalEdit(project, "mailer/news")
        assert again.pending
        text = again.begin().read_text()
        assert text.startswith("#! Not saved")
        assert text.endswith(broken)
        number = int(text.split("news.toml:")[1].split(":")[0])
        assert text.splitlines()[number - 1] in broken.splitlines()
        # AND a second refusal puts no second head on top
        with pytest.raises(DefinitionError):
            again.finish()
        assert again.copy.read_text() == text
        # AND when it is corrected it is taken, without the head
        again.copy.write_text(text.replace(broken, NEWS.replace("News", "Newer")))
        assert again.finish()
        assert (tmp_path / "configurations/mailer/news.toml").read_text() == NEWS.replace("News", "Newer")

    def test_a_file_changed_meanwhile_is_not_overwritten(self, project: Project, tmp_path: Path) -> None:
        # GIVEN an edit, while others change the file
        path = tmp_path / "configurations/mailer/news.toml"
        session = ExternalEdit(project, "mailer/news")
        session.begin().write_text(NEWS.replace("News", "Mine"))
        path.write_text(NEWS.replace("News", "Theirs"))
        # WHEN it is finished THEN both are kept
        with pytest.raises(ChangedOnDisk) as conflict:
            session.finish()
        assert "Theirs" in path.read_text()
        assert "Mine" in session.copy.read_text()
        # AND it is written when the person wants so, over what was shown and over nothing else
        session.rebase(conflict.value.disk_text)
        path.write_text(NEWS.replace("News", "Theirs again"))
        with pytest.raises(ChangedOnDisk) as conflict:
            session.finish()
        session.rebase(conflict.value.disk_text)
        assert session.finish()
        assert "Mine" in path.read_text()

    def test_two_screens_have_a_copy_each(self, project: Project, tmp_path: Path) -> None:
        # GIVEN a copy that one screen has open in an editor
        first, second = ExternalEdit(project, "mailer/news", "ann"), ExternalEdit(project, "mailer/news", "bob")
        first.begin().write_text(NEWS.replace("News", "First"))
        # WHEN another one edits the file too, THEN it has its own copy, and no edit of the first is offered to it
        assert not second.pending
        second.begin().write_text(NEWS.replace("News", "Second"))
        assert first.copy != second.copy and first.finish()
        # AND what the second one wrote meets what is on disk now, and is kept
        with pytest.raises(ChangedOnDisk):
            second.finish()
        assert (
            "Second" in second.copy.read_text()
            and "First" in (tmp_path / "configurations/mailer/news.toml").read_text()
        )
        second.leave()
        assert ExternalEdit(project, "mailer/news").pending

    def test_two_texts_in_editors_at_once_do_not_meet(self, project: Project) -> None:
        def outer(path: Path) -> bool:
            assert edit_text(project, "inner", ".sql", lambda inner: bool(inner.write_text("inner 2"))) == "inner 2"
            return bool(path.write_text(f"{path.read_text()} 2"))

        assert edit_text(project, "outer", ".sql", outer) == "outer 2"

    def test_a_text_comes_back_without_the_line_end_that_editors_add(self, project: Project) -> None:
        def replace(path: Path) -> bool:
            assert path.suffix == ".sql"
            path.write_text(path.read_text() + " + 1\n")
            return True

        assert edit_text(project, "select 1", ".sql", replace) == "select 1 + 1"
        assert edit_text(project, "select 1\n", ".sql", replace) == "select 1\n + 1\n"
        assert edit_text(project, "select 1", ".sql", lambda _: False) == "select 1"


def test_every_configuration_of_the_sample_project_has_a_form_and_is_saved_unchanged(tmp_path: Path) -> None:
    # GIVEN a copy of the project that comes with the program
    root = tmp_path / "sample"
    shutil.copytree(SAMPLE, root, ignore=shutil.ignore_patterns(".orch", "out"))
    project = Project(root)
    refs = [ref for ref in project.configuration_refs() if not ref.startswith("orchestration/")]
    assert refs
    before = {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
    for ref in refs:
        # WHEN its form is saved as it was opened
        editor = ConfigurationEditor(project, ref)
        assert editor.obstacles == []
        checked = editor.check(state(editor))
        assert (checked.errors, checked.general) == ({}, ())
        assert checked.configuration == project.configuration(ref)
        assert repr(checked.configuration.parameters) == repr(project.configuration(ref).parameters)
        editor.save(checked.configuration)
    # THEN no file is different, but for the versions that are kept of what was saved
    own = Project(root).paths.state
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_relative_to(own))
    assert {path: path.read_bytes() for path in files} == before


def test_an_orchestration_is_not_edited_here(editor: ConfigurationEditor, project: Project) -> None:
    assert "workbench" in ConfigurationEditor(project, "orchestration/nightly").obstacles[0]


def test_a_schema_that_is_wrong_is_said_and_the_rest_can_be_seen(tmp_path: Path) -> None:
    # GIVEN a component of the user's own whose schema has a mistake
    project = make_project(tmp_path, **{"components/mailer.toml": MAILER.replace('type = "integer"', 'type = "int"')})
    # WHEN its configuration is opened THEN the form is there, and saving says where the mistake is
    editor = ConfigurationEditor(project, "mailer/news")
    checked = editor.check(state(editor))
    assert not checked.ok
    assert "components/mailer.toml" in " ".join(checked.general)
