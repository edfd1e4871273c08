"""What every reader of packed files asks of them."""

from __future__ import annotations

import lzma
import zipfile
import zlib

from orch_tui.model.errors import UserError

BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError)
"""What Python's libraries raise for damaged and unknown ways of packing; bzip2's is an OSError without a number."""
_ENCRYPTED = 1
"""The bit in the flags of a member that says so: APPNOTE 4.4.4, https://pkware.cachefly.net/webdocs/APPNOTE/APPNOTE-6.3.9.TXT"""


def require_unencrypted(member: zipfile.ZipInfo, label: str) -> None:
    """Raises: UserError: a password would be needed."""
    if member.flag_bits & _ENCRYPTED:
        raise UserError(f"{label} is encrypted with a password; unpack it before")
