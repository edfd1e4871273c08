"""Leases that are held for as long as somebody writes."""

from __future__ import annotations

import threading
from typing import cast

import pytest
from orch_tui.storage.objects.client import StoreError
from orch_tui.storage.objects.lease import Lease, Renewing


class _Leased:
    def __init__(self, fault: Exception | None = None) -> None:
        self.fault, self.renewed, self.times = fault, threading.Event(), 0

    def renew(self) -> None:
        self.times += 1
        if self.times > 1:
            self.renewed.set()
        if self.fault is not None and self.times == 1:
            raise self.fault


def test_each_is_renewed_again_and_again_before_it_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN leases of nine seconds, one of which the store refuses once, on a machine whose seconds are short
    waited: list[float] = []
    wait = threading.Event.wait

    def short(self: threading.Event, seconds: float | None = None) -> bool:
        if threading.current_thread().name == "leases":
            waited.append(seconds or 0.0)
            return wait(self, 0.001)
        return wait(self, seconds)

    monkeypatch.setattr(threading.Event, "wait", short)
    leases = [_Leased(), _Leased(StoreError("busy"))]
    with Renewing(cast("list[Lease]", leases), 9.0):
        # THEN both are renewed more than once, three times in the life of each
        assert all(one.renewed.wait(60) for one in leases)
    assert set(waited) == {3.0}
    # AND when it is left nobody renews anything any more
    assert not any(thread.name == "leases" for thread in threading.enumerate())
