"""Files for programs that must never be on a disk."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orch_tui.model.errors import UserError


@contextlib.contextmanager
def served_json(body: Mapping[str, Any], link: Path) -> Iterator[Path]:
    """A JSON file at ``link`` whose content is in memory only, as long as the block and this process last.

    ``link`` is a symbolic link to the open file of this process under ``/proc``, so every program of the same user can
    open it by its path, as often as it likes. When we are gone, however that came, the link leads nowhere: nothing
    of the content was ever on a disk (https://man7.org/linux/man-pages/man2/memfd_create.2.html).

    Raises:
        UserError: this system has no such files (it is no Linux, or /proc is not there).
    """
    data = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        descriptor = os.memfd_create(link.name, os.MFD_CLOEXEC)
    except (AttributeError, OSError) as error:
        raise UserError(
            f"{link.name} with secrets in it cannot be kept in memory here ({error}); run on Linux"
        ) from error
    try:
        os.fchmod(descriptor, 0o600)
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(data)
        target = f"/proc/{os.getpid()}/fd/{descriptor}"
        if not os.path.exists(target):
            raise UserError("secrets cannot be kept in memory here: /proc is missing; mount it")
        link.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        yield link
    finally:
        link.unlink(missing_ok=True)
        os.close(descriptor)
