"""What an attempt found is told from its result.json, whatever that holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from orch_tui.project.attempt_dir import attempt_directory
from orch_tui.runs.live.view import read_written
from orch_tui.runs.words.ending import findings_told


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([{"kind": "type-changed", "text": "column x"}, {"text": "two\n\x1b[31mlines"}], ["column x", "two lines"]),
        ([{"text": 5}, {"text": " "}, "text", None, {}], []),
        ("no list", []),
        (None, []),
    ],
)
def test_findings_are_sentences(tmp_path: Path, found: object, told: list[str]) -> None:
    place = attempt_directory(tmp_path, "t", 1)
    place.mkdir(parents=True)
    (place / "result.json").write_text(json.dumps({"findings": found}))
    assert findings_told(place) == told
    # AND they stand beside the tables of the run on the screen
    assert [item.counts for item in read_written(tmp_path, [("t", 1)])["t"]] == told
