"""A lease and answers that are lost: whoever was heard by the store holds it on, whatever it was told."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from orch_tui.storage.objects.client import Overtaken, Stored, Unknown
from orch_tui.storage.objects.lease import Lease, acquire


class Objects:
    """An object store of one key. ``mute``: it hears what is written, and its answers do not arrive."""

    def __init__(self) -> None:
        self.address = SimpleNamespace(lease=30.0)
        self.data: bytes | None = None
        self.written = 0
        self.mute = False

    def read(self, key: str) -> Stored | None:
        if self.mute:
            raise Unknown("no answer")
        return None if self.data is None else Stored(self.data, str(self.written), datetime.now(UTC))

    def swap(self, key: str, data: bytes, tag: str | None) -> str:
        if tag != (None if self.data is None else str(self.written)):
            raise Unknown("no answer") if self.mute else Overtaken("another one")
        self.data, self.written = data, self.written + 1
        if self.mute:
            raise Unknown("no answer")
        return str(self.written)

    def now(self) -> datetime:
        return datetime.now(UTC)


def held(objects: Any, who: str = "me") -> Lease:
    lease = acquire(objects, "a/b", who, lambda _: None, None)
    assert lease is not None
    return lease


@pytest.mark.parametrize("lost", [1, 3])
def test_a_renewal_whose_answer_was_lost_takes_the_lease_from_nobody(lost: int) -> None:
    # GIVEN a lease, and renewals that the store has heard and whose answers did not arrive
    objects = Objects()
    lease = held(objects)
    objects.mute = True
    for _ in range(lost):
        with pytest.raises(Unknown):
            lease.renew()
    # WHEN it answers again THEN the lease is renewed as before, AND given back
    objects.mute = False
    lease.renew()
    lease.renew()
    lease.release()
    assert held(objects, "another").number == lease.number + 1


def test_it_is_given_back_after_a_renewal_whose_answer_was_lost() -> None:
    objects = Objects()
    lease = held(objects)
    objects.mute = True
    with pytest.raises(Unknown):
        lease.renew()
    objects.mute = False
    # WHEN it is given back THEN nobody has to wait for its end
    lease.release()
    assert held(objects, "another").number == lease.number + 1


def test_one_that_was_taken_over_meanwhile_stays_lost() -> None:
    # GIVEN a renewal whose answer was lost, and another one who took the lease over since
    objects = Objects()
    lease = held(objects)
    objects.mute = True
    with pytest.raises(Unknown):
        lease.renew()
    objects.mute = False
    objects.data = b'number = 2\nholder = "another"\ntoken = "theirs"\nseconds = 30.0\n'
    objects.written += 1
    # THEN it is theirs
    with pytest.raises(Overtaken):
        lease.renew()
    lease.release()
    assert b"another" in objects.data
