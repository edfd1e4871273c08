"""The storage of a project: in its directory, or where ``[storage]`` in ``orch.toml`` says."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from orch_tui.model.components.component import STORAGE_KEYS_VARIABLE, STORAGE_VARIABLE
from orch_tui.model.errors import UserError
from orch_tui.project.files.given_files import read_given
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.place import Place
from orch_tui.storage.storage import Storage

if TYPE_CHECKING:
    from orch_tui.project.definitions.storage_address import StorageAddress


def open_storage(
    paths: ProjectPaths,
    *,
    keep: int | None = None,
    keep_days: float | None = None,
    log: Callable[[str], None] | None = None,
) -> Storage:
    """The storage of a project. Nothing is asked of a server yet, and what is wrong is said by the first use."""
    return Storage(paths.storage, keep=keep, keep_days=keep_days, log=log, place=place_of(paths))


def place_of(paths: ProjectPaths) -> Place | None:
    """Where tables are; None for the project's directory."""
    try:
        address = address_of(paths)
    except UserError as error:
        from orch_tui.project.definitions.storage_address import StorageAddress

        return _unusable(paths, StorageAddress(""), str(error))
    if address is None:
        return None
    # Those whose tables are in a directory do without it.
    from orch_tui.project.secrets import Secrets
    from orch_tui.storage.objects.bucket import Bucket

    secrets, given = Secrets(paths.root), _given_keys()
    identity, key, token = (given.get(name) or secrets.get(name) for name in address.secrets)
    if not identity or not key:
        missing = [name for name, value in zip(address.secrets, (identity, key), strict=False) if not value]
        one = len(missing) == 1
        return _unusable(
            paths,
            address,
            f"tables are kept in {address.url}, and {'secret' if one else 'secrets'} {' and '.join(missing)} "
            f"{'is' if one else 'are'} not set; put {'it' if one else 'them'} into the environment or into .env",
        )
    keys = identity, key, token
    return Bucket(paths.storage, address, lambda: keys)


def _unusable(paths: ProjectPaths, address: StorageAddress, why: str) -> Place:
    """Tables must not be looked for, or written, in another place than where they are."""
    from orch_tui.storage.objects.bucket import Bucket
    from orch_tui.storage.objects.client import StoreError

    def refuse() -> NoReturn:
        raise StoreError(why)

    return Bucket(paths.storage, address, refuse)


def address_of(paths: ProjectPaths) -> StorageAddress | None:
    """What the run said that this process is a task of, or ``orch.toml``. Raises: UserError."""
    if os.environ.get("KBC_DATADIR") and os.environ.get("ORCH_PROJECT") == str(paths.root):
        text = os.environ.get(STORAGE_VARIABLE)
        if not text:
            return None
        from orch_tui.project.definitions.storage_address import StorageAddress

        return StorageAddress.of_text(text)
    return _in_settings(paths.settings)


_keys: dict[str, str] = {}


def _given_keys() -> dict[str, str]:
    """What the run gave this process; no program that it starts inherits it."""
    text = os.environ.pop(STORAGE_KEYS_VARIABLE, "")
    if text:
        _keys.update(json.loads(text))
    return _keys


def _in_settings(path: Path) -> StorageAddress | None:
    try:
        data = read_given(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"{path.name} says where tables are, and cannot be read: {error}") from error
    if b"storage" not in data or b"url" not in data:
        return None
    from orch_tui.project.definitions.storage_address import read_address
    from orch_tui.project.toml.decode import Place as FilePlace
    from orch_tui.project.toml.decode import Table

    try:
        body = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path.name} says where tables are, and cannot be read: {error}; correct it") from error
    storage = body.get("storage")
    if not isinstance(storage, dict) or "url" not in storage:
        return None
    address = read_address(Table(storage, FilePlace(path.name, data.decode())))
    if address is None:
        raise UserError(f'{path.name}: url in [storage] cannot be used; write it like "s3://bucket/project"')
    return address
