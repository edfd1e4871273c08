"""Tables on a server: whatever hinders a look, there is another one, and what hindered it is said."""

from __future__ import annotations

import errno
import os
import select
import threading
from collections.abc import Sequence

import pytest
from orch_tui.model.errors import OrchError
from orch_tui.triggers.far import FarTables

KEY, TABLES = ("o", "t"), ["raw/a"]


def heard(far: FarTables) -> None:
    assert select.select(far.descriptors, [], [], 30)[0]
    far.heard()


@pytest.mark.parametrize("what", ["eventfd", "thread"])
def test_a_look_that_could_not_begin_is_begun_again(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    far = FarTables(lambda tables: dict.fromkeys(tables, "1"))

    def refused(*_: object) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE)) if what == "eventfd" else RuntimeError("no new thread")

    # GIVEN a machine that has no descriptor, or no thread, for a moment
    with monkeypatch.context() as patched:
        if what == "eventfd":
            patched.setattr(os, "eventfd", refused)
        else:
            patched.setattr(threading.Thread, "start", refused)
        with pytest.raises(OSError):
            far.versions(KEY, TABLES, 1.0)
    # WHEN it has THEN the tables are looked at
    assert far.versions(KEY, TABLES, 2.0) is None
    heard(far)
    assert far.versions(KEY, TABLES, 3.0) == {"raw/a": "1"}
    far.close()


def test_a_look_that_broke_in_a_library_is_said_and_followed_by_another() -> None:
    answers = [ValueError("what is this"), None]

    def versions_of(tables: Sequence[str]) -> dict[str, str]:
        if (fault := answers.pop(0)) is not None:
            raise fault
        return dict.fromkeys(tables, "1")

    far = FarTables(versions_of)
    assert far.versions(KEY, TABLES, 1.0) is None
    heard(far)
    with pytest.raises(OrchError, match="ValueError: what is this"):
        far.versions(KEY, TABLES, 2.0)
    due = far.next_look(KEY)
    assert due is not None
    with pytest.raises(OrchError):
        far.versions(KEY, TABLES, due)
    heard(far)
    assert far.versions(KEY, TABLES, due + 1) == {"raw/a": "1"}
    far.close()
