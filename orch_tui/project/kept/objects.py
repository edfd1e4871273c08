"""Bytes kept under their own digest: what is the same is kept once, and what is there never changes.

``.orch/definitions/objects/ab/cdef…`` holds the bytes whose SHA-256 in hex is ``abcdef…``, packed by zlib.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path

from orch_tui.model.errors import OrchError
from orch_tui.project.files.given_files import MAX_BYTES
from orch_tui.project.files.own_files import read_own, replace_own
from orch_tui.project.files.source import digest_of
from orch_tui.project.paths import ProjectPaths, make_private

_SPREAD = 2
"""Characters of a digest that name the directory: none of these gets long."""


class NotKept(OrchError):
    """The bytes of a version are not there any more, or are damaged; the text of this is a sentence."""


class Objects:
    """The objects of one project."""

    def __init__(self, paths: ProjectPaths) -> None:
        self._paths = paths
        self._root = paths.kept_definitions / "objects"

    def keep(self, data: bytes, *, durable: bool = True) -> str:
        """Keep these bytes; their digest. ``durable``: they are on the disk when this returns.

        Raises: OSError when they cannot be written.
        """
        digest = digest_of(data)
        path = self._path(digest)
        if not _is_whole(path):
            self._paths.make_state()
            make_private(path.parent)
            replace_own(path, zlib.compress(data), durable=durable)
        return digest

    def has(self, digest: str) -> bool:
        """Whether the bytes of this digest are kept."""
        return os.path.lexists(self._path(digest))

    def read(self, digest: str) -> bytes:
        """The bytes of a digest, which are looked at: what is given is what was kept.

        Raises:
            NotKept: they are not there, cannot be read, or are others.
        """
        path = self._path(digest)
        try:
            unpacker = zlib.decompressobj()
            data = unpacker.decompress(read_own(path), MAX_BYTES + 1)
        except FileNotFoundError as error:
            raise NotKept(f"what was kept as {digest[:12]} is not there any more") from error
        except (OSError, zlib.error) as error:
            raise NotKept(f"{path} cannot be read: {error}") from error
        if digest_of(data) != digest:
            raise NotKept(f"{path} is damaged: it does not hold what was kept there")
        return data

    def _path(self, digest: str) -> Path:
        return self._root / digest[:_SPREAD] / digest[_SPREAD:]


def _is_whole(path: Path) -> bool:
    """Whether there is an object. What was not on the disk when the power went is empty, and is written anew."""
    try:
        return os.lstat(path).st_size > 0
    except FileNotFoundError:
        return False
