"""What the README says of ``orch.toml`` is what the program reads, and all of it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from orch_tui.project.definitions.settings import ProjectSettings, decode_settings
from orch_tui.project.toml.decode import Place

README = Path(__file__).parents[3] / "README.md"


def test_every_setting_stands_in_the_readme_and_can_be_read() -> None:
    # GIVEN the example of the page
    text = re.search(r"```toml\n(# orch\.toml.*?)```", README.read_text(), re.DOTALL)
    assert text is not None
    data = tomllib.loads(text[1])
    # WHEN it is read
    place = Place("orch.toml", text[1])
    settings = decode_settings(data, place, "fallback")
    # THEN nothing is wrong in it, and no setting is missing
    assert not place.problems, [str(problem.message) for problem in place.problems]
    places = {
        "keep_runs": ("runs", "keep"),
        "keep_days": ("runs", "keep_days"),
        "keep_versions": ("storage", "keep_versions"),
        "keep_version_days": ("storage", "keep_days"),
        "memory": ("limits", "memory"),
    }
    for name in ProjectSettings.__slots__:
        *above, key = places.get(name, (name,))
        table = data[above[0]] if above else data
        assert key in table, name
    assert (settings.keep_runs, settings.keep_days) == (100, 90)
