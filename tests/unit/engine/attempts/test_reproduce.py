"""Words for a shell: what is quoted comes out as it went in, and can be printed before."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.engine.attempts.reproduce import CannotReproduce, quote, reproduce
from orch_tui.model.run.runstate import TaskState

from tests.support.effort import examples
from tests.support.engine_kit import make_commands, run

_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(_TEXTS | st.text("'\"$`\\!\n\t\r\x1b\x85\u202e {}~*#=-", max_size=12), min_size=1, max_size=20))
def test_a_shell_reads_back_what_was_quoted(texts: list[str]) -> None:
    script = "printf '%s\\0' " + " ".join(quote(text) for text in texts)
    said = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True).stdout
    assert said.decode().split("\0")[:-1] == texts
    assert script.replace("\n", "").isprintable()


def test_plain_words_stay_as_they_are() -> None:
    assert quote("/usr/bin/python") == "/usr/bin/python"
    assert quote("") == "''"
    assert quote("two\nlines") == "'two\nlines'"
    assert quote("a\x1bb") == "'a'\"$(printf '\\033')\"'b'"


def test_the_command_of_an_attempt_does_what_the_attempt_did(tmp_path: Path) -> None:
    # GIVEN a run of a task that says what it got
    project = make_commands(tmp_path, {"P": {"a": 'echo "$ORCH_TASK_ID $ORCH_ATTEMPT in $PWD"; ls "$KBC_DATADIR"'}})
    state = run(project)
    directory = project.paths.run("o", state.header.id)
    # WHEN its command is pasted into a shell THEN it says the same, in a data folder of its own
    made = reproduce(directory, state.tasks["a"])
    said = subprocess.run(["/bin/sh"], input=made.command, capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[0] == f"a 1 in {tmp_path}" and "config.json" in said.stdout.splitlines()
    assert "data folder: " in said.stderr and made.secrets == () and made.command.endswith("\n")
    # AND one that has not begun has none
    with pytest.raises(CannotReproduce, match="has not begun in this run"):
        reproduce(directory, TaskState(replace(state.tasks["a"].planned)))
