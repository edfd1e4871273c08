"""Words for a shell: what is quoted comes out as it went in, and can be printed before."""

from __future__ import annotations

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.engine.attempts.reproduce import quote

from tests.support.effort import examples

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
