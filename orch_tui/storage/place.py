"""What a place must offer in which tables are kept: a directory, or an object store.

The rules of tables (modes, keys, versions, candidates, what is retained) are written once over it; so is publishing:
files first, then one moment at which a set of tables changes, then one manifest after the other. A place says how each
of these is done so that nothing is half done, whatever ends the process.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

Say = Callable[[str], None]
Read = str | OSError | UnicodeDecodeError | None
"""A manifest that was looked for: its text, why it cannot be read, or None where there is none."""


class PlaceError(OSError):
    """The place refuses or does not answer: one sentence with what to do."""


class NotKnown(PlaceError):
    """The place did not answer: the set may be published or not, all of it or none."""


class Place(Protocol):
    """Tables are named ``bucket/table``, files of versions by names like ``000007.parquet``, intents by opaque names.

    What it raises for a disk or a network that refuses is an OSError with a sentence. ``far``: a look asks another
    machine, nothing tells of changes, and files here are copies.
    """

    far: bool

    def home(self, table: str) -> Path:
        """The directory of this machine in which files of a table are read and made."""

    def where(self, table: str) -> str:
        """Where its manifest is, for sentences."""

    def told(self, table: str, name: str) -> str:
        """Where a file is, for people and their programs."""

    def manifests(self) -> Iterator[tuple[str, Read]]:
        """What may be a table, in the order of names, each with what :meth:`read_manifest` says. Raises: OSError."""

    def read_manifest(self, table: str) -> str | None:
        """The text of table.toml as it holds now; None where there is none. Raises: OSError, UnicodeDecodeError."""

    def names(self, table: str) -> list[str]:
        """The names of its ``.parquet`` files. Raises: OSError."""

    def has(self, table: str, name: str) -> bool:
        """Whether a file is there. Raises: OSError."""

    def at_hand(self, table: str, name: str) -> Path:
        """The file on this machine, which nobody may write into. Raises: FileNotFoundError, OSError."""

    def give(self, table: str, name: str, target: Path) -> None:
        """The file at another place of this machine, where it stays. Raises: FileNotFoundError, OSError."""

    def retain(self, table: str, names: set[str], newest: int) -> None:
        """Copies on this machine of other versions before the newest may go."""

    def remove(self, table: str, name: str) -> None:
        """Delete a file; one that is gone is as well. Raises: OSError."""

    def held(
        self, tables: Iterable[str], say: Say, wait: float | None = None
    ) -> contextlib.AbstractContextManager[bool]:
        """Nobody else publishes these tables inside the block. ``wait`` seconds at most; then the value is False.

        Raises: OSError.
        """

    def sweep(self) -> None:
        """Remove what those left who died long ago."""

    def name_of(self, number: int) -> str:
        """The name of the file that a new version gets. Needs the hold."""

    def bring(self, table: str, temporary: Path, name: str) -> None:
        """Before the commit: whatever takes long of what makes ``temporary`` the file of a version. Raises: OSError."""

    def commit(self, body: Mapping[str, Any], owned: contextlib.ExitStack) -> str | None:
        """The moment: from here on the set is published, also if this process dies. Needs the hold.

        ``body`` is an intent: ``tables`` with ``table``, ``temporary`` (a name in the home), ``file``, ``version`` and
        ``manifest``, perhaps ``candidate``. What is returned names it and is to be carried out; None when that is done.
        It is ours until ``owned`` is left.

        Raises:
            NotKnown: nobody can say whether it is done.
            OSError: nothing was changed.
        """

    def intents(self) -> list[str]:
        """Commits that are not carried out yet, the oldest first. Raises: OSError."""

    def interrupted(self) -> bool:
        """Whether a reader has to complete something first. Raises: OSError."""

    def barred(self, tables: set[str]) -> bool:
        """Whether who holds these has to wait for an intent that names one of them. Raises: OSError, ValueError."""

    def read_intent(self, intent: str) -> str | None:
        """Its text in TOML; None when it is gone. Raises: OSError, UnicodeDecodeError."""

    def orphaned(self, intent: str, *, block: bool) -> contextlib.AbstractContextManager[bool]:
        """Whether it is there and may be carried out by us inside the block. Raises: OSError."""

    def needs_hold(self) -> bool:
        """Whether an intent is carried out by who holds its tables only."""

    def settle_file(self, table: str, temporary: str, name: str) -> None:
        """Part of carrying out. Raises: ValueError when the file is gone; OSError."""

    def replace_manifest(self, table: str, text: str, intent: str) -> None:
        """Part of carrying out; the current version is older than this, or this. Raises: OSError."""

    def forget(self, intent: str) -> None:
        """It is carried out. Raises: OSError."""

    def set_aside(self, intent: str) -> str:
        """It makes no sense; where it is kept. Raises: OSError."""
