"""Names of files that are no UTF-8 come back from what is kept as JSON."""

from __future__ import annotations

import os
from pathlib import Path

from orch_tui.model.texts.json_text import parse_json
from orch_tui.project.files.own_files import read_own, replace_json


def test_a_name_that_is_no_utf_8_comes_back_as_it_was(tmp_path: Path) -> None:
    # GIVEN a name in Latin-1, as the system gives it, beside texts of all kinds
    name = os.fsdecode(b"caf\xe9\xff.csv")
    value = {name: [name, "žluť 🐎", '"\\', "\x00"]}
    # WHEN it is kept, THEN the file is UTF-8, and has the same in it
    replace_json(tmp_path / "kept.json", value)
    data = read_own(tmp_path / "kept.json")
    data.decode("utf-8")
    assert parse_json(data) == value
