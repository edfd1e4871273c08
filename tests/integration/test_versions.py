"""Versions of tables on the command line: listed, looked at, compared, gone back to, copied out, deleted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from orch_tui.cli.main import cli
from orch_tui.cli.shared.errors import FAILED, CliError
from orch_tui.storage.storage import Storage

from tests.support.tables import put


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """Of a project in the working directory, with three versions of a table, of which it keeps two from now on."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orch.toml").write_text('name = "P"\n[storage]\nkeep_versions = 2\n')
    found = Storage(tmp_path / ".orch" / "storage", keep=5)
    for number in (1, 2, 3):
        put(found, "raw/a", f"select range as id, range * {number} as v from range({number + 1})", key=("id",))
    return found


def _said(*arguments: str, code: int = 0, given: str = "") -> str:
    done = CliRunner().invoke(cli, arguments, standalone_mode=False, input=given)
    assert done.exception is None and done.return_value == code, (done.output, done.exception)
    return done.stdout


def _json(*arguments: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(_said(*arguments, "--json"))
    return found


def test_versions_are_listed_and_gone_back_to(storage: Storage) -> None:
    # GIVEN three versions, WHEN they are listed
    assert [(one["version"], one["rows"]) for one in _json("tables", "raw/a", "--versions")] == [(3, 4), (2, 3), (1, 2)]
    # THEN each can be looked at
    assert _said("preview", "raw/a", "--version", "1", "--csv") == "id,v\n0,0\n1,1\n"
    # WHEN one is restored THEN it is a new version that says so
    assert _said("restore", "raw/a", "2", "--note", "wrong rate") == "raw/a is version 4, 3 rows: as in 2\n"
    first = _json("tables", "raw/a", "--versions")[0]
    assert (first["version"], first["decision"]) == (
        4, {"origin": "restored", "by": first["decision"]["by"], "note": "wrong rate", "of": 2},  # type: ignore[index]
    )  # fmt: skip
    assert "restored from version 2 by" in _said("tables", "raw/a", "--versions")


def test_two_versions_are_compared(storage: Storage) -> None:
    # WHEN the last two are compared THEN schema, rows and values are
    assert _said("diff", "raw/a").splitlines() == [
        "raw/a version 2 → raw/a version 3",
        "rows are matched by id",
        "rows  3 → 4",
        "+ 1 added",
        "- 0 removed",
        "~ 2 changed",
        "~ v: 2 changed",
        "    1: 2 → 3",
        "    2: 4 → 6",
        "+ all 1:",
        "    id  v",
        "    3   9",
    ]
    found = json.loads(_said("diff", "raw/a", "1", "3", "--json"))
    assert (found["added"], found["changed"], found["key"]) == (2, 1, ["id"])
    # AND a difference is an exit code where that is asked for
    _said("diff", "raw/a", "1", "3", "--exit-code", code=FAILED)
    assert _said("diff", "raw/a", "3", "3", "--exit-code").endswith("no difference: 4 rows\n")
    # AND what is none is said
    done = CliRunner().invoke(cli, ["diff", "raw/a", "old"], standalone_mode=False)
    assert isinstance(done.exception, CliError)
    assert str(done.exception) == '"old" is neither a version, a table nor "candidate"'


def test_what_is_not_to_be_kept_is_shown_before_it_goes(storage: Storage, tmp_path: Path) -> None:
    # GIVEN a run that read the first version
    attempt = tmp_path / ".orch/runs/o/20261129T170253.142Z-55/tasks/t/1"
    attempt.mkdir(parents=True)
    (attempt / "result.json").write_text(json.dumps({"inputs": [{"table": "raw/a", "version": 1}]}))
    # WHEN it is only shown THEN nothing goes
    assert [(one["version"], one["decision"]) for one in _json("prune")] == [(1, None)]
    said = _said("prune", code=FAILED, given="n\n")
    assert "raw/a" in said
    assert len(storage.versions("raw/a")) == 3
    # WHEN it is agreed to THEN it goes, and the other ones stay
    _said("prune", given="y\n")
    assert [one.version for one in storage.versions("raw/a")] == [3, 2]
    assert _said("prune") == "nothing to delete: every version is to be kept\n"


def test_a_version_is_copied_out_but_over_nothing(storage: Storage, tmp_path: Path) -> None:
    assert "2 rows of version 1" in _said("export", "raw/a", "a.csv", "--version", "1")
    assert (tmp_path / "a.csv").read_text() == "id,v\n0,0\n1,1\n"
    done = CliRunner().invoke(cli, ["export", "raw/a", "a.csv"], standalone_mode=False)
    assert isinstance(done.exception, CliError) and "--force" in str(done.exception)
    assert "4 rows of version 3" in _said("export", "raw/a", "a.csv", "--force")
