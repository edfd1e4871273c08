"""A program that finds its folder at /data: what is said where that cannot be."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from orch_tui.components.keboola import namespace


def refused(*arguments: str) -> int:
    return namespace.main(list(arguments))


def test_where_the_system_refuses_namespaces_a_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # GIVEN a system that lets nobody make a namespace
    def unshare(flags: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(namespace, "_unshare", unshare)
    (tmp_path / "in").mkdir()
    # WHEN / THEN
    assert refused(str(tmp_path), "--", "/bin/true") == 125
    said = capsys.readouterr().err
    assert "this system refuses a namespace (Operation not permitted)" in said and "KBC_DATADIR" in said


def test_what_lies_below_data_itself_would_not_be_seen(capsys: pytest.CaptureFixture[str]) -> None:
    # GIVEN a project below /data, WHEN it is to be hidden by that folder, THEN nothing is started
    assert refused("/data/project/.orch/x", "--", "/bin/true") == 125
    assert "lies below /data itself" in capsys.readouterr().err
    assert refused("/tmp", "--", "/data/venv/bin/python") == 125


def test_it_says_how_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused("/tmp", "/bin/true") == 125 and "usage" in capsys.readouterr().err
